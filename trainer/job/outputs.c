/* Metrics, importance, predictions, baseline and model card beside the model. */
#include <math.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "trainer/fit/metric_compute.h"
#include "trainer/job/outputs.h"
#include "trainer/models/baseline.h"

#define CSV_MAX ((size_t)8 << 30)

int outputs_write_json(const char *dir, const char *name, const json_t *j, struct err *err)
{
	AUTO(str) char *path = fs_join(dir, name);
	AUTO(str) char *text = json_text_pretty(j);
	int rc = fs_mkdir_parent(path, 0755, err);

	return rc ? rc : fs_write_atomic(path, text, strlen(text), 0644, err);
}

int output_baseline(struct train_run *r, struct err *err)
{
	AUTO(json) json_t *j = baseline_compute(r->train, r->threads);

	return outputs_write_json(r->contract.model_dir, BASELINE_FILE, j, err);
}

/* --- metrics -------------------------------------------------------------------- */

/* JSON has no NaN: what is not finite becomes null. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *history_json(const struct history *h)
{
	json_t *out = json_object();

	for (size_t c = 0; c < h->columns.n; c++) {
		json_t *values = json_array();
		for (size_t i = 0; i < h->rounds; i++)
			json_array_append_new(values, number(h->values[i * h->columns.n + c]));
		json_object_set_new(out, h->columns.items[c], values);
	}
	return out;
}

int output_metrics(const struct train_run *r, const struct fit_result *result, struct err *err)
{
	const struct history *h = &result->history;
	size_t last = result->best_round >= 0 ? (size_t)result->best_round : h->rounds - 1;
	AUTO(json)
	json_t *j = json_pack("{s:s, s:i, s:b, s:b}", "objective", r->objective->name, "rounds", result->rounds,
			      "stopped_early", result->stopped_early, "interrupted", result->interrupted);

	if (result->best_round >= 0) {
		json_object_set_new(j, "best_round", json_integer(result->best_round));
		json_object_set_new(j, "best_metric", json_string(result->best_metric));
		json_object_set_new(j, "best_value", number(result->best_value));
	}
	json_t *final = json_object();
	for (size_t c = 0; h->rounds && c < h->columns.n; c++)
		json_object_set_new(final, h->columns.items[c], number(h->values[last * h->columns.n + c]));
	json_object_set_new(j, "metrics", final);
	json_object_set_new(j, "history", history_json(h));
	return outputs_write_json(r->contract.output_dir, "metrics.json", j, err);
}

int output_importance(const struct train_run *r, struct booster *b, struct err *err)
{
	static const char *const kinds[] = {"weight", "gain", "cover", "total_gain", "total_cover"};
	bool linear = str_eq(hyper_text(&r->hyper, HP_booster), "gblinear");
	AUTO(json) json_t *j = json_object();

	for (size_t k = 0; k < (linear ? 1 : ARRAY_LEN(kinds)); k++) {
		AUTO(importance) struct importance scores = {0};
		int rc = booster_importance(b, kinds[k], &scores, err);
		if (rc)
			return rc;
		json_t *one = json_object();
		for (size_t i = 0; i < scores.names.n; i++)
			json_object_set_new(one, scores.names.items[i], number(scores.scores[i]));
		json_object_set_new(j, kinds[k], one);
	}
	return outputs_write_json(r->contract.output_dir, "feature-importance.json", j, err);
}

/* --- the model card ---------------------------------------------------------------- */

static json_t *channel_json(const struct dataset *d)
{
	json_t *j = json_pack("{s:I, s:I, s:I, s:s}", "rows", (json_int_t)d->rows, "columns", (json_int_t)d->columns,
			      "bytes", (json_int_t)d->bytes_read, "sha256", d->data_hash);

	if (d->feature_names.n == d->columns && d->columns <= BASELINE_COLUMNS_MAX) {
		json_t *names = json_array();
		for (size_t i = 0; i < d->columns; i++)
			json_array_append_new(names, json_string(d->feature_names.items[i]));
		json_object_set_new(j, "features", names);
	}
	return j;
}

