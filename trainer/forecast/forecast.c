/* A forecast's models as tasks that threads take one after the other: each writes to
 * places of its own, so that no result depends on who was faster. */
#include "trainer/forecast/forecast.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "base/digest.h"
#include "trainer/forecast/forecast_impl.h"
#include "trainer/forecast/ridge.h"
#include "trainer/panel/naive.h"
#include "trainer/read/parallel.h"
#include "trainer/read/rows.h"

void row_list_done(struct row_list *l)
{
	free(l->rows);
	*l = (struct row_list){0};
}

static void row_list_add(struct row_list *l, size_t row)
{
	GROW(l->rows, l->cap, l->n + 1);
	l->rows[l->n++] = row;
}

void forecast_done(struct forecast *f)
{
	free(f->said);
	free(f->never);
	free(f->gains);
	*f = (struct forecast){0};
}

bool forecast_in_part(const struct forecast_job *job, uint32_t entity)
{
	return job->parts <= 1 || entity % job->parts == job->part - 1;
}

bool forecast_covers(const struct forecast_job *job, size_t row)
{
	const struct panel *p = job->panel;

	if (!p->eligible[row] || !forecast_in_part(job, p->entity[row]))
		return false;
	size_t cycle = panel_cycle_of(job->spec, p->day[row]);

	return cycle >= job->first_cycle && cycle <= job->last_cycle;
}

/* --- a ridge --------------------------------------------------------------------------------- */

static double spread(const struct forecast_fit *f, size_t column)
{
	double n = 0, mean = 0, squares = 0;

	for (size_t i = 0; i < f->learns->n; i++) {
		double v = f->job->matrix[f->learns->rows[i] * f->job->names->n + column], delta = v - mean;

		if (isnan(v))
			continue;
		n++;
		mean += delta / n;
		squares += delta * (v - mean);
	}
	return n > 0 ? sqrt(squares / n) : 0;
}

static int read_ridge(const struct forecast_fit *f, struct ridge **ret, struct err *err)
{
	AUTO(json) json_t *doc = NULL;
	int rc = json_parse(f->kept, f->n_kept, "the kept model", &doc, err);

	return rc ? rc : ridge_parse(doc, f->job->names, ret, err);
}

static int fit_ridge(const struct forecast_fit *f, struct err *err)
{
	AUTO(ridge) struct ridge *r = NULL;
	size_t columns = f->job->names->n;
	int rc = f->kept ? read_ridge(f, &r, err)
			 : ridge_fit(f->job->matrix, columns, f->job->panel->target, f->learns->rows, f->learns->n,
				     f->of->alpha, &r, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < f->says->n; i++)
		f->said[i] = ridge_predict(r, f->job->matrix + f->says->rows[i] * columns);
	for (size_t k = 0; f->gains && !f->kept && k < columns; k++)
		f->gains[k] += fabs(r->weights[k]) * spread(f, k);
	if (!f->model || f->kept)
		return 0;
	AUTO(json) json_t *doc = ridge_json(r, f->job->names);
	AUTO(str) char *text = json_text_exact(doc);

	return buf_adds(f->model, text);
}

/* --- the tasks --------------------------------------------------------------------------------- */

struct forecast_pool {
	const struct forecast_job *job;
	struct forecast *out;
	struct forecast_task *tasks;
	size_t n, cap, next, done;
	struct row_groups of_entity;
	double *season; /* mean of each row's entity so far */
	struct team *team;
	int threads; /* of one model */
	pthread_mutex_t lock;
	struct err err; /* the first */
};

static void collect_learnt(const struct forecast_pool *p, const struct forecast_task *t, struct row_list *ret)
{
	const struct forecast_job *job = p->job;
	const struct panel *panel = job->panel;
	const struct backtest_model *m = &job->spec->models[t->model];
	int32_t cutoff = panel_cutoff(job->spec, t->cycle);
	bool all = t->entity == FORECAST_ALL;
	size_t first = all ? 0 : p->of_entity.first[t->entity],
	       end = all ? panel->n : p->of_entity.first[t->entity + 1];

	for (size_t i = first; i < end; i++) {
		size_t row = all ? i : p->of_entity.rows[i];

		if (panel->day[row] >= cutoff)
			break;
		if (panel->earlier[row] >= (uint64_t)m->min_rows && panel_learns(panel, job->spec, row, cutoff))
			row_list_add(ret, row);
	}
}

