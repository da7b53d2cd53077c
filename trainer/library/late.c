/* Libraries that are opened when they are first needed. */
#include <dlfcn.h>

#include "base/mem.h"
#include "trainer/library/late.h"

static void fail(void)
{
	fprintf(stderr, "sagetop-trainer: %s\n", dlerror());
	exit(127);
}

void late_open(const char *soname, const char *const *names, size_t n, void *calls)
{
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		fail();
	for (size_t i = 0; i < n; i++) {
		void *call = dlsym(library, names[i]);
		if (!call)
			fail();
		memcpy((char *)calls + i * sizeof(call), &call, sizeof(call));
	}
}
