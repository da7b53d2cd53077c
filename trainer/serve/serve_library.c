/* libmicrohttpd, opened when serve begins. */
#include <pthread.h>

#include "base/mem.h"
#include "base/late.h"
#include "trainer/serve/serve.h"
#include "trainer/serve/serve_library.h"

static struct mhd_calls calls;

static const char *const names[] = {
#define LATE_CALL(name) #name,
#include "trainer/serve/serve_library.def"
#undef LATE_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

static void open_library(void)
{
	late_require(MICROHTTPD_SONAME, names, ARRAY_LEN(names), &calls);
}

const char *serve_library_file(void)
{
	return MICROHTTPD_SONAME;
}

const struct mhd_calls *mhd(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, open_library);
	return &calls;
}
