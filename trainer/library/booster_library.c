/* libxgboost, opened when it is first needed, and the functions we call in it. */
#include <pthread.h>

#include "base/mem.h"
#include "trainer/library/booster_library.h"
#include "base/late.h"

static struct xgb_calls calls;

static const char *const names[] = {
#define LATE_CALL(name) #name,
#include "trainer/library/booster_library.def"
#undef LATE_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

/* OpenMP's idle threads spin for a millisecond and more before they sleep: where
 * another process wants the processor, a job of half a second takes six. */
static void calm_threads(void)
{
	if (!getenv("GOMP_SPINCOUNT") && !getenv("OMP_WAIT_POLICY"))
		(void)setenv("GOMP_SPINCOUNT", "1000", 1);
}

static void open_library(void)
{
	calm_threads();
	late_require(XGBOOST_SONAME, names, ARRAY_LEN(names), &calls);
}

const struct xgb_calls *xgb(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, open_library);
	return &calls;
}
