/* The loop over the rounds of one model. */
#include <math.h>

#include "trainer/fit/checkpoint.h"
#include "trainer/fit/metric_compute.h"

#define MODEL_BYTES_MAX ((size_t)8 << 30)

void history_done(struct history *h)
{
	strlist_done(&h->columns);
	free(h->values);
	*h = (struct history){0};
}

double history_value(const struct history *h, size_t round, const char *column)
{
	for (size_t i = 0; i < h->columns.n; i++)
		if (str_eq(h->columns.items[i], column))
			return h->values[round * h->columns.n + i];
	return NAN;
}

static void history_line(const struct history *h, size_t round, struct buf *out)
{
	(void)buf_addf(out, "[%zu]", round);
	for (size_t i = 0; i < h->columns.n; i++)
		(void)buf_addf(out, "\t%s:%.5f", h->columns.items[i], h->values[round * h->columns.n + i]);
}

void fit_result_done(struct fit_result *r)
{
	booster_free(r->booster);
	buf_done(&r->model);
	history_done(&r->history);
	*r = (struct fit_result){0};
}

/* --- the state of one run ------------------------------------------------------------ */

struct fit {
	const struct fit_job *job;
	struct fit_result *out;
	struct strmap params;
	struct strlist library_metrics;
	struct learner *learner;
	size_t sets;
	int stale; /* rounds since the best one */
	bool maximize;
	int patience;	 /* early_stopping_rounds, 0: off */
	struct buf best; /* gblinear cannot be cut: the best model's bytes */
	int interval;	 /* rounds between checkpoints, 0: none */
	bool draws;
};

/* Tweedie's metric carries its power in the library's name; jobs name it bare. */
void fit_library_metrics(const struct hyper *h, struct strlist *ret)
{
	double rho = hyper_float(h, HP_tweedie_variance_power);

	for (size_t i = 0; i < h->metrics.n; i++) {
		const char *name = h->metrics.items[i];
		if (str_eq(name, "tweedie-nloglik"))
			strlist_take(ret, xasprintf("%s@%g", name, isnan(rho) ? 1.5 : rho));
		else if (!metric_find(name)->own)
			strlist_add(ret, name);
	}
}

const char *fit_job_metric_name(const char *library_name)
{
	return str_starts(library_name, "tweedie-nloglik@") ? "tweedie-nloglik" : library_name;
}

static void fit_setup(struct fit *f)
{
	const struct hyper *h = f->job->hyper;

	f->sets = f->job->data[1] ? 2 : 1;
	f->out->best_round = -1;
	hyper_library_params(h, f->job->matrix.threads, &f->params);
	fit_library_metrics(h, &f->library_metrics);
	if (f->sets == 2)
		f->patience = (int)hyper_int(h, HP_early_stopping_rounds);
	f->interval = f->job->checkpoint_dir ? (int)hyper_int(h, HP_checkpoint_interval) : 0;
	f->draws = checkpoint_draws(h);
	/* A linear model cannot be cut to its best round, so that one is kept in
	 * memory, where a resumed run would miss it. */
	if (f->patience && str_eq(hyper_text(h, HP_booster), "gblinear"))
		f->interval = 0;
	buf_init(&f->best, SIZE_MAX);
}

static void fit_teardown(struct fit *f)
{
	strmap_done(&f->params);
	strlist_done(&f->library_metrics);
	buf_done(&f->best);
	learner_free(f->learner);
}

/* --- evaluation --------------------------------------------------------------------------- */

static int evaluate_own(struct fit *f, size_t set, struct eval_values *out, struct err *err)
{
	const struct fit_job *job = f->job;
	const struct hyper *h = job->hyper;
	AUTO(predictions) struct predictions p = {0};

	for (size_t i = 0; i < h->metrics.n; i++) {
		const struct metric *m = metric_find(h->metrics.items[i]);
		double value;
		if (!m->own)
			continue;
		int rc = p.values ? 0 : learner_predict(f->learner, set, &p, err);
		if (!rc)
			rc = metric_compute(m, job->objective, (int)hyper_int(h, HP_num_class), job->data[set],
					    p.values, p.columns, &value, err);
		if (rc)
			return rc;
		eval_values_add(out, set, m->name, value);
	}
	return 0;
}

static void history_add(struct fit *f, const struct eval_values *values)
{
	struct history *h = &f->out->history;

	if (!h->columns.n)
		for (size_t i = 0; i < values->n; i++)
			strlist_take(&h->columns, xasprintf("%s-%s", f->job->set_names[values->items[i].set],
							    fit_job_metric_name(values->items[i].name)));
	size_t n = h->columns.n;
	if (h->rounds == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 64;
		h->values = xreallocarray(h->values, h->cap, MAX(n, 1) * sizeof(double));
	}
	for (size_t i = 0; i < n; i++)
		h->values[h->rounds * n + i] = i < values->n ? values->items[i].value : NAN;
	h->rounds++;
}

