/* price_offer_json.c - index.json, token by token: products with their attributes, then
 * terms.OnDemand with their prices; everything else is passed over. */
#include "aws/price_offer_impl.h"

#include "base/json.h"

#define DEPTH_MAX 64
#define VALUE_LEN 128 /* of a text that we want; longer ones are none of ours */

/* In what a token stands. */
enum where {
	IN_OTHER = 0,
	IN_ROOT,
	IN_PRODUCTS,
	IN_PRODUCT,
	IN_ATTRIBUTES,
	IN_TERMS,
	IN_ON_DEMAND,
	IN_SKU,
	IN_TERM,
	IN_DIMENSIONS,
	IN_DIMENSION,
	IN_PER_UNIT,
	IN_ARRAY
};

/* What may come next. */
enum expect {
	WANT_VALUE = 0,
	WANT_VALUE_OR_END,
	WANT_KEY_OR_END,
	WANT_KEY,
	WANT_COLON,
	WANT_COMMA_OR_END,
	WANT_NOTHING
};

enum attribute {
	A_SERVICE,
	A_NAME,
	A_REGION,
	A_COMPONENT,
	A_PLATFORM,
	A_USAGE,
	A_VCPU,
	A_MEMORY,
	A_GPU,
	A_FAMILY,
	A_UNIT,
	A_USD,
	A_EFFECTIVE,
	A_COUNT
};

struct offer_json {
	enum expect expect;
	uint8_t stack[DEPTH_MAX];
	int depth;
	char *slot;	  /* where the value behind the key goes; NULL: nowhere */
	enum where child; /* what an object behind the key would be */
	bool had_products;
	char texts[A_COUNT][VALUE_LEN];
	char sku[OFFER_SKU_LEN]; /* of the product, or of the terms */
	char offer_code[VALUE_LEN], published[VALUE_LEN];
	bool has_usd;
};

struct offer_json *offer_json_new(void)
{
	return NEW(struct offer_json);
}

void offer_json_free(struct offer_json *j)
{
	free(j);
}

static bool is(const char *key, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(key, word, n);
}

/* --- what the keys mean --------------------------------------------------------------- */

