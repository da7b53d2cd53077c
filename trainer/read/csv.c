/* CSV: counted, parsed in chunks by several threads, checked cell by cell. */
#include "trainer/read/dataset_build.h"

#include <math.h>

#include "base/utf8.h"
#include "trainer/read/csv_layout.h"
#include "trainer/read/number.h"
#include "trainer/read/parallel.h"

#define CSV_MAX_TEXT 256 /* bytes of a category or an entity's name */

/* What a thread needs while it parses one chunk. */
struct csv_cursor {
	const struct csv *csv;
	struct text_chunk *chunk;
	struct dataset *d;
	struct dictionary *text; /* the chunk's own */
	uint32_t *last;		 /* per text column: the code used last, which is often the next one too */
	size_t line;
	size_t row;
	size_t unknown;
};

struct csv *csv_new(const struct dataset_options *opt)
{
	struct csv *c = NEW(struct csv);

	c->opt = opt;
	return c;
}

void csv_free(struct csv *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->layout.text_columns && c->text; i++)
		dictionary_done(&c->text[i]);
	free(c->text);
	free(c->frozen);
	csv_layout_done(&c->layout);
	free(c);
}

void csv_describe(const struct csv *c, struct dataset *d)
{
	const struct csv_layout *l = &c->layout;
	const char **names = xcalloc(MAX(l->features, (size_t)1), sizeof(*names));

	for (size_t i = 0; i < l->width; i++) {
		const struct csv_column *column = &l->columns[i];

		if (column->role == CSV_ENTITY)
			for (size_t k = 0; k < c->text[column->text].names.n; k++)
				strlist_add(&d->entity_names, c->text[column->text].names.items[k]);
		if (column->role != CSV_FEATURE && column->role != CSV_CATEGORY)
			continue;
		if (l->names.n)
			names[column->target] = l->names.items[i];
		if (column->role == CSV_CATEGORY) {
			if (!d->categories) {
				d->categories = xcalloc(d->columns, sizeof(*d->categories));
				d->categorical = xcalloc(d->columns, 1);
			}
			d->categorical[column->target] = 1;
			for (size_t k = 0; k < c->text[column->text].names.n; k++)
				strlist_add(&d->categories[column->target], c->text[column->text].names.items[k]);
		}
	}
	for (size_t i = 0; l->names.n && i < l->features; i++)
		strlist_add(&d->feature_names, names[i]);
	if (!l->names.n && c->opt->like)
		for (size_t i = 0; i < c->opt->like->feature_names.n; i++)
			strlist_add(&d->feature_names, c->opt->like->feature_names.items[i]);
	free(names);
}

/* --- one cell the long way --------------------------------------------------- */

static bool csv_is_missing(const char *p, size_t n)
{
	static const char *const words[] = {"nan", "na", "n/a", "null", "none"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], p, n))
			return true;
	return false;
}

/* The content of the cell at p without quotes and surrounding blanks, as
 * [*start, *stop); returns its terminator (a separator or the newline), NULL
 * after a fault. Doubled quotes inside are left as they are. */
static const char *csv_cell(struct csv_cursor *u, const char *p, size_t column, const char **start, const char **stop)
{
	char delimiter = u->csv->layout.delimiter;

	while ((*p == ' ' || *p == '\t') && *p != delimiter)
		p++;
	if (*p == '"') {
		*start = ++p;
		while (*p != '\n' && (*p != '"' || p[1] == '"'))
			p += *p == '"' ? 2 : 1;
		if (*p == '\n') {
			text_fault(u->chunk, u->line, column + 1, "unterminated quote");
			return NULL;
		}
		*stop = p++;
		while ((*p == ' ' || *p == '\t' || *p == '\r') && *p != delimiter)
			p++;
		if (*p != delimiter && *p != '\n') {
			text_fault(u->chunk, u->line, column + 1, "text behind a closing quote");
			return NULL;
		}
		return p;
	}
	*start = p;
	while (*p != delimiter && *p != '\n')
		p++;
	*stop = p;
	while (*stop > *start && ((*stop)[-1] == ' ' || (*stop)[-1] == '\t' || (*stop)[-1] == '\r'))
		(*stop)--;
	return p;
}