/* The library's metrics of all sets stand first, ours follow: the order of the
 * lines that SageMaker's image prints. */
static int evaluate(struct fit *f, int round, struct err *err)
{
	AUTO(eval_values) struct eval_values values = {0};
	int rc = learner_evaluate(f->learner, round, f->job->set_names, &values, err);

	for (size_t set = 0; !rc && set < f->sets; set++)
		rc = evaluate_own(f, set, &values, err);
	if (!rc)
		history_add(f, &values);
	return rc;
}

/* --- early stopping --------------------------------------------------------------------------- */

/* The tuning objective's metric, else the last one asked for, else the last
 * that the objective brings. */
static void choose_metric(struct fit *f)
{
	const struct hyper *h = f->job->hyper;
	const struct history *y = &f->out->history;
	const char *name = h->tuning_metric;

	if (!name && h->metrics.n)
		name = h->metrics.items[h->metrics.n - 1];
	if (name)
		snprintf(f->out->best_metric, sizeof(f->out->best_metric), "%s-%s", f->job->set_names[1], name);
	else
		str_copy(f->out->best_metric, sizeof(f->out->best_metric), y->columns.items[y->columns.n - 1]);
	const struct metric *m = metric_find(f->out->best_metric + strlen(f->job->set_names[1]) + 1);
	f->maximize = m && m->maximize;
}

/* Judge one round of the history; true where training should end. */
static bool judge(struct fit *f, size_t round, bool *improved)
{
	struct fit_result *r = f->out;

	*improved = false;
	if (!f->patience)
		return false;
	if (!*r->best_metric)
		choose_metric(f);
	double value = history_value(&r->history, round, r->best_metric);
	if (r->best_round < 0 || (f->maximize ? value > r->best_value : value < r->best_value)) {
		r->best_round = (int)round;
		r->best_value = value;
		f->stale = 0;
		*improved = true;
		return false;
	}
	return ++f->stale >= f->patience;
}

static bool is_linear(const struct fit *f)
{
	return str_eq(hyper_text(f->job->hyper, HP_booster), "gblinear");
}

static int keep_best(struct fit *f, struct err *err)
{
	if (!is_linear(f))
		return 0;
	buf_clear(&f->best);
	return learner_save(f->learner, &f->best, err);
}

static int reload(struct fit *f, const struct buf *model, int round, struct err *err);

/* The model, cut to its best round with the marks that Python's package reads
 * where it stopped for one. */
static int finish(struct fit *f, struct err *err)
{
	struct fit_result *r = f->out;
	AUTO(strmap) struct strmap attributes = {0};
	char text[40];
	int rc = 0;

	for (size_t i = 0; f->job->attributes && i < f->job->attributes->n; i++)
		strmap_set(&attributes, f->job->attributes->items[i].name, f->job->attributes->items[i].value);
	if (r->best_round >= 0) {
		r->rounds = r->best_round + 1;
		snprintf(text, sizeof(text), "%d", r->best_round);
		strmap_set(&attributes, "best_iteration", text);
		snprintf(text, sizeof(text), "%.17g", r->best_value);
		strmap_set(&attributes, "best_score", text);
		if (is_linear(f) && f->best.len)
			rc = reload(f, &f->best, r->rounds, err);
	}
	if (rc)
		return rc;
	buf_init(&r->model, MODEL_BYTES_MAX);
	return f->job->format ? learner_write(f->learner, r->rounds, &attributes, *f->job->format, &r->model, err)
			      : learner_finish(f->learner, r->rounds, &attributes, &r->booster, err);
}

/* --- checkpoints ------------------------------------------------------------------------------- */

static int reload(struct fit *f, const struct buf *model, int round, struct err *err)
{
	char seed[24];

	if (f->draws) {
		snprintf(seed, sizeof(seed), "%lld",
			 (long long)checkpoint_seed(hyper_int(f->job->hyper, HP_seed), round));
		strmap_set(&f->params, "seed", seed);
	}
	return learner_load(f->learner, model, &f->params, err);
}

static int save_checkpoint(struct fit *f, int round, struct err *err)
{
	struct checkpoint c = {.round = round, .model = BUF_INIT(SIZE_MAX), .history = f->out->history};
	int rc = learner_save(f->learner, &c.model, err);

	if (!rc && booster_rank() == 0)
		rc = checkpoint_write(f->job->checkpoint_dir, f->job->fingerprint, &c, err);
	if (!rc && f->draws)
		rc = reload(f, &c.model, round, err);
	buf_done(&c.model);
	return rc;
}

