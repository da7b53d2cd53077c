/* Decimal text as floats, rounded as strtof does. */
#include "trainer/read/number.h"

#include <limits.h>
#include <locale.h>
#include <math.h>

/* clang-format off */
const double number_powers[2 * NUMBER_MAX_EXPONENT + 1] = {
	1e-60, 1e-59, 1e-58, 1e-57, 1e-56, 1e-55, 1e-54, 1e-53, 1e-52, 1e-51, 1e-50,
	1e-49, 1e-48, 1e-47, 1e-46, 1e-45, 1e-44, 1e-43, 1e-42, 1e-41, 1e-40, 1e-39,
	1e-38, 1e-37, 1e-36, 1e-35, 1e-34, 1e-33, 1e-32, 1e-31, 1e-30, 1e-29, 1e-28,
	1e-27, 1e-26, 1e-25, 1e-24, 1e-23, 1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17,
	1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6,
	1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
	1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
	1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27,
	1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38,
	1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49,
	1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60,
};
/* clang-format on */

const uint64_t number_integer_powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static bool number_parse_slow(const char *p, const char *end, float *ret)
{
	static locale_t c_locale; /* the same object whoever wins the race to set it */
	char text[1024];
	locale_t l = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);

	if ((size_t)(end - p) >= sizeof(text))
		return false;
	if (!l) {
		locale_t expected = (locale_t)0;

		l = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		if (!l)
			return false;
		if (!__atomic_compare_exchange_n(&c_locale, &expected, l, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			freelocale(l);
			l = expected;
		}
	}
	memcpy(text, p, (size_t)(end - p));
	text[end - p] = 0;
	*ret = strtof_l(text, NULL, l);
	return true;
}

const float number_short_powers[8] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};

const char *number_parse_long(const char *p, float *ret)
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
		exponent = n > INT_MAX / 2 ? INT_MIN / 2 : -(int)n;
		digits += n;
	}
	if (!digits)
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
	if (digits <= 19 && exponent >= -NUMBER_MAX_EXPONENT && exponent <= NUMBER_MAX_EXPONENT) {
		double d = (double)w * number_powers[exponent + NUMBER_MAX_EXPONENT];
		uint64_t bits;

		memcpy(&bits, &d, sizeof(bits));
		/* not within 8 units of a midpoint, and a normal float32 */
		if ((bits & 0x1FFFFFFF) - 0x0FFFFFF8 > 16 && d >= 0x1p-126 && d < 0x1p127) {
			*ret = (float)(negative ? -d : d);
			return p;
		}
		if (!w) {
			*ret = negative ? -0.0f : 0.0f;
			return p;
		}
	}
	return number_parse_slow(start, p, ret) && isfinite(*ret) ? p : NULL;
}

bool number_is_too_large(const char *p, const char *end)
{
	char text[1024];
	float value;
	char *stop;

	if (end == p || (size_t)(end - p) >= sizeof(text) || strspn(p, "+-.0123456789eE") < (size_t)(end - p))
		return false;
	memcpy(text, p, (size_t)(end - p));
	text[end - p] = 0;
	value = strtof(text, &stop);
	return !*stop && isinf(value);
}