static void csv_fault_text(struct csv_cursor *u, size_t column, const char *p, const char *end)
{
	const struct csv_layout *l = &u->csv->layout;
	const char *name = csv_layout_name(l, column), *hint = "";
	char shown[TEXT_SHOWN];
	size_t line = u->chunk->first_line + u->line;

	if (memchr(p, 0, (size_t)(end - p))) {
		text_fault(u->chunk, u->line, column + 1, "the cell holds a zero byte");
		return;
	}
	if (number_is_too_large(p, end)) {
		text_fault(u->chunk, u->line, column + 1, "'%s' is too large for a 32-bit float",
			   text_shown(shown, p, end));
		return;
	}
	if (memchr(p, ':', (size_t)(end - p)) && l->delimiter == ' ')
		hint = " (this looks like libsvm: set the content type text/libsvm)";
	else if (!u->csv->opt->header && line == 1)
		hint = " (a header line? it has to be announced)";
	text_fault(u->chunk, u->line, column + 1, "%s%.60s%s'%s' is not a number%s", *name ? "(" : "", name,
		   *name ? ") " : "", text_shown(shown, p, end), hint);
}

/* Any numeric cell. Returns the terminator or NULL after a fault. */
static const char *csv_number_cell(struct csv_cursor *u, const char *p, size_t column, float *ret)
{
	const char *start, *stop, *end = csv_cell(u, p, column, &start, &stop);

	if (!end)
		return NULL;
	if (start == stop || csv_is_missing(start, (size_t)(stop - start))) {
		*ret = NAN;
	} else if (number_parse(start, ret) != stop) {
		csv_fault_text(u, column, start, stop);
		return NULL;
	}
	return end;
}

/* The cell's text into buf (CSV_MAX_TEXT), doubled quotes made single. */
static bool csv_text(struct csv_cursor *u, size_t column, const char *p, const char *end, char *buf)
{
	size_t n = 0;

	for (; p < end; p++) {
		if (*p == '"' && p + 1 < end && p[1] == '"')
			p++;
		if (n + 1 >= CSV_MAX_TEXT || !*p) {
			text_fault(u->chunk, u->line, column + 1,
				   *p ? "the text is longer than %d bytes" : "the text holds a zero byte",
				   CSV_MAX_TEXT - 1);
			return false;
		}
		buf[n++] = *p;
	}
	buf[n] = 0;
	return true;
}

/* The code of a cell of text, in the chunk's own dictionary or the frozen one. */
static bool csv_code(struct csv_cursor *u, size_t column, const char *p, const char *end, uint32_t *ret)
{
	size_t k = u->csv->layout.columns[column].text;
	char text[CSV_MAX_TEXT];
	uint32_t last = u->last[k];

	if (!csv_text(u, column, p, end, text))
		return false;
	if (u->csv->frozen[k]) {
		*ret = dictionary_find(&u->csv->text[k], text);
		u->unknown += *ret == DICTIONARY_NONE;
		return true;
	}
	if (last < u->text[k].names.n && !strcmp(u->text[k].names.items[last], text)) {
		*ret = last;
		return true;
	}
	if (!utf8_valid(text, strlen(text))) {
		text_fault(u->chunk, u->line, column + 1, "the text is not UTF-8");
		return false;
	}
	*ret = u->last[k] = dictionary_code(&u->text[k], text);
	if (*ret >= CSV_MAX_CODES) {
		text_fault(u->chunk, u->line, column + 1, "more than %zu different values", CSV_MAX_CODES);
		return false;
	}
	return true;
}

