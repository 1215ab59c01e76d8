// The peer in C of the queues' benchmarks: messages through a queue that this process is given, with the copies that a caller
// makes in JavaScript too. Prints nanoseconds for each pair of calls.
//   pairs posix COUNT SIZE        the queue is descriptor 3
//   pairs sysv COUNT SIZE MSQID
#define _GNU_SOURCE
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>

enum { QUEUE = 3, ROOM = 8192 };

static struct {
  long type;
  char text[ROOM];
} sent, received;

static char message[ROOM], buffer[ROOM];

static int posix_pair(size_t size) {
  unsigned priority;
  memcpy(sent.text, message, size);
  if (mq_send(QUEUE, sent.text, size, 0) == -1) return -1;
  ssize_t length = mq_receive(QUEUE, received.text, size, &priority);
  if (length == -1 || priority != 0) return -1;
  memcpy(buffer, received.text, length);
  return 0;
}

static int sysv_pair(int msqid, size_t size) {
  sent.type = 1;
  memcpy(sent.text, message, size);
  if (msgsnd(msqid, &sent, size, 0) == -1) return -1;
  ssize_t length = msgrcv(msqid, &received, size, 0, 0);
  if (length == -1 || received.type != 1) return -1;
  memcpy(buffer, received.text, length);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  int is_sysv = strcmp(arguments[1], "sysv") == 0;
  if (is_sysv && count < 5) return 2;
  long rounds = atol(arguments[2]);
  size_t size = (size_t)atol(arguments[3]);
  int msqid = is_sysv ? atoi(arguments[4]) : -1;
  if (size > ROOM) return 2;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long i = 0; i < rounds; i++) {
    if ((is_sysv ? sysv_pair(msqid, size) : posix_pair(size)) == -1) {
      perror("pairs");
      return 1;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
  printf("%f\n", ns / rounds);
  return 0;
}