/* Is the row one of the task's own cycle, or of a later one that the first models speak of too? */
static bool speaks_of(const struct forecast_job *job, const struct forecast_task *t, size_t row)
{
	size_t cycle = panel_cycle_of(job->spec, job->panel->day[row]);

	return cycle == t->cycle || (job->never && t->cycle == 0);
}

static void collect_said(const struct forecast_pool *p, const struct forecast_task *t, struct row_list *ret)
{
	const struct panel *panel = p->job->panel;
	bool all = t->entity == FORECAST_ALL;
	size_t first = all ? 0 : p->of_entity.first[t->entity],
	       end = all ? panel->n : p->of_entity.first[t->entity + 1];

	for (size_t i = first; i < end; i++) {
		size_t row = all ? i : p->of_entity.rows[i];

		if (panel->eligible[row] && speaks_of(p->job, t, row) &&
		    (!all || forecast_in_part(p->job, panel->entity[row])))
			row_list_add(ret, row);
	}
}

/* How much an entity has done before the cut-off, the first rows too. */
static size_t rows_before(const struct forecast_pool *p, const struct forecast_task *t, const struct row_list *says)
{
	const struct panel *panel = p->job->panel;
	int32_t cutoff = panel_cutoff(p->job->spec, t->cycle);
	int64_t last = panel->previous[says->rows[0]];

	while (last >= 0 && panel->day[last] >= cutoff)
		last = panel->previous[last];
	return last < 0 ? 0 : panel->earlier[last] + 1;
}

/* The task's model as it goes by its name. */
static struct forecast_model model_of(const struct forecast_pool *p, const struct forecast_task *t)
{
	const char *entity = t->entity == FORECAST_ALL ? NULL : p->job->panel->entity_names.items[t->entity];

	return (struct forecast_model){.cycle = t->cycle, .of = &p->job->spec->models[t->model], .entity = entity};
}

