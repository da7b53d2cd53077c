/* The worth of recalibrating: what the first cycle's models say of every row, as the jobs that
 * trained them wrote it, put beside the rows of a run with the weights of each cycle. */
#include <math.h>

#include "app/backtest_drive.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/fs.h"
#include "base/timefmt.h"

#define NEVER_MAX ((size_t)2 << 30)

/* Where a row is found by its slate and entity. */
struct place {
	uint64_t key;
	size_t row;
};

struct never {
	const struct backtest_rows *rows;
	struct place *places; /* by key */
	size_t models;
	double *values; /* rows x models; NaN where nothing was said */
	size_t found;	/* rows that something was said of */
};

static uint64_t key_of(uint32_t slate, uint32_t entity)
{
	return (uint64_t)slate << 32 | entity;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int compare_days(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void never_begin(struct never *n, const struct backtest_rows *rows)
{
	*n = (struct never){.rows = rows};
	for (size_t i = 0; i < rows->n_columns; i++)
		n->models += rows->columns[i].kind == BACKTEST_MODEL;
	n->places = xcalloc(rows->n + 1, sizeof(*n->places));
	n->values = xcalloc(rows->n * n->models + 1, sizeof(*n->values));
	for (size_t i = 0; i < rows->n; i++)
		n->places[i] = (struct place){key_of(rows->slate[i], rows->entity[i]), i};
	qsort(n->places, rows->n, sizeof(*n->places), compare_places);
	for (size_t i = 0; i < rows->n * n->models; i++)
		n->values[i] = NAN;
}

static void never_done(struct never *n)
{
	free(n->places);
	free(n->values);
}
AUTO_EMBEDDED(never, struct never, never_done)

/* --- one file -------------------------------------------------------------------------------- */

static const struct place *find_place(const struct never *n, const char *date, const char *entity)
{
	const struct backtest_rows *r = n->rows;
	uintptr_t who = (uintptr_t)map_get(&r->index, entity);
	int64_t ms;

	if (!who || !timefmt_parse_iso(date, &ms))
		return NULL;
	int64_t day = ms / DAY_MS;
	const int64_t *slate = bsearch(&day, r->slate_days, r->n_slates, sizeof(day), compare_days);

	if (!slate)
		return NULL;
	const struct place wanted = {.key = key_of((uint32_t)(slate - r->slate_days), (uint32_t)who - 1)};

	return bsearch(&wanted, n->places, r->n, sizeof(wanted), compare_places);
}

static bool add_line(struct never *n, const char *line, const char *eol)
{
	AUTO(buf)
	struct buf date = BUF_INIT(BUF_MAX_TEXT), entity = BUF_INIT(BUF_MAX_TEXT), cell = BUF_INIT(BUF_MAX_TEXT);
	const char *p = csv_field(line, eol, &date);

	if (p && p < eol)
		p = csv_field(p + 1, eol, &entity);
	const struct place *at = p && p < eol ? find_place(n, buf_str(&date), buf_str(&entity)) : NULL;

	for (size_t k = 0; at && k < n->models; k++) {
		double *value = &n->values[at->row * n->models + k];

		p = p < eol ? csv_field(p + 1, eol, &cell) : NULL;
		if (!p || (cell.len && !str_to_f64(buf_str(&cell), value)))
			return false;
	}
	n->found += at != NULL;
	return at && p == eol;
}

static int add_file(struct never *n, const char *path, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(NEVER_MAX);
	const char *end, *eol, *p;

	if (fs_read(path, &text, err) < 0)
		return -err->code;
	end = text.data + text.len;
	p = text.len ? memchr(text.data, '\n', text.len) : NULL;
	for (p = p ? p + 1 : end; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol || !add_line(n, p, eol))
			return err_set(err, ERR_PARSE, "%s is not of this run: remove it, and resume the run", path);
	}
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------- */

/* As the predictions were blended, by the weights of the row's cycle. */
static double blended(const struct never *n, const struct backtest_column *shrink, const double *weights, size_t row)
{
	const double *w = weights + n->rows->cycle[row] * (n->models + 1);
	double sum = shrink && w[n->models] != 0 ? w[n->models] * shrink->values[row] : 0;

	for (size_t k = 0; k < n->models; k++)
		if (w[k] != 0)
			sum += w[k] * n->values[row * n->models + k];
	return sum;
}

int backtest_never_make(const struct backtest_work *w, const struct backtest_rows *rows, const double *weights,
			double **ret, struct err *err)
{
	AUTO(never) struct never n;
	const struct backtest_column *shrink =
		str_empty(w->spec->shrink_to) ? NULL : backtest_rows_baseline(rows, w->spec->shrink_to);

	*ret = NULL;
	never_begin(&n, rows);
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		AUTO(str) char *path = backtest_part_path(w->name, &w->plan->jobs[i], ".never.csv");

		if (fs_exists(path) && add_file(&n, path, err) < 0)
			return -err->code;
	}
	if (!rows->n || n.found < rows->n)
		return 0;
	*ret = xcalloc(rows->n, sizeof(**ret));
	for (size_t i = 0; i < rows->n; i++)
		(*ret)[i] = blended(&n, shrink, weights, i);
	return 0;
}
