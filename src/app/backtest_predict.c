/* sagetop backtest predict RUN --slate FILE: what the run's models, trained on all that
 * happened before the slate, say of its rows, with intervals from the run's own errors. */
#include <math.h>

#include "app/backtest.h"

#include "app/backtest_drive.h"
#include "app/output.h"
#include "base/csv.h"
#include "base/fs.h"
#include "trainer/panel/naive.h"
#ifdef WITH_TRAINER
#include "trainer/forecast/forecast.h"
#endif

#define LINE_MAX_BYTES ((size_t)1 << 20)

/* A slate on top of what a run knows. */
struct slate {
	struct backtest_spec *spec; /* of the run, its test window the slate */
	struct strlist files, earlier;
	struct panel *panel;
	double *said;		   /* panel rows x models */
	double *baselines;	   /* panel rows x baselines */
	struct backtest_rows rows; /* the run's predictions and, as one more cycle, the slate's */
};

static void slate_done(struct slate *s)
{
	backtest_spec_free(s->spec);
	strlist_done(&s->files);
	strlist_done(&s->earlier);
	panel_free(s->panel);
	free(s->said);
	free(s->baselines);
	backtest_rows_done(&s->rows);
}
AUTO_EMBEDDED(slate, struct slate, slate_done)

/* --- rows --------------------------------------------------------------------------------- */

static int load_run(struct app *a, const char *run, struct slate *s, struct err *err)
{
	AUTO(str) char *folder = backtest_folder(run);
	AUTO(str) char *path = fs_join(folder, "spec.json");

	if (!fs_exists(path))
		return err_set(err, ERR_NOTFOUND, "there is no run %s: `sagetop backtest status` lists them", run);
	if (backtest_spec_load(path, &s->spec, err) < 0 ||
	    backtest_data_files(a, "data.files", &s->spec->files, &s->files, err) < 0)
		return -err->code;
	return backtest_data_files(a, "data.earlier", &s->spec->earlier, &s->earlier, err);
}

/* The first and last day of the slate become the test window. */
static int set_window(struct backtest_spec *spec, const struct frame *slate, struct err *err)
{
	int32_t *days = NULL;

	if (!slate->n_rows)
		return err_set(err, ERR_INVALID, "has no rows");
	if (panel_days(slate, spec->date, &days, err))
		return -err->code;
	spec->test_start = spec->test_end = days[0];
	for (size_t i = 1; i < slate->n_rows; i++) {
		spec->test_start = MIN(spec->test_start, days[i]);
		spec->test_end = MAX(spec->test_end, days[i]);
	}
	free(days);
	return 0;
}

/* What a slate must have: what is known before it, and who and when. */
static void known_columns(const struct backtest_spec *spec, struct strlist *ret)
{
	for (size_t i = 0; i < spec->known_before.n; i++)
		strlist_add(ret, spec->known_before.items[i]);
	strlist_add(ret, spec->entity);
	strlist_add(ret, spec->date);
	if (*spec->group)
		strlist_add(ret, spec->group);
}

static int load_rows(struct slate *s, const char *path, struct err *err)
{
	AUTO(strlist) struct strlist known = {0}, slate_path = {0}, text = {0};
	AUTO(frame) struct frame *history = NULL, *slate = NULL;
	int rc = panel_read(s->spec, &s->files, &s->earlier, &history, err);

	if (rc)
		return rc;
	known_columns(s->spec, &known);
	strlist_add(&slate_path, path);
	for (size_t i = 0; i < history->n_columns; i++)
		if (history->columns[i].text)
			strlist_add(&text, history->columns[i].name);
	rc = frame_load(&slate_path, &text, &slate, err);
	if (rc)
		return rc;
	rc = frame_append(history, slate, &known, (uint32_t)s->earlier.n, err);
	if (rc == 0)
		rc = set_window(s->spec, slate, err);
	if (rc)
		return err_prefix(err, "%s", path);
	rc = panel_new(TAKE(history), s->spec, &s->panel, err);
	return rc ? rc : naive_build(s->spec, s->panel, &s->baselines, err);
}

/* --- models --------------------------------------------------------------------------------- */

static int ask_models(struct slate *s, struct err *err)
{
#ifdef WITH_TRAINER
	AUTO(features) struct features *f = NULL;

	if (features_new(s->spec, s->panel, &f, err))
		return -err->code;
	double *matrix = features_build(f, s->panel);
	int rc = forecast_ask(s->spec, s->panel, f, matrix, 0, panel_cycle_of(s->spec, s->spec->test_end), &s->said,
			      err);

	free(matrix);
	return rc;
#else
	return err_set(err, ERR_INVALID, "this build has no trainer: configure without --without-trainer");
#endif
}

/* --- as one more cycle of the run --------------------------------------------------------------- */

static void add_number(struct buf *out, double v)
{
	(void)buf_addc(out, ',');
	if (!isnan(v))
		(void)buf_addf(out, "%.17g", v);
}

