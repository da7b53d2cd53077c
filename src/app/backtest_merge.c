/* The parts of a backtest as one: predictions in order of date, group and entity, so that it
 * is the same file whatever the jobs were and in whatever order they ended. What no job can
 * say, since it rests on the cycles before, is filled in here: see model/backtest_settle.h. */
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "app/backtest_drive.h"
#include "base/csv.h"
#include "base/fs.h"

#define PART_MAX ((size_t)2 << 30)
#define BESIDE_MAX ((size_t)64 << 20)

struct merge_row {
	const char *line; /* in its part */
	size_t length;	  /* with its newline */
	char *key;	  /* date, group, entity: each ends with a NUL */
	size_t key_length;
	size_t cycle;
};

struct merge {
	struct buf *parts;
	size_t n_parts;
	struct merge_row *rows;
	size_t n, cap;
};

static void merge_done(struct merge *m)
{
	for (size_t i = 0; i < m->n_parts; i++)
		buf_done(&m->parts[i]);
	for (size_t i = 0; i < m->n; i++)
		free(m->rows[i].key);
	free(m->parts);
	free(m->rows);
}
AUTO_EMBEDDED(merge, struct merge, merge_done)

static int compare_rows(const void *a, const void *b)
{
	const struct merge_row *x = a, *y = b;
	int order = memcmp(x->key, y->key, MIN(x->key_length, y->key_length));

	return order ? order : (x->key_length > y->key_length) - (x->key_length < y->key_length);
}

/* The first four cells: date, entity, group, cycle. */
static int add_row(struct merge *m, const char *line, const char *eol, struct err *err)
{
	struct buf cells[4] = {BUF_INIT(BUF_MAX_TEXT), BUF_INIT(BUF_MAX_TEXT), BUF_INIT(BUF_MAX_TEXT),
			       BUF_INIT(BUF_MAX_TEXT)};
	AUTO(buf) struct buf key = BUF_INIT(BUF_MAX_TEXT);
	const char *p = line;
	int64_t cycle = -1;

	for (size_t i = 0; i < 4 && p; i++)
		p = csv_field(p + (i > 0), eol, &cells[i]);
	if (p && str_to_i64(buf_str(&cells[3]), &cycle) && cycle >= 0) {
		buf_add(&key, buf_str(&cells[0]), cells[0].len + 1);
		buf_add(&key, buf_str(&cells[2]), cells[2].len + 1);
		buf_add(&key, buf_str(&cells[1]), cells[1].len + 1);
		GROW(m->rows, m->cap, m->n + 1);
		m->rows[m->n] = (struct merge_row){.line = line,
						   .length = (size_t)(eol + 1 - line),
						   .key_length = key.len,
						   .cycle = (size_t)cycle};
		m->rows[m->n++].key = buf_take(&key);
	}
	for (size_t i = 0; i < 4; i++)
		buf_done(&cells[i]);
	return cycle >= 0 ? 0 : err_set(err, ERR_PARSE, "a line cannot be read: %.60s", line);
}

static int read_part(struct merge *m, const char *path, struct err *err)
{
	struct buf *b = &m->parts[m->n_parts++];
	const char *end, *p, *eol;

	buf_init(b, PART_MAX);
	if (fs_read(path, b, err) < 0)
		return -err->code;
	end = b->data + b->len;
	p = memchr(b->data, '\n', b->len);
	if (!p)
		return err_set(err, ERR_PARSE, "%s has no line", path);
	size_t n = (size_t)(p + 1 - b->data);

	if (m->n_parts > 1 && (m->parts[0].len < n || memcmp(m->parts[0].data, b->data, n)))
		return err_set(err, ERR_PARSE,
			       "%s has other columns than the first pack: remove it, and resume the run", path);
	for (p++; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol || add_row(m, p, eol, err) < 0)
			return err_set(err, ERR_PARSE, "%s is torn: remove it, and resume the run", path);
	}
	return 0;
}