static int keep_model(struct forecast_pool *p, const struct forecast_task *t, const struct buf *model, struct err *err)
{
	struct forecast_model m = model_of(p, t);

	assert(model); /* there is a buffer for it where models are kept */
	m.bytes = model->data;
	m.n = model->len;
	pthread_mutex_lock(&p->lock);
	int rc = p->job->keep(p->job->context, &m, err);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* The caller's, NULL where the model has to be trained. */
static int find_kept(struct forecast_pool *p, const struct forecast_task *t, void **ret, size_t *n, struct err *err)
{
	const struct forecast_model m = model_of(p, t);
	const void *bytes = NULL;

	*n = 0;
	if (!p->job->kept)
		return 0;
	pthread_mutex_lock(&p->lock);
	int rc = p->job->kept(p->job->context, &m, &bytes, n, err);

	*ret = rc == 0 && *n ? xmemdup(bytes, *n) : NULL;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* What was said of the rows goes where each belongs. How many are of the task's own cycle? */
static size_t put_said(struct forecast_pool *p, const struct forecast_task *t, const struct row_list *says,
		       const double *said)
{
	const struct forecast_job *job = p->job;
	size_t own = 0;

	for (size_t i = 0; i < says->n; i++) {
		size_t cell = says->rows[i] * job->spec->n_models + t->model;

		if (panel_cycle_of(job->spec, job->panel->day[says->rows[i]]) == t->cycle) {
			p->out->said[cell] = said[i];
			own++;
		}
		if (job->never && t->cycle == 0)
			p->out->never[cell] = said[i];
	}
	return own;
}

static void say_season(const struct forecast_pool *p, const struct row_list *says, double *said)
{
	for (size_t i = 0; i < says->n; i++)
		said[i] = p->season[says->rows[i]];
}

static void count_task(struct forecast_pool *p, const struct forecast_fit *fit, bool few, size_t own)
{
	pthread_mutex_lock(&p->lock);
	p->out->trained += !few && !fit->kept;
	p->out->reused += !few && fit->kept;
	p->out->fallbacks += few ? own : 0;
	pthread_mutex_unlock(&p->lock);
}

/* Train, or take what was trained, and say what the rows will be. */
static int speak(struct forecast_pool *p, const struct forecast_task *t, struct learner_kit *kit,
		 struct forecast_fit *fit, struct err *err)
{
	const struct backtest_model *m = fit->of;
	bool few =
		m->per_entity && (fit->learns->n < 2 || rows_before(p, t, fit->says) < (size_t)p->job->spec->min_rows);
	void *kept = NULL;
	int rc = few ? 0 : find_kept(p, t, &kept, &fit->n_kept, err);

	fit->kept = kept;
	if (few)
		say_season(p, fit->says, fit->said);
	else if (rc == 0)
		rc = m->type == BACKTEST_RIDGE ? fit_ridge(fit, err) : forecast_trees(fit, kit, p->threads, err);
	size_t own = rc == 0 ? put_said(p, t, fit->says, fit->said) : 0;

	if (own) {
		count_task(p, fit, few, own);
		if (!few && p->job->keep && !kept)
			rc = keep_model(p, t, fit->model, err);
	}
	free(kept);
	return rc;
}

static int run_task(struct forecast_pool *p, const struct forecast_task *t, struct learner_kit *kit, struct err *err)
{
	const struct forecast_job *job = p->job;
	const struct backtest_model *m = &job->spec->models[t->model];
	AUTO(row_list) struct row_list learns = {0}, says = {0};
	AUTO(buf) struct buf model = BUF_INIT(FORECAST_MODEL_MAX);

	collect_learnt(p, t, &learns);
	collect_said(p, t, &says);
	if (!says.n)
		return 0;
	double *said = xcalloc(says.n, sizeof(*said));
	struct forecast_fit fit = {.job = job,
				   .of = m,
				   .learns = &learns,
				   .says = &says,
				   .said = said,
				   .gains = t->gains,
				   .model = job->keep ? &model : NULL};
	int rc = speak(p, t, kit, &fit, err);

	free(said);
	return rc ? err_prefix(err, "cycle %zu, model %s%s%s", t->cycle, m->name, m->per_entity ? " of " : "",
			       m->per_entity ? job->panel->entity_names.items[t->entity] : "")
		  : 0;
}

static bool take_task(struct forecast_pool *p, size_t *ret)
{
	pthread_mutex_lock(&p->lock);
	bool found = p->next < p->n && !p->err.code;

	if (found)
		*ret = p->next++;
	pthread_mutex_unlock(&p->lock);
	return found;
}

static void task_ended(struct forecast_pool *p, int rc, const struct err *err)
{
	pthread_mutex_lock(&p->lock);
	if (rc && !p->err.code)
		p->err = *err;
	p->done++;
	if (!rc && p->job->progress)
		p->job->progress(p->job->context, p->done, p->n);
	pthread_mutex_unlock(&p->lock);
}

static void work(void *context, int member)
{
	struct forecast_pool *p = context;
	size_t models = p->job->spec->n_models, t;
	struct learner_kit **kits = xcalloc(models + 1, sizeof(struct learner_kit *));

	booster_thread_init(0); /* it warns of every small matrix */
	for (size_t i = 0; i < models; i++)
		kits[i] = learner_kit_new();
	while (take_task(p, &t)) {
		struct err err = {0};
		int rc = p->job->stop && *p->job->stop ? err_set(&err, ERR_CANCELLED, "stopped")
						       : run_task(p, &p->tasks[t], kits[p->tasks[t].model], &err);

		task_ended(p, rc, &err);
	}
	for (size_t i = 0; i < models; i++)
		learner_kit_free(kits[i]);
	free(kits);
}

static void add_task(struct forecast_pool *p, size_t cycle, size_t model, uint32_t entity)
{
	GROW(p->tasks, p->cap, p->n + 1);
	p->tasks[p->n++] = (struct forecast_task){
		.cycle = cycle,
		.model = model,
		.entity = entity,
		.gains = entity == FORECAST_ALL ? xcalloc(p->job->names->n + 1, sizeof(double)) : NULL};
}

/* Has the task's cycle something to say of the row, in this part? */
static bool wants(const struct forecast_job *job, size_t row, size_t cycle)
{
	const struct panel *p = job->panel;

	return p->eligible[row] && forecast_in_part(job, p->entity[row]) &&
	       speaks_of(job, &(struct forecast_task){.cycle = cycle}, row);
}

/* Entities that have something to be said of in each cycle, in order of their numbers. */
static void plan_tasks(struct forecast_pool *p)
{
	const struct forecast_job *job = p->job;
	size_t entities = job->panel->entity_names.n;
	uint8_t *speaks = xcalloc(entities + 1, 1);

	for (size_t cycle = job->first_cycle; cycle <= job->last_cycle; cycle++) {
		bool any = false;

		memset(speaks, 0, entities);
		for (size_t i = 0; i < job->panel->n; i++)
			if (wants(job, i, cycle)) {
				speaks[job->panel->entity[i]] = 1;
				any = true;
			}
		for (size_t m = 0; any && m < job->spec->n_models; m++) {
			if (!job->spec->models[m].per_entity)
				add_task(p, cycle, m, FORECAST_ALL);
			for (uint32_t e = 0; job->spec->models[m].per_entity && e < entities; e++)
				if (speaks[e])
					add_task(p, cycle, m, e);
		}
	}
	free(speaks);
}

static void sum_gains(struct forecast_pool *p)
{
	size_t columns = p->job->names->n;

	for (size_t t = 0; t < p->n; t++)
		for (size_t k = 0; p->tasks[t].gains && k < columns; k++)
			p->out->gains[p->tasks[t].model * columns + k] += p->tasks[t].gains[k];
}

static void pool_done(struct forecast_pool *p)
{
	for (size_t t = 0; t < p->n; t++)
		free(p->tasks[t].gains);
	free(p->tasks);
	free(p->season);
	row_groups_done(&p->of_entity);
	pthread_mutex_destroy(&p->lock);
}

static double *unknown_cells(size_t n)
{
	double *cells = xcalloc(n + 1, sizeof(*cells));

	for (size_t i = 0; i < n; i++)
		cells[i] = NAN;
	return cells;
}

int forecast_run(const struct forecast_job *job, struct forecast *ret, struct err *err)
{
	const struct backtest_spec *spec = job->spec;
	struct forecast_pool p = {.job = job, .out = ret, .lock = PTHREAD_MUTEX_INITIALIZER};
	size_t cells = job->panel->n * spec->n_models;
	int rc = backtest_spec_is_own(spec)
			 ? err_set(err, ERR_INVALID, "the model is a program of your own: only its jobs run it")
			 : 0;

	for (size_t m = 0; m < spec->n_models && rc == 0; m++)
		if (spec->models[m].type == BACKTEST_TREES)
			rc = forecast_trees_check(&spec->models[m], err);
	if (rc)
		return rc;
	*ret = (struct forecast){.said = unknown_cells(cells),
				 .never = job->never ? unknown_cells(cells) : NULL,
				 .gains = xcalloc(spec->n_models * job->names->n + 1, sizeof(double))};
	row_groups_make(job->panel->entity, job->panel->n, job->panel->entity_names.n, &p.of_entity);
	p.season = naive_season_means(job->panel);
	plan_tasks(&p);
	AUTO(team) struct team *team = team_new((int)MIN((size_t)MAX(job->threads, 1), MAX(p.n, (size_t)1)));

	p.threads = MAX(1, job->threads / team_size(team));
	team_run(team, work, &p);
	sum_gains(&p);
	if (p.err.code)
		rc = err_set(err, p.err.code, "%s", p.err.msg);
	pool_done(&p);
	if (rc)
		forecast_done(ret);
	return rc;
}

int forecast_ask(struct forecast_job *job, const struct features *f, struct forecast *ret, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	features_names(f, &names);
	job->names = &names;
	job->part = job->parts = 1;
	job->threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
	int rc = forecast_run(job, ret, err);

	job->names = NULL;
	return rc;
}

char *forecast_model_name(size_t cycle, const struct backtest_model *of, const char *entity)
{
	return xasprintf("c%zu-%s%s%s", cycle, of->name, entity ? "-" : "", entity ? entity : "");
}

void forecast_learnt_hex(const struct backtest_spec *spec, const struct panel *p, size_t cycle, char *hex)
{
	int32_t cutoff = panel_cutoff(spec, cycle);
	struct sha256_stream *s = sha256_stream_new();

	for (size_t i = 0; i < p->n; i++) {
		const char *entity = p->entity_names.items[p->entity[i]];

		if (!panel_learns(p, spec, i, cutoff))
			continue;
		sha256_stream_add(s, entity, strlen(entity) + 1);
		sha256_stream_add(s, &p->day[i], sizeof(p->day[i]));
		sha256_stream_add(s, &p->target[i], sizeof(p->target[i]));
	}
	sha256_stream_finish_hex(s, hex);
}
