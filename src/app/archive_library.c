/* libarchive, opened with the first archive. */
#include "app/archive_library.h"

#include "base/late.h"
#include "base/mem.h"

static struct archive_calls calls;

static const char *const names[] = {
#define LATE_CALL(name) #name,
#include "app/archive_library.def"
#undef LATE_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

int archive_library_open(const struct archive_calls **ret, struct err *err)
{
	static bool open;
	struct err why = {0};

	if (!open && late_open(ARCHIVE_SONAME, names, ARRAY_LEN(names), &calls, &why) < 0)
		return err_set(err, ERR_IO, "%s: install libarchive", why.msg);
	open = true;
	*ret = &calls;
	return 0;
}