/* The first host's checkpoint counts for all of them. */
static int share_checkpoint(const struct fit *f, struct checkpoint *c, struct err *err)
{
	AUTO(buf) struct buf bytes = BUF_INIT(SIZE_MAX);
	int rc = booster_rank() ? 0 : checkpoint_pack(f->job->fingerprint, c, &bytes, err);
	uint64_t n = bytes.len;

	if (!rc)
		rc = booster_broadcast(&n, sizeof(n), 0, err);
	if (!rc && booster_rank() && buf_reserve(&bytes, n))
		rc = err_set(err, ERR_TOOBIG, "the checkpoint of the first host is too large");
	if (!rc)
		rc = booster_broadcast(bytes.data, n, 0, err);
	return rc || !booster_rank() ? rc : checkpoint_unpack(bytes.data, n, NULL, c, err);
}

static int resume(struct fit *f, struct err *err)
{
	AUTO(strlist) struct strlist notices = {0};
	AUTO(checkpoint) struct checkpoint c = {0};
	bool improved;
	int rc = booster_rank() ? 0
				: checkpoint_read(f->job->checkpoint_dir, f->job->fingerprint,
						  (int)hyper_int(f->job->hyper, HP_num_round), &c, &notices, err);

	for (size_t i = 0; i < notices.n; i++)
		printf("%s\n", notices.items[i]);
	if (!rc && booster_world() > 1)
		rc = share_checkpoint(f, &c, err);
	if (rc || !c.round)
		return rc;
	rc = reload(f, &c.model, c.round, err);
	if (rc)
		return err_prefix(err, "checkpoint of round %d", c.round);
	history_done(&f->out->history);
	f->out->history = c.history;
	c.history = (struct history){0};
	for (size_t i = 0; i < f->out->history.rounds; i++)
		(void)judge(f, i, &improved);
	f->out->rounds = c.round;
	printf("resumed from the checkpoint of round %d\n", c.round);
	return 0;
}

/* --- the loop --------------------------------------------------------------------------------------- */

/* All hosts must agree to stop, or one would wait for the others for ever. */
static int stop_asked(const struct fit *f, bool *ret, struct err *err)
{
	double asked = f->job->stop && *f->job->stop;
	int rc = booster_sum(&asked, 1, err);

	*ret = asked > 0;
	return rc;
}

static void print_round(const struct fit *f, size_t round)
{
	if (f->job->quiet || booster_rank())
		return;
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	history_line(&f->out->history, round, &line);
	puts(buf_str(&line));
	fflush(stdout);
}

/* Without random draws any round is a point to resume from. With them only the
 * regular ones are, since an uninterrupted run starts afresh there. */
static bool checkpoint_due(const struct fit *f, int done, int total, bool stopping)
{
	if (!f->interval || done == total)
		return false;
	return done % f->interval == 0 || (stopping && !f->draws);
}

/* A job that shows no rounds and needs no best one is judged once, at its end. */
static bool evaluation_due(const struct fit *f, int done, int total, bool stopping)
{
	return !f->job->quiet || f->patience || done == total || stopping;
}

static int run_rounds(struct fit *f, struct err *err)
{
	struct fit_result *r = f->out;
	int total = (int)hyper_int(f->job->hyper, HP_num_round), rc = 0;
	bool stopping = false, improved;

	while (r->rounds < total && !stopping && !r->stopped_early) {
		int round = r->rounds;
		rc = learner_round(f->learner, round, err);
		if (!rc)
			rc = stop_asked(f, &stopping, err);
		if (!rc && evaluation_due(f, round + 1, total, stopping))
			rc = evaluate(f, round, err);
		if (rc)
			return rc;
		r->rounds = round + 1;
		print_round(f, (size_t)round);
		r->stopped_early = judge(f, (size_t)round, &improved);
		if (improved)
			rc = keep_best(f, err);
		if (!rc && !r->stopped_early && checkpoint_due(f, r->rounds, total, stopping))
			rc = save_checkpoint(f, r->rounds, err);
		if (rc)
			return rc;
	}
	r->interrupted = stopping && r->rounds < total && !r->stopped_early;
	return 0;
}

int fit_run(const struct fit_job *job, struct fit_result *ret, struct err *err)
{
	AUTO(fit_result) struct fit_result out = {0};
	struct fit f = {.job = job, .out = &out};

	fit_setup(&f);
	struct learner_job learner = {
		.hyper = job->hyper,
		.data = {job->data[0], job->data[1]},
		.names = {str_or(job->origin, "channel train"), str_or(job->origin, "channel validation")},
		.matrix = job->matrix,
		.metrics = &f.library_metrics,
		.kit = job->kit,
		.shared = job->shared,
		.loaded = job->loaded,
		.context = job->context,
	};
	int rc = learner_new(&learner, &f.params, &f.learner, err);
	if (!rc && f.interval)
		rc = resume(&f, err);
	if (!rc)
		rc = run_rounds(&f, err);
	if (!rc)
		rc = finish(&f, err);
	fit_teardown(&f);
	if (rc)
		return rc;
	*ret = out;
	out = (struct fit_result){0};
	return 0;
}
