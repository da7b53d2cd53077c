/* utf8_ascii.c - what stands for our marks where the terminal, or its locale, has ASCII only. */
#include "base/utf8.h"

/* Likenesses for terminals without Unicode. Sorted by code point. */
static const struct {
	uint32_t cp;
	char as;
} ascii_likeness[] = {
	{0xb0, 'o'},   {0xb7, '-'},   {0xd7, 'x'},   {0x2013, '-'}, {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''},
	{0x201c, '"'}, {0x201d, '"'}, {0x2022, '*'}, {0x2026, '~'}, {0x2039, '<'}, {0x203a, '>'},  {0x2190, '<'},
	{0x2191, '^'}, {0x2192, '>'}, {0x2193, 'v'}, {0x21bb, '@'}, {0x2264, '<'}, {0x2265, '>'},  {0x22ef, '~'},
	{0x2500, '-'}, {0x2502, '|'}, {0x250c, '+'}, {0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'},  {0x251c, '+'},
	{0x2524, '+'}, {0x252c, '+'}, {0x2534, '+'}, {0x253c, '+'}, {0x2581, '_'}, {0x2582, '_'},  {0x2583, '-'},
	{0x2584, '-'}, {0x2585, '='}, {0x2586, '='}, {0x2587, '#'}, {0x2588, '#'}, {0x258f, '|'},  {0x2591, '.'},
	{0x2592, ':'}, {0x2593, '#'}, {0x2595, '|'}, {0x25a0, '#'}, {0x25b8, '>'}, {0x25c2, '<'},  {0x25c6, '!'},
	{0x25cb, 'o'}, {0x25cc, 'o'}, {0x25cf, '*'}, {0x25d0, '%'}, {0x2713, '+'}, {0x2717, 'x'},
};

uint32_t utf8_likeness(uint32_t cp)
{
	size_t lo = 0, hi = ARRAY_LEN(ascii_likeness);

	if (cp < 0x7f)
		return cp;
	if (cp >= 0x2800 && cp < 0x2900)
		return cp == 0x2800 ? ' ' : '*';
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (ascii_likeness[mid].cp == cp)
			return (uint32_t)ascii_likeness[mid].as;
		if (ascii_likeness[mid].cp < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

void utf8_add_likeness(struct buf *out, const char *s)
{
	for (size_t left = strlen(s), n; left; s += n, left -= n) {
		uint32_t cp, as;

		n = utf8_decode(s, left, &cp);
		as = utf8_likeness(cp);
		if (as)
			buf_addc(out, (char)as);
		else
			buf_add(out, s, n);
	}
}
