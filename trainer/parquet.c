#include "trainer/parquet.h"

#include <math.h>

#include "base/utf8.h"
#include "trainer/csv_layout.h"
#include "trainer/parallel.h"

#define PARQUET_MAX_TEXT 256
#define PARQUET_FEW_BYTES ((size_t)64 << 20)
#define PARQUET_MAX_RATIO 4096 /* bytes in memory for one in the file */

struct parquet {
	struct dataset_options opt; /* as given, with `header`: a Parquet file always names its columns */
	struct csv *table;
	struct parquet_file file; /* of the current source file */
	bool open;
	size_t group; /* next row group */
};

/* One column of one row group. */
struct parquet_task {
	struct parquet *p;
	struct dataset *d;
	const struct source_file *source;
	size_t group, column;
	size_t row;	    /* of the group's first in the data set */
	size_t group_first; /* of the group's first in the file */
	size_t unknown;
	char fault[PARQUET_PROBLEM + 128];
};

struct parquet *parquet_new(const struct dataset_options *opt)
{
	struct parquet *p = NEW(struct parquet);

	p->opt = *opt;
	p->opt.header = true;
	p->table = csv_new(&p->opt);
	return p;
}

void parquet_free(struct parquet *p)
{
	if (!p)
		return;
	parquet_file_done(&p->file);
	csv_free(p->table);
	free(p);
}

void parquet_rewind(struct parquet *p)
{
	parquet_file_done(&p->file);
	p->open = false;
	p->group = 0;
}

size_t parquet_columns(const struct parquet *p)
{
	return csv_columns(p->table);
}

void parquet_describe(const struct parquet *p, struct dataset *d)
{
	csv_describe(p->table, d);
}

/* --- cells ------------------------------------------------------------------------- */

static bool task_fault(struct parquet_task *t, size_t row, const char *what)
{
	const struct parquet_column *c = &t->p->file.columns[t->column];

	if (!t->fault[0])
		snprintf(t->fault, sizeof(t->fault), "row %zu column %zu (%.60s): %s", t->group_first + row + 1,
			 t->column + 1, c->name, what);
	return false;
}

static bool task_number(void *context, size_t row, double v)
{
	struct parquet_task *t = context;
	const struct csv_layout *l = &t->p->table->layout;
	float f = (float)v;

	if (isinf(f))
		return task_fault(t, row, isinf(v) ? "infinite" : "too large for a 32-bit float");
	switch (l->columns[t->column].role) {
	case CSV_LABEL:
		t->d->labels[t->row + row] = f;
		break;
	case CSV_WEIGHT:
		t->d->weights[t->row + row] = f;
		break;
	default:
		t->d->dense[(t->row + row) * l->features + l->columns[t->column].target] = f;
	}
	return true;
}

static bool task_text_in_number(void *context, size_t row, const char *text, size_t n)
{
	return task_fault(context, row, "text, not a number: make the column categorical or leave it out");
}

/* A word of a category, or an entity. */
static bool task_word(struct parquet_task *t, size_t row, const char *word)
{
	const struct csv_layout *l = &t->p->table->layout;
	const struct csv_column *c = &l->columns[t->column];
	uint32_t code = csv_word(t->p->table, c->text, word);

	if (c->role == CSV_ENTITY) {
		t->d->entities[t->row + row] = code;
	} else if (code == DICTIONARY_NONE) {
		t->unknown++;
	} else {
		t->d->dense[(t->row + row) * l->features + c->target] = (float)code;
	}
	return true;
}

static bool task_text(void *context, size_t row, const char *text, size_t n)
{
	struct parquet_task *t = context;
	char word[PARQUET_MAX_TEXT];

	if (t->p->table->layout.columns[t->column].role == CSV_DATE) {
		if (csv_date(text, text + n, &t->d->dates[t->row + row]))
			return true;
		return task_fault(t, row, "not a date (YYYYMMDD or YYYY-MM-DD)");
	}
	if (n >= sizeof(word) || memchr(text, 0, n) || !utf8_valid(text, n))
		return task_fault(t, row, n >= sizeof(word) ? "the text is too long" : "the text is not UTF-8");
	if (!n)
		return true; /* missing, as in CSV */
	memcpy(word, text, n);
	word[n] = 0;
	return task_word(t, row, word);
}

