/* clock.h - the only source of time, so that tests and the simulation can own it.
 *
 * Wall time is int64 milliseconds since 1970 UTC; TIME_UNKNOWN (0) stands for
 * "not known". Monotonic milliseconds are for intervals and timers.
 *
 * A machine whose clock is wrong would show wrong ages and wrong money of what runs: as soon as
 * the service's time is known, now is that. Only what measures the difference, or signs by it,
 * asks for the machine's own.
 */
#ifndef SAGETOP_BASE_CLOCK_H
#define SAGETOP_BASE_CLOCK_H

#include <stdint.h>

#define TIME_UNKNOWN ((int64_t)0)
#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS ((int64_t)3600000)
#define DAY_MS ((int64_t)86400000)

int64_t clock_now_ms(void);
int64_t clock_machine_ms(void);
void clock_correct_ms(int64_t behind_ms); /* how much the machine's is behind; 0: it is right */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* Tests: both clocks stand still at now_ms until moved again; 0 restores the
 * real ones. SAGETOP_NOW=<ISO time> in the environment does the same at start. */
void clock_freeze_ms(int64_t now_ms);

#endif
