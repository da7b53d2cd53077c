/* The strict parser first; what it refuses is mended, a pass over the text, and read
 * once more. What is wrong beyond that (structure, depth) stays an error. */
#include "aws/reply_json.h"

#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define LONGEST_INTEGER 18 /* digits that surely fit */

struct mend {
	const char *p, *end;
	struct buf out;
};

static json_t *load(const char *text, size_t n, json_error_t *e)
{
	return json_loadb(text, n, JSON_ALLOW_NUL | JSON_DECODE_ANY, e);
}

/* The four digits behind "\u" at p; -1 where they are none. */
static int unit_at(const struct mend *m, const char *p)
{
	char digits[5] = "", *stop;

	if (m->end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	long value = strtol(digits, &stop, 16);
	return stop == digits + 4 && digits[0] != '-' && digits[0] != '+' ? (int)value : -1;
}

static bool is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

static void take(struct mend *m, size_t n)
{
	n = MIN(n, (size_t)(m->end - m->p));
	buf_add(&m->out, m->p, n);
	m->p += n;
}

static void mend_escape(struct mend *m)
{
	int unit = unit_at(m, m->p);

	if (is_high(unit) && is_low(unit_at(m, m->p + 6))) {
		take(m, 12);
	} else if (is_high(unit) || is_low(unit)) {
		buf_adds(&m->out, REPLACEMENT);
		m->p += 6;
	} else {
		take(m, 2);
	}
}

/* From behind the opening quote to behind the closing one. */
static void mend_string(struct mend *m)
{
	while (m->p < m->end && *m->p != '"') {
		unsigned char c = (unsigned char)*m->p;
		uint32_t cp;
		size_t step;

		if (c == '\\') {
			mend_escape(m);
			continue;
		}
		step = utf8_decode(m->p, (size_t)(m->end - m->p), &cp);
		if (cp < 0x20)
			buf_addf(&m->out, "\\u%04x", cp);
		else if (cp == 0xfffd)
			buf_adds(&m->out, REPLACEMENT);
		else
			buf_add(&m->out, m->p, step);
		m->p += step;
	}
	take(m, 1);
}

/* A word or number: NaN, Infinity and 1e999 are null, an integer of 30 digits a real. */
static void mend_word(struct mend *m)
{
	static const char of_word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
	size_t n = 0;

	while (m->p + n < m->end && m->p[n] && strchr(of_word, m->p[n]))
		n++;

	AUTO(str) char *word = xstrndup(m->p, n);
	char *stop;
	double value = strtod(word, &stop);
	bool number = n && !*stop;
	m->p += n;
	if (number && !isfinite(value))
		buf_adds(&m->out, "null");
	else
		buf_adds(&m->out, word);
	if (number && isfinite(value) && n > LONGEST_INTEGER && strspn(word, "-0123456789") == n)
		buf_adds(&m->out, ".0");
	if (!n)
		take(m, 1);
}

static void mend(struct mend *m)
{
	while (m->p < m->end) {
		if (*m->p == '"') {
			take(m, 1);
			mend_string(m);
		} else {
			mend_word(m);
		}
	}
}

int reply_json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *err)
{
	json_error_t e;
	json_t *j = load(text, n, &e);

	if (!j && n) {
		struct mend m = {.p = text, .end = text + n, .out = BUF_INIT(n * 6 + 16)};
		json_error_t second;

		mend(&m);
		j = load(buf_str(&m.out), m.out.len, &second);
		buf_done(&m.out);
	}
	if (!j)
		return err_set(err, ERR_PARSE, "%s:%d:%d: %s", what, MAX(e.line, 1), MAX(e.column, 1), e.text);
	*ret = j;
	return 0;
}
