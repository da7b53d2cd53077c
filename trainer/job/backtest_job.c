/* A job of a backtest, from its contract to its predictions. */
#include "trainer/job/backtest_job.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "trainer/forecast/forecast.h"
#include "trainer/models/pack.h"
#include "trainer/panel/naive.h"
#include "trainer/panel/prediction.h"
#include "trainer/read/source.h"

#define PREDICTIONS_MAX ((size_t)2 << 30)

/* A model until the files are written, in order of the names. */
struct kept_model {
	char *name;
	void *bytes;
	size_t n;
};

struct backtest_run {
	const struct contract *contract;
	struct backtest_spec *spec;
	struct panel *panel;
	struct features *features;
	double *matrix, *baselines, *scales;
	struct strlist names;
	struct forecast_job job;
	struct forecast forecast;
	struct kept_model *kept;
	size_t n_kept, cap_kept;
	size_t last_cycle; /* of the whole backtest */
	size_t kept_cycle; /* the last that has a row: its models are the last ones */
	int64_t started_ms, trained_ms;
};

static void backtest_run_done(struct backtest_run *r)
{
	backtest_spec_free(r->spec);
	panel_free(r->panel);
	features_free(r->features);
	free(r->matrix);
	free(r->baselines);
	free(r->scales);
	strlist_done(&r->names);
	forecast_done(&r->forecast);
	for (size_t i = 0; i < r->n_kept; i++) {
		free(r->kept[i].name);
		free(r->kept[i].bytes);
	}
	free(r->kept);
}
AUTO_EMBEDDED(backtest_run, struct backtest_run, backtest_run_done)

/* --- what is asked for --------------------------------------------------------------------- */

static int load_spec(struct backtest_run *r, struct err *err)
{
	const struct channel *c = contract_channel(r->contract, BACKTEST_CHANNEL);
	AUTO(source) struct source files = {0};
	int rc = source_add_dir(&files, c->dir, err);

	if (rc == 0 && files.n != 1)
		rc = err_set(err, ERR_INVALID, "it has %zu files, and should have one, the specification", files.n);
	if (rc == 0)
		rc = backtest_spec_load(files.files[0].path, &r->spec, err);
	return rc ? err_prefix(err, "channel %s", BACKTEST_CHANNEL) : 0;
}

static const char *setting(const struct contract *c, const char *name)
{
	return str_or(json_get_str(c->hyperparameters, name), "");
}

static int bad_setting(const struct contract *c, const char *name, const char *right, struct err *err)
{
	return err_set(err, ERR_INVALID, "hyperparameter %s is \"%.40s\": %s", name, setting(c, name), right);
}

static int read_pair(const char *text, char separator, size_t *a, size_t *b)
{
	AUTO(strlist) struct strlist parts = {0};
	uint64_t x, y;

	strlist_split(&parts, text, separator);
	if (parts.n != 2 || !str_to_u64(parts.items[0], &x) || !str_to_u64(parts.items[1], &y))
		return -ERR_INVALID;
	*a = (size_t)x;
	*b = (size_t)y;
	return 0;
}

static int read_settings(struct backtest_run *r, struct err *err)
{
	const struct contract *c = r->contract;
	struct forecast_job *j = &r->job;
	const char *name;
	json_t *value;
	int64_t threads = contract_processors("/sys/fs/cgroup");

	json_object_foreach(c->hyperparameters, name, value)
	{
		if (!str_eq(name, "backtest_cycles") && !str_eq(name, "backtest_part") && !str_eq(name, "nthread") &&
		    !str_starts(name, "sagemaker_"))
			return err_set(
				err, ERR_INVALID,
				"Extraneous hyperparameter found: %s (the specification in channel %s says the rest)",
				name, BACKTEST_CHANNEL);
	}
	r->last_cycle = panel_cycle_of(r->spec, r->spec->test_end);
	*j = (struct forecast_job){.first_cycle = 0, .last_cycle = r->last_cycle, .part = 1, .parts = 1};
	if (*setting(c, "backtest_cycles") &&
	    (read_pair(setting(c, "backtest_cycles"), '-', &j->first_cycle, &j->last_cycle) ||
	     j->first_cycle > j->last_cycle || j->last_cycle > r->last_cycle))
		return bad_setting(c, "backtest_cycles", "it takes two cycles of the test window, such as 0-14", err);
	if (*setting(c, "backtest_part") &&
	    (read_pair(setting(c, "backtest_part"), '/', &j->part, &j->parts) || j->part < 1 || j->part > j->parts))
		return bad_setting(c, "backtest_part", "it takes a part of several, such as 1/3", err);
	if (*setting(c, "nthread") && (!str_to_i64(setting(c, "nthread"), &threads) || threads < 1 || threads > 1024))
		return bad_setting(c, "nthread", "it takes a number of threads", err);
	j->threads = (int)threads;
	return 0;
}

/* --- rows and features ----------------------------------------------------------------------- */

