/* The engine's clock and what follows from its options. */
#include "aws/local/core/engine.h"

#include <unistd.h>

#include "base/clock.h"

int64_t engine_clock_ms(const struct engine *e)
{
	double passed = (double)(clock_now_ms() - e->clock_start_ms);

	/* Simulated time catches up with real time and then goes on with it. */
	return MIN(e->clock_base_ms + (int64_t)(passed * e->opt.speed), clock_now_ms());
}

/* Simulated jobs change at their own times: nobody may be told of a later time
 * before all that happens until then has happened. */
int64_t engine_now_ms(const struct engine *e)
{
	int64_t now = engine_clock_ms(e);

	return e->clock_limit_ms ? MIN(now, e->clock_limit_ms) : now;
}

json_t *json_epoch(int64_t ms)
{
	return json_real((double)ms / 1000.0);
}

int64_t engine_slots(const struct engine *e)
{
	return e->opt.slots ? e->opt.slots : MAX((int64_t)sysconf(_SC_NPROCESSORS_ONLN), 1);
}
