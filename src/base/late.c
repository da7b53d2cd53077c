/* Libraries that are opened when they are first needed. */
#include "base/late.h"

#include <dlfcn.h>
#include <errno.h>

#include "base/mem.h"

int late_open(const char *soname, const char *const *names, size_t n, void *calls, struct err *err)
{
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);

	for (size_t i = 0; library && i < n; i++) {
		void *call = dlsym(library, names[i]);

		if (!call)
			return err_set(err, ERR_IO, "%s", dlerror());
		memcpy((char *)calls + i * sizeof(call), &call, sizeof(call));
	}
	return library ? 0 : err_set(err, ERR_IO, "%s", dlerror());
}

void late_require(const char *soname, const char *const *names, size_t n, void *calls)
{
	struct err err = {0};

	if (late_open(soname, names, n, calls, &err) == 0)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.msg);
	exit(127);
}