/* The specification's files lie in the channel under their own names. */
static void find_files(const struct channel *c, const struct strlist *named, struct strlist *ret)
{
	for (size_t i = 0; i < named->n; i++) {
		const char *slash = strrchr(named->items[i], '/');
		AUTO(str) char *path = fs_join(c->dir, slash ? slash + 1 : named->items[i]);

		if (fs_exists(path))
			strlist_add(ret, path);
	}
}

static int load_rows(struct backtest_run *r, struct err *err)
{
	const struct channel *c = contract_channel(r->contract, "train");
	AUTO(strlist) struct strlist files = {0}, earlier = {0};

	if (!c)
		return err_set(err, ERR_INVALID, "the job has no channel train: the rows of the backtest");
	find_files(c, &r->spec->files, &files);
	find_files(c, &r->spec->earlier, &earlier);
	if (!files.n)
		return err_set(err, ERR_INVALID, "channel train: has none of the files that data.files names");
	int rc = panel_load(r->spec, &files, &earlier, &r->panel, err);

	if (rc == 0)
		rc = features_new(r->spec, r->panel, &r->features, err);
	if (rc == 0)
		rc = naive_build(r->spec, r->panel, &r->baselines, err);
	if (rc)
		return err_prefix(err, "channel train");
	for (size_t i = 0; i < r->panel->notes.n; i++)
		printf("channel train: %s\n", r->panel->notes.items[i]);
	features_names(r->features, &r->names);
	for (size_t i = 0; i < r->panel->n; i++)
		if (r->panel->eligible[i])
			r->kept_cycle = panel_cycle_of(r->spec, r->panel->day[i]);
	r->scales = naive_scales(r->panel, r->spec->test_start);
	int64_t read_ms = clock_mono_ms();

	r->matrix = features_build(r->features, r->panel);
	int64_t now_ms = clock_mono_ms();

	printf("%zu rows of %zu entities, %zu features, %lld ms, the features %lld of them\n", r->panel->n,
	       r->panel->entity_names.n, r->names.n, (long long)(now_ms - r->started_ms),
	       (long long)(now_ms - read_ms));
	return 0;
}

/* --- models ------------------------------------------------------------------------------------ */

static bool wanted(const struct backtest_run *r, size_t cycle)
{
	if (str_eq(r->spec->keep_models, "none"))
		return false;
	return str_eq(r->spec->keep_models, "all") || cycle == r->kept_cycle;
}

/* Threads bring them in no order. */
static int keep_model(void *context, const struct forecast_model *m, struct err *err)
{
	struct backtest_run *r = context;

	if (!wanted(r, m->cycle))
		return 0;
	GROW(r->kept, r->cap_kept, r->n_kept + 1);
	r->kept[r->n_kept++] = (struct kept_model){
		.name = forecast_model_name(m->cycle, m->of, m->entity), .bytes = xmemdup(m->bytes, m->n), .n = m->n};
	return 0;
}

static int compare_kept(const void *a, const void *b)
{
	return strcmp(((const struct kept_model *)a)->name, ((const struct kept_model *)b)->name);
}

/* What the models of each cycle that is kept have learned from. */
static json_t *learnt_json(const struct backtest_run *r)
{
	json_t *o = json_object();

	for (size_t cycle = r->job.first_cycle; cycle <= r->job.last_cycle; cycle++) {
		AUTO(str) char *name = xasprintf("c%zu", cycle);
		char hex[SHA256_HEX_LEN];

		if (!wanted(r, cycle))
			continue;
		forecast_learnt_hex(r->spec, r->panel, cycle, hex);
		json_object_set_new(o, name, json_string(hex));
	}
	return o;
}

static int write_models(const struct backtest_run *r, struct err *err)
{
	AUTO(pack_writer) struct pack_writer *w = NULL;

	if (!r->n_kept)
		return 0;
	qsort(r->kept, r->n_kept, sizeof(*r->kept), compare_kept);
	int rc = pack_create(r->contract->model_dir, "", &w, err);

	for (size_t i = 0; rc == 0 && i < r->n_kept; i++)
		rc = pack_add(w, r->kept[i].name, r->kept[i].bytes, r->kept[i].n, NULL, err);
	AUTO(json)
	json_t *about = json_pack("{s:o, s:o, s:o}", "backtest", backtest_spec_json(r->spec), "columns",
				  json_from_strlist(&r->names), "learnt", learnt_json(r));

	return rc ? rc : pack_finish(w, about, err);
}

static void show_progress(void *context, size_t done, size_t all)
{
	struct backtest_run *r = context;
	int64_t now = clock_mono_ms();

	if (done < all && now - r->trained_ms < 5000)
		return;
	r->trained_ms = now;
	printf("[%zu/%zu] models, %.1f s\n", done, all, (double)(now - r->started_ms) / 1000);
	fflush(stdout);
}

/* --- what comes out ------------------------------------------------------------------------------- */

static int write_file(const struct backtest_run *r, const char *name, const void *data, size_t n, struct err *err)
{
	AUTO(str) char *path = fs_join(r->contract->output_dir, name);

	return fs_write_atomic(path, data, n, 0644, err);
}

