/* csv.c - fields of CSV records, read and written. */
#include "base/csv.h"

static const char *quoted_field(const char *p, const char *end, struct buf *out)
{
	for (p++; p < end && *p != '\n'; p++) {
		if (*p == '"' && !(p + 1 < end && p[1] == '"'))
			break;
		if (*p == '"')
			p++;
		(void)buf_addc(out, *p);
	}
	if (p == end || *p != '"')
		return NULL;
	p++;
	while (p < end && *p == '\r')
		p++;
	return p == end || *p == ',' || *p == '\n' ? p : NULL;
}

const char *csv_field(const char *p, const char *end, struct buf *out)
{
	const char *from = p;

	buf_clear(out);
	if (p < end && *p == '"')
		return quoted_field(p, end, out);
	while (p < end && *p != ',' && *p != '\n')
		p++;
	const char *to = p;
	while (to > from && to[-1] == '\r')
		to--;
	(void)buf_add(out, from, (size_t)(to - from));
	return p;
}

void csv_add(struct buf *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		buf_adds(out, s);
		return;
	}
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_addc(out, '"');
		buf_addc(out, *s);
	}
	buf_addc(out, '"');
}
