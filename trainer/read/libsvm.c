/* libsvm text: counted, parsed in chunks by several threads, put together as sparse rows. */
#include "trainer/read/dataset_build.h"

#include <math.h>

#include "trainer/read/number.h"
#include "trainer/read/parallel.h"

struct libsvm {
	const struct dataset_options *opt;
	size_t columns;	 /* highest index + 1 so far */
	size_t expected; /* 0: any */
	bool started, with_query_ids, with_weights;
};

/* One parsed value before it is known that its row is sound. */
struct libsvm_value {
	uint32_t column;
	float value;
};

struct libsvm_cursor {
	const struct libsvm *l;
	struct text_chunk *chunk;
	struct dataset *d;
	size_t line, row, value;
	size_t max_column;
};

struct libsvm *libsvm_new(const struct dataset_options *opt)
{
	struct libsvm *l = NEW(struct libsvm);

	l->opt = opt;
	l->columns = l->expected = opt->like ? opt->like->columns : opt->expect_columns;
	return l;
}

void libsvm_free(struct libsvm *l)
{
	free(l);
}

static const char *libsvm_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

static bool libsvm_ends_token(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#';
}

static const char *libsvm_token_end(const char *p)
{
	while (!libsvm_ends_token(*p))
		p++;
	return p;
}

static const char *libsvm_fault(struct libsvm_cursor *u, size_t token, const char *p, const char *problem)
{
	char shown[TEXT_SHOWN];

	text_fault(u->chunk, u->line, token, "'%s' %s", text_shown(shown, p, libsvm_token_end(p)), problem);
	return NULL;
}

/* label[:weight] */
static const char *libsvm_label(struct libsvm_cursor *u, const char *p)
{
	const char *start = p;
	float label, weight = 1;

	p = number_parse(p, &label);
	if (!p || (*p != ':' && !libsvm_ends_token(*p)))
		return libsvm_fault(u, 1, start,
				    memchr(start, ',', (size_t)(libsvm_token_end(start) - start))
					    ? "is not a label (this looks like CSV: set the content type text/csv)"
					    : "is not a label");
	if (*p == ':') {
		p = number_parse(p + 1, &weight);
		if (!p || !libsvm_ends_token(*p) || !(weight >= 0))
			return libsvm_fault(u, 1, start, "is not label:weight with a weight of 0 or more");
		if (!u->d->weights)
			return libsvm_fault(u, 1, start, "has a weight, the first row of the data has none");
	} else if (u->d->weights) {
		return libsvm_fault(u, 1, start, "has no weight, the first row of the data has one");
	}
	u->d->labels[u->row] = label;
	if (u->d->weights)
		u->d->weights[u->row] = weight;
	return p;
}

/* qid:N where the data has it. */
static const char *libsvm_query_id(struct libsvm_cursor *u, const char *p, size_t *token)
{
	bool has = !strncmp(p, "qid:", 4);
	uint64_t id = 0;

	if (has != (u->d->query_ids != NULL)) {
		if (has && !u->d->labels && !u->l->with_query_ids)
			return libsvm_token_end(p);
		text_fault(u->chunk, u->line, *token + 1,
			   has ? "qid, but the first row of the data has none"
			       : "no qid, but the first row of the data has one");
		return NULL;
	}
	if (!has)
		return p;
	(*token)++;
	for (p += 4; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(id, (uint64_t)10, &id) ||
		    __builtin_add_overflow(id, (uint64_t)(*p - '0'), &id))
			return libsvm_fault(u, *token, p, "the query id is too large");
	if (p[-1] == ':' || !libsvm_ends_token(*p))
		return libsvm_fault(u, *token, p, "is not a query id");
	u->d->query_ids[u->row] = id;
	return p;
}

static int libsvm_compare(const void *a, const void *b)
{
	const struct libsvm_value *x = a, *y = b;

	return x->column < y->column ? -1 : x->column > y->column;
}

/* A row whose indices do not ascend is put in order; a double one is a fault. */
static bool libsvm_sort_row(struct libsvm_cursor *u, size_t first)
{
	size_t n = u->value - first;
	struct libsvm_value *row = xcalloc(n + 1, sizeof(*row));
	bool sound = true;

	for (size_t i = 0; i < n; i++)
		row[i] = (struct libsvm_value){u->d->column_index[first + i], u->d->values[first + i]};
	qsort(row, n, sizeof(*row), libsvm_compare);
	for (size_t i = 0; i < n; i++) {
		if (i && row[i].column == row[i - 1].column && sound) {
			text_fault(u->chunk, u->line, 0, "index %u appears twice", row[i].column);
			sound = false;
		}
		u->d->column_index[first + i] = row[i].column;
		u->d->values[first + i] = row[i].value;
	}
	free(row);
	return sound;
}

/* index:value */
static const char *libsvm_pair(struct libsvm_cursor *u, const char *p, size_t token, uint32_t *index, float *value)
{
	const char *start = p;
	uint64_t w = 0;
	unsigned digits = number_take_digits(&p, &w);

	if (!digits || *p != ':')
		return libsvm_fault(u, token, start, "is not index:value");
	if (digits > 18 || w >= DATASET_MAX_COLUMNS) {
		char shown[TEXT_SHOWN];

		text_fault(u->chunk, u->line, token,
			   "the index of '%s' is above the limit of %zu columns (an id, taken for a column?)",
			   text_shown(shown, start, libsvm_token_end(start)), DATASET_MAX_COLUMNS);
		return NULL;
	}
	*index = (uint32_t)w;
	if (u->l->expected && w >= u->l->expected) {
		text_fault(u->chunk, u->line, token, "index %u, but %zu feature columns are expected", *index,
			   u->l->expected);
		return NULL;
	}
	p++;
	start = p;
	p = number_parse(p, value);
	if (!p && !strncasecmp(start, "nan", 3)) {
		*value = NAN;
		p = start + 3;
	}
	if (!p || !libsvm_ends_token(*p))
		return libsvm_fault(u, token, start,
				    number_is_too_large(start, libsvm_token_end(start))
					    ? "is too large for a 32-bit float"
					    : "is not a number");
	return p;
}

