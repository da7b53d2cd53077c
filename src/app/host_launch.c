/* Launches from the screens: what would be sent, the editor, what it would take, what earlier ones had, and the
 * sending. */
#include "app/budgets.h"
#include "app/dashboard_host_priv.h"
#include "app/editor.h"
#include "aws/sagemaker.h"
#include "base/fs.h"
#include "sync/spec.h"
#include "sync/sweep.h"
#include "tui/term.h"

static char *text_or_empty(const char *s)
{
	return xstrdup(s ? s : "");
}

static void preview_ready(void *user, struct launch_plan *plan, const struct err *err)
{
	struct host_call *c = user;
	struct host_preview *p = NULL;

	if (plan && !err) {
		p = NEW(struct host_preview);
		p->name = text_or_empty(plan->name);
		p->text = json_text_pretty(plan->spec);
		p->diff = text_or_empty(plan->diff);
		p->warning = text_or_empty(plan->warning);
		p->ceiling_micro = plan->ceiling_micro;
		p->price_as_of = xstrdup(plan->price_as_of);
		p->training_plan = xstrdup(plan->training_plan);
		p->n_jobs = plan->n_jobs;
		if (plan->n_jobs) {
			p->first = xstrdup(plan->jobs[0].name);
			p->last = xstrdup(plan->jobs[plan->n_jobs - 1].name);
		}
		launch_plan_free(c->host->plan);
		c->host->plan = plan;
	} else {
		launch_plan_free(plan);
	}
	((host_preview_fn *)c->done)(c->done_user, p, err);
	host_call_end(c);
}

static void file_ready(void *user)
{
	struct host_call *c = user;

	preview_ready(c, TAKE(c->plan), c->err.code ? &c->err : NULL);
}

static void take_grid(struct host_call *c, const struct host_launch_request *r)
{
	if (r->grid && r->grid->n)
		(void)!grid_parse(r->grid, &c->grid, &c->err);
}

static const struct grid *grid_of(const struct host_call *c)
{
	return c->grid.jobs ? &c->grid : NULL;
}

static int plan_at_hand(struct sync *s, const struct host_launch_request *r, struct strlist *sets,
			const struct grid *grid, struct launch_plan **ret, struct err *err)
{
	AUTO(json) json_t *spec = NULL;
	AUTO(str) char *path = fs_expand(r->spec_path);

	if (r->spec && json_parse(r->spec, strlen(r->spec), "specification", &spec, err) < 0)
		return -err->code;
	if (spec)
		return launch_plan_again(s, spec, r->new_name, sets, grid, ret, err);
	if (!str_empty(r->new_name))
		strlist_take(sets, xasprintf("TrainingJobName=%s", r->new_name));
	return launch_plan_from_file(s, path, sets, grid, ret, err);
}

void host_prepare(void *user, const struct host_launch_request *r, host_preview_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = host_call_new(h, done, done_user);
	const char *new_name = str_empty(r->new_name) ? NULL : r->new_name;
	AUTO(strlist) struct strlist sets = {0};

	str_set(&h->draft, NULL); /* it was about another */
	strlist_add_all(&sets, r->changes);
	take_grid(c, r);
	if (!c->err.code && r->clones) {
		launch_plan_clones(h->sync, r->clones, new_name, &sets, preview_ready, c);
		return;
	}
	if (!c->err.code && r->clone_of) {
		launch_plan_clone(h->sync, r->clone_of, new_name, &sets, grid_of(c), preview_ready, c);
		return;
	}
	if (!c->err.code)
		(void)!plan_at_hand(h->sync, r, &sets, grid_of(c), &c->plan, &c->err);
	/* Answers never come from within the question. */
	(void)aws_client_after(sync_client(h->sync), 0, file_ready, c);
}

/* What lies in the editor's file is kept for the next time, unless it was taken or is what was there before. */
static void keep_draft(struct dashboard_host *h, const char *path, const char *before, bool taken)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	if (!taken && fs_read(path, &text, NULL) < 0)
		return;
	str_set(&h->draft, !taken && !str_eq(buf_str(&text), before) ? buf_str(&text) : NULL);
}

/* The file is gone when this is read: of it only the line is told. */
static void without_path(struct err *err, const char *path)
{
	size_t n = strlen(path);
	const struct err before = *err;

	if (!str_starts(before.msg, path) || before.msg[n] != ':')
		return;
	err_clear(err);
	(void)err_set(err, before.code, "%s%s", before.msg[n + 1] == ' ' ? "the text" : "line ",
		      before.msg + n + (before.msg[n + 1] != ' '));
}

/* The whole specification in the editor, or what was typed there and could not be taken: a slip loses nothing. */
static struct launch_plan *edited(struct dashboard_host *h, struct err *err)
{
	AUTO(str) char *whole = json_text_pretty(h->plan->spec), *path = NULL;
	struct launch_plan *plan = NULL;

	if (editor_begin(h->draft ? h->draft : whole, &path, err) < 0)
		return NULL;
	term_suspend();
	int rc = editor_run(path, err);