/* Days since 1970 as YYYYMMDD (the civil calendar). */
static int32_t task_civil(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;

	return (int32_t)((yoe + era * 400 + (month <= 2)) * 10000 + month * 100 + day);
}

/* A number in a column of words or dates. */
static bool task_number_as_text(void *context, size_t row, double v)
{
	struct parquet_task *t = context;
	char word[32];

	if (t->p->table->layout.columns[t->column].role != CSV_DATE) {
		snprintf(word, sizeof(word), v == floor(v) && fabs(v) < 1e15 ? "%.0f" : "%.9g", v);
		return task_word(t, row, word);
	}
	if (t->p->file.columns[t->column].meaning == PARQUET_DATE) {
		if (fabs(v) > 2000000)
			return task_fault(t, row, "not a date");
		t->d->dates[t->row + row] = task_civil((int64_t)v);
		return true;
	}
	snprintf(word, sizeof(word), "%.0f", v);
	return csv_date(word, word + strlen(word), &t->d->dates[t->row + row])
		       ? true
		       : task_fault(t, row, "not a date (YYYYMMDD)");
}

static void task_run(struct parquet_task *t)
{
	enum csv_role role = t->p->table->layout.columns[t->column].role;
	bool words = role == CSV_CATEGORY || role == CSV_ENTITY || role == CSV_DATE;
	struct parquet_sink sink = {t, words ? task_number_as_text : task_number,
				    words ? task_text : task_text_in_number};
	char problem[PARQUET_PROBLEM];

	if (parquet_chunk_read(t->source->data, t->source->size, &t->p->file.columns[t->column],
			       &t->p->file.groups[t->group].chunks[t->column], &sink, problem) ||
	    t->fault[0])
		return;
	snprintf(t->fault, sizeof(t->fault), "row group %zu column %zu (%.60s): %s", t->group + 1, t->column + 1,
		 t->p->file.columns[t->column].name, problem);
}

static bool task_is_number(const struct parquet_task *t)
{
	enum csv_role role = t->p->table->layout.columns[t->column].role;

	return role == CSV_FEATURE || role == CSV_LABEL || role == CSV_WEIGHT;
}

static void task_run_number(void *context, size_t i)
{
	struct parquet_task *t = &((struct parquet_task *)context)[i];

	if (task_is_number(t))
		task_run(t);
}

/* --- files and groups ---------------------------------------------------------------- */

static int parquet_lay_out(struct parquet *p, const char *name, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	struct csv *table = p->table;
	int r;

	for (size_t i = 0; i < p->file.n_columns; i++)
		strlist_add(&names, p->file.columns[i].name);
	if (!table->laid_out) {
		r = csv_layout_assign(&table->layout, &p->opt, &names, name, 1, err);
		if (r)
			return r;
		csv_make_dictionaries(table);
		table->laid_out = true;
		return 0;
	}
	if (names.n != table->layout.width)
		return err_set(err, ERR_INVALID, "%s: %zu columns, the first file has %zu", name, names.n,
			       table->layout.width);
	for (size_t i = 0; i < names.n; i++)
		if (!str_eq(names.items[i], table->layout.names.items[i]))
			return err_set(err, ERR_INVALID, "%s: column %zu is '%s', in the first file '%s'", name, i + 1,
				       names.items[i], table->layout.names.items[i]);
	return 0;
}

static int parquet_open(struct parquet *p, struct source_file *source, struct err *err)
{
	int r = source_open(source, err);

	if (r)
		return r;
	if (!source->size)
		return err_set(err, ERR_INVALID, "%s: the file is empty", source->name);
	r = parquet_file_parse(source->data, source->size, source->name, &p->file, err);
	if (!r)
		r = parquet_lay_out(p, source->name, err);
	p->open = true;
	p->group = 0;
	return r;
}

/* Cells that no page gives are missing. */
static void parquet_blank(const struct parquet *p, struct dataset *d, size_t from, size_t rows)
{
	for (size_t i = from * d->columns; i < (from + rows) * d->columns; i++)
		d->dense[i] = NAN;
	for (size_t r = from; r < from + rows; r++) {
		if (d->labels)
			d->labels[r] = NAN;
		if (d->weights)
			d->weights[r] = NAN;
		if (d->entities)
			d->entities[r] = DICTIONARY_NONE;
		if (d->dates)
			d->dates[r] = 0;
	}
	(void)p;
}

