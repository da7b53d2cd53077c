/* number.h - decimal text to float32, several hundred megabytes a second, equal
 * to strtof to the last bit.
 *
 * Digits are taken eight at a time from a 64-bit word. The value is formed in
 * double with an error of at most a few units in its last place, which cannot
 * change the float32 it rounds to unless it lies next to the midpoint of two
 * float32: those, subnormals and out-of-range values go to the C library.
 */
#ifndef SAGETOP_TRAINER_NUMBER_H
#define SAGETOP_TRAINER_NUMBER_H

#include "base/mem.h"

/* Bytes that must be readable behind the text given to number_parse. */
#define NUMBER_SLACK 32

#define NUMBER_MAX_EXPONENT 60
extern const double number_powers[2 * NUMBER_MAX_EXPONENT + 1]; /* 10^-60 .. 10^60 */
extern const uint64_t number_integer_powers[9];			/* 10^0 .. 10^8 */

/* The C library's answer for the number in [p, end); false where it is longer
 * than any sensible number. */
bool number_parse_slow(const char *p, const char *end, float *ret);

/* How many of the eight bytes of v, from the lowest, are decimal digits before
 * the first that is not. A borrow or carry starts at a byte that is flagged
 * itself, so the lowest flag is always true. */
static inline unsigned number_digits(uint64_t v)
{
	uint64_t t = ((v + 0x4646464646464646ULL) | (v - 0x3030303030303030ULL)) & 0x8080808080808080ULL;

	return t ? (unsigned)__builtin_ctzll(t) >> 3 : 8;
}

/* The first n (1..8) digits of v as an integer. */
static inline uint64_t number_word(uint64_t v, unsigned n)
{
	v <<= 64 - 8 * n;
	v = (v & 0x0F0F0F0F0F0F0F0FULL) * 2561 >> 8;
	v = (v & 0x00FF00FF00FF00FFULL) * 6553601 >> 16;
	return (v & 0x0000FFFF0000FFFFULL) * 42949672960001ULL >> 32;
}

static inline uint64_t number_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Append the digits at *p to *w; returns how many there were. The value of *w is
 * right only while no more than 19 digits have been taken in all. */
static inline unsigned number_take_digits(const char **p, uint64_t *w)
{
	uint64_t v = number_load(*p);
	unsigned n = number_digits(v), total = n;

	if (n)
		*w = *w * number_integer_powers[n] + number_word(v, n);
	*p += n;
	while (n == 8) {
		v = number_load(*p);
		n = number_digits(v);
		if (n)
			*w = *w * number_integer_powers[n] + number_word(v, n);
		*p += n;
		total += n;
	}
	return total;
}

/* Parse [+-]digits[.digits][e[+-]digits] at p, whatever follows it. Returns the
 * first byte behind the number, or NULL where there is none; "inf", "nan" and
 * hexadecimal are none. A value beyond float32 gives an infinity. */
static inline const char *number_parse(const char *p, float *ret)
{
	const char *start = p;
	bool negative = *p == '-';
	uint64_t w = 0;
	unsigned digits;
	int exponent = 0;

	p += negative | (*p == '+');
	digits = number_take_digits(&p, &w);
	if (*p == '.') {
		unsigned n;

		p++;
		n = number_take_digits(&p, &w);
		exponent = -(int)n;
		digits += n;
	}
	if (__builtin_expect(!digits, 0))
		return NULL;
	if ((*p | 0x20) == 'e') {
		const char *q = p + 1;
		bool minus = *q == '-';
		int e = 0;

		q += minus | (*q == '+');
		if (*q >= '0' && *q <= '9') {
			for (; *q >= '0' && *q <= '9'; q++)
				e = e < 100000 ? e * 10 + (*q - '0') : e;
			exponent += minus ? -e : e;
			p = q;
		}
	}
	if (__builtin_expect(digits <= 19 && exponent >= -NUMBER_MAX_EXPONENT && exponent <= NUMBER_MAX_EXPONENT, 1)) {
		double d = (double)w * number_powers[exponent + NUMBER_MAX_EXPONENT];
		uint64_t bits;

		memcpy(&bits, &d, sizeof(bits));
		/* not within 8 units of a midpoint, and a normal float32 (or zero) */
		if (__builtin_expect((((bits & 0x1FFFFFFF) - 0x0FFFFFF8) > 16) & (d >= 0x1p-126) & (d < 0x1p127), 1)) {
			*ret = (float)(negative ? -d : d);
			return p;
		}
		if (!w) {
			*ret = negative ? -0.0f : 0.0f;
			return p;
		}
	}
	if (!number_parse_slow(start, p, ret))
		return NULL;
	return p;
}

#endif