static char *attribute_slot(struct offer_json *j, const char *key, size_t n)
{
	static const struct {
		const char *name;
		enum attribute id;
	} names[] = {{"servicecode", A_SERVICE}, {"instanceName", A_NAME}, {"regionCode", A_REGION},
		     {"component", A_COMPONENT}, {"usagetype", A_USAGE},   {"platoinstancetype", A_PLATFORM},
		     {"vCpu", A_VCPU},		 {"memory", A_MEMORY},	   {"gpu", A_GPU}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (*key == *names[i].name && is(key, n, names[i].name))
			return j->texts[names[i].id];
	return NULL;
}

static void key_of_root(struct offer_json *j, const char *key, size_t n)
{
	if (is(key, n, "offerCode"))
		j->slot = j->offer_code;
	else if (is(key, n, "publicationDate"))
		j->slot = j->published;
	else if (is(key, n, "products"))
		j->child = IN_PRODUCTS;
	else if (is(key, n, "terms"))
		j->child = IN_TERMS;
}

static void key_of_dimension(struct offer_json *j, const char *key, size_t n)
{
	if (is(key, n, "unit"))
		j->slot = j->texts[A_UNIT];
	else if (is(key, n, "pricePerUnit"))
		j->child = IN_PER_UNIT;
}

static void copy_sku(struct offer_json *j, const char *key, size_t n)
{
	size_t len = n < OFFER_SKU_LEN ? n : 0;

	memcpy(j->sku, key, len);
	j->sku[len] = '\0';
}

static void on_key(struct offer_json *j, const char *key, size_t n)
{
	j->slot = NULL;
	j->child = IN_OTHER;
	switch ((enum where)j->stack[j->depth - 1]) {
	case IN_ROOT:
		key_of_root(j, key, n);
		break;
	case IN_PRODUCTS:
		copy_sku(j, key, n);
		j->child = IN_PRODUCT;
		break;
	case IN_PRODUCT:
		if (is(key, n, "productFamily"))
			j->slot = j->texts[A_FAMILY];
		else if (is(key, n, "attributes"))
			j->child = IN_ATTRIBUTES;
		break;
	case IN_ATTRIBUTES:
		j->slot = attribute_slot(j, key, n);
		break;
	case IN_TERMS:
		j->child = is(key, n, "OnDemand") ? IN_ON_DEMAND : IN_OTHER;
		break;
	case IN_ON_DEMAND:
		copy_sku(j, key, n);
		j->child = IN_SKU;
		break;
	case IN_SKU:
		j->child = IN_TERM;
		break;
	case IN_TERM:
		if (is(key, n, "effectiveDate"))
			j->slot = j->texts[A_EFFECTIVE];
		else if (is(key, n, "priceDimensions"))
			j->child = IN_DIMENSIONS;
		break;
	case IN_DIMENSIONS:
		j->child = IN_DIMENSION;
		break;
	case IN_DIMENSION:
		key_of_dimension(j, key, n);
		break;
	case IN_PER_UNIT:
		if (is(key, n, "USD")) {
			j->slot = j->texts[A_USD];
			j->has_usd = true;
		}
		break;
	default:
		break;
	}
}

/* --- objects ----------------------------------------------------------------------------- */

static void clear_texts(struct offer_json *j, enum attribute from, enum attribute until)
{
	for (size_t i = from; i < until; i++)
		j->texts[i][0] = '\0';
}

static void on_open(struct offer_json *j, enum where w)
{
	if (w == IN_PRODUCT)
		clear_texts(j, A_SERVICE, A_UNIT);
	else if (w == IN_TERM)
		j->texts[A_EFFECTIVE][0] = '\0';
	else if (w == IN_DIMENSION) {
		clear_texts(j, A_UNIT, A_EFFECTIVE);
		j->has_usd = false;
	}
}

static int end_product(struct price_offer *o, struct offer_json *j, struct err *err)
{
	const struct price_product p = {
		j->texts[A_SERVICE],  j->texts[A_FAMILY], j->texts[A_NAME], j->texts[A_REGION], j->texts[A_COMPONENT],
		j->texts[A_PLATFORM], j->texts[A_USAGE],  j->texts[A_VCPU], j->texts[A_MEMORY], j->texts[A_GPU]};
	struct offer_entry *taken = NULL;

	return offer_take_product(o, j->sku, strlen(j->sku), &p, &taken, err);
}

static int end_dimension(struct price_offer *o, struct offer_json *j, struct err *err)
{
	const struct price_rate r = {j->texts[A_UNIT], j->has_usd ? j->texts[A_USD] : NULL};
	size_t n = strlen(j->sku);
	struct offer_entry *e = j->had_products ? offer_entry_find(o, j->sku, n) : offer_entry_of(o, j->sku, n, err);

	if (e)
		offer_take_rate(e, &r, j->texts[A_EFFECTIVE]);
	return !e && !j->had_products ? -ERR_PARSE : 0;
}

static int on_close(struct price_offer *o, struct offer_json *j, enum where w, struct err *err)
{
	if (w == IN_PRODUCT)
		return end_product(o, j, err);
	if (w == IN_DIMENSION)
		return end_dimension(o, j, err);
	if (w == IN_PRODUCTS)
		j->had_products = true;
	if (w == IN_ROOT) {
		o->ended = true;
		if (!*j->offer_code)
			return err_set(err, ERR_INVALID, "%s is no offer file: it has no offerCode", o->what);
	}
	return 0;
}

/* A value that is a text of ours. */
static int on_text(struct price_offer *o, struct offer_json *j, const char *s, size_t n, bool escaped, struct err *err)
{
	if (!j->slot)
		return 0;
	AUTO(json) json_t *decoded = escaped ? json_loadb(s - 1, n + 2, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;

	if (decoded) {
		s = json_string_value(decoded);
		n = json_string_length(decoded);
	}
	n = n < VALUE_LEN ? n : 0;
	memcpy(j->slot, s, n);
	j->slot[n] = '\0';
	if (j->slot == j->published)
		str_copy(o->published, sizeof(o->published), j->published);
	if (j->slot == j->offer_code)
		return offer_check_service(o, j->offer_code, err);
	return 0;
}

/* --- tokens ------------------------------------------------------------------------------- */

/* The end of a string whose first byte is p: its closing quote, or NULL where it has not
 * come yet. */
static const char *string_end(const char *p, const char *end, bool *ret_escaped)
{
	*ret_escaped = false;
	for (const char *q = p;; q++) {
		q = memchr(q, '"', (size_t)(end - q));
		if (!q)
			return NULL;
		const char *b = q;

		while (b > p && b[-1] == '\\')
			b--;
		if ((q - b) % 2 == 0) {
			*ret_escaped = memchr(p, '\\', (size_t)(q - p)) != NULL;
			return q;
		}
	}
}

static int bad(const struct price_offer *o, uint64_t at, struct err *err)
{
	return err_set(err, ERR_PARSE, "%s: no JSON at byte %llu: get it again", o->what,
		       (unsigned long long)(o->consumed + at));
}

/* Behind a value. */
static void value_done(struct offer_json *j)
{
	j->slot = NULL;
	j->child = IN_OTHER;
	j->expect = j->depth ? WANT_COMMA_OR_END : WANT_NOTHING;
}

static bool open_one(struct offer_json *j, bool object)
{
	enum where w = !object ? IN_ARRAY : j->depth == 0 ? IN_ROOT : j->child;

	if ((j->expect != WANT_VALUE && j->expect != WANT_VALUE_OR_END) || j->depth == DEPTH_MAX)
		return false;
	j->stack[j->depth++] = (uint8_t)w;
	j->slot = NULL;
	j->child = IN_OTHER;
	j->expect = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	on_open(j, w);
	return true;
}

/* 0, 1 where it does not stand there, or -code. */
static int close_one(struct price_offer *o, struct offer_json *j, bool object, struct err *err)
{
	bool empty = j->expect == (object ? WANT_KEY_OR_END : WANT_VALUE_OR_END);

	if (j->depth == 0 || (!empty && j->expect != WANT_COMMA_OR_END) ||
	    object != (j->stack[j->depth - 1] != IN_ARRAY))
		return 1;
	int rc = on_close(o, j, (enum where)j->stack[--j->depth], err);

	value_done(j);
	return rc;
}

/* A string: a key or a value. *p is behind it then; it stays where the string has no end yet. */
static int read_string(struct price_offer *o, struct offer_json *j, const char **p, const char *end, struct err *err)
{
	bool escaped, key = j->expect == WANT_KEY || j->expect == WANT_KEY_OR_END;
	const char *s = *p + 1, *q = string_end(s, end, &escaped);
	int rc = 0;

	if (!q)
		return 0;
	if (key) {
		on_key(j, s, (size_t)(q - s));
		j->expect = WANT_COLON;
	} else if (j->expect == WANT_VALUE || j->expect == WANT_VALUE_OR_END) {
		rc = on_text(o, j, s, (size_t)(q - s), escaped, err);
		value_done(j);
	} else {
		return 1;
	}
	*p = q + 1;
	return rc;
}

/* A number, true, false, null: none of ours. */
static int read_plain(struct offer_json *j, const char **p, const char *end)
{
	const char *q = *p;

	while (q < end && ((*q >= '0' && *q <= '9') || (*q >= 'a' && *q <= 'z') || strchr("+-.E", *q)))
		q++;
	if (q == end)
		return 0; /* it may go on */
	if (q == *p || (j->expect != WANT_VALUE && j->expect != WANT_VALUE_OR_END))
		return 1;
	*p = q;
	value_done(j);
	return 0;
}

static int read_mark(struct price_offer *o, struct offer_json *j, const char **p, struct err *err)
{
	int rc = 1;

	switch (**p) {
	case '{':
	case '[':
		rc = !open_one(j, **p == '{');
		break;
	case '}':
	case ']':
		rc = close_one(o, j, **p == '}', err);
		break;
	case ':':
		rc = j->expect != WANT_COLON;
		j->expect = WANT_VALUE;
		break;
	default: /* a comma */
		rc = j->expect != WANT_COMMA_OR_END;
		j->expect = j->depth && j->stack[j->depth - 1] != IN_ARRAY ? WANT_KEY : WANT_VALUE;
		break;
	}
	if (rc == 0)
		++*p;
	return rc;
}

int offer_json_read(struct price_offer *o, const char *text, size_t n, size_t *ret_used, struct err *err)
{
	struct offer_json *j = o->json;
	const char *p = text, *end = text + n;
	int rc = 0;

	p += o->consumed == 0 && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
	while (p < end) {
		const char *before = p;

		if (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r') {
			p++;
			continue;
		}
		if (*p == '"')
			rc = read_string(o, j, &p, end, err);
		else if (*p == '{' || *p == '}' || *p == '[' || *p == ']' || *p == ':' || *p == ',')
			rc = read_mark(o, j, &p, err);
		else
			rc = read_plain(j, &p, end);
		if (rc || p == before)
			break;
	}
	*ret_used = (size_t)(p - text);
	return rc > 0 ? bad(o, *ret_used, err) : rc;
}