	term_resume();
	if (rc == 0 && launch_plan_from_file(h->sync, path, NULL, NULL, &plan, err) == 0)
		plan->diff = spec_diff(h->plan->spec, plan->spec);
	else
		without_path(err, path);
	keep_draft(h, path, whole, plan != NULL);
	editor_end(TAKE(path));
	return plan;
}

void host_edit(void *user, host_preview_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = host_call_new(h, done, done_user);

	if (!h->plan)
		(void)err_set(&c->err, ERR_INTERNAL, "nothing was prepared");
	else
		c->plan = edited(h, &c->err);
	if (c->plan && !*c->plan->diff)
		launch_plan_free(TAKE(c->plan)); /* as it was */
	(void)aws_client_after(sync_client(h->sync), 0, file_ready, c);
}

char *host_prepared(void *user)
{
	const struct dashboard_host *h = user;

	return h->plan ? json_text(h->plan->base ? h->plan->base : h->plan->spec) : NULL;
}

int host_check_change(void *user, const char *change, struct err *err)
{
	return spec_check_change(change, err);
}

struct job *host_job_of(void *user, const char *spec, struct err *err)
{
	AUTO(json) json_t *o = NULL;
	struct job *j = NULL;

	if (json_parse(spec, strlen(spec), "specification", &o, err) < 0 ||
	    spec_set(o, "Tags." SWEEP_TAG "=null", err) < 0 || learned_job_of_spec(o, &j, err) < 0)
		return NULL;
	return j;
}

/* --- estimates --- */

#define ESTIMATED_JOBS ((size_t)100) /* that differ: each takes some tens of microseconds with each key */
#define LEARNED_JOBS 500	     /* newest ones: a tenth of a second's work, in slices */
#define LEARNED_MS ((int64_t)600000) /* after which it is learned again */

static int load_job_spec(struct host_call *c, const char *name, json_t **ret, struct err *err)
{
	const struct job *j = sync_job_full(c->host->sync, name);

	*ret = j && !j->trimmed && j->detail >= DETAIL_SEARCHED ? learned_spec_of_job(j) : NULL;
	return *ret ? 0 : err_set(err, ERR_NOTFOUND, "%s is not known in full", name);
}

/* What is asked about, changed; of several clones the i'th. */
static int load_asked_spec(struct host_call *c, size_t i, json_t **ret, struct err *err)
{
	AUTO(json) json_t *spec = NULL;
	int rc = 0;

	if (c->clone_of)
		rc = load_job_spec(c, c->clones.n ? c->clones.items[i] : c->clone_of, &spec, err);
	else if (c->spec)
		rc = json_parse(c->spec, strlen(c->spec), "specification", &spec, err);
	else if (str_eq(c->spec_path, "-"))
		rc = err_set(err, ERR_INVALID, "standard input is the keyboard");
	else
		rc = spec_load(c->spec_path, &spec, NULL, err);
	for (size_t k = 0; rc == 0 && k < c->changes.n; k++)
		rc = spec_set(spec, c->changes.items[k], err);
	if (rc == 0)
		*ret = TAKE(spec);
	return rc;
}

/* *ret_text: of the one. */
static int estimate_one(struct host_call *c, const json_t *spec, struct estimate_sum *sum, char **ret_text,
			struct err *err)
{
	AUTO(job) struct job *j = NULL;
	struct job_estimate e;

	if (learned_job_of_spec(spec, &j, err) < 0)
		return -err->code;
	if (!j->instance_type)
		return err_set(err, ERR_INVALID, "it has no instance type");
	learned_estimate(c->host->learned, sync_session(c->host->sync), j, &e);
	estimate_sum_add(sum, e.mid_micro, e.most_micro);
	if (!*ret_text)
		*ret_text = estimate_job_text(&e);
	return 0;
}

/* Beyond some the first of a grid's jobs stand for all: it is asked about with each key. */
static int estimate_grid(struct host_call *c, const json_t *spec, struct estimate_sum *sum, char **ret_text,
			 struct err *err)
{
	bool members = launch_grid_has_members(&c->grid);
	int rc = 0;

	if (members && c->grid.jobs > ESTIMATED_JOBS)
		return err_set(err, ERR_TOOBIG, "too many jobs that differ");
	for (size_t i = 0; rc == 0 && i < c->grid.jobs; i++) {
		AUTO(json) json_t *varied = members || i == 0 ? json_deep_copy(spec) : NULL;

		if (!varied) {
			estimate_sum_add(sum, sum->first_mid_micro, sum->first_most_micro);
			continue;
		}
		rc = launch_spec_vary(varied, &c->grid, i, err);
		if (rc == 0)
			rc = estimate_one(c, varied, sum, ret_text, err);
	}
	return rc;
}

