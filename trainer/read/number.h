/* number.h - decimal text to float32, several hundred megabytes a second, equal
 * to strtof to the last bit.
 *
 * Digits are taken eight at a time from a 64-bit word. Up to seven digits are one
 * such word: both the integer and the power of ten are exact in float32, and one
 * division rounds once. Longer values are formed in double with an error of at
 * most a few units in its last place, which cannot change the float32 it rounds to
 * unless it lies next to the midpoint of two float32: those, subnormals and
 * out-of-range values go to the C library.
 */
#ifndef SAGETOP_TRAINER_NUMBER_H
#define SAGETOP_TRAINER_NUMBER_H

#include "base/mem.h"

/* Bytes that must be readable behind the text given to number_parse. */
#define NUMBER_SLACK 32

#define NUMBER_MAX_EXPONENT 60
extern const double number_powers[2 * NUMBER_MAX_EXPONENT + 1]; /* 10^-60 .. 10^60 */
extern const uint64_t number_integer_powers[9];			/* 10^0 .. 10^8 */

extern const float number_short_powers[8]; /* 10^0 .. 10^7 */

/* Is [p, end) a number that only its size keeps from being a float32? */
bool number_is_too_large(const char *p, const char *end);

/* How many of the eight bytes of v, from the lowest, are decimal digits before
 * the first that is not. A borrow or carry starts at a byte that is flagged
 * itself, so the lowest flag is always true. */
static inline __attribute__((always_inline)) unsigned number_digits(uint64_t v)
{
	uint64_t t = ((v + 0x4646464646464646ULL) | (v - 0x3030303030303030ULL)) & 0x8080808080808080ULL;

	return t ? (unsigned)__builtin_ctzll(t) >> 3 : 8;
}

/* The first n (1..8) digits of v as an integer. */
static inline __attribute__((always_inline)) uint64_t number_word(uint64_t v, unsigned n)
{
	v <<= 64 - 8 * n;
	v = (v & 0x0F0F0F0F0F0F0F0FULL) * 2561 >> 8;
	v = (v & 0x00FF00FF00FF00FFULL) * 6553601 >> 16;
	return (v & 0x0000FFFF0000FFFFULL) * 42949672960001ULL >> 32;
}

static inline __attribute__((always_inline)) uint64_t number_load(const char *p)
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
static inline __attribute__((always_inline)) unsigned number_take_digits(const char **p, uint64_t *w)
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

/* number_parse for any length. */
const char *number_parse_long(const char *p, float *ret);

/* Parse [+-]digits[.digits][e[+-]digits] at p, whatever follows it. Returns the
 * first byte behind the number, or NULL where there is none; "inf", "nan",
 * hexadecimal and what float32 cannot hold are none. */
static inline __attribute__((always_inline)) const char *number_parse(const char *p, float *ret)
{
	const char *q = p + (*p == '-');
	uint64_t v = number_load(q), below;
	unsigned whole = number_digits(v), digits = whole;

	union {
		float f;
		uint32_t bits;
	} value;

	if (__builtin_expect(whole == 8, 0))
		return number_parse_long(p, ret);
	if (((v >> (8 * whole)) & 0xff) == '.') {
		/* close the gap: the digits on both sides of the point become one word */
		below = ((uint64_t)1 << (8 * whole)) - 1;
		v = (v & below) | ((v >> 8) & ~below);
		digits = number_digits(v);
		q++;
	}
	q += digits;
	/* no digit at all, perhaps more than the word shows, or an exponent */
	if (__builtin_expect((digits - 1 >= 6) | ((*q | 0x20) == 'e'), 0))
		return number_parse_long(p, ret);
	value.f = (float)(int32_t)number_word(v, digits) / number_short_powers[digits - whole];
	value.bits |= (uint32_t)(*p == '-') << 31;
	*ret = value.f;
	return q;
}

#endif