static int write_predictions(const struct backtest_run *r, size_t *ret_rows, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(PREDICTIONS_MAX);

	*ret_rows = 0;
	prediction_add_header(r->spec, &out);
	for (size_t i = 0; i < r->panel->n; i++)
		if (forecast_covers(&r->job, i)) {
			const struct prediction said = {
				panel_cycle_of(r->spec, r->panel->day[i]), r->forecast.said + i * r->spec->n_models,
				r->baselines + i * r->spec->baselines.n, r->scales[r->panel->entity[i]]};

			prediction_add_row(r->spec, r->panel, i, &said, &out);
			(*ret_rows)++;
		}
	if (out.overflow)
		return err_set(err, ERR_TOOBIG, "the predictions are larger than %zu MiB: give the job fewer cycles",
			       PREDICTIONS_MAX >> 20);
	return write_file(r, "predictions.csv", out.data, out.len, err);
}

/* The job that trains the first cycle says what its models would say all along. */
static int write_never(const struct backtest_run *r, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(PREDICTIONS_MAX);

	if (!r->forecast.never)
		return 0;
	prediction_add_never_header(r->spec, &out);
	for (size_t i = 0; i < r->panel->n; i++)
		if (r->panel->eligible[i] && forecast_in_part(&r->job, r->panel->entity[i]))
			prediction_add_never_row(r->spec, r->panel, i, r->forecast.never + i * r->spec->n_models, &out);
	if (out.overflow)
		return err_set(err, ERR_TOOBIG, "never.csv is larger than %zu MiB", PREDICTIONS_MAX >> 20);
	return write_file(r, "never.csv", out.data, out.len, err);
}

static int write_json(const struct backtest_run *r, const char *name, const json_t *j, struct err *err)
{
	AUTO(str) char *text = json_text_pretty(j);

	return write_file(r, name, text, strlen(text), err);
}

static int write_importances(const struct backtest_run *r, struct err *err)
{
	AUTO(json) json_t *all = json_object();

	for (size_t m = 0; m < r->spec->n_models; m++) {
		json_t *of = json_object();

		for (size_t k = 0; k < r->names.n; k++) {
			double gain = r->forecast.gains[m * r->names.n + k];

			if (gain > 0 && isfinite(gain))
				json_object_set_new(of, r->names.items[k], json_real(gain));
		}
		json_object_set_new(all, r->spec->models[m].name, of);
	}
	return write_json(r, "importances.json", all, err);
}

static int write_outputs(const struct backtest_run *r, struct err *err)
{
	size_t rows;
	int rc = write_predictions(r, &rows, err);

	if (rc == 0)
		rc = write_never(r, err);
	if (rc == 0)
		rc = write_importances(r, err);
	if (rc == 0)
		rc = write_models(r, err);
	if (rc)
		return rc;
	AUTO(str) char *part = xasprintf("%zu/%zu", r->job.part, r->job.parts);
	AUTO(json)
	json_t *about = json_pack("{s:[I,I], s:s, s:I, s:I, s:I, s:f}", "cycles", (json_int_t)r->job.first_cycle,
				  (json_int_t)r->job.last_cycle, "part", part, "rows", (json_int_t)rows, "models",
				  (json_int_t)r->forecast.trained, "fallbacks", (json_int_t)r->forecast.fallbacks,
				  "seconds", (double)(clock_mono_ms() - r->started_ms) / 1000);

	printf("%zu rows predicted, %zu models trained\n", rows, r->forecast.trained);
	return write_json(r, "backtest.json", about, err);
}

int backtest_job(const struct contract *c, const volatile sig_atomic_t *stop, struct err *err)
{
	AUTO(backtest_run)
	struct backtest_run r = {.contract = c, .started_ms = clock_mono_ms()};
	int rc = load_spec(&r, err);

	assert(rc || r.spec);
	if (rc == 0)
		rc = read_settings(&r, err);
	if (rc == 0)
		rc = load_rows(&r, err);
	if (rc)
		return rc;
	printf("sagetop-trainer " SAGETOP_VERSION ": backtest %s, cycles %zu to %zu, part %zu of %zu, %d thread%s\n",
	       r.spec->name, r.job.first_cycle, r.job.last_cycle, r.job.part, r.job.parts, r.job.threads,
	       r.job.threads > 1 ? "s" : "");
	r.job.spec = r.spec;
	r.job.panel = r.panel;
	r.job.matrix = r.matrix;
	r.job.names = &r.names;
	r.job.stop = stop;
	r.job.keep = str_eq(r.spec->keep_models, "none") ||
				     (str_eq(r.spec->keep_models, "last") && r.job.last_cycle < r.kept_cycle)
			     ? NULL
			     : keep_model;
	r.job.never = r.job.first_cycle == 0 && r.last_cycle > 0;
	r.job.progress = show_progress;
	r.job.context = &r;
	rc = forecast_run(&r.job, &r.forecast, err);
	return rc ? rc : write_outputs(&r, err);
}
