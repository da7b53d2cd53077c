/* One model for each entity: a pool of workers, an archive, a journal to go on from. */
#include <math.h>
#include <pthread.h>

#include "base/map.h"
#include "base/utf8.h"
#include "trainer/job/entities.h"
#include "trainer/job/journal.h"
#include "trainer/job/outputs.h"
#include "trainer/models/pack.h"
#include "trainer/read/rows.h"

#define AHEAD_MODELS 2 /* a thread's, that may wait for one before them */

enum slot_state { SLOT_OPEN, SLOT_TRAINED, SLOT_FAILED };

struct slot {
	enum slot_state state;
	bool resumed;	  /* by an earlier run: its line was printed then */
	json_t *info;	  /* rows, rounds, metrics; or the reason */
	struct buf model; /* until it is in the archive */
	int64_t journal_offset;
	size_t journal_length; /* where it lies in the journal instead */
};

struct pool {
	struct train_run *run;
	const struct entity_plan *plan;
	struct slot *slots;			   /* one a task */
	struct map entity_index, validation_index; /* entity -> group number + 1 */
	struct row_groups train_rows, validation_rows;
	struct pack_writer *writer;
	struct journal *journal;
	enum model_format format;
	struct strmap attributes; /* of every model */
	pthread_mutex_t lock;
	pthread_cond_t moved; /* emitted, or a worker has ended */
	size_t next, emitted; /* tasks given out, tasks written */
	size_t trained, failed;
	struct strmap totals_names; /* metric -> "" in order of appearance */
	double *totals;
	size_t *totals_n;
	struct err err; /* what ends the job */
};

/* --- the rows of one task ---------------------------------------------------------- */

static bool in_window(const struct dataset *d, uint32_t row, const struct date_window *w)
{
	if (!w->given)
		return true;
	int32_t date = d->dates[row];
	return (!w->from || date >= w->from) && (!w->to || date <= w->to);
}

static struct dataset *task_rows(const struct dataset *d, const struct map *index, const struct row_groups *groups,
				 const char *entity, const struct date_window *w)
{
	size_t g = (size_t)(uintptr_t)map_get(index, entity), n = 0;

	if (!g)
		return NULL;
	size_t first = groups->first[g - 1], end = groups->first[g];
	uint32_t *rows = xreallocarray(NULL, MAX(end - first, 1), sizeof(uint32_t));
	for (size_t i = first; i < end; i++)
		if (in_window(d, groups->rows[i], w))
			rows[n++] = groups->rows[i];
	struct dataset *out = n ? rows_take(d, rows, n) : NULL;
	free(rows);
	return out;
}

static struct dataset *task_validation(const struct pool *p, const struct entity_task *t)
{
	if (p->run->validation)
		return task_rows(p->run->validation, &p->validation_index, &p->validation_rows, t->entity,
				 &t->validation);
	if (t->validation.given)
		return task_rows(p->run->train, &p->entity_index, &p->train_rows, t->entity, &t->validation);
	return NULL;
}

static int check_task(const struct pool *p, const struct entity_task *t, const struct dataset *d, struct err *err)
{
	const struct hyper *h = &p->run->hyper;
	size_t min_rows = (size_t)hyper_int(h, HP_entity_min_rows);

	if (!d && !map_get(&p->entity_index, t->entity))
		return err_set(err, ERR_INVALID, "it has no rows in channel train");
	if (!d || d->rows < min_rows)
		return err_set(err, ERR_INVALID, "%zu rows, entity_min_rows is %zu", d ? d->rows : 0, min_rows);
	int rc = objective_check_labels(p->run->objective, p->run->classes, d, "train", true, err);
	if (rc)
		return rc;
	for (size_t i = 1; i < d->rows; i++)
		if (d->labels[i] != d->labels[0])
			return 0;
	return err_set(err, ERR_INVALID, "its target is constant (%g in all %zu rows)", (double)d->labels[0], d->rows);
}

/* --- one model ----------------------------------------------------------------------- */

static json_t *result_info(const struct fit_result *r, const struct dataset *train, const struct dataset *validation)
{
	json_t *info = json_pack("{s:I, s:i}", "rows", (json_int_t)train->rows, "rounds", r->rounds);
	json_t *metrics = json_object();
	size_t last = r->best_round >= 0 ? (size_t)r->best_round : r->history.rounds - 1;

	for (size_t i = 0; i < r->history.columns.n; i++) {
		double value = history_value(&r->history, last, r->history.columns.items[i]);
		if (isfinite(value))
			json_object_set_new(metrics, r->history.columns.items[i], json_real(value));
	}
	if (validation)
		json_object_set_new(info, "validation_rows", json_integer((json_int_t)validation->rows));
	json_object_set_new(info, "metrics", metrics);
	return info;
}