static int parquet_check_rows(const struct dataset *d, size_t from, size_t rows, size_t first, const char *name,
			      struct err *err)
{
	for (size_t r = from; r < from + rows; r++) {
		const char *what = NULL;

		if (d->labels && isnan(d->labels[r]))
			what = "the label is missing";
		else if (d->weights && !(d->weights[r] >= 0))
			what = "a weight must be a number and not negative";
		else if (d->entities && d->entities[r] == DICTIONARY_NONE)
			what = "the entity is missing";
		else if (d->dates && !d->dates[r])
			what = "the date is missing";
		if (what)
			return err_set(err, ERR_INVALID, "%s row %zu: %s", name, first + (r - from) + 1, what);
	}
	return 0;
}

static size_t parquet_group_first(const struct parquet_file *f, size_t group)
{
	size_t rows = 0;

	for (size_t i = 0; i < group; i++)
		rows += (size_t)f->groups[i].rows;
	return rows;
}

static int parquet_read_group(struct parquet *p, const struct source_file *source, struct builder *b, double growth,
			      struct err *err)
{
	const struct parquet_group *g = &p->file.groups[p->group];
	size_t n = p->file.n_columns, rows = (size_t)g->rows, from = b->d->rows, limit, cells;
	size_t first = parquet_group_first(&p->file, p->group);
	struct parquet_task *tasks;
	int r;

	csv_prepare(p->table, b);
	limit = MAX(PARQUET_FEW_BYTES,
		    source->size > SIZE_MAX / PARQUET_MAX_RATIO ? SIZE_MAX : source->size * PARQUET_MAX_RATIO);
	if (__builtin_mul_overflow(rows + 1, (b->d->columns + 4) * sizeof(float), &cells) || cells > limit)
		return err_set(err, ERR_TOOBIG, "%s: %zu rows in a row group of a file of %zu bytes are not believable",
			       source->name, rows, source->size);
	r = builder_reserve(b, from + rows, 0, growth, err);
	if (r)
		return r;
	parquet_blank(p, b->d, from, rows);
	tasks = xcalloc(n, sizeof(*tasks));
	for (size_t i = 0; i < n; i++)
		tasks[i] = (struct parquet_task){.p = p,
						 .d = b->d,
						 .source = source,
						 .group = p->group,
						 .column = i,
						 .row = from,
						 .group_first = first};
	parallel_for(n, p->opt.threads, task_run_number, tasks);
	/* words are numbered in the order of their first appearance: one column after another */
	for (size_t i = 0; i < n; i++)
		if (!task_is_number(&tasks[i]) && p->table->layout.columns[i].role != CSV_IGNORED)
			task_run(&tasks[i]);
	for (size_t i = 0; i < n; i++) {
		b->d->unknown_categories += tasks[i].unknown;
		b->d->bytes_read += (size_t)g->chunks[i].size;
		if (tasks[i].fault[0] && !r)
			r = err_set(err, ERR_INVALID, "%s %s", source->name, tasks[i].fault);
	}
	free(tasks);
	if (!r)
		r = parquet_check_rows(b->d, from, rows, first, source->name, err);
	b->d->rows += rows;
	return r;
}

int parquet_append(struct parquet *p, struct text_feed *f, struct builder *b, struct err *err)
{
	size_t bytes = b->d->bytes_read;
	bool any = false;

	while (f->file < f->source->n && b->d->bytes_read - bytes < f->batch_bytes) {
		struct source_file *source = &f->source->files[f->file];
		int r = p->open ? 0 : parquet_open(p, source, err);

		if (!r && p->group < p->file.n_groups) {
			r = parquet_read_group(p, source, b, any ? 1 : text_feed_growth(f), err);
			p->group++;
			any = true;
		}
		if (r)
			return r;
		if (p->group >= p->file.n_groups) {
			f->consumed += source->size;
			source_close(source);
			parquet_rewind(p);
			f->file++;
		}
	}
	return any || f->file < f->source->n;
}
