// The peers in C of the benchmarks of queues, semaphores and shared memory: what a caller does in JavaScript, with the copies that it
// makes too. Prints nanoseconds for each time. Usage: pairs WAY COUNT SIZE ID
//   posix    a message of SIZE bytes through a POSIX queue, which is descriptor 3
//   sysv     a message of SIZE bytes through the System V queue ID
//   semop    one added to the first semaphore of the set ID, and taken
//   sem      sem_post and sem_wait of a semaphore in shared memory
//   memcpy   SIZE bytes from one array to another
//   mutex    a mutex in shared memory, locked and unlocked by two processes at once
#define _GNU_SOURCE
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE = 3, ROOM = 8192 };

static size_t size;
static int id;

static struct {
  long type;
  char text[ROOM];
} sent, received;

static char message[ROOM], buffer[ROOM];

static int posix_pair(void) {
  unsigned priority;
  memcpy(sent.text, message, size);
  if (mq_send(QUEUE, sent.text, size, 0) == -1) return -1;
  ssize_t length = mq_receive(QUEUE, received.text, size, &priority);
  if (length == -1 || priority != 0) return -1;
  memcpy(buffer, received.text, length);
  return 0;
}

static int sysv_pair(void) {
  sent.type = 1;
  memcpy(sent.text, message, size);
  if (msgsnd(id, &sent, size, 0) == -1) return -1;
  ssize_t length = msgrcv(id, &received, size, 0, 0);
  if (length == -1 || received.type != 1) return -1;
  memcpy(buffer, received.text, length);
  return 0;
}

static int semop_pair(void) {
  struct sembuf one_more = {.sem_num = 0, .sem_op = 1}, one_less = {.sem_num = 0, .sem_op = -1};
  if (semop(id, &one_more, 1) == -1) return -1;
  return semop(id, &one_less, 1);
}

// What processes share.
static struct {
  sem_t semaphore;
  pthread_mutex_t mutex;
  long count;
  atomic_int ready;
} *shared;

static int share(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return -1;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared->mutex, &attributes);
  return sem_init(&shared->semaphore, 1, 0);
}

static int sem_pair(void) {
  if (sem_post(&shared->semaphore) == -1) return -1;
  return sem_wait(&shared->semaphore);
}

static char *from, *to;

// Filled, so that each has its pages.
static int allocate(void) {
  from = malloc(size);
  to = malloc(size);
  if (from == NULL || to == NULL) return -1;
  memset(from, 1, size);
  memset(to, 2, size);
  return 0;
}

static int copy(void) {
  memcpy(to, from, size);
  // Without this the compiler may leave it out.
  return to[size - 1] == 1 ? 0 : -1;
}

static int locked(void) {
  if (pthread_mutex_lock(&shared->mutex) != 0) return -1;
  shared->count++;
  return pthread_mutex_unlock(&shared->mutex) == 0 ? 0 : -1;
}

static const struct way {
  const char *name;
  int (*prepare)(void);
  int (*pair)(void);
  // Processes that do it at once.
  int processes;
} ways[] = {
  {"posix", NULL, posix_pair, 1}, {"sysv", NULL, sysv_pair, 1},   {"semop", NULL, semop_pair, 1},
  {"sem", share, sem_pair, 1},    {"memcpy", allocate, copy, 1}, {"mutex", share, locked, 2},
};

static int repeat(int (*pair)(void), long rounds) {
  for (long i = 0; i < rounds; i++) {
    if (pair() == -1) {
      perror("pairs");
      return 1;
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  const struct way *way = NULL;
  for (size_t i = 0; count == 5 && i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(ways[i].name, arguments[1]) == 0) way = &ways[i];
  }
  if (way == NULL) return 2;
  long rounds = atol(arguments[2]);
  size = (size_t)atol(arguments[3]);
  id = atoi(arguments[4]);
  if (size > ROOM && way->pair != copy) return 2;
  if (way->prepare != NULL && way->prepare() == -1) {
    perror("pairs");
    return 1;
  }
  int failures = 0;
  struct timespec start, end;
  pid_t child = -1;
  if (way->processes == 2) {
    child = fork();
    // Neither is to be done before the other begins.
    atomic_fetch_add(&shared->ready, 1);
    while (child != -1 && atomic_load(&shared->ready) < 2) sched_yield();
  }
  clock_gettime(CLOCK_MONOTONIC, &start);
  failures += repeat(way->pair, rounds);
  if (child == 0) _exit(failures);
  int status;
  if (way->processes == 2 && (waitpid(child, &status, 0) == -1 || status != 0)) failures++;
  clock_gettime(CLOCK_MONOTONIC, &end);
  if (way->processes == 2 && shared->count != 2 * rounds) failures++;
  double ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
  printf("%f\n", ns / (rounds * way->processes));
  return failures > 0;
}