static int estimate_all(struct host_call *c, struct estimate_sum *sum, char **ret_text, struct err *err)
{
	size_t n = MAX(c->clones.n, (size_t)1);
	int rc = n > ESTIMATED_JOBS ? err_set(err, ERR_TOOBIG, "too many jobs") : 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		AUTO(json) json_t *spec = NULL;

		rc = load_asked_spec(c, i, &spec, err);
		if (rc == 0)
			rc = c->grid.jobs ? estimate_grid(c, spec, sum, ret_text, err)
					  : estimate_one(c, spec, sum, ret_text, err);
	}
	return rc;
}

static char *estimate_of(struct host_call *c, struct err *err)
{
	AUTO(str) char *one = NULL;
	struct estimate_sum sum = {0};

	if (c->err.code) {
		*err = c->err;
		return NULL;
	}
	if (estimate_all(c, &sum, &one, err) < 0)
		return NULL;
	return sum.n > 1 && sum.most_micro != 0 ? estimate_sum_text(&sum) : TAKE(one);
}

static void answer_estimate(void *user)
{
	struct host_call *c = user;
	struct err err = {0};
	AUTO(str) char *text = c->host->learned ? estimate_of(c, &err) : NULL;

	if (!text && err.code == ERR_OK)
		(void)err_set(&err, ERR_CANCELLED, "interrupted");
	((host_text_fn *)c->done)(c->done_user, text, text ? NULL : &err);
	host_call_end(c);
}

static void on_learned(void *user, struct learned *l)
{
	struct host_call *c = user;

	learned_free(c->host->learned);
	c->host->learned = l;
	c->host->learned_ms = clock_mono_ms();
	answer_estimate(c);
}

void host_estimate(void *user, const struct host_launch_request *r, host_text_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = host_call_new(h, done, done_user);

	c->spec_path = fs_expand(r->spec_path);
	c->clone_of = xstrdup(r->clone_of);
	c->spec = xstrdup(r->spec);
	strlist_add_all(&c->changes, r->changes);
	strlist_add_all(&c->clones, r->clones);
	take_grid(c, r);
	if (h->learned && clock_mono_ms() - h->learned_ms < LEARNED_MS)
		(void)aws_client_after(sync_client(h->sync), 0, answer_estimate, c);
	else
		sync_learn(h->sync, LEARNED_JOBS, on_learned, c);
}

/* --- what earlier jobs had --- */

#define VALUES_JOBS 500		   /* newest ones */
#define VALUES_MS ((int64_t)60000) /* after which they are read again */

void host_member_values_free(struct member_values *v)
{
	if (v)
		member_values_done(v);
	free(v);
}

static void on_values(void *user, const struct err *err)
{
	struct host_call *c = user;
	struct dashboard_host *h = c->host;

	host_member_values_free(h->values);
	h->values = TAKE(h->reading);
	h->values_ms = clock_mono_ms();
	host_call_end(c);
}

const struct member_values *host_member_values(void *user)
{
	struct dashboard_host *h = user;
	bool old = !h->values || clock_mono_ms() - h->values_ms > VALUES_MS;

	if (old && !h->reading) {
		h->reading = NEW(struct member_values);
		sync_member_values(h->sync, VALUES_JOBS, h->reading, on_values, host_call_new(h, NULL, NULL));
	}
	return h->values ? h->values : h->reading;
}

/* --- sending --- */

static void launch_refused(void *user)
{
	struct host_call *c = user;

	host_action_done(c, &c->err);
}

/* A hard budget says no on the screen too. */
static int check_budgets(struct dashboard_host *h, struct err *err)
{
	AUTO(strmap) struct strmap tags = {0};

	if (!h->config || sync_session(h->sync)->local)
		return 0;
	sm_parse_tags(json_object_get(h->plan->spec, "Tags"), &tags);
	return budgets_allow(h->config, h->sync, TRAINING_KIND, h->plan->name, &tags, h->plan->ceiling_micro, err);
}

/* The queue is worked on only where the account is known: who has no good credentials learns it before. */
static void queue_sweep(void *user, const struct err *err)
{
	struct host_call *c = user;
	AUTO(sweep_rows) struct sweep_rows rows = {0};

	if (err)
		c->err = *err;
	else
		(void)!sweep_enqueue(c->host->sync, c->plan, &rows, &c->err);
	if (c->err.code && !c->host->plan)
		c->host->plan = TAKE(c->plan); /* to be tried again */
	host_action_done(c, c->err.code ? &c->err : NULL);
}

void host_launch(void *user, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = host_call_new(h, done, done_user);

	bool prepared = h->plan && str_eq(h->plan->name, name);

	if (prepared && check_budgets(h, &c->err) == 0) {
		if (h->plan->n_jobs) {
			c->plan = TAKE(h->plan);
			sync_identify(h->sync, queue_sweep, c);
			return;
		}
		launch_send(h->sync, h->plan, host_action_done, c);
		return;
	}
	(void)err_set(&c->err, ERR_INTERNAL, "nothing was prepared under the name %s", name);
	(void)aws_client_after(sync_client(h->sync), 0, launch_refused, c);
}
