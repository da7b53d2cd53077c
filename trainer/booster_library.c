#include <dlfcn.h>
#include <pthread.h>

#include "base/mem.h"
#include "trainer/booster_library.h"

static struct xgb_calls calls;

static const char *const names[] = {
#define XGB_CALL(name) #name,
#include "trainer/booster_library.def"
#undef XGB_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

static void fail(void)
{
	fprintf(stderr, "sagetop-trainer: libxgboost cannot be used: %s\n", dlerror());
	exit(127);
}

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
	void *library = dlopen(XGBOOST_SONAME, RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		fail();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		void *call = dlsym(library, names[i]);
		if (!call)
			fail();
		memcpy((char *)&calls + i * sizeof(call), &call, sizeof(call));
	}
}

const struct xgb_calls *xgb(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, open_library);
	return &calls;
}