static int fit_task(const struct pool *p, struct dataset *const data[2], struct learner_kit *kit,
		    struct fit_result *result, struct err *err)
{
	struct fit_job job = {
		.hyper = &p->run->hyper,
		.objective = p->run->objective,
		.set_names = {"train", "validation"},
		.data = {data[0], data[1]},
		.matrix = train_matrix_options(p->run),
		.stop = p->run->stop,
		.quiet = true,
		.attributes = &p->attributes,
		.format = &p->format,
		.kit = kit,
	};

	job.matrix.threads = 1;
	return fit_run(&job, result, err);
}

/* Train task t into its slot. Returns false where the job was stopped meanwhile. */
static bool run_task(struct pool *p, size_t t, struct learner_kit *kit, struct slot *out)
{
	const struct entity_task *task = &p->plan->tasks[t];
	AUTO(fit_result) struct fit_result result = {0};
	struct err err = {0};
	struct dataset *data[2] = {
		task_rows(p->run->train, &p->entity_index, &p->train_rows, task->entity, &task->train), NULL};
	int rc = check_task(p, task, data[0], &err);

	if (!rc) {
		data[1] = task_validation(p, task);
		if (data[1])
			rc = objective_check_labels(p->run->objective, p->run->classes, data[1], "validation", false,
						    &err);
	}
	if (!rc)
		rc = fit_task(p, data, kit, &result, &err);
	bool stopped = !rc && result.interrupted;
	if (!rc && result.model.len > UINT32_MAX)
		rc = err_set(&err, ERR_TOOBIG, "its model has %zu bytes", result.model.len);
	if (!stopped) {
		out->model = result.model;
		result.model = (struct buf){0};
		out->state = rc ? SLOT_FAILED : SLOT_TRAINED;
		out->info = rc ? json_pack("{s:s}", "error", err.msg) : result_info(&result, data[0], data[1]);
	}
	dataset_free(data[0]);
	dataset_free(data[1]);
	return !stopped;
}

/* --- the results in order ---------------------------------------------------------------- */

static void add_totals(struct pool *p, const json_t *metrics)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)metrics, name, value)
	{
		size_t i = 0;
		while (i < p->totals_names.n && !str_eq(p->totals_names.items[i].name, name))
			i++;
		if (i == p->totals_names.n) {
			strmap_set(&p->totals_names, name, "");
			p->totals = xreallocarray(p->totals, i + 1, sizeof(double));
			p->totals_n = xreallocarray(p->totals_n, i + 1, sizeof(size_t));
			p->totals[i] = 0;
			p->totals_n[i] = 0;
		}
		p->totals[i] += json_real_value(value);
		p->totals_n[i]++;
	}
}

static void print_task(const struct pool *p, size_t t, const struct slot *s)
{
	AUTO(str) char *name = utf8_sanitize_dup(p->plan->tasks[t].name);

	if (s->state == SLOT_FAILED) {
		printf("%s skipped: %s\n", name, json_get_str(s->info, "error"));
		return;
	}
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	const char *metric;
	json_t *value;
	(void)buf_addf(&line, "%s rows=%lld rounds=%lld [%zu]", name, (long long)json_get_i64(s->info, "rows", 0),
		       (long long)json_get_i64(s->info, "rounds", 0), t);
	json_object_foreach(json_object_get(s->info, "metrics"), metric, value)
	{
		(void)buf_addf(&line, "\t%s:%.5f", metric, json_real_value(value));
	}
	puts(buf_str(&line));
	fflush(stdout);
}

static int emit_model(struct pool *p, size_t t, struct slot *s, struct err *err)
{
	if (s->resumed) {
		buf_init(&s->model, UINT32_MAX);
		int rc = journal_model(p->journal, s->journal_offset, s->journal_length, &s->model, err);
		if (rc)
			return rc;
	}
	int rc = pack_add(p->writer, p->plan->tasks[t].name, s->model.data, s->model.len, s->info, err);
	buf_done(&s->model);
	return rc;
}

/* Write what is complete and next in order; with `all`, also what comes after a
 * gap. Called with the lock held. */
static void emit(struct pool *p, bool all)
{
	for (; p->emitted < p->plan->n && !p->err.code; p->emitted++) {
		struct slot *s = &p->slots[p->emitted];
		if (s->state == SLOT_OPEN && !all)
			return;
		if (s->state == SLOT_OPEN)
			continue;
		if (!s->resumed)
			print_task(p, p->emitted, s);
		if (s->state == SLOT_FAILED) {
			p->failed++;
			if (str_eq(hyper_text(&p->run->hyper, HP_entity_on_error), "fail"))
				err_set(&p->err, ERR_INVALID, "entity '%s': %s", p->plan->tasks[p->emitted].name,
					json_get_str(s->info, "error"));
			continue;
		}
		p->trained++;
		add_totals(p, json_object_get(s->info, "metrics"));
		if (emit_model(p, p->emitted, s, &p->err))
			return;
	}
}

