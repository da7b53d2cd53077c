/* price_offer_csv.c - index.csv: five lines about the file, a heading, a record for each
 * price with its product. Records may hold line breaks within quotes. */
#include "aws/price_offer_impl.h"

#include <ctype.h>

#include "base/csv_marks.h"

enum column {
	COL_SKU,
	COL_TERM_TYPE,
	COL_EFFECTIVE,
	COL_UNIT,
	COL_PRICE,
	COL_CURRENCY,
	COL_FAMILY,
	COL_SERVICE,
	COL_NAME,
	COL_REGION,
	COL_COMPONENT,
	COL_PLATFORM,
	COL_USAGE,
	COL_VCPU,
	COL_MEMORY,
	COL_GPU,
	COL_COUNT
};

/* In small letters and without blanks: headings are spelled one way here, another there. */
static const char *const column_names[COL_COUNT] = {[COL_SKU] = "sku",
						    [COL_TERM_TYPE] = "termtype",
						    [COL_EFFECTIVE] = "effectivedate",
						    [COL_UNIT] = "unit",
						    [COL_PRICE] = "priceperunit",
						    [COL_CURRENCY] = "currency",
						    [COL_FAMILY] = "productfamily",
						    [COL_SERVICE] = "servicecode",
						    [COL_NAME] = "instancename",
						    [COL_REGION] = "regioncode",
						    [COL_COMPONENT] = "component",
						    [COL_PLATFORM] = "platoinstancetype",
						    [COL_USAGE] = "usagetype",
						    [COL_VCPU] = "vcpu",
						    [COL_MEMORY] = "memory",
						    [COL_GPU] = "gpu"};
#define COLUMNS_MAX 1024
#define END_DOUBLED 1u /* the field holds quotes, each of them twice */

struct offer_csv {
	struct {
		uint16_t place;
		uint8_t column;
	} wanted[COL_COUNT]; /* of the heading's fields */
	size_t n_wanted, n_columns;
	uint64_t record; /* how many are done with */
	char *text;	 /* the piece that is read */
	size_t start;	 /* of the record in it */
	uint32_t *ends;	 /* of its fields: the place times two, END_DOUBLED; a block's more than COLUMNS_MAX */
	size_t n_ends;
	uint32_t doubled; /* END_DOUBLED: so far, of the field behind the last end */
};

struct offer_csv *offer_csv_new(void)
{
	struct offer_csv *c = NEW(struct offer_csv);

	c->ends = xcalloc(COLUMNS_MAX + CSV_BLOCK, sizeof(*c->ends));
	return c;
}

void offer_csv_free(struct offer_csv *c)
{
	if (!c)
		return;
	free(c->ends);
	free(c);
}

static int broken(const struct price_offer *o, const char *what, struct err *err)
{
	return err_set(err, ERR_PARSE, "%s: record %llu: %s: get it again", o->what,
		       (unsigned long long)o->csv->record + 1, what);
}

/* Doubled quotes made single; its new end. */
static char *make_single(char *s, const char *end)
{
	char *to = s;

	for (const char *from = s; from < end; from++) {
		*to++ = *from;
		from += *from == '"';
	}
	return to;
}

static size_t end_of(const struct offer_csv *c, size_t field)
{
	return c->ends[field] / 2;
}

/* A field as a text of its own, once: the text is changed. */
static char *take_field(const struct offer_csv *c, size_t i)
{
	char *s = c->text + (i ? end_of(c, i - 1) + 1 : c->start), *end = c->text + end_of(c, i);

	end -= end > s && end[-1] == '\r';
	if (s < end && *s == '"') {
		s++;
		end--;
		if (c->ends[i] & END_DOUBLED)
			end = make_single(s, end);
	}
	*end = '\0';
	return s;
}

static void normalise(char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i]; i++)
		if (!isspace((unsigned char)text[i]))
			text[n++] = (char)tolower((unsigned char)text[i]);
	text[n] = '\0';
}

static int read_heading(struct price_offer *o, struct err *err)
{
	struct offer_csv *c = o->csv;
	bool found[COL_COUNT] = {false};

	c->n_columns = c->n_ends;
	for (size_t place = 0; place < c->n_columns; place++) {
		char *name = take_field(c, place);

		normalise(name);
		for (uint8_t i = 0; i < COL_COUNT; i++) {
			if (found[i] || !str_eq(name, column_names[i]))
				continue;
			found[i] = true;
			c->wanted[c->n_wanted].place = (uint16_t)place;
			c->wanted[c->n_wanted++].column = i;
		}
	}
	for (size_t i = 0; i < COL_COUNT; i++)
		if (!found[i] && i != COL_SERVICE && i < COL_PLATFORM)
			return err_set(err, ERR_PARSE, "%s: there is no column %s", o->what, column_names[i]);
	o->ended = true;
	return 0;
}

