/* A model of one's own (model: own): the matrix that its jobs read is written here, by the code
 * that makes it for our models, and what they say is completed to what our jobs write. A job has one
 * cycle: with several, what its later models learn from would tell what its earlier ones are asked. */
#include <assert.h>
#include <errno.h>
#include <math.h>

#include "app/backtest_drive.h"
#include "base/csv.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "trainer/panel/features.h"
#include "trainer/panel/naive.h"
#include "trainer/panel/prediction.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define PREDICTION_MAX 1e100
#define CELL_BYTES 24 /* of CSV: "-1.2345678901234567e-300," and seldom that */

struct backtest_own {
	struct panel *panel;
	struct features *features;
	double *baselines, *scales;
};

void backtest_own_free(struct backtest_own *o)
{
	if (!o)
		return;
	panel_free(o->panel);
	features_free(o->features);
	free(o->baselines);
	free(o->scales);
	free(o);
}

int backtest_own_load(struct backtest_work *w, struct err *err)
{
	struct backtest_own *o = w->own = NEW(struct backtest_own);

	if (panel_load(w->spec, &w->files, &w->earlier, &o->panel, err) < 0 ||
	    features_new(w->spec, o->panel, &o->features, err) < 0 ||
	    naive_build(w->spec, o->panel, &o->baselines, err) < 0)
		return -err->code;
	o->scales = naive_scales(o->panel, w->spec->test_start);
	return 0;
}

int64_t backtest_own_bytes(const struct backtest_work *w)
{
	return w->own ? (int64_t)(w->own->panel->n * (features_count(w->own->features) + 3) * CELL_BYTES) : 0;
}

static bool is_asked(const struct backtest_work *w, size_t row, size_t cycle)
{
	const struct panel *p = w->own->panel;

	return p->eligible[row] && panel_cycle_of(w->spec, p->day[row]) == cycle;
}

static bool is_learnt(const struct backtest_work *w, size_t row, size_t cycle)
{
	const struct panel *p = w->own->panel;

	return !isnan(p->target[row]) && panel_learns(p, w->spec, row, panel_cutoff(w->spec, cycle));
}

/* --- what its jobs read ---------------------------------------------------------------------- */

struct own_file {
	const struct backtest_work *w;
	const double *matrix;
	size_t cycle;
	bool learnt; /* the rows to learn from, with what happened; else those to be predicted, without */
};

static int write_rows(const struct own_file *of, const char *path, size_t *ret_rows, struct err *err)
{
	const struct backtest_own *o = of->w->own;
	size_t columns = features_count(o->features);
	AUTO(buf) struct buf line = BUF_INIT(LINE_MAX_BYTES);
	AUTO(file) FILE *f = fopen(path, "we");

	if (!f)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	(void)buf_adds(&line, of->learnt ? "date,entity,target" : "date,entity");
	for (size_t k = 0; k < columns; k++) {
		(void)buf_addc(&line, ',');
		csv_add(&line, features_name(o->features, k));
	}
	fprintf(f, "%s\n", buf_str(&line));
	*ret_rows = 0;
	for (size_t i = 0; i < o->panel->n; i++) {
		if (of->learnt ? !is_learnt(of->w, i, of->cycle) : !is_asked(of->w, i, of->cycle))
			continue;
		buf_clear(&line);
		prediction_add_who(o->panel, i, &line);
		if (of->learnt)
			prediction_add_number(&line, o->panel->target[i]);
		for (size_t k = 0; k < columns; k++)
			prediction_add_number(&line, of->matrix[i * columns + k]);
		fprintf(f, "%s\n", buf_str(&line));
		++*ret_rows;
	}
	return fflush(f) || ferror(f) ? err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno)) : 0;
}

static int write_about(const struct backtest_work *w, size_t cycle, const size_t *rows, const char *path,
		       struct err *err)
{
	char first[16], last[16];
	int32_t cutoff = panel_cutoff(w->spec, cycle);
	AUTO(json)
	json_t *o = json_pack("{s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:o}", "run", w->name, "cycle", (json_int_t)cycle,
			      "cutoff", day_text(first, cutoff), "last_day",
			      day_text(last, MIN(cutoff + (int32_t)w->spec->recalibrate_days - 1, w->spec->test_end)),
			      "target", w->spec->target, "learns", (json_int_t)rows[0], "predicts", (json_int_t)rows[1],
			      "features", json_array());

