/* Wall and monotonic time, and a fixed time for tests. */
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/timefmt.h"

static int64_t frozen_ms, correction_ms;
static int environment_read;

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t frozen(void)
{
	if (!environment_read) {
		environment_read = 1;
		const char *now = getenv("SAGETOP_NOW");
		if (now)
			timefmt_parse_iso(now, &frozen_ms);
	}
	return frozen_ms;
}

void clock_freeze_ms(int64_t now_ms)
{
	environment_read = 1;
	frozen_ms = now_ms;
}

void clock_correct_ms(int64_t behind_ms)
{
	correction_ms = behind_ms;
}

int64_t clock_machine_ms(void)
{
	return frozen() ? frozen_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_now_ms(void)
{
	return clock_machine_ms() + (frozen() ? 0 : correction_ms);
}

int64_t clock_mono_us(void)
{
	return frozen() ? frozen_ms * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}
