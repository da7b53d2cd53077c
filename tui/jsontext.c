/* JSON as styled lines. */
#include "tui/jsontext.h"

#define DEPTH_MAX 64

static void newline(struct buf *out, int depth)
{
	(void)buf_addc(out, '\n');
	for (int i = 0; i < depth && i < DEPTH_MAX; i++)
		(void)buf_adds(out, "  ");
}

/* The end of the string that begins at s (a quote), past its closing quote. */
static const char *string_end(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

/* n bytes of a string. */
static void put_string(struct buf *out, const char *s, size_t n, int depth)
{
	for (size_t i = 0; i < n; i++) {
		bool escape = s[i] == '\\' && i + 1 < n;

		if (escape && s[i + 1] == 'n' && i + 2 < n && s[i + 2] != '"')
			newline(out, depth + 1);
		else if (escape && s[i + 1] == 't')
			(void)buf_adds(out, "    ");
		else
			(void)buf_add(out, s + i, escape ? 2 : 1);
		i += escape;
	}
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ')
		s++;
	return s;
}

bool jsontext_indent(const char *text, struct buf *out)
{
	const char *s = strpbrk(text, "{[");
	int depth = 0;

	if (!s || (*s == '[' && s[1] != '{' && s[1] != '"'))
		return false;
	(void)buf_add(out, text, (size_t)(s - text));
	if (s > text)
		newline(out, 0);
	while (*s) {
		if (*s == '"') {
			const char *end = string_end(s);
			put_string(out, s, (size_t)(end - s), depth);
			s = end;
		} else if ((*s == '{' || *s == '[') && skip_blanks(s + 1)[0] == (*s == '{' ? '}' : ']')) {
			(void)buf_adds(out, *s == '{' ? "{}" : "[]");
			s = skip_blanks(s + 1) + 1;
		} else if (*s == '{' || *s == '[') {
			(void)buf_addc(out, *s);
			newline(out, ++depth);
			s = skip_blanks(s + 1);
		} else if (*s == '}' || *s == ']') {
			depth = MAX(depth - 1, 0);
			newline(out, depth);
			(void)buf_addc(out, *s++);
		} else if (*s == ',') {
			(void)buf_addc(out, *s);
			newline(out, depth);
			s = skip_blanks(s + 1);
		} else {
			(void)buf_addc(out, *s++);
		}
	}
	return true;
}