bool csv_date(const char *p, const char *end, int32_t *ret)
{
	static const char dashed[] = "dddd-dd-dd", plain[] = "dddddddd";
	size_t n = (size_t)(end - p);
	const char *form = n >= 10 && p[4] == '-' ? dashed : plain;
	int32_t v = 0;

	if (form == plain ? n != 8 : n > 10 && p[10] != 'T' && p[10] != ' ')
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '-' ? p[i] != '-' : p[i] < '0' || p[i] > '9')
			return false;
		if (form[i] == 'd')
			v = v * 10 + (p[i] - '0');
	}
	*ret = v;
	return v / 100 % 100 >= 1 && v / 100 % 100 <= 12 && v % 100 >= 1 && v % 100 <= 31;
}

/* A cell that is not simply a number. */
static const char *csv_special_cell(struct csv_cursor *u, const char *p, size_t column, float *ret)
{
	enum csv_role role = u->csv->layout.columns[column].role;
	const char *start, *stop, *end;
	char shown[TEXT_SHOWN];
	uint32_t code;

	if (role == CSV_FEATURE || role == CSV_LABEL || role == CSV_WEIGHT)
		return csv_number_cell(u, p, column, ret);
	end = csv_cell(u, p, column, &start, &stop);
	if (!end || role == CSV_IGNORED)
		return end;
	if (role == CSV_DATE) {
		if (csv_date(start, stop, &u->d->dates[u->row]))
			return end;
		text_fault(u->chunk, u->line, column + 1, "'%s' is not a date (YYYYMMDD or YYYY-MM-DD)",
			   text_shown(shown, start, stop));
		return NULL;
	}
	if (role == CSV_CATEGORY && start == stop) {
		*ret = NAN;
		return end;
	}
	if (start == stop) {
		text_fault(u->chunk, u->line, column + 1, "the entity is missing");
		return NULL;
	}
	if (!csv_code(u, column, start, stop, &code))
		return NULL;
	if (role == CSV_ENTITY)
		u->d->entities[u->row] = code;
	else
		*ret = code == DICTIONARY_NONE ? NAN : (float)code;
	return end;
}

/* --- rows ------------------------------------------------------------------------ */

static void csv_fault_ragged(struct csv_cursor *u, const char *line_start)
{
	const struct csv_layout *l = &u->csv->layout;
	const char *p = line_start, *start, *stop;
	size_t cells = 0;

	while ((p = csv_cell(u, p, cells, &start, &stop))) {
		cells++;
		if (*p == '\n')
			break;
		p++;
		while (l->delimiter == ' ' && *p == ' ')
			p++;
		if (l->delimiter == ' ' && (*p == '\n' || *p == '\r'))
			break;
	}
	text_fault(u->chunk, u->line, MIN(cells, l->width) + (cells > l->width),
		   "the row has %zu columns, expected %zu", cells, l->width);
}

static bool csv_check_target(struct csv_cursor *u, const float *cells)
{
	const struct csv_layout *l = &u->csv->layout;

	if (l->label != CSV_NO_COLUMN) {
		if (isnan(cells[l->label])) {
			text_fault(u->chunk, u->line, l->label + 1, "the label is missing");
			return false;
		}
		u->d->labels[u->row] = cells[l->label];
	}
	if (l->weight != CSV_NO_COLUMN) {
		if (!(cells[l->weight] >= 0)) {
			text_fault(u->chunk, u->line, l->weight + 1, "a weight must be a number and not negative");
			return false;
		}
		u->d->weights[u->row] = cells[l->weight];
	}
	return true;
}

static void csv_store(struct csv_cursor *u, const float *cells)
{
	const struct csv_layout *l = &u->csv->layout;
	float *out = u->d->dense + u->row * l->features;

	if (l->plain) {
		memcpy(out, cells + l->first_feature, l->features * sizeof(float));
		return;
	}
	for (size_t i = 0; i < l->width; i++)
		if (l->columns[i].role == CSV_FEATURE || l->columns[i].role == CSV_CATEGORY)
			out[l->columns[i].target] = cells[i];
}