/* Every row of the pool once. */
static int check_rows(const struct backtest_work *w, const struct merge *m, struct err *err)
{
	size_t *rows = xcalloc(w->asked.n + 1, sizeof(*rows));
	int rc = 0;

	for (size_t i = 0; i < m->n; i++) {
		rows[MIN(m->rows[i].cycle, w->asked.n)]++;
		if (rc == 0 && i && compare_rows(&m->rows[i - 1], &m->rows[i]) == 0)
			rc = err_set(err, ERR_PARSE, "two rows of the predictions are of one entity and day: %.60s",
				     m->rows[i].line);
	}
	for (size_t i = 0; i < w->asked.n && rc == 0; i++)
		if (rows[i] != w->asked.cycles[i].rows)
			rc = err_set(err, ERR_PARSE, "the packs have %zu rows of cycle %zu, and not the plan's %zu",
				     rows[i], i, w->asked.cycles[i].rows);
	free(rows);
	return rc;
}

/* --- the last word on each row ----------------------------------------------------------- */

static size_t header_length(const struct merge *m)
{
	return (size_t)((const char *)memchr(m->parts[0].data, '\n', m->parts[0].len) + 1 - m->parts[0].data);
}

static int settle_rows(const struct backtest_work *w, const struct merge *m, struct backtest_rows *ret,
		       double **ret_weights, struct err *err)
{
	const struct settle_options opt = backtest_settle_options(w->spec);
	int rc = backtest_rows_add_line(ret, m->parts[0].data, header_length(m), err);

	for (size_t i = 0; rc == 0 && i < m->n; i++)
		rc = backtest_rows_add_line(ret, m->rows[i].line, m->rows[i].length, err);
	if (rc == 0)
		rc = backtest_rows_end(ret, err);
	return rc ? rc : backtest_settle(ret, &opt, ret_weights, err);
}

/* The weight of each model, and of the baseline that is drawn to, cycle by cycle. */
static int write_weights(const struct backtest_rows *rows, const double *weights, const char *folder, struct err *err)
{
	AUTO(str) char *path = fs_join(folder, "weights.json");
	AUTO(json) json_t *cycles = json_array();
	size_t n = 1;

	for (size_t i = 0; i < rows->n_columns; i++)
		n += rows->columns[i].kind == BACKTEST_MODEL;
	for (size_t k = 0; k < rows->n_cycles; k++) {
		json_t *cycle = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(cycle, json_real(weights[k * n + i]));
		json_array_append_new(cycles, cycle);
	}
	AUTO(str) char *text = json_text_pretty(cycles);

	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

/* The line with its prediction, low and high replaced, and what never recalibrated ones say. */
static void write_line(FILE *f, const struct merge_row *row, const struct backtest_rows *rows, const double *never,
		       size_t at)
{
	AUTO(buf) struct buf cell = BUF_INIT(BUF_MAX_TEXT);
	const char *end = row->line + row->length - 1, *p = row->line;

	for (size_t i = 0; i < 6; i++) /* date .. actual */
		p = csv_field(p, end, &cell) + 1;
	fwrite(row->line, 1, (size_t)(p - 1 - row->line), f);
	for (int k = BACKTEST_PREDICTION; k <= BACKTEST_HIGH; k++) {
		double v = rows->fixed[k][at];

		if (isnan(v))
			fputc(',', f);
		else
			fprintf(f, ",%.17g", v);
		p = csv_field(p, end, &cell) + 1;
	}
	fwrite(p - 1, 1, (size_t)(end - (p - 1)), f);
	if (never && isnan(never[at]))
		fputc(',', f);
	else if (never)
		fprintf(f, ",%.17g", never[at]);
	fputc('\n', f);
}

static int write_rows(const struct merge *m, const struct backtest_rows *rows, const double *never, const char *path,
		      struct err *err)
{
	AUTO(str) char *temp = xasprintf("%s.new", path);
	AUTO(file) FILE *f = fopen(temp, "we");

	if (!f)
		return err_set(err, ERR_IO, "cannot write %s: %s", temp, strerror(errno));
	fprintf(f, "%.*s%s\n", (int)header_length(m) - 1, m->parts[0].data, never ? ",never" : "");
	for (size_t i = 0; i < m->n; i++)
		write_line(f, &m->rows[i], rows, never, i);
	if (fflush(f) || ferror(f) || fsync(fileno(f)) < 0 || rename(temp, path) < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

/* --- while it runs ------------------------------------------------------------------------- */

static void keep_cycles(struct merge *m, const bool *cycles, size_t n_cycles)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->rows[i].cycle < n_cycles && cycles[m->rows[i].cycle])
			m->rows[n++] = m->rows[i];
		else
			free(m->rows[i].key);
	}
	m->n = n;
}