static void finish_task(struct pool *p, size_t t, struct slot *done)
{
	struct err err = {0};
	int rc = 0;

	if (p->journal)
		rc = journal_append(p->journal, p->plan->tasks[t].name, done->info,
				    done->model.data ? done->model.data : "", done->model.len, &err);
	pthread_mutex_lock(&p->lock);
	p->slots[t] = *done;
	if (rc)
		err_set(&p->err, err.code, "%s", err.msg);
	emit(p, false);
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

/* --- the workers ------------------------------------------------------------------------------ */

static bool next_open(struct pool *p)
{
	while (p->next < p->plan->n && p->slots[p->next].state != SLOT_OPEN)
		p->next++;
	return p->next < p->plan->n;
}

/* Models wait in memory until all before them are written, so nobody runs far ahead
 * of a task that takes long. */
static bool take_task(struct pool *p, size_t *ret)
{
	size_t ahead = AHEAD_MODELS * (size_t)p->run->threads;

	pthread_mutex_lock(&p->lock);
	while (next_open(p) && p->next > p->emitted + ahead && !p->err.code && !*p->run->stop)
		pthread_cond_wait(&p->moved, &p->lock);
	bool found = p->next < p->plan->n && !p->err.code && !*p->run->stop;
	if (found)
		*ret = p->next++;
	pthread_mutex_unlock(&p->lock);
	return found;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	AUTO(learner_kit) struct learner_kit *kit = learner_kit_new();
	size_t t;

	/* The library warns of every small matrix: keep that for those who ask. */
	booster_thread_init(hyper_int(&p->run->hyper, HP_verbosity) > 1 ? 2 : 0);
	while (take_task(p, &t)) {
		struct slot done = {0};
		if (!run_task(p, t, kit, &done))
			break;
		finish_task(p, t, &done);
	}
	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int run_workers(struct pool *p, struct err *err)
{
	size_t n = MIN((size_t)p->run->threads, p->plan->n), started = 0;

	emit(p, false); /* what an earlier run left */
	pthread_t *threads = xcalloc(n, sizeof(*threads));
	while (started < n && !pthread_create(&threads[started], NULL, worker, p))
		started++;
	if (!started)
		err_set(&p->err, ERR_LIMIT, "cannot start a thread");
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return p->err.code ? err_set(err, p->err.code, "%s", p->err.msg) : 0;
}

/* --- resuming ------------------------------------------------------------------------------------ */

struct replay {
	struct pool *pool;
	struct map task_of; /* name -> task number + 1 */
	size_t n;
};

static void replay_record(void *ctx, const char *name, const json_t *info, int64_t offset, size_t length)
{
	struct replay *r = ctx;
	size_t t = (size_t)(uintptr_t)map_get(&r->task_of, name);

	if (!t)
		return;
	struct slot *s = &r->pool->slots[t - 1];
	r->n += s->state == SLOT_OPEN;
	json_decref(s->info);
	*s = (struct slot){
		.state = json_object_get(info, "error") ? SLOT_FAILED : SLOT_TRAINED,
		.resumed = true,
		.info = json_incref((json_t *)info),
		.journal_offset = offset,
		.journal_length = length,
	};
}

static int open_journal(struct pool *p, struct err *err)
{
	struct replay r = {.pool = p};
	bool restarted = false;

	if (!p->run->contract.checkpoint_dir)
		return 0;
	for (size_t i = 0; i < p->plan->n; i++)
		map_put(&r.task_of, p->plan->tasks[i].name, (void *)(uintptr_t)(i + 1));
	AUTO(str) char *fingerprint = xasprintf("%s %s", p->run->fingerprint, p->plan->hash);
	int rc = journal_open(p->run->contract.checkpoint_dir, fingerprint, replay_record, &r, &p->journal, &restarted,
			      err);
	map_done(&r.task_of);
	if (restarted)
		printf("the checkpoint of other data or hyperparameters is begun anew\n");
	if (r.n)
		printf("resumed: %zu of %zu entities are done\n", r.n, p->plan->n);
	return rc;
}

/* --- the job ----------------------------------------------------------------------------------------- */

static void index_entities(const struct dataset *d, struct map *index, struct row_groups *groups)
{
	row_groups_make(d->entities, d->rows, d->entity_names.n, groups);
	for (size_t i = 0; i < d->entity_names.n; i++)
		map_put(index, d->entity_names.items[i], (void *)(uintptr_t)(i + 1));
}

static int load_plan(const struct train_run *r, struct entity_plan *plan, struct err *err)
{
	const struct channel *c = contract_channel(&r->contract, "plan");

	if (!c) {
		entity_plan_all(r->train, plan);
		return 0;
	}
	int rc = entity_plan_load(c->dir, plan, err);
	for (size_t i = 0; !rc && i < plan->n; i++)
		if ((plan->tasks[i].train.given && !r->train->dates) ||
		    (plan->tasks[i].validation.given && !(r->validation ? r->validation : r->train)->dates))
			rc = err_set(err, ERR_INVALID,
				     "channel plan: its date windows need the hyperparameter entity_date_column");
	return rc;
}

static void pool_done(struct pool *p)
{
	for (size_t i = 0; p->slots && i < p->plan->n; i++) {
		json_decref(p->slots[i].info);
		buf_done(&p->slots[i].model);
	}
	free(p->slots);
	map_done(&p->entity_index);
	map_done(&p->validation_index);
	row_groups_done(&p->train_rows);
	row_groups_done(&p->validation_rows);
	pack_writer_free(p->writer);
	journal_close(p->journal);
	strmap_done(&p->attributes);
	strmap_done(&p->totals_names);
	free(p->totals);
	free(p->totals_n);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->moved);
}

/* The means over the entities close the job, so that a tuning job reads them. */
static json_t *report_totals(const struct pool *p)
{
	json_t *means = json_object();
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);

	(void)buf_addf(&line, "[%zu]", p->plan->n);
	for (size_t i = 0; i < p->totals_names.n; i++) {
		double mean = p->totals[i] / (double)p->totals_n[i];
		(void)buf_addf(&line, "\t%s:%.5f", p->totals_names.items[i].name, mean);
		json_object_set_new(means, p->totals_names.items[i].name, json_real(mean));
	}
	printf("%zu entities trained, %zu skipped, %zu left\n", p->trained, p->failed,
	       p->plan->n - p->trained - p->failed);
	if (p->trained)
		puts(buf_str(&line));
	return means;
}