/* The line of a row of the slate, with the columns of the run's predictions. */
static void add_line(const struct slate *s, size_t row, size_t cycle, struct buf *out)
{
	const struct panel *p = s->panel;
	size_t group = *s->spec->group ? frame_find(p->frame, s->spec->group) : FRAME_NO_COLUMN;
	char day[16];

	(void)buf_addf(out, "%s,", day_text(day, p->day[row]));
	csv_add(out, p->entity_names.items[p->entity[row]]);
	(void)buf_addc(out, ',');
	if (group != FRAME_NO_COLUMN && p->frame->columns[group].codes[row] != FRAME_NO_WORD)
		csv_add(out, p->frame->columns[group].words.items[p->frame->columns[group].codes[row]]);
	(void)buf_addf(out, ",%zu,0,,,,,", cycle);
	for (size_t i = 0; i < s->spec->n_models; i++)
		add_number(out, s->said[row * s->spec->n_models + i]);
	for (size_t i = 0; i < s->spec->baselines.n; i++)
		add_number(out, s->baselines[row * s->spec->baselines.n + i]);
	(void)buf_addc(out, '\n');
}

static int add_run_lines(struct slate *s, const char *path, struct err *err)
{
	AUTO(file) FILE *f = fopen(path, "re");
	AUTO(str) char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	if (!f)
		return err_set(err, ERR_NOTFOUND, "the run has no predictions yet: it has to be done first (%s)", path);
	while (rc == 0 && (n = getline(&line, &cap, f)) > 0)
		rc = backtest_rows_add_line(&s->rows, line, (size_t)n, err);
	return rc;
}

static int settle(struct slate *s, const char *run, struct err *err)
{
	AUTO(str) char *folder = backtest_folder(run);
	AUTO(str) char *path = fs_join(folder, "predictions.csv");
	const struct settle_options opt = backtest_settle_options(s->spec);

	backtest_rows_init(&s->rows, path);
	int rc = add_run_lines(s, path, err);
	size_t cycle = s->rows.n_cycles;

	for (size_t i = 0; rc == 0 && i < s->panel->n; i++) {
		AUTO(buf) struct buf line = BUF_INIT(LINE_MAX_BYTES);

		if (!s->panel->eligible[i])
			continue;
		add_line(s, i, cycle, &line);
		rc = backtest_rows_add_line(&s->rows, line.data, line.len, err);
	}
	if (rc == 0)
		rc = backtest_rows_end(&s->rows, err);
	s->rows.what = NULL; /* path goes */
	return rc ? rc : backtest_settle(&s->rows, &opt, NULL, err);
}

/* --- what is printed -------------------------------------------------------------------------------- */

static void add_cell(struct table *t, double v)
{
	char text[32] = "";

	if (!isnan(v))
		snprintf(text, sizeof(text), "%.2f", v);
	table_cell(t, text);
}

static void print_slate(const struct app *a, const struct slate *s)
{
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();
	const struct backtest_rows *r = &s->rows;
	const struct backtest_column *headline = backtest_rows_baseline(r, s->spec->headline);
	bool json = output_format(a) == OUTPUT_JSON;

	table_column(&t, "DATE", false);
	table_column(&t, "ENTITY", false);
	table_column(&t, "PREDICTION", true);
	table_column(&t, "LOW", true);
	table_column(&t, "HIGH", true);
	table_column(&t, "BASELINE", true);
	for (size_t i = 0; i < r->n; i++) {
		char day[16];

		if (r->cycle[i] + 1 != r->n_cycles)
			continue;
		backtest_rows_day_text(day, r->slate_days[r->slate[i]]);
		if (json) {
			json_t *o = json_pack("{s:s, s:s}", "date", day, "entity", r->entities.items[r->entity[i]]);

			backtest_put_number(o, "prediction", r->fixed[BACKTEST_PREDICTION][i]);
			backtest_put_number(o, "low", r->fixed[BACKTEST_LOW][i]);
			backtest_put_number(o, "high", r->fixed[BACKTEST_HIGH][i]);
			backtest_put_number(o, s->spec->headline, headline ? headline->values[i] : NAN);
			json_array_append_new(list, o);
			continue;
		}
		table_cell(&t, day);
		table_cell(&t, r->entities.items[r->entity[i]]);
		add_cell(&t, r->fixed[BACKTEST_PREDICTION][i]);
		add_cell(&t, r->fixed[BACKTEST_LOW][i]);
		add_cell(&t, r->fixed[BACKTEST_HIGH][i]);
		add_cell(&t, headline ? headline->values[i] : NAN);
	}
	if (json)
		output_json(a, list);
	else
		table_print(&t, a);
}

int backtest_predict(struct app *a, struct err *err)
{
	AUTO(slate) struct slate s = {0};
	const char *run = a->cli.args.items[1], *path = app_value(a, OPT_SLATE);

	if (!path)
		return err_set(err, ERR_USAGE, "backtest predict needs the rows to be predicted: --slate FILE");
	if (load_run(a, run, &s, err) < 0 || load_rows(&s, path, err) < 0 || ask_models(&s, err) < 0 ||
	    settle(&s, run, err) < 0)
		return -err->code;
	for (size_t i = 0; i < s.panel->notes.n; i++)
		fprintf(stderr, "sagetop: %s\n", s.panel->notes.items[i]);
	print_slate(a, &s);
	return 0;
}
