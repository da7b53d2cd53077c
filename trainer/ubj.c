#include "trainer/ubj.h"

#define UBJ_DEPTH 64

struct ubj {
	const char *p, *end;
};

static bool ubj_skip(struct ubj *u, uint64_t n)
{
	if (n > (uint64_t)(u->end - u->p))
		return false;
	u->p += n;
	return true;
}

static bool ubj_take(struct ubj *u, char expected)
{
	if (u->p == u->end || *u->p != expected)
		return false;
	u->p++;
	return true;
}

/* The library writes every length as 'L' and eight bytes, the highest first. */
static bool ubj_length(struct ubj *u, uint64_t *ret)
{
	*ret = 0;
	if (!ubj_take(u, 'L') || u->end - u->p < 8)
		return false;
	for (int i = 0; i < 8; i++)
		*ret = *ret << 8 | (unsigned char)*u->p++;
	return true;
}

/* The bytes of a value of this kind, 0 where it has none of a fixed size. */
static size_t ubj_size(char kind)
{
	switch (kind) {
	case 'i':
	case 'U':
	case 'C':
		return 1;
	case 'I':
		return 2;
	case 'l':
	case 'd':
		return 4;
	case 'L':
	case 'D':
		return 8;
	default:
		return 0;
	}
}

static bool ubj_text(struct ubj *u)
{
	uint64_t n;

	return ubj_length(u, &n) && ubj_skip(u, n);
}

static bool ubj_value(struct ubj *u, int depth);

static bool ubj_array(struct ubj *u, int depth)
{
	uint64_t n;

	if (ubj_take(u, '$')) {
		size_t size = u->p < u->end ? ubj_size(*u->p) : 0;

		u->p += u->p < u->end;
		return size && ubj_take(u, '#') && ubj_length(u, &n) && n <= SIZE_MAX / 8 && ubj_skip(u, n * size);
	}
	if (ubj_take(u, '#')) {
		if (!ubj_length(u, &n) || n > (uint64_t)(u->end - u->p))
			return false;
		while (n && ubj_value(u, depth))
			n--;
		return !n;
	}
	while (!ubj_take(u, ']'))
		if (!ubj_value(u, depth))
			return false;
	return true;
}

static bool ubj_value(struct ubj *u, int depth)
{
	char kind;

	if (u->p == u->end || !depth)
		return false;
	kind = *u->p++;
	if (kind == '{') {
		while (!ubj_take(u, '}'))
			if (!ubj_text(u) || !ubj_value(u, depth - 1))
				return false;
		return true;
	}
	if (kind == '[')
		return ubj_array(u, depth - 1);
	if (kind == 'S')
		return ubj_text(u);
	if (kind == 'T' || kind == 'F' || kind == 'Z')
		return true;
	return ubj_size(kind) && ubj_skip(u, ubj_size(kind));
}

bool ubj_is(const char *p, size_t n)
{
	return n >= 2 && p[0] == '{' && ((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z');
}

bool ubj_whole(const char *p, size_t n)
{
	struct ubj u = {.p = p, .end = p + n};

	return n && *p == '{' && ubj_value(&u, UBJ_DEPTH) && u.p == u.end;
}
