/* str.h - strings: comparison, parsing without locale, lists, suggestions. */
#ifndef SAGETOP_BASE_STR_H
#define SAGETOP_BASE_STR_H

#include "base/mem.h"

bool str_eq(const char *a, const char *b);  /* NULL equals only NULL */
bool str_ieq(const char *a, const char *b); /* ASCII case folded */
bool str_empty(const char *s);		    /* NULL or "" */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
const char *str_or(const char *s, const char *fallback); /* s unless NULL or "" */
char *str_trim(char *s);				 /* in place; returns the first non-blank */
/* The text with "user:password@" taken out of every URL in it, also of one without a
 * scheme at its beginning. Owned by the caller. */
char *str_hide_userinfo(const char *s) NODISCARD;
/* The last line that says anything: of a traceback the cause. Borrowed from s. */
const char *str_last_line(const char *s);
bool str_is_line(const char *s, size_t most);		/* of at most so many bytes, without control characters */
void str_lower(char *s);				/* ASCII, in place */
void str_copy(char *dst, size_t size, const char *src); /* cuts; always terminates */

/* Replace *slot by a copy of value (NULL allowed), freeing the old one. */
void str_set(char **slot, const char *value);

/* Whole-string parses: false (and *ret untouched) on anything but a number that
 * fits. str_to_f64 never depends on the locale and refuses hex and "nan"/"inf". */
bool str_to_i64(const char *s, int64_t *ret);
bool str_to_u64(const char *s, uint64_t *ret);
bool str_to_f64(const char *s, double *ret);
bool str_to_bool(const char *s, bool *ret); /* true/false/yes/no/on/off/1/0 */

/* Whether n bytes read as a region of AWS does: "us-east-1", "us-gov-west-1". */
bool str_is_region(const char *s, size_t n);

/* The candidate nearest to word by edit distance, of several the first that begins with the
 * same letter; NULL where none is near enough to be a plausible slip. Borrowed from the array. */
const char *str_nearest(const char *word, const char *const *candidates, size_t n);

/* A list of owned strings. */
struct strlist {
	char **items;
	size_t n, cap;
};
void strlist_done(struct strlist *l);
AUTO_EMBEDDED(strlist, struct strlist, strlist_done)
void strlist_add(struct strlist *l, const char *s);
void strlist_add_all(struct strlist *l, const struct strlist *more); /* of which NULL has none */
void strlist_take(struct strlist *l, char *s);			     /* owns s from now on */
bool strlist_has(const struct strlist *l, const char *s);
bool strlist_is_unique(const struct strlist *l);		      /* none is there twice */
void strlist_sort(struct strlist *l);				      /* byte order */
void strlist_split(struct strlist *l, const char *s, char separator); /* appends the trimmed parts */

/* Ordered name=value pairs, owned. Names are unique: set replaces. */
struct strmap {
	struct strpair {
		char *name;
		char *value;
	} * items;
	uint32_t n, cap; /* every thing has such maps: they are small */
};
void strmap_done(struct strmap *m);
AUTO_EMBEDDED(strmap, struct strmap, strmap_done)
void strmap_set(struct strmap *m, const char *name, const char *value);
const char *strmap_get(const struct strmap *m, const char *name); /* NULL where absent; borrowed */
void strmap_copy(struct strmap *dst, const struct strmap *src);	  /* dst is replaced */

#endif
