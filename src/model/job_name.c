/* job_name.c - the name of a clone. */
#include "model/jobs.h"

#include "base/timefmt.h"

#include <ctype.h>

#define SUFFIX_LEN 14 /* "-YYMMDD-HHMMSS" */
#define NAME_MAX_LEN 63

/* 'd' stands for a digit, everything else for itself. */
static bool has_form(const char *s, const char *form)
{
	for (; *form; s++, form++) {
		if (*form == 'd' ? !isdigit((unsigned char)*s) : *s != *form)
			return false;
	}
	return *s == '\0';
}

/* Length of the name without a time that a tool put behind it: ours, or the
 * "-2026-11-21-06-38-12-123" of the Python SDK. */
static size_t stem_length(const char *name)
{
	static const char *const forms[] = {"-dddddd-dddddd", "-dddd-dd-dd-dd-dd-dd-ddd", "-dddd-dd-dd-dd-dd-dd"};
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t len = strlen(forms[i]);

		if (n > len && has_form(name + n - len, forms[i]))
			return n - len;
	}
	return n;
}

char *job_clone_name(const struct resources *jobs, const char *name, int64_t now_ms)
{
	size_t n = MIN(stem_length(name), (size_t)(NAME_MAX_LEN - SUFFIX_LEN));

	while (n > 1 && name[n - 1] == '-')
		n--;
	for (;; now_ms += 1000) {
		char stamp[TIMEFMT_LEN]; /* 20261121T054806Z */

		timefmt_amz(stamp, now_ms);
		char *fresh = xasprintf("%.*s-%.6s-%.6s", (int)n, name, stamp + 2, stamp + 9);

		if (!jobs || !jobs_find(jobs, fresh))
			return fresh;
		free(fresh);
	}
}
