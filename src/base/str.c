/* Strings without locale, lists of them, the nearest of several. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <strings.h>

bool str_eq(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool str_ieq(const char *a, const char *b)
{
	return a && b ? !strcasecmp(a, b) : a == b;
}

const char *str_last_line(const char *s)
{
	size_t n = strlen(s);

	while (n && (s[n - 1] == '\n' || s[n - 1] == ' '))
		n--;
	while (n && s[n - 1] != '\n')
		n--;
	return s + n;
}

bool str_empty(const char *s)
{
	return !s || !*s;
}

bool str_starts(const char *s, const char *prefix)
{
	return s && !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = s ? strlen(s) : 0, m = strlen(suffix);

	return s && n >= m && !memcmp(s + n - m, suffix, m);
}

const char *str_or(const char *s, const char *fallback)
{
	return str_empty(s) ? fallback : s;
}

char *str_trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	size_t n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

/* Behind the userinfo of the authority that begins at p; p where it has none. */
static const char *skip_userinfo(const char *p)
{
	size_t n = strcspn(p, "/?# \t\n\"'<>");

	while (n && p[n - 1] != '@')
		n--;
	return p + n;
}

char *str_hide_userinfo(const char *s)
{
	char *out = xmalloc(strlen(s) + 1), *to = out;

	if (!strstr(s, "://"))
		s = skip_userinfo(s);
	while (*s) {
		if (str_starts(s, "://")) {
			memcpy(to, s, 3);
			to += 3;
			s = skip_userinfo(s + 3);
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
	return out;
}

bool str_is_line(const char *s, size_t most)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || (size_t)(p - s) >= most)
			return false;
	return true;
}

void str_lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

void str_copy(char *dst, size_t size, const char *src)
{
	if (size)
		snprintf(dst, size, "%s", src ? src : "");
}

void str_set(char **slot, const char *value)
{
	char *copy = xstrdup(value);

	free(*slot);
	*slot = copy;
}

bool str_to_i64(const char *s, int64_t *ret)
{
	if (!s || !*s || isspace((unsigned char)*s))
		return false;
	char *end;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno || *end)
		return false;
	*ret = v;
	return true;
}

bool str_to_u64(const char *s, uint64_t *ret)
{
	if (!s || !isdigit((unsigned char)*s))
		return false;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(s, &end, 10);
	if (errno || *end)
		return false;
	*ret = v;
	return true;
}

bool str_to_f64(const char *s, double *ret)
{
	static locale_t c_locale;

	if (!s || !*s || isspace((unsigned char)*s) || strpbrk(s, "xXnN") || strcasestr(s, "inf"))
		return false;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	char *end;
	double v = strtod_l(s, &end, c_locale);
	if (*end || !isfinite(v))
		return false;
	*ret = v;
	return true;
}

bool str_is_region(const char *s, size_t n)
{
	size_t dashes = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		if (s[i] == '-')
			dashes++;
		else if (!islower((unsigned char)s[i]))
			return false;
	}
	return dashes >= 2 && n > 7 && s[2] == '-' && isdigit((unsigned char)s[n - 1]);
}

bool str_to_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_ieq(s, yes[i]) || str_ieq(s, no[i])) {
			*ret = str_ieq(s, yes[i]);
			return true;
		}
	}
	return false;
}

/* Optimal string alignment: a swap of neighbours counts one. Words beyond
 * NEAREST_MAX bytes are no typing slip. */
#define NEAREST_MAX 64
static size_t edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return SIZE_MAX;
	size_t d[3][NEAREST_MAX + 1];
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *cur = d[i % 3], *prev = d[(i + 2) % 3], *before = d[(i + 1) % 3];
		cur[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t cost = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
			cur[j] = MIN(MIN(prev[j] + 1, cur[j - 1] + 1), prev[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cur[j] = MIN(cur[j], before[j - 2] + 1);
		}
	}
	return d[n % 3][m];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t best_rank = SIZE_MAX, allowed = MAX((size_t)1, strlen(word) / 3);

	for (size_t i = 0; i < n; i++) {
		size_t d = edit_distance(word, candidates[i]), rank = d * 2 + (candidates[i][0] != word[0]);
		if (rank < best_rank && d <= allowed) {
			best = candidates[i];
			best_rank = rank;
		}
	}
	return best;
}

void strlist_done(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){0};
}

void strlist_take(struct strlist *l, char *s)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = s;
}

void strlist_add(struct strlist *l, const char *s)
{
	strlist_take(l, xstrdup(s));
}

void strlist_add_all(struct strlist *l, const struct strlist *more)
{
	for (size_t i = 0; more && i < more->n; i++)
		strlist_add(l, more->items[i]);
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i], s))
			return true;
	return false;
}

bool strlist_is_unique(const struct strlist *l)
{
	struct strlist sorted = {xcalloc(l->n, sizeof(*sorted.items)), l->n, l->n};
	bool unique = true;

	for (size_t i = 0; i < l->n; i++)
		sorted.items[i] = l->items[i]; /* borrowed */
	strlist_sort(&sorted);
	for (size_t i = 1; i < l->n; i++)
		unique &= !str_eq(sorted.items[i - 1], sorted.items[i]);
	free(sorted.items);
	return unique;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), compare_items);
}

void strlist_split(struct strlist *l, const char *s, char separator)
{
	for (const char *p = s; p;) {
		const char *end = strchr(p, separator);
		AUTO(str) char *part = end ? xstrndup(p, (size_t)(end - p)) : xstrdup(p);
		strlist_add(l, str_trim(part));
		p = end ? end + 1 : NULL;
	}
}

void strmap_done(struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].name);
		free(m->items[i].value);
	}
	free(m->items);
	*m = (struct strmap){0};
}

void strmap_set(struct strmap *m, const char *name, const char *value)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->items[i].name, name)) {
			str_set(&m->items[i].value, value);
			return;
		}
	}
	GROW(m->items, m->cap, m->n + 1);
	m->items[m->n++] = (struct strpair){xstrdup(name), xstrdup(value)};
}

const char *strmap_get(const struct strmap *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].name, name))
			return m->items[i].value;
	return NULL;
}

void strmap_copy(struct strmap *dst, const struct strmap *src)
{
	struct strmap copy = {0};

	copy.items = xcalloc(src->n, sizeof(*copy.items));
	copy.cap = src->n;
	for (size_t i = 0; i < src->n; i++)
		copy.items[copy.n++] = (struct strpair){xstrdup(src->items[i].name), xstrdup(src->items[i].value)};
	strmap_done(dst);
	*dst = copy;
}
