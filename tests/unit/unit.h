/* unit.h - what every unit test includes: cmocka and a few helpers. */
#ifndef SAGETOP_TESTS_UNIT_H
#define SAGETOP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"

/* A fresh folder below TMPDIR; the test removes it. Owned by the caller. */
static inline char *unit_temp_dir(void)
{
	const char *base = getenv("TMPDIR");
	char *path = xasprintf("%s/sagetop-test-XXXXXX", base ? base : "/tmp");

	if (!mkdtemp(path))
		abort();
	return path;
}

/* A path below the folder that `variable` names (SAGETOP_TEST_VECTORS,
 * SAGETOP_TEST_DATA), or NULL where the variable is unset: then skip(). */
static inline char *unit_input_path(const char *variable, const char *name)
{
	const char *base = getenv(variable);

	return base && *base ? xasprintf("%s/%s", base, name) : NULL;
}

/* What this thread has worked so far, whoever else is on the machine. */
static inline int64_t unit_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