/* Returns the start of the next line or NULL after a fault. */
static const char *libsvm_row(struct libsvm_cursor *u, const char *p)
{
	size_t first = u->value, token = 0;
	bool ascending = true;
	uint32_t last = 0;

	if (u->l->opt->has_label) {
		p = libsvm_label(u, p);
		token = 1;
	} else if (!memchr(p, ':', (size_t)(libsvm_token_end(p) - p))) {
		p = libsvm_token_end(p); /* prediction input may still begin with its label */
		token = 1;
	}
	if (p)
		p = libsvm_query_id(u, libsvm_blanks(p), &token);
	for (;;) {
		uint32_t index = 0;
		float value = NAN;

		if (!p)
			return NULL;
		p = libsvm_blanks(p);
		if (*p == '\n' || *p == '#')
			break;
		p = libsvm_pair(u, p, ++token, &index, &value);
		if (!p)
			return NULL;
		if (u->value > first && index <= last)
			ascending = false;
		last = index;
		if (index >= u->max_column)
			u->max_column = (size_t)index + 1;
		if (isnan(value))
			continue;
		u->d->column_index[u->value] = index;
		u->d->values[u->value++] = value;
	}
	if (!ascending && !libsvm_sort_row(u, first))
		return NULL;
	while (*p != '\n')
		p++;
	return p + 1;
}

struct libsvm_job {
	const struct libsvm *l;
	struct text_batch *batch;
	struct dataset *d;
};

static void libsvm_parse_chunk(void *context, size_t i)
{
	struct libsvm_job *job = context;
	struct text_chunk *c = &job->batch->chunks[i];
	struct libsvm_cursor u = {
		.l = job->l, .chunk = c, .d = job->d, .row = c->row, .value = c->value, .max_column = 0};
	const char *p = c->data, *end = p + c->n;

	for (; p && p < end; u.line++) {
		const char *start = libsvm_blanks(p);

		/* without a label, a line that holds nothing is a row of nothing */
		if (*start == '#' || (*start == '\n' && job->l->opt->has_label)) {
			p = (const char *)memchr(start, '\n', (size_t)(end - start)) + 1;
			continue;
		}
		p = libsvm_row(&u, start);
		if (!p)
			break;
		/* the row's end, counted from the chunk's first value: builder_compact adds the rest */
		job->d->row_start[u.row + 1] = u.value - c->value;
		u.row++;
	}
	c->row_count = u.row - c->row;
	c->value_count = u.value - c->value;
	c->max_column = u.max_column;
}

/* Whether rows have weights and query ids, by the first row of all. */
static void libsvm_start(struct libsvm *l, const struct text_batch *batch)
{
	for (size_t i = 0; i < batch->n && !l->started; i++) {
		const char *p = batch->chunks[i].data, *end = p + batch->chunks[i].n;

		while (p < end && !l->started) {
			const char *start = libsvm_blanks(p), *stop = libsvm_token_end(start);

			p = (const char *)memchr(start, '\n', (size_t)(end - start)) + 1;
			if (start == stop)
				continue;
			l->started = true;
			l->with_weights = l->opt->has_label && memchr(start, ':', (size_t)(stop - start));
			l->with_query_ids = l->opt->has_label && !strncmp(libsvm_blanks(stop), "qid:", 4);
		}
	}
}

int libsvm_batch(struct libsvm *l, struct text_feed *f, struct text_batch *batch, struct builder *b, struct err *err)
{
	struct libsvm_job job = {.l = l, .batch = batch, .d = b->d};
	size_t rows = b->d->rows, values = b->d->row_start ? b->d->row_start[rows] : 0;
	int r;

	if (l->opt->header || l->opt->label_column || l->opt->entity_column || l->opt->csv_weights)
		return err_set(err, ERR_USAGE,
			       "header, label_column, entity_column and csv_weights are for CSV, the data is libsvm");
	for (size_t i = 0; i < batch->n; i++) {
		struct text_chunk *c = &batch->chunks[i];

		r = c->starts_file ? text_check_start(c, err) : 0;
		if (r)
			return r;
		if (c->starts_file && c->n >= 3 && !memcmp(c->data, "\xef\xbb\xbf", 3))
			text_chunk_skip(c, 3, 0);
	}
	libsvm_start(l, batch);
	batch->count_colons = true;
	text_count(f, batch, l->opt->threads);
	for (size_t i = 0; i < batch->n; i++) {
		batch->chunks[i].row = rows;
		batch->chunks[i].value = values;
		rows += batch->chunks[i].lines;
		values += batch->chunks[i].colons; /* at most: labels with weights and comments have colons too */
	}
	b->sparse = true;
	b->with_labels = l->opt->has_label;
	b->with_weights = l->with_weights;
	b->with_query_ids = l->with_query_ids;
	r = builder_reserve(b, rows, values, text_feed_growth(f), err);
	if (r)
		return r;
	parallel_for(batch->n, l->opt->threads, libsvm_parse_chunk, &job);
	r = text_batch_fault(batch, err);
	if (r)
		return r;
	for (size_t i = 0; i < batch->n; i++)
		l->columns = MAX(l->columns, batch->chunks[i].max_column);
	builder_compact(b, batch);
	b->d->columns = l->columns;
	return 0;
}
