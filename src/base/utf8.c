/* UTF-8 read, made harmless, measured and cut by cells. */
#include "base/utf8.h"

#define REPLACEMENT 0xfffdu
#define ESC 0x1b
#define TAB_STOP 8
#define HEAD_CELLS 4 /* of a text that is cut from the middle, at least */

size_t utf8_decode(const char *s, size_t n, uint32_t *ret)
{
	const uint8_t *p = (const uint8_t *)s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	*ret = REPLACEMENT;
	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	size_t len = p[0] >= 0xf0 && p[0] < 0xf8   ? 4
		     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
						   : 0;
	if (!len)
		return 1;
	uint32_t cp = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (i >= n || (p[i] & 0xc0) != 0x80)
			return i;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return len;
	*ret = cp;
	return len;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* The bytes of s that fit in `cells`; *ret_cells is what they take. */
static size_t fit(const char *s, int cells, int *ret_cells)
{
	size_t n = strlen(s), i = 0;
	int used = 0;

	while (i < n) {
		if (s[i] >= ' ' && s[i] <= '~') { /* nearly all there is */
			if (used >= cells)
				break;
			used++;
			i++;
			continue;
		}
		uint32_t cp;
		size_t step = utf8_decode(s + i, n - i, &cp);
		int w = utf8_cp_width(cp);
		if (used + w > cells)
			break;
		used += w;
		i += step;
	}
	*ret_cells = used;
	return i;
}

int utf8_width(const char *s)
{
	int cells;

	fit(s, INT32_MAX, &cells);
	return cells;
}

size_t utf8_fit(const char *s, int cells)
{
	int used;

	return fit(s, cells, &used);
}

void utf8_add_cut(struct buf *out, const char *s, int cells)
{
	if (cells <= 0)
		return;
	if (!s[utf8_fit(s, cells)]) {
		buf_adds(out, s);
		return;
	}
	buf_add(out, s, utf8_fit(s, cells - 1));
	buf_adds(out, "…");
}

static size_t alike(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	while (n && ((uint8_t)a[n] & 0xc0) == 0x80) /* within a character */
		n--;
	return n;
}

size_t utf8_alike(const char *const *texts, size_t n)
{
	const char *first = NULL;
	size_t least = 0;

	for (size_t i = 0; i < n; i++) {
		if (!texts[i] || !*texts[i])
			continue;
		least = first ? MIN(least, alike(first, texts[i])) : strlen(texts[i]);
		first = first ? first : texts[i];
	}
	return least;
}

void utf8_add_middle(struct buf *out, const char *s, size_t matters, int cells)
{
	int width = utf8_width(s), tail = (cells - 1) / 2, most = cells - 1 - HEAD_CELLS;

	if (width <= cells || cells < 8) {
		utf8_add_cut(out, s, cells);
		return;
	}
	int rest = matters ? utf8_width(s + matters) : 0;
	if (rest > most) { /* all of it has no room: its beginning tells it apart */
		size_t head = utf8_fit(s, HEAD_CELLS);

		buf_add(out, s, head);
		if (head < matters)
			buf_adds(out, "…");
		utf8_add_cut(out, s + MAX(head, matters), most);
		return;
	}
	tail = MAX(tail, rest);
	size_t from = utf8_fit(s, width - tail), head = utf8_fit(s, cells - 1 - tail);
	AUTO(str) char *begin = xstrndup(s, head);

	tail = cells - 1 - utf8_width(begin); /* a wide character may have had no room there */
	while (utf8_width(s + from) > tail)
		from += utf8_fit(s + from, 2);
	buf_adds(out, begin);
	buf_adds(out, "…");
	buf_adds(out, s + from);
}

size_t utf8_escape_length(const char *s, size_t n)
{
	if (n < 2)
		return n;
	if (s[1] == '[') {
		for (size_t i = 2; i < n; i++) {
			if (s[i] >= 0x40 && s[i] <= 0x7e)
				return i + 1;
			if ((uint8_t)s[i] < 0x20 || (uint8_t)s[i] > 0x7e)
				break;
		}
		return 2;
	}
	if (s[1] && strchr("]PX^_", s[1])) {
		for (size_t i = 2; i < n && s[i] != '\n'; i++) {
			if (s[i] == '\a')
				return i + 1;
			if (s[i] == ESC && i + 1 < n && s[i + 1] == '\\')
				return i + 2;
		}
		return 2;
	}
	return (uint8_t)s[1] >= 0x20 && (uint8_t)s[1] < 0x7f ? 2 : 1;
}

static bool is_bidi_control(uint32_t cp)
{
	return cp == 0x061c || cp == 0x200e || cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

/* Joiners, variation selectors and skin tones: what they do to the character before them takes one cell on one terminal
 * and two on another, so that a line would leave cells behind. Each character stands for itself without them. */
static bool joins(uint32_t cp)
{
	return (cp >= 0x200b && cp <= 0x200d) || (cp >= 0x2060 && cp <= 0x2064) || (cp >= 0xfe00 && cp <= 0xfe0f) ||
	       (cp >= 0x1f3fb && cp <= 0x1f3ff) || (cp >= 0xe0100 && cp <= 0xe01ef);
}

bool utf8_cp_is_hostile(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || is_bidi_control(cp) || cp == 0xfeff || cp == 0x2028 ||
	       cp == 0x2029 || (cp >= 0xe0000 && cp <= 0xe007f) || joins(cp);
}

int utf8_sanitize(struct buf *out, const char *s, size_t n, bool keep_newlines)
{
	int column = 0;

	for (size_t i = 0; i < n;) {
		size_t run = i;
		while (run < n && s[run] >= 0x20 && s[run] < 0x7f)
			run++;
		buf_add(out, s + i, run - i);
		column += (int)(run - i);
		if ((i = run) >= n)
			break;
		if (s[i] == ESC) {
			i += utf8_escape_length(s + i, n - i);
		} else if (s[i] == '\n') {
			buf_addc(out, keep_newlines ? '\n' : ' ');
			column = keep_newlines ? 0 : column + 1;
			i++;
		} else if (s[i] == '\t') {
			do
				buf_addc(out, ' ');
			while (++column % TAB_STOP);
			i++;
		} else {
			uint32_t cp;
			char bytes[4];
			i += utf8_decode(s + i, n - i, &cp);
			if (utf8_cp_is_hostile(cp))
				continue;
			buf_add(out, bytes, utf8_encode(cp, bytes));
			column += utf8_cp_width(cp);
		}
	}
	return out->overflow ? -ERR_TOOBIG : 0;
}

char *utf8_sanitize_dup(const char *s)
{
	if (!s)
		return NULL;
	size_t n = strlen(s);
	struct buf b = BUF_INIT(n * TAB_STOP + 4);
	if (utf8_sanitize(&b, s, n, false) < 0)
		buf_clear(&b);
	return buf_take(&b);
}

bool utf8_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t step = utf8_decode(s + i, n - i, &cp);
		if (cp == REPLACEMENT && !(step == 3 && !memcmp(s + i, "\xef\xbf\xbd", 3)))
			return false;
		i += step;
	}
	return true;
}

size_t utf8_replaced(const char *s, size_t n)
{
	const char *end = s + n;
	size_t found = 0;

	while (n && (s = memmem(s, (size_t)(end - s), "\xef\xbf\xbd", 3))) {
		found++;
		s += 3;
	}
	return found;
}