static int finish_job(struct pool *p, struct err *err)
{
	struct train_run *r = p->run;
	AUTO(json) json_t *means = report_totals(p);
	AUTO(json) json_t *failed = json_object();

	for (size_t i = 0; i < p->plan->n; i++)
		if (p->slots[i].state == SLOT_FAILED)
			json_object_set(failed, p->plan->tasks[i].name, json_object_get(p->slots[i].info, "error"));
	bool stopped = p->trained + p->failed < p->plan->n;
	if (stopped)
		printf("stopped by a signal\n");
	if (!p->trained && !stopped)
		return err_set(err, ERR_INVALID, "none of the %zu entities could be trained; the first: '%s': %s",
			       p->plan->n, p->plan->tasks[0].name, json_get_str(p->slots[0].info, "error"));
	if (stopped && !hyper_bool(&r->hyper, HP_save_model_on_termination))
		return 0;
	AUTO(json)
	json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:O, s:O}", "format", "sagetop models 1", "archive",
				  PACK_FILE, "model_format", hyper_text(&r->hyper, HP_model_format), "objective",
				  r->objective->name, "trained", (json_int_t)p->trained, "skipped",
				  (json_int_t)p->failed, "metrics", means, "failed", failed);
	int rc = pack_finish(p->writer, about, err);
	json_object_del(about, "format");
	if (!rc)
		rc = outputs_write_json(r->contract.output_dir, "metrics.json", about, err);
	return rc ? rc : output_card(r, about, err);
}

static int run_pool(struct pool *p, struct err *err)
{
	static const char *const suffixes[] = {".ubj", ".json", ".model"};
	struct train_run *r = p->run;

	p->slots = xcalloc(p->plan->n, sizeof(*p->slots));
	index_entities(r->train, &p->entity_index, &p->train_rows);
	if (r->validation)
		index_entities(r->validation, &p->validation_index, &p->validation_rows);
	int rc = open_journal(p, err);
	if (!rc)
		rc = pack_create(r->contract.model_dir, suffixes[p->format], &p->writer, err);
	if (rc)
		return rc;
	emit(p, false);
	rc = run_workers(p, err);
	if (rc)
		return rc;
	emit(p, true);
	return p->err.code ? err_set(err, p->err.code, "%s", p->err.msg) : finish_job(p, err);
}

int train_entities(struct train_run *r, struct err *err)
{
	AUTO(entity_plan) struct entity_plan plan = {0};
	int rc = load_plan(r, &plan, err);

	if (rc)
		return rc;
	if (contract_channel(&r->contract, "test"))
		puts("channel test is not predicted by a job of entities: sagetop-trainer predict does it with its "
		     "models, "
		     "a backtest while it trains");
	struct pool p = {.run = r, .plan = &plan, .format = train_model_format(&r->hyper)};
	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.moved, NULL);
	train_attributes(r->train, &p.attributes);
	rc = run_pool(&p, err);
	pool_done(&p);
	return rc;
}