	for (size_t k = 0; k < features_count(w->own->features); k++)
		json_array_append_new(json_object_get(o, "features"), json_string(features_name(w->own->features, k)));
	AUTO(str) char *text = json_text_pretty(o);

	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

static char *own_folder(const struct backtest_work *w)
{
	AUTO(str) char *below = xasprintf("backtests/%s/own", w->name);

	return fs_cache_path(below);
}

/* The three files of a cycle, below own/ as they lie there and in the bucket. */
static int write_cycle(const struct backtest_work *w, const double *matrix, size_t cycle, struct upload *u,
		       struct err *err)
{
	static const char *const names[] = {"train/train.csv", "predict/predict.csv", "predict/cycle.json"};
	AUTO(str) char *folder = own_folder(w);
	size_t rows[2];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(names); i++) {
		AUTO(str) char *key = xasprintf("own/c%zu/%s", cycle, names[i]);
		AUTO(str) char *path = fs_join(folder, key + strlen("own/"));

		rc = fs_mkdir_parent(path, 0700, err);
		if (rc == 0)
			rc = i < 2 ? write_rows(&(struct own_file){w, matrix, cycle, i == 0}, path, &rows[i], err)
				   : write_about(w, cycle, rows, path, err);
		if (rc == 0)
			upload_add(u, path, key);
	}
	return rc;
}

int backtest_own_write(const struct backtest_work *w, struct upload *u, struct err *err)
{
	double *matrix = features_build(w->own->features, w->own->panel);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->plan->n_jobs; i++) {
		const struct backtest_job *job = &w->plan->jobs[i];
		AUTO(str) char *part = backtest_part_path(w->name, job, ".csv");

		if (!fs_exists(part))
			rc = write_cycle(w, matrix, job->first_cycle, u, err);
	}
	free(matrix);
	return rc;
}

int backtest_own_clean(const struct backtest_work *w, struct err *err)
{
	AUTO(str) char *folder = own_folder(w);

	return fs_remove_tree(folder, err);
}

/* --- what they say ----------------------------------------------------------------------------- */

static const char *const wanted[] = {"date", "entity", "prediction"};
enum { DATE, ENTITY, PREDICTION, WANTED };

struct saying {
	struct map rows; /* "day\nentity" -> row and one, of what is asked */
	double *said;	 /* of each row of the panel; NaN */
	size_t at[WANTED];
	size_t n_cells;
	struct buf cells[WANTED];
	size_t line;
};

static void saying_done(struct saying *s)
{
	map_done(&s->rows);
	free(s->said);
	for (size_t i = 0; i < WANTED; i++)
		buf_done(&s->cells[i]);
}
AUTO_EMBEDDED(saying, struct saying, saying_done)

static char *row_key(int32_t day, const char *entity)
{
	return xasprintf("%d\n%s", day, entity);
}

static void saying_init(const struct backtest_work *w, size_t cycle, struct saying *s)
{
	const struct panel *p = w->own->panel;

	*s = (struct saying){.said = xcalloc(p->n + 1, sizeof(*s->said))};
	for (size_t i = 0; i < WANTED; i++) {
		s->at[i] = SIZE_MAX;
		buf_init(&s->cells[i], BUF_MAX_TEXT);
	}
	for (size_t i = 0; i < p->n; i++) {
		AUTO(str) char *key = row_key(p->day[i], p->entity_names.items[p->entity[i]]);

		s->said[i] = NAN;
		if (is_asked(w, i, cycle))
			map_put(&s->rows, key, (void *)(uintptr_t)(i + 1));
	}
}