/* Parse the line at p; returns the start of the next, or NULL after a fault. */
static const char *csv_row(struct csv_cursor *u, const char *p, float *cells)
{
	const struct csv_layout *l = &u->csv->layout;
	const char *line_start = p;
	const char delimiter = l->delimiter;
	const bool blanks = delimiter == ' ', plain = l->plain;
	size_t width = l->width;

	for (size_t i = 0; i < width; i++) {
		const char *q = plain ? number_parse(p, &cells[i]) : NULL;
		char wanted = i + 1 < width ? delimiter : '\n';

		if (__builtin_expect(!q || *q != wanted, 0)) {
			q = csv_special_cell(u, p, i, &cells[i]);
			if (!q)
				return NULL;
			while (blanks && *q == ' ' && (q[1] == ' ' || q[1] == '\n' || q[1] == '\r'))
				q++;
			if (blanks && *q == '\r' && q[1] == '\n')
				q++;
			if (*q != wanted) {
				csv_fault_ragged(u, line_start);
				return NULL;
			}
		}
		p = q + 1;
		while (blanks && wanted != '\n' && *p == ' ') /* what follows the newline may be another chunk's */
			p++;
	}
	return p;
}

static bool csv_line_blank(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r')
		p++;
	return *p == '\n';
}

/* Lines that hold nothing are rows of a single feature that is missing there. */
static bool csv_takes_blank_rows(const struct csv *c)
{
	return !c->opt->has_label && !c->opt->header && c->layout.width == 1;
}

struct csv_job {
	struct csv *csv;
	struct text_batch *batch;
	struct dataset *d;
	size_t unknown;
};

static void csv_parse_chunk(void *context, size_t i)
{
	struct csv_job *job = context;
	struct text_chunk *c = &job->batch->chunks[i];
	const struct csv_layout *l = &job->csv->layout;
	struct csv_cursor u = {.csv = job->csv, .chunk = c, .d = job->d, .row = c->row};
	const char *p = c->data, *end = p + c->n;
	const bool blank_rows = csv_takes_blank_rows(job->csv), strict = !job->csv->opt->has_label && !blank_rows;
	float *cells = xmalloc(l->width * sizeof(*cells));

	u.text = c->local = xcalloc(l->text_columns + 1, sizeof(*u.text));
	u.last = xcalloc(l->text_columns + 1, sizeof(*u.last));
	for (; p && p < end; u.line++) {
		if (*p <= ' ' && csv_line_blank(p)) {
			p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
			if (blank_rows) {
				cells[0] = NAN;
				csv_store(&u, cells);
				u.row++;
			} else if (!c->blank) {
				c->blank = u.line + 1;
			}
			continue;
		}
		if (strict && c->blank) {
			text_fault(c, c->blank - 1, 0, "the line is blank, with rows behind it");
			break;
		}
		while (l->delimiter == ' ' && *p == ' ')
			p++;
		p = csv_row(&u, p, cells);
		if (!p || !csv_check_target(&u, cells))
			break;
		csv_store(&u, cells);
		u.row++;
	}
	c->row_count = u.row - c->row;
	if (u.unknown)
		__atomic_fetch_add(&job->unknown, u.unknown, __ATOMIC_RELAXED);
	free(u.last);
	free(cells);
}

/* --- a batch ------------------------------------------------------------------------- */

void csv_prepare(const struct csv *c, struct builder *b)
{
	b->d->columns = c->layout.features;
	b->with_labels = c->opt->has_label;
	b->with_weights = c->layout.weight != CSV_NO_COLUMN;
	b->with_entities = c->opt->entity_column || c->opt->entity_first;
	b->with_dates = c->opt->date_column != NULL;
}

/* The first line of a chunk that is not blank, and how many are before it; its end where all are. */
static const char *csv_skip_blank_lines(const struct text_chunk *chunk, size_t *n)
{
	const char *p = chunk->data, *end = p + chunk->n;

	for (*n = 0; p < end && csv_line_blank(p); (*n)++)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	return p;
}

/* The first lines of a file: byte order mark, blank lines, header. They may take
 * more than a chunk. */
