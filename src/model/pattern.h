/* pattern.h - a regular expression (PCRE2) that lines of logs are looked at with. A pattern that
 * explodes gives up on a line. */
#ifndef SAGETOP_MODEL_PATTERN_H
#define SAGETOP_MODEL_PATTERN_H

#include "base/err.h"
#include "base/mem.h"

struct pattern;

enum pattern_case { PATTERN_CASE_COUNTS = 0, PATTERN_CASE_SMART /* one without capitals ignores case */ };

/* NULL where it does not compile; the error says why, and at which character. */
struct pattern *pattern_new(const char *text, enum pattern_case c, struct err *err) NODISCARD;
void pattern_free(struct pattern *p);
const char *pattern_text(const struct pattern *p);
/* text: n bytes of UTF-8. */
bool pattern_matches(const struct pattern *p, const char *text, size_t n);
/* Each match within text: fn(user, from, to) in bytes, until one starts at or after end. */
void pattern_each(const struct pattern *p, const char *text, size_t n, size_t end,
		  void (*fn)(void *user, size_t from, size_t to), void *user);

#endif