int backtest_merge_cycles(const struct backtest_work *w, const bool *fetched, const bool *cycles,
			  struct backtest_rows *ret, struct err *err)
{
	AUTO(merge) struct merge m = {.parts = xcalloc(w->plan->n_jobs, sizeof(*m.parts))};

	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		AUTO(str) char *part = backtest_part_path(w->name, &w->plan->jobs[i], ".csv");

		if (fetched[i] && read_part(&m, part, err) < 0)
			return -err->code;
	}
	keep_cycles(&m, cycles, w->asked.n);
	if (!m.n)
		return 0;
	qsort(m.rows, m.n, sizeof(*m.rows), compare_rows);
	backtest_rows_init(ret, "the packs' predictions");
	return settle_rows(w, &m, ret, NULL, err);
}

/* --- importances --------------------------------------------------------------------------- */

static void add_importances(json_t *sums, const json_t *part, double weight)
{
	const char *model, *column;
	json_t *columns, *value;

	json_object_foreach((json_t *)part, model, columns)
	{
		json_t *into = json_object_get(sums, model);

		if (!into)
			json_object_set_new(sums, model, into = json_object());
		json_object_foreach(columns, column, value) json_object_set_new(
			into, column, json_real(json_get_f64(into, column, 0) + weight * json_number_value(value)));
	}
}

/* The mean over packs, each weighted by its models. */
static int merge_importances(const struct backtest_work *w, const char *folder, struct err *err)
{
	AUTO(str) char *path = fs_join(folder, "importances.json");
	AUTO(json) json_t *mean = json_object();
	double all = 0;

	for (int pass = 0; pass < 2; pass++) { /* weights first */
		for (size_t i = 0; i < w->plan->n_jobs; i++) {
			AUTO(str) char *summary = backtest_part_path(w->name, &w->plan->jobs[i], ".json");
			AUTO(str) char *file = backtest_part_path(w->name, &w->plan->jobs[i], ".importances.json");
			AUTO(json) json_t *s = NULL, *part = NULL;

			if (!fs_exists(file) || json_parse_file(summary, BESIDE_MAX, &s, err) < 0 ||
			    json_parse_file(file, BESIDE_MAX, &part, err) < 0) {
				err_clear(err); /* they are an extra */
				continue;
			}
			double models = json_get_f64(s, "models", 1);

			if (pass == 0)
				all += models;
			else if (all > 0)
				add_importances(mean, part, models / all);
		}
	}
	AUTO(str) char *text = json_text_pretty(mean);

	return json_object_size(mean) ? fs_write_atomic(path, text, strlen(text), 0600, err) : 0;
}

int backtest_merge(const struct backtest_work *w, struct err *err)
{
	AUTO(str) char *folder = backtest_folder(w->name);
	AUTO(str) char *path = fs_join(folder, "predictions.csv");
	AUTO(merge) struct merge m = {.parts = xcalloc(w->plan->n_jobs, sizeof(*m.parts))};

	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		AUTO(str) char *part = backtest_part_path(w->name, &w->plan->jobs[i], ".csv");

		if (read_part(&m, part, err) < 0)
			return -err->code;
	}
	if (m.n)
		qsort(m.rows, m.n, sizeof(*m.rows), compare_rows);
	AUTO(backtest_rows) struct backtest_rows rows = {0};
	double *weights = NULL, *never = NULL;

	backtest_rows_init(&rows, "the packs' predictions");
	int rc = check_rows(w, &m, err);

	if (rc == 0)
		rc = settle_rows(w, &m, &rows, &weights, err);
	if (rc == 0)
		rc = write_weights(&rows, weights, folder, err);
	if (rc == 0)
		rc = merge_importances(w, folder, err);
	if (rc == 0)
		rc = backtest_never_make(w, &rows, weights, &never, err);
	if (rc == 0)
		rc = write_rows(&m, &rows, never, path, err);
	free(never);
	free(weights);
	return rc;
}