static int csv_start_file(struct csv *c, struct source *source, struct text_chunk *chunk, struct err *err)
{
	const char *first, *newline;
	size_t blank;
	int r = 0;

	if (chunk->starts_file) {
		r = csv_finish(c, source, err);
		if (!r)
			r = text_check_start(chunk, err);
		c->unstarted = chunk->name;
		c->blank_lines = 0;
	}
	if (r)
		return r;
	if (chunk->starts_file && chunk->n >= 3 && !memcmp(chunk->data, "\xef\xbb\xbf", 3))
		text_chunk_skip(chunk, 3, 0);
	first = csv_skip_blank_lines(chunk, &blank);
	c->blank_lines += blank;
	if (first == chunk->data + chunk->n) {
		if (c->laid_out && csv_takes_blank_rows(c))
			c->unstarted = NULL;
		return 0;
	}
	c->unstarted = NULL;
	newline = memchr(first, '\n', chunk->n - (size_t)(first - chunk->data));
	if (!c->laid_out) {
		r = csv_layout_find(&c->layout, c->opt, first, newline, chunk->name, c->blank_lines + 1, err);
		if (!r)
			csv_make_dictionaries(c);
		c->laid_out = !r;
	} else if (c->opt->header) {
		r = csv_layout_check(&c->layout, first, newline, chunk->name, c->blank_lines + 1, err);
	}
	if (!r && c->opt->header)
		text_chunk_skip(chunk, (size_t)(newline + 1 - chunk->data), blank + 1);
	return r;
}

int csv_finish(const struct csv *c, struct source *s, struct err *err)
{
	return c->unstarted ? source_pass_empty(s, &(struct source_file){.name = (char *)(uintptr_t)c->unstarted}, err)
			    : 0;
}

/* Of rows that are to be predicted none may be passed over, since what comes of them is
 * joined to them by its place: a blank line with rows behind it is an error, and so it is
 * where the row behind it is at fault itself, however the input was cut into chunks. */
static int csv_check_blank_lines(struct csv *c, const struct text_batch *batch, struct err *err)
{
	if (c->opt->has_label || csv_takes_blank_rows(c))
		return 0;
	for (size_t i = 0; i < batch->n; i++) {
		const struct text_chunk *chunk = &batch->chunks[i];

		if (chunk->starts_file)
			c->blank_line = 0;
		if (c->blank_line && (chunk->row_count || chunk->fault))
			return err_set(err, ERR_INVALID, "%s line %zu: the line is blank, with rows behind it",
				       chunk->name, c->blank_line);
		if (chunk->blank && (!c->blank_line || chunk->row_count))
			c->blank_line = chunk->first_line + chunk->blank - 1;
		if (chunk->fault)
			break;
	}
	return 0;
}

int csv_batch(struct csv *c, struct text_feed *f, struct text_batch *batch, struct builder *b, struct err *err)
{
	struct csv_job job = {.csv = c, .batch = batch, .d = b->d};
	size_t rows = b->d->rows;
	int r = 0;

	for (size_t i = 0; i < batch->n && !r; i++)
		if (batch->chunks[i].starts_file || c->unstarted)
			r = csv_start_file(c, f->source, &batch->chunks[i], err);
	if (r)
		return r;
	text_count(f, batch, c->opt->threads);
	if (!c->laid_out) { /* nothing but blank lines yet */
		c->passed_over = !c->opt->has_label && !c->opt->header;
		return 0;
	}
	if (c->passed_over && csv_takes_blank_rows(c))
		return err_set(err, ERR_INVALID, "%s: too many blank lines at its beginning", batch->chunks[0].name);
	for (size_t i = 0; i < batch->n; i++) {
		batch->chunks[i].row = rows;
		rows += batch->chunks[i].lines;
	}
	csv_prepare(c, b);
	r = builder_reserve(b, rows, 0, text_feed_growth(f), err);
	if (r)
		return r;
	parallel_for(batch->n, c->opt->threads, csv_parse_chunk, &job);
	r = csv_check_blank_lines(c, batch, err);
	if (!r)
		r = text_batch_fault(batch, err);
	if (!r) {
		builder_compact(b, batch);
		r = csv_merge_text(c, b->d, batch, err);
		b->d->unknown_categories += job.unknown;
	}
	csv_drop_local(c, batch);
	return r;
}
