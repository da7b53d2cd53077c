/* job_name.c - names of clones, and names that are cut off. */
#include "model/job_name.h"

#include "base/digest.h"
#include "base/timefmt.h"

#include <ctype.h>

#define SUFFIX_LEN 14 /* "-YYMMDD-HHMMSS" */
#define DIGEST_LEN 10 /* hexadecimal digits: a thousand jobs do not collide */

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

/* A base of n characters at most, which does not end in hyphens. */
static size_t trim(const char *base, size_t n)
{
	while (n > 1 && base[n - 1] == '-')
		n--;
	return n;
}

/* "YYMMDD-HHMMSS" */
static char *stamp_of(int64_t now_ms)
{
	char stamp[TIMEFMT_LEN]; /* 20261121T054806Z */

	timefmt_amz(stamp, now_ms);
	return xasprintf("%.6s-%.6s", stamp + 2, stamp + 9);
}

char *job_clone_name(const struct resources *jobs, const char *name, int64_t now_ms)
{
	size_t n = trim(name, MIN(stem_length(name), (size_t)(JOB_NAME_MAX - SUFFIX_LEN)));

	for (;; now_ms += 1000) {
		AUTO(str) char *stamp = stamp_of(now_ms);
		char *fresh = xasprintf("%.*s-%s", (int)n, name, stamp);

		if (!jobs || !resources_find(jobs, fresh))
			return fresh;
		free(fresh);
	}
}

char *job_digest_name(const char *base, const char *of)
{
	size_t n = trim(base, MIN(strlen(base), (size_t)(JOB_NAME_MAX - DIGEST_LEN - 1)));
	char hex[SHA256_HEX_LEN];

	sha256_hex(of, strlen(of), hex);
	return xasprintf("%.*s-%.*s", (int)n, base, DIGEST_LEN, hex);
}

/* --- several clones -------------------------------------------------------------------- */

static char *joined(const char *name, size_t n, const char *suffix)
{
	AUTO(str) char *all = xasprintf("%.*s-%s", (int)n, name, suffix);

	if (strlen(all) <= JOB_NAME_MAX)
		return TAKE(all);
	AUTO(str) char *of = xasprintf("%s\n%s", name, suffix);

	return job_digest_name(name, of);
}

/* Clones of one job have one stem: these keep their whole names. */
void job_clone_names(const struct strlist *names, const char *suffix, struct strlist *ret)
{
	AUTO(strlist) struct strlist stems = {0};

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];

		strlist_take(&stems, joined(name, trim(name, stem_length(name)), suffix));
	}
	bool unique = strlist_is_unique(&stems);

	for (size_t i = 0; i < names->n; i++)
		strlist_take(ret, unique ? xstrdup(stems.items[i])
					 : joined(names->items[i], strlen(names->items[i]), suffix));
}

char *job_clone_suffix(const struct resources *jobs, const struct strlist *names, int64_t now_ms)
{
	for (;; now_ms += 1000) {
		AUTO(strlist) struct strlist fresh = {0};
		char *suffix = stamp_of(now_ms);
		bool taken = false;

		job_clone_names(names, suffix, &fresh);
		for (size_t i = 0; i < fresh.n; i++)
			taken |= resources_find(jobs, fresh.items[i]) != NULL;
		if (!taken)
			return suffix;
		free(suffix);
	}
}
