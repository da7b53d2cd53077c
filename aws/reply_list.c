/* The members of an object and the items of a list, skipped over. */
#include "aws/reply_list.h"

struct scan {
	const char *p, *end;
};

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A quote that an odd number of backslashes stands before is one of the text. */
static bool is_escaped(const char *quote, const char *from)
{
	size_t n = 0;

	while (quote - n > from && quote[-(ptrdiff_t)n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

/* From behind the opening quote to behind the closing one. */
static bool skip_string(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end) {
		const char *quote = memchr(s->p, '"', (size_t)(s->end - s->p));

		if (!quote)
			return false;
		s->p = quote + 1;
		if (!is_escaped(quote, from))
			return true;
	}
	return false;
}

/* A value of any kind; s stands at the comma or bracket behind it. */
static bool skip_value(struct scan *s)
{
	int depth = 0;

	for (; s->p < s->end; s->p++) {
		char c = *s->p;

		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			return true;
		if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			depth--;
		} else if (c == '"') {
			s->p++;
			if (!skip_string(s))
				return false;
			s->p--;
		}
	}
	return depth == 0;
}

/* From behind the opening bracket to the closing one. */
static bool skip_items(struct scan *s)
{
	for (;;) {
		if (!skip_value(s) || s->p == s->end)
			return false;
		if (*s->p == ']')
			return true;
		if (*s->p != ',')
			return false;
		s->p++;
	}
}

bool reply_list_find(const char *text, size_t n, const char *member, size_t *ret_from, size_t *ret_to)
{
	struct scan s = {text, text + n};
	size_t len = strlen(member);

	if (!take(&s, '{'))
		return false;
	do {
		if (!take(&s, '"'))
			return false;
		const char *name = s.p;

		if (!skip_string(&s))
			return false;
		bool wanted = (size_t)(s.p - 1 - name) == len && memcmp(name, member, len) == 0;

		if (!take(&s, ':'))
			return false;
		if (wanted) {
			if (!take(&s, '['))
				return false;
			*ret_from = (size_t)(s.p - text);
			bool whole = skip_items(&s);

			*ret_to = (size_t)(s.p - text);
			return whole;
		}
		if (!skip_value(&s) || s.p == s.end)
			return false;
	} while (take(&s, ','));
	return false;
}

size_t reply_list_items(const char *text, size_t n, size_t about, size_t *ret_next)
{
	struct scan s = {text, text + n};

	for (;;) {
		if (!skip_value(&s) || (s.p < s.end && *s.p != ','))
			return 0;
		size_t len = (size_t)(s.p - text);

		if (s.p == s.end || len >= about) {
			*ret_next = len + (s.p < s.end);
			return len;
		}
		s.p++;
	}
}
