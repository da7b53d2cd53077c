/* sagetop backtest predict RUN --slate FILE: what the models of the slate's cycle say of its rows,
 * kept ones where there are some, with intervals from the run's own errors. */
#include <assert.h>
#include <math.h>

#include "app/backtest.h"

#include "app/backtest_drive.h"
#include "app/output.h"
#include "base/digest.h"
#include "base/fs.h"
#include "trainer/panel/naive.h"
#include "trainer/panel/prediction.h"
#ifdef WITH_TRAINER
#include "app/backtest_kept.h"
#endif

#define LINE_MAX_BYTES ((size_t)1 << 20)

/* A slate on top of what a run knows. */
struct slate {
	char *folder; /* of the run, or of what was promoted */
	bool promoted;
	struct backtest_spec *spec; /* of the run, its test window up to the slate */
	int32_t first_day;	    /* of the slate */
	size_t cycle;
	struct strlist files, earlier;
	struct panel *panel;
	double *said;		   /* panel rows x models */
	double *baselines;	   /* panel rows x baselines */
	struct backtest_rows rows; /* the run's predictions and, as one more cycle, the slate's */
};

static void slate_done(struct slate *s)
{
	free(s->folder);
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
	s->folder = strchr(run, '/') ? xstrdup(run) : backtest_folder(run);
	AUTO(str) char *path = fs_join(s->folder, "spec.json");
	AUTO(str) char *card = fs_join(s->folder, BACKTEST_CARD);

	s->promoted = fs_exists(card);
	if (!fs_exists(path))
		return err_set(err, ERR_NOTFOUND, "there is no run %s: `sagetop backtest status` lists them", run);
	if (s->promoted && backtest_card_check(s->folder, err) < 0)
		return -err->code;
	if (backtest_spec_load(path, &s->spec, err) < 0 ||
	    backtest_data_files(a, "data.files", &s->spec->files, &s->files, err) < 0)
		return -err->code;
	return backtest_data_files(a, "data.earlier", &s->spec->earlier, &s->earlier, err);
}

/* The test window ends with the slate; its cycles are counted as the run's. */
static int set_window(struct slate *s, const struct frame *slate, struct err *err)
{
	struct backtest_spec *spec = s->spec;
	int32_t *days = NULL;

	if (!slate->n_rows)
		return err_set(err, ERR_INVALID, "has no rows");
	if (panel_days(slate, spec->date, &days, err))
		return -err->code;
	s->first_day = spec->test_end = days[0];
	for (size_t i = 1; i < slate->n_rows; i++) {
		s->first_day = MIN(s->first_day, days[i]);
		spec->test_end = MAX(spec->test_end, days[i]);
	}
	free(days);
	s->cycle = panel_cycle_of(spec, MAX(s->first_day, spec->test_start));
	return 0;
}

/* What a slate has is predicted, and no row of the days before it. All of it is of one cycle. */
static int take_slate(struct slate *s, struct err *err)
{
	struct panel *p = s->panel;
	char day[16], start[16];

	if (s->first_day < s->spec->test_start)
		return err_set(err, ERR_INVALID, "%s is before the run's first day, %s", day_text(day, s->first_day),
			       day_text(start, s->spec->test_start));
	for (size_t i = 0; i < p->n; i++) {
		p->eligible[i] = p->eligible[i] && p->day[i] >= s->first_day;
		if (p->eligible[i] && panel_cycle_of(s->spec, p->day[i]) != s->cycle)
			return err_set(err, ERR_INVALID,
				       "models are due to be trained again before %s: predict the days before it first",
				       day_text(day, p->day[i]));
	}
	return 0;
}

/* What a slate must have: what is known before it, and who and when. */
static void known_columns(const struct backtest_spec *spec, struct strlist *ret)
{
	for (size_t i = 0; i < spec->known_before.n; i++)
		strlist_add(ret, spec->known_before.items[i]);
	strlist_add(ret, spec->entity);
	strlist_add(ret, spec->date);
	if (!str_empty(spec->group))
		strlist_add(ret, spec->group);
}

static int load_rows(struct slate *s, const char *path, struct err *err)
{
	AUTO(strlist) struct strlist known = {0}, slate_path = {0}, text = {0};
	AUTO(frame) struct frame *history = NULL, *slate = NULL;
	int rc = panel_read(s->spec, &s->files, &s->earlier, &history, err);

	if (rc)
		return rc;
	assert(s->spec); /* load_run ended well */
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
		rc = set_window(s, slate, err);
	if (rc)
		return err_prefix(err, "%s", path);
	rc = panel_new(TAKE(history), s->spec, &s->panel, err);
	if (rc == 0)
		rc = take_slate(s, err);
	return rc ? rc : naive_build(s->spec, s->panel, &s->baselines, err);
}

