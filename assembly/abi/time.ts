// Clocks: include/uapi/linux/time.h; clock_gettime(2), clock_nanosleep(2).
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_REALTIME_COARSE = 5;
export const CLOCK_MONOTONIC_COARSE = 6;
export const CLOCK_BOOTTIME = 7;

/** clock_nanosleep(2): the request is a time on the clock, not an interval from now. */
export const TIMER_ABSTIME = 1;