int output_card(const struct train_run *r, const json_t *details, struct err *err)
{
	char now[TIMEFMT_LEN];
	AUTO(json)
	json_t *j =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:f}", "format", "sagetop model card 1", "created",
			  timefmt_iso(now, clock_now_ms()), "trainer", SAGETOP_VERSION, "libxgboost",
			  booster_library_version(), "objective", r->objective->name, "threads", r->threads, "hosts",
			  (int)r->contract.hosts.n, "seconds", (double)(clock_mono_ms() - r->started_ms) / 1000);
	json_t *hyper = json_object(), *data = json_object();

	for (int i = 0; i < HYPER_COUNT; i++)
		if (hyper_given(&r->hyper, (enum hyper_id)i))
			json_object_set_new(hyper, hyper_name((enum hyper_id)i),
					    json_string(hyper_text(&r->hyper, (enum hyper_id)i)));
	json_object_set_new(data, "train", channel_json(r->train));
	if (r->validation)
		json_object_set_new(data, "validation", channel_json(r->validation));
	json_object_set_new(j, "hyperparameters", hyper);
	json_object_set_new(j, "data", data);
	if (details)
		json_object_update(j, (json_t *)details);
	return outputs_write_json(r->contract.model_dir, CARD_FILE, j, err);
}

/* --- the channel test ------------------------------------------------------------------ */

static int write_predictions(const struct train_run *r, const struct predictions *p, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(CSV_MAX);
	AUTO(str) char *path = fs_join(r->contract.output_dir, "predictions-test.csv");

	for (size_t i = 0; i < p->rows; i++)
		for (size_t k = 0; k < p->columns; k++)
			(void)buf_addf(&out, "%.9g%c", (double)p->values[i * p->columns + k],
				       k + 1 < p->columns ? ',' : '\n');
	if (out.overflow)
		return err_set(err, ERR_TOOBIG, "the predictions of channel test are too large for one file");
	return fs_write_atomic(path, buf_str(&out), out.len, 0644, err);
}

static int evaluate_test(const struct train_run *r, struct booster *b, const struct dataset *d, struct matrix *m,
			 const struct predictions *p, struct err *err)
{
	const char *name = "test";
	AUTO(eval_values) struct eval_values values = {0};
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	AUTO(json) json_t *j = json_object();
	int rc = booster_evaluate(b, 0, &m, &name, 1, &values, err);

	for (size_t i = 0; !rc && i < r->hyper.metrics.n; i++) {
		const struct metric *metric = metric_find(r->hyper.metrics.items[i]);
		double value;
		if (!metric->own)
			continue;
		rc = metric_compute(metric, r->objective, r->classes, d, p->values, p->columns, &value, err);
		eval_values_add(&values, 0, metric->name, value);
	}
	if (rc)
		return rc;
	for (size_t i = 0; i < values.n; i++) {
		(void)buf_addf(&line, "\ttest-%s:%.5f", values.items[i].name, values.items[i].value);
		json_object_set_new(j, values.items[i].name, number(values.items[i].value));
	}
	printf("channel test, %zu rows:%s\n", d->rows, buf_str(&line));
	return outputs_write_json(r->contract.output_dir, "metrics-test.json", j, err);
}

static const char *without_prefix(const struct err *err, const char *prefix)
{
	return str_starts(err->msg, prefix) ? err->msg + strlen(prefix) : err->msg;
}

/* Test files may or may not carry labels: without them first, as for serving. Where
 * neither reading works, only the user knows which one was meant. */
static int load_test(const struct train_run *r, struct dataset **ret, struct err *err)
{
	static const char prefix[] = "channel test: ";
	struct err bare = {0}, labelled = {0};

	if (!r->train->row_start && !train_load_channel(r, "test", false, ret, &bare))
		return 0;
	if (!train_load_channel(r, "test", true, ret, &labelled))
		return 0;
	if (!bare.code || str_eq(bare.msg, labelled.msg))
		return err_set(err, labelled.code, "%s", labelled.msg);
	return err_set(err, labelled.code, "%swithout labels: %s; with labels: %s", prefix,
		       without_prefix(&bare, prefix), without_prefix(&labelled, prefix));
}

int output_test(struct train_run *r, struct booster *b, struct err *err)
{
	AUTO(dataset) struct dataset *d = NULL;
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(predictions) struct predictions p = {0};

	if (!contract_channel(&r->contract, "test"))
		return 0;
	int rc = load_test(r, &d, err);
	if (rc)
		return rc;
	rc = train_matrix(r, d, &m, err);
	if (!rc)
		rc = booster_predict(b, m, NULL, &p, err);
	if (!rc)
		rc = write_predictions(r, &p, err);
	if (rc)
		return err_prefix(err, "channel test");
	return d->labels ? evaluate_test(r, b, d, m, &p, err) : 0;
}