/* --- models --------------------------------------------------------------------------------- */

#ifdef WITH_TRAINER
static void tell_models(const struct slate *s, const struct forecast *f)
{
	char day[16];

	day_text(day, panel_cutoff(s->spec, s->cycle));
	if (!f->trained)
		fprintf(stderr, "sagetop: by the kept models of cycle %zu (%zu), which know what was before %s\n",
			s->cycle, f->reused, day);
	else
		fprintf(stderr,
			"sagetop: %zu model%s of cycle %zu trained on what was before %s, %zu kept from before\n",
			f->trained, f->trained == 1 ? "" : "s", s->cycle, day, f->reused);
}

/* The models of the slate's cycle: those that are kept, unless what they have learned from is not
 * what the data say now. What has to be trained is kept for the next slate. */
static int ask_kept(struct slate *s, const struct features *f, const double *matrix, struct err *err)
{
	AUTO(backtest_kept) struct backtest_kept kept = {0};
	AUTO(forecast) struct forecast said = {0};
	AUTO(json) json_t *columns = json_array();
	struct forecast_job job = {.spec = s->spec,
				   .panel = s->panel,
				   .matrix = matrix,
				   .first_cycle = s->cycle,
				   .last_cycle = s->cycle,
				   .keep = backtest_kept_add,
				   .kept = backtest_kept_find,
				   .context = &kept};
	char learnt[SHA256_HEX_LEN];

	if (backtest_kept_open(s->folder, s->cycle, &kept, err) < 0)
		return -err->code;
	forecast_learnt_hex(s->spec, s->panel, s->cycle, learnt);
	if (kept.pack && !str_eq(backtest_kept_learnt(&kept, s->cycle), learnt)) {
		fprintf(stderr,
			"sagetop: the rows before the cut-off of cycle %zu have changed since its models were "
			"trained\n",
			s->cycle);
		backtest_kept_forget(&kept);
	}
	if (forecast_ask(&job, f, &said, err) < 0)
		return -err->code;
	tell_models(s, &said);
	s->said = TAKE(said.said);
	for (size_t i = 0; i < features_count(f); i++)
		json_array_append_new(columns, json_string(features_name(f, i)));
	return s->promoted ? 0 : backtest_kept_save(&kept, s->cycle, columns, learnt, err);
}
#endif

static int ask_models(struct slate *s, struct err *err)
{
#ifdef WITH_TRAINER
	AUTO(features) struct features *f = NULL;

	if (features_new(s->spec, s->panel, &f, err))
		return -err->code;
	double *matrix = features_build(f, s->panel);
	int rc = ask_kept(s, f, matrix, err);

	free(matrix);
	return rc;
#else
	return err_set(err, ERR_INVALID, "this build has no trainer: configure without --without-trainer");
#endif
}

/* --- as one more cycle of the run --------------------------------------------------------------- */

/* The line of a row of the slate, with the columns of the run's predictions. */
static void add_line(const struct slate *s, size_t row, struct buf *out)
{
	const struct prediction said = {s->cycle, s->said + row * s->spec->n_models,
					s->baselines + row * s->spec->baselines.n, NAN};
	const size_t n = s->rows.n_columns;

	prediction_add_row(s->spec, s->panel, row, &said, out);
	if (!n || s->rows.columns[n - 1].kind != BACKTEST_NEVER)
		return;
	buf_truncate(out, out->len - 1);
	(void)buf_adds(out, ",\n"); /* nobody asks what the first cycle's say */
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

static int settle(struct slate *s, struct err *err)
{
	AUTO(str) char *path = fs_join(s->folder, "predictions.csv");
	const struct settle_options opt = backtest_settle_options(s->spec);

	backtest_rows_init(&s->rows, path);
	int rc = add_run_lines(s, path, err);

	for (size_t i = 0; rc == 0 && i < s->panel->n; i++) {
		AUTO(buf) struct buf line = BUF_INIT(LINE_MAX_BYTES);

		if (!s->panel->eligible[i])
			continue;
		add_line(s, i, &line);
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

		if (r->slate_days[r->slate[i]] < s->first_day)
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
	    settle(&s, err) < 0)
		return -err->code;
	for (size_t i = 0; i < s.panel->notes.n; i++)
		fprintf(stderr, "sagetop: %s\n", s.panel->notes.items[i]);
	print_slate(a, &s);
	return 0;
}
