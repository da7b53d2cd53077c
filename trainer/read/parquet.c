/* Parquet files: their parts found, their columns read by several threads. */
#include "trainer/read/parquet.h"

#include <math.h>

#include "base/utf8.h"
#include "trainer/read/csv_layout.h"
#include "trainer/read/parallel.h"

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

static void parquet_rewind(struct parquet *p)
{
	parquet_file_done(&p->file);
	p->open = false;
	p->group = 0;
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

static bool task_number(struct parquet_task *t, size_t row, const struct parquet_value *v)
{
	const struct csv_layout *l = &t->p->table->layout;
	const struct parquet_column *c = &t->p->file.columns[t->column];
	double number = v->real;
	float f;

	if (c->type != PARQUET_FLOAT && c->type != PARQUET_DOUBLE && !parquet_number(c, v, &number))
		return task_fault(t, row,
				  c->type == PARQUET_FIXED
					  ? "bytes of fixed length, not a number: leave the column out"
					  : "text, not a number: make the column categorical or leave it out");
	f = (float)number;
	if (isinf(f))
		return task_fault(t, row, isinf(number) ? "infinite" : "too large for a 32-bit float");
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

/* Days since 1970 as YYYYMMDD (the civil calendar). */
static int32_t task_civil(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;

	return (int32_t)((yoe + era * 400 + (month <= 2)) * 10000 + month * 100 + day);
}

static bool task_date(struct parquet_task *t, size_t row, const struct parquet_value *v)
{
	const struct parquet_column *c = &t->p->file.columns[t->column];
	int32_t *date = &t->d->dates[t->row + row];
	double number;
	int64_t day;
	char text[32];

	if (parquet_day(c, v, &day)) {
		if (day < -700000 || day > 2900000) /* the years 1 to 9999, about */
			return task_fault(t, row, "not a date of this calendar");
		*date = task_civil(day);
		return true;
	}
	if (c->type == PARQUET_BYTE_ARRAY && c->meaning == PARQUET_PLAIN)
		return csv_date(v->bytes, v->bytes + v->n, date) ||
		       task_fault(t, row, "not a date (YYYYMMDD or YYYY-MM-DD)");
	if (!parquet_number(c, v, &number) || !(fabs(number) < 1e9))
		return task_fault(t, row, "not a date (YYYYMMDD)");
	snprintf(text, sizeof(text), "%.9g", number);
	return csv_date(text, text + strlen(text), date) || task_fault(t, row, "not a date (YYYYMMDD)");
}

/* Text as it is; numbers as they would stand in a CSV file, so that both name the same. */
static bool task_words(struct parquet_task *t, size_t row, const struct parquet_value *v)
{
	const struct parquet_column *c = &t->p->file.columns[t->column];
	char word[PARQUET_MAX_TEXT];
	double number;

	if (c->type <= PARQUET_INT64 && c->meaning == PARQUET_UNSIGNED) {
		snprintf(word, sizeof(word), "%llu",
			 (unsigned long long)(c->type == PARQUET_INT32 ? (uint32_t)v->whole : (uint64_t)v->whole));
	} else if (c->type <= PARQUET_INT64 && c->meaning != PARQUET_DECIMAL) {
		snprintf(word, sizeof(word), "%lld", (long long)v->whole);
	} else if (parquet_number(c, v, &number)) {
		if (isnan(number))
			return true; /* missing */
		snprintf(word, sizeof(word), number == floor(number) && fabs(number) < 1e15 ? "%.0f" : "%.15g", number);
	} else if (c->type == PARQUET_FIXED) {
		return task_fault(t, row, "bytes of fixed length, neither text nor a number");
	} else {
		if (v->n >= sizeof(word) || memchr(v->bytes, 0, v->n) || !utf8_valid(v->bytes, v->n))
			return task_fault(t, row,
					  v->n >= sizeof(word) ? "the text is too long" : "the text is not UTF-8");
		if (!v->n)
			return true; /* missing, as in CSV */
		memcpy(word, v->bytes, v->n);
		word[v->n] = 0;
	}
	return task_word(t, row, word);
}

static bool task_cells(void *context, size_t row, size_t n, const uint32_t *present, const struct parquet_value *v)
{
	struct parquet_task *t = context;
	enum csv_role role = t->p->table->layout.columns[t->column].role;

	bool (*cell)(struct parquet_task *, size_t, const struct parquet_value *) =
		role == CSV_CATEGORY || role == CSV_ENTITY ? task_words
		: role == CSV_DATE			   ? task_date
							   : task_number;

	for (size_t i = 0; i < n; i++)
		if ((!present || present[i]) && !cell(t, row + i, v++))
			return false;
	return true;
}

static void task_run(struct parquet_task *t)
{
	const struct parquet_column *c = &t->p->file.columns[t->column];
	struct parquet_sink sink = {t, task_cells};
	char problem[PARQUET_PROBLEM];

	if (parquet_chunk_read(t->source->data, c, &t->p->file.groups[t->group].chunks[t->column], &sink, problem) ||
	    t->fault[0])
		return;
	snprintf(t->fault, sizeof(t->fault), "row group %zu column %zu (%.60s): %s", t->group + 1, t->column + 1,
		 c->name, problem);
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

/* A column that the job speaks of by name is data, though it be a frame's index. */
static bool parquet_is_asked_for(const struct dataset_options *o, const char *name)
{
	return str_eq(o->label_column, name) || str_eq(o->entity_column, name) || str_eq(o->date_column, name) ||
	       (o->categorical && strlist_has(o->categorical, name)) ||
	       (o->like && strlist_has(&o->like->feature_names, name));
}

/* The columns of a frame's index go before anything else looks at the table: one file of a
 * channel may have them, the next not. */
static void parquet_drop_index(struct parquet *p)
{
	struct parquet_file *f = &p->file;
	size_t n = 0;

	for (size_t i = 0; i < f->n_columns; i++)
		n += !f->columns[i].index || parquet_is_asked_for(&p->opt, f->columns[i].name);
	if (!n)
		return;
	n = 0;
	for (size_t i = 0; i < f->n_columns; i++) {
		if (f->columns[i].index && !parquet_is_asked_for(&p->opt, f->columns[i].name)) {
			free(f->columns[i].name);
			continue;
		}
		for (size_t k = 0; k < f->n_groups; k++)
			f->groups[k].chunks[n] = f->groups[k].chunks[i];
		f->columns[n++] = f->columns[i];
	}
	f->n_columns = n;
}

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
			return err_set(err, ERR_INVALID, "%s: column %zu is '%.80s', in the first file '%.80s'", name,
				       i + 1, names.items[i], table->layout.names.items[i]);
	return 0;
}

static int parquet_open(struct parquet *p, struct source_file *source, struct err *err)
{
	int r = source_open(source, err);

	if (r)
		return r;
	r = parquet_file_parse(source->data, source->size, source->name, &p->file, err);
	if (!r) {
		parquet_drop_index(p);
		r = parquet_lay_out(p, source->name, err);
	}
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