/* Takes the wanted cells of a line. How many it has; 0 where a quote has no end. */
static size_t take_cells(struct saying *s, const char *p, const char *eol)
{
	AUTO(buf) struct buf other = BUF_INIT(BUF_MAX_TEXT);

	for (size_t n = 0;; p++) {
		struct buf *to = &other;

		for (size_t i = 0; i < WANTED; i++)
			to = s->at[i] == n ? &s->cells[i] : to;
		p = csv_field(p, eol, to);
		if (!p)
			return 0;
		if (s->line == 1) /* the header */
			for (size_t i = 0; i < WANTED; i++)
				s->at[i] = str_eq(buf_str(to), wanted[i]) ? n : s->at[i];
		n++;
		if (p == eol)
			return n;
	}
}

static int bad_line(const struct saying *s, const char *what, struct err *err)
{
	AUTO(str) char *entity = utf8_sanitize_dup(buf_str(&s->cells[ENTITY]));
	AUTO(str) char *day = utf8_sanitize_dup(buf_str(&s->cells[DATE]));

	return err_set(err, ERR_PARSE, "predictions.csv: line %zu: %.80s on %.20s %s", s->line, entity, day, what);
}

static int take_line(struct saying *s, const char *p, const char *eol, struct err *err)
{
	double v;

	if (take_cells(s, p, eol) != s->n_cells)
		return err_set(err, ERR_PARSE, "predictions.csv: line %zu has not the header's %zu cells", s->line,
			       s->n_cells);
	AUTO(str) char *key = row_key(day_parse(buf_str(&s->cells[DATE])), buf_str(&s->cells[ENTITY]));
	uintptr_t at = (uintptr_t)map_get(&s->rows, key);

	if (!at)
		return bad_line(s, "is no row of predict.csv", err);
	if (!isnan(s->said[at - 1]))
		return bad_line(s, "stands there twice", err);
	if (!str_to_f64(buf_str(&s->cells[PREDICTION]), &v) || !(fabs(v) <= PREDICTION_MAX))
		return bad_line(s, "has no number as its prediction", err);
	s->said[at - 1] = v;
	return 0;
}

static int take_lines(struct saying *s, const struct buf *b, struct err *err)
{
	const char *end = b->data + b->len, *eol;
	int rc = 0;

	assert(b->data); /* an empty file was refused before */
	for (const char *p = b->data; rc == 0 && p < end; p = eol + 1) {
		s->line++;
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			return err_set(err, ERR_PARSE, "predictions.csv: line %zu has no end", s->line);
		if (s->line > 1) {
			rc = take_line(s, p, eol, err);
			continue;
		}
		s->n_cells = take_cells(s, p, eol);
		for (size_t i = 0; i < WANTED; i++)
			if (s->at[i] == SIZE_MAX)
				return err_set(err, ERR_PARSE, "predictions.csv has no column %s", wanted[i]);
	}
	return rc;
}

int backtest_own_complete(const struct backtest_work *w, const struct backtest_job *job, const struct buf *theirs,
			  struct buf *ret, size_t *ret_rows, struct err *err)
{
	const struct backtest_own *o = w->own;
	AUTO(saying) struct saying s = {0};
	size_t missing = 0, first = 0;

	assert(o); /* a run loads it before it fetches anything */
	saying_init(w, job->first_cycle, &s);
	if (take_lines(&s, theirs, err) < 0)
		return -err->code;
	prediction_add_header(w->spec, ret);
	for (size_t i = 0; i < o->panel->n; i++) {
		const struct prediction said = {job->first_cycle, &s.said[i], o->baselines + i * w->spec->baselines.n,
						o->scales[o->panel->entity[i]]};

		if (!is_asked(w, i, job->first_cycle))
			continue;
		first = missing ? first : i;
		missing += isnan(s.said[i]);
		prediction_add_row(w->spec, o->panel, i, &said, ret);
	}
	*ret_rows = s.rows.n;
	char day[16];

	if (missing)
		return err_set(err, ERR_PARSE,
			       "predictions.csv: %zu of %zu rows are missing, such as that of %.80s on %s", missing,
			       s.rows.n, o->panel->entity_names.items[o->panel->entity[first]],
			       day_text(day, o->panel->day[first]));
	return ret->overflow ? err_set(err, ERR_PARSE, "predictions.csv is too large") : 0;
}
