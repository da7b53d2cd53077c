/* UBJSON: a model looked at before the library reads it; and written, by the grower. */
#include "trainer/library/ubjson.h"

#define DEPTH_MAX 64

static int broken(struct err *err)
{
	return err_set(err, ERR_PARSE, "not a UBJSON model");
}

static bool have(const struct ubjson *u, uint64_t n)
{
	return n <= u->len - u->at;
}

/* Bytes of a value of fixed size; -1 for the others. */
static int fixed_size(char type)
{
	switch (type) {
	case 'Z':
	case 'T':
	case 'F':
		return 0;
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
		return -1;
	}
}

static int read_count(struct ubjson *u, uint64_t *ret, struct err *err)
{
	if (!have(u, 1))
		return broken(err);
	char type = u->data[u->at++];
	int size = strchr("iUIlL", type) ? fixed_size(type) : -1;
	if (size < 0 || !type || !have(u, (uint64_t)size))
		return broken(err);
	*ret = 0;
	for (int i = 0; i < size; i++)
		*ret = *ret << 8 | (unsigned char)u->data[u->at++];
	if (size == 8 && *ret >> 63)
		return broken(err);
	return 0;
}

int ubjson_array(struct ubjson *u, char *type, uint64_t *n, struct err *err)
{
	if (!have(u, 2) || u->data[u->at++] != '[')
		return broken(err);
	*type = 0;
	if (u->data[u->at] == '$') {
		if (!have(u, 3))
			return broken(err);
		*type = u->data[u->at + 1];
		u->at += 2;
		if (fixed_size(*type) <= 0)
			return broken(err);
	}
	if (u->data[u->at++] != '#')
		return broken(err);
	int rc = read_count(u, n, err);
	if (!rc && *n > (u->len - u->at) / (uint64_t)(*type ? fixed_size(*type) : 1))
		return broken(err);
	return rc;
}

static int skip(struct ubjson *u, int depth, struct err *err);

static int skip_key(struct ubjson *u, const char **ret, size_t *len, struct err *err)
{
	uint64_t n;
	int rc = read_count(u, &n, err);

	if (rc)
		return rc;
	if (!have(u, n))
		return broken(err);
	*ret = u->data + u->at;
	*len = n;
	u->at += n;
	return 0;
}

/* What has no count: to the bracket that closes it, with a key before each value or
 * not. */
static int skip_to(struct ubjson *u, char bracket, bool keys, int depth, struct err *err)
{
	const char *key;
	size_t len;

	u->at++;
	while (have(u, 1) && u->data[u->at] != bracket) {
		int rc = keys ? skip_key(u, &key, &len, err) : 0;
		if (!rc)
			rc = skip(u, depth + 1, err);
		if (rc)
			return rc;
	}
	if (!have(u, 1))
		return broken(err);
	u->at++;
	return 0;
}

static int skip_array(struct ubjson *u, int depth, struct err *err)
{
	char type;
	uint64_t n;

	if (have(u, 2) && !strchr("$#", u->data[u->at + 1]))
		return skip_to(u, ']', false, depth, err);
	int rc = ubjson_array(u, &type, &n, err);
	if (!rc && type)
		u->at += n * (uint64_t)fixed_size(type);
	for (uint64_t i = 0; !rc && !type && i < n; i++)
		rc = skip(u, depth + 1, err);
	return rc;
}

static int skip(struct ubjson *u, int depth, struct err *err)
{
	const char *text;
	size_t len;

	if (!have(u, 1) || depth > DEPTH_MAX)
		return broken(err);
	char type = u->data[u->at];
	if (type == '{')
		return skip_to(u, '}', true, depth, err);
	if (type == '[')
		return skip_array(u, depth, err);
	u->at++;
	if (type == 'S')
		return skip_key(u, &text, &len, err);
	int size = fixed_size(type);
	if (size < 0 || !have(u, (uint64_t)size))
		return broken(err);
	u->at += (size_t)size;
	return 0;
}

int ubjson_skip(struct ubjson *u, struct err *err)
{
	return skip(u, 0, err);
}

bool ubjson_is(const char *p, size_t n)
{
	return n >= 2 && p[0] == '{' && strchr("iUIlL", p[1]) && p[1];
}

bool ubjson_whole(const char *p, size_t n)
{
	struct ubjson u = {.data = p, .len = n};

	return n && *p == '{' && !ubjson_skip(&u, NULL) && u.at == n;
}

int ubjson_enter(struct ubjson *u, const char *wanted, struct err *err)
{
	const char *key;
	size_t len;

	if (!have(u, 1) || u->data[u->at++] != '{')
		return broken(err);
	while (have(u, 1) && u->data[u->at] != '}') {
		int rc = skip_key(u, &key, &len, err);
		if (rc)
			return rc;
		if (len == strlen(wanted) && !memcmp(key, wanted, len))
			return 0;
		rc = ubjson_skip(u, err);
		if (rc)
			return rc;
	}
	return err_set(err, ERR_NOTFOUND, "the model has no '%s'", wanted);
}

int ubjson_text_at(struct ubjson *u, const char **ret, size_t *len, struct err *err)
{
	if (!have(u, 1) || u->data[u->at++] != 'S')
		return broken(err);
	return skip_key(u, ret, len, err);
}

int ubjson_ints(struct ubjson *u, int64_t *ret, size_t n, struct err *err)
{
	uint64_t count, value;
	char type;
	int rc = ubjson_array(u, &type, &count, err);

	if (!rc && (type || count != n))
		return broken(err);
	for (size_t i = 0; !rc && i < n; i++) {
		rc = read_count(u, &value, err);
		ret[i] = rc ? 0 : (int64_t)value;
	}
	return rc;
}

/* --- writing ------------------------------------------------------------------------ */

static void add_be(struct buf *out, uint64_t x, int bytes)
{
	char raw[8];

	for (int i = 0; i < bytes; i++)
		raw[i] = (char)(x >> 8 * (bytes - 1 - i));
	(void)buf_add(out, raw, (size_t)bytes);
}

static void add_sized(struct buf *out, const char *text)
{
	(void)buf_addc(out, 'L');
	add_be(out, strlen(text), 8);
	(void)buf_adds(out, text);
}

void ubjson_key(struct buf *out, const char *key)
{
	add_sized(out, key);
}

void ubjson_text(struct buf *out, const char *text)
{
	(void)buf_addc(out, 'S');
	add_sized(out, text);
}

/* libxgboost keeps off the ends of each range. */
void ubjson_int(struct buf *out, int64_t x)
{
	static const struct {
		char type;
		int bytes;
		int64_t end;
	} kinds[] = {{'i', 1, INT8_MAX}, {'I', 2, INT16_MAX}, {'l', 4, INT32_MAX}, {'L', 8, 0}};
	size_t k = 0;

	while (kinds[k].end && !(x > -kinds[k].end - 1 && x < kinds[k].end))
		k++;
	(void)buf_addc(out, kinds[k].type);
	add_be(out, (uint64_t)x, kinds[k].bytes);
}

void ubjson_array_head(struct buf *out, char type, uint64_t n)
{
	(void)buf_addc(out, '[');
	if (type) {
		(void)buf_addc(out, '$');
		(void)buf_addc(out, type);
	}
	(void)buf_adds(out, "#L");
	add_be(out, n, 8);
}

void ubjson_be32(struct buf *out, uint32_t x)
{
	add_be(out, x, 4);
}
