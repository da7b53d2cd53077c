/* A regular expression for lines of logs. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "model/pattern.h"

#define MATCH_LIMIT 200000 /* steps of one line */
#define MATCHES_PER_LINE 2000

struct pattern {
	char *text;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static bool has_upper(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++; /* \W is no capital letter */
		else if (*s >= 'A' && *s <= 'Z')
			return true;
	}
	return false;
}

struct pattern *pattern_new(const char *text, enum pattern_case c, struct err *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK;
	PCRE2_UCHAR why[160];
	PCRE2_SIZE at;
	int code;

	if (!utf8_valid(text, strlen(text))) {
		(void)err_set(err, ERR_INVALID, "the pattern is not UTF-8");
		return NULL;
	}
	if (c == PATTERN_CASE_SMART && !has_upper(text))
		options |= PCRE2_CASELESS;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
	if (!re) {
		pcre2_get_error_message(code, why, sizeof(why));
		(void)err_set(err, ERR_INVALID, "%s at character %zu", (const char *)why, (size_t)at + 1);
		return NULL;
	}
	pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
	struct pattern *p = NEW(struct pattern);
	p->code = re;
	p->text = xstrdup(text);
	p->data = pcre2_match_data_create_from_pattern(re, NULL);
	p->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(p->context, MATCH_LIMIT);
	return p;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	free(p->text);
	free(p);
}

const char *pattern_text(const struct pattern *p)
{
	return p->text;
}

static bool match_from(const struct pattern *p, const char *text, size_t n, size_t at)
{
	return pcre2_match(p->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK, p->data, p->context) > 0;
}

bool pattern_matches(const struct pattern *p, const char *text, size_t n)
{
	return match_from(p, text, n, 0);
}

void pattern_each(const struct pattern *p, const char *text, size_t n, size_t end,
		  void (*fn)(void *user, size_t from, size_t to), void *user)
{
	PCRE2_SIZE *found = pcre2_get_ovector_pointer(p->data);
	size_t at = 0;

	for (int i = 0; i < MATCHES_PER_LINE && at < end && at <= n; i++) {
		if (!match_from(p, text, n, at))
			return;
		size_t from = found[0], to = found[1];
		if (from >= end)
			return;
		if (to > from)
			fn(user, from, to);
		at = to > from ? to : to + 1;
		while (at < n && ((unsigned char)text[at] & 0xc0) == 0x80) /* not into a character */
			at++;
	}
}