/* "OfferCode","AmazonSageMaker" and the like, before the heading. */
static int read_preamble(struct price_offer *o, struct err *err)
{
	const struct offer_csv *c = o->csv;
	const char *name = take_field(c, 0), *value = c->n_ends > 1 ? take_field(c, 1) : "";

	if (str_eq(name, "Publication Date"))
		str_copy(o->published, sizeof(o->published), value);
	return str_eq(name, "OfferCode") ? offer_check_service(o, value, err) : 0;
}

static int read_record(struct price_offer *o, struct err *err)
{
	struct offer_csv *c = o->csv;
	const char *f[COL_COUNT] = {NULL};

	if (c->n_ends == 1 && !*take_field(c, 0))
		return 0; /* an empty line */
	if (c->n_ends != c->n_columns)
		return broken(o, "it has not as many fields as the heading", err);
	for (size_t i = 0; i < c->n_wanted; i++)
		f[c->wanted[i].column] = take_field(c, c->wanted[i].place);
	const struct price_product product = {f[COL_SERVICE],	f[COL_FAMILY],	 f[COL_NAME],  f[COL_REGION],
					      f[COL_COMPONENT], f[COL_PLATFORM], f[COL_USAGE], f[COL_VCPU],
					      f[COL_MEMORY],	f[COL_GPU]};
	const struct price_rate rate = {f[COL_UNIT], str_eq(f[COL_CURRENCY], "USD") ? f[COL_PRICE] : NULL};

	if (!str_ieq(f[COL_TERM_TYPE], "OnDemand")) {
		o->left_out[PRICE_NOT_ON_DEMAND]++;
		return 0;
	}
	if (!f[COL_SKU])
		return broken(o, "a row has no SKU", err);
	struct offer_entry *e = NULL;
	int rc = offer_take_product(o, f[COL_SKU], strlen(f[COL_SKU]), &product, &e, err);

	if (e)
		offer_take_rate(e, &rate, f[COL_EFFECTIVE]);
	return rc;
}

static bool is_heading(const struct offer_csv *c)
{
	const char *name = c->text + c->start;
	size_t n = end_of(c, 0) - c->start;

	return c->n_ends > 5 && ((n == 3 && !memcmp(name, "SKU", 3)) || (n == 5 && !memcmp(name, "\"SKU\"", 5)));
}

static int end_record(struct price_offer *o, struct err *err)
{
	struct offer_csv *c = o->csv;
	int rc = o->ended ? read_record(o, err) : is_heading(c) ? read_heading(o, err) : read_preamble(o, err);

	c->start = end_of(c, c->n_ends - 1) + 1;
	c->n_ends = 0;
	c->record++;
	return rc;
}

/* The marks of a block of the piece, a record's at a time. */
static int read_block(struct price_offer *o, size_t at, const struct csv_block *b, struct err *err)
{
	struct offer_csv *c = o->csv;
	uint64_t known = b->wrong ? (b->wrong & -b->wrong) - 1 : UINT64_MAX;
	uint64_t marks = (b->ends | b->doubled) & known;

	while (marks) {
		uint64_t newlines = marks & b->newlines & b->ends;
		uint64_t record = newlines ? newlines ^ (newlines - 1) : UINT64_MAX; /* up to its end */
		size_t n = c->n_ends;

		for (uint64_t m = marks & record; m; m &= m - 1) {
			uint64_t bit = m & -m;

			if (b->doubled & bit) {
				c->doubled = END_DOUBLED;
				continue;
			}
			c->ends[n++] = (uint32_t)(at + (size_t)__builtin_ctzll(m)) * 2 | c->doubled;
			c->doubled = 0;
		}
		marks &= ~record;
		c->n_ends = n;
		if (n > COLUMNS_MAX)
			return broken(o, "it has too many fields", err);
		int rc = newlines ? end_record(o, err) : 0;

		if (rc)
			return rc;
	}
	return b->wrong ? broken(o, "a quote is not closed, or something follows it", err) : 0;
}

int offer_csv_read(struct price_offer *o, char *text, size_t n, size_t *ret_used, struct err *err)
{
	struct offer_csv *c = o->csv;
	struct csv_marks marks = CSV_MARKS_START;
	int rc = 0;

	c->text = text;
	c->start = o->consumed == 0 && n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	c->n_ends = 0;
	c->doubled = 0;
	for (size_t at = c->start; at < n && rc == 0; at += CSV_BLOCK) {
		struct csv_block block = csv_marks_next(&marks, text + at, n - at);

		rc = read_block(o, at, &block, err);
	}
	*ret_used = c->start;
	return rc;
}
