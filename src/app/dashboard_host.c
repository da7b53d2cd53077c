/* dashboard_host.c - what the screens ask for, passed on to sync. */
#include "app/dashboard_host.h"

#include "aws/sagemaker.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "tui/term.h"

struct dashboard_host {
	struct ui_host ops;
	struct sync *sync;
	struct launch_plan *plan; /* prepared last */
	char *profile, *region;	  /* to go on with; NULL */
	bool gone;
	size_t calls; /* under way: the last one frees us when gone */
};

/* One request of the screens on its way through sync. */
struct host_call {
	struct dashboard_host *host;
	void *done, *done_user;
	struct launch_plan *plan;
	struct err err;
};

static struct host_call *call_new(struct dashboard_host *h, void *done, void *done_user)
{
	struct host_call *c = NEW(struct host_call);

	c->host = h;
	c->done = done;
	c->done_user = done_user;
	h->calls++;
	return c;
}

static void host_destroy(struct dashboard_host *h)
{
	launch_plan_free(h->plan);
	free(h->profile);
	free(h->region);
	free(h);
}

static void call_end(struct host_call *c)
{
	struct dashboard_host *h = c->host;

	free(c);
	if (--h->calls == 0 && h->gone)
		host_destroy(h);
}

/* What runs by itself says in a notice that it failed; here nobody else would. */
static void refreshed(void *user, const struct err *err)
{
	struct host_call *c = user;

	if (err && !c->host->gone)
		session_notify(sync_session(c->host->sync), NOTICE_WARNING, "%s", err->msg);
	call_end(c);
}

static void detailed(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	refreshed(user, err);
}

static void host_watch(void *user, const struct kind *kind, const char *name, bool on)
{
	struct dashboard_host *h = user;

	if (on && kind != TRAINING_KIND && kind->describe.operation) {
		sync_load_kind(h->sync, kind);
		sync_resource(h->sync, kind, name, detailed, call_new(h, NULL, NULL));
	}
	if (kind != TRAINING_KIND && !kind->log_group)
		return;
	if (on)
		sync_watch(h->sync, kind, name);
	else
		sync_unwatch(h->sync, kind, name);
}

static void host_live(void *user, const struct kind *kind, const char *name, bool on)
{
	struct dashboard_host *h = user;

	sync_live(h->sync, kind, name, on);
}

static void ignore_done(void *user, const struct err *err)
{
}

static void host_columns(void *user, const struct kind *kind, const struct field_list *fields)
{
	struct dashboard_host *h = user;

	sync_columns(h->sync, kind, fields, ignore_done, NULL);
}

static void host_refresh(void *user, const struct kind *kind, const char *parent)
{
	struct dashboard_host *h = user;

	if (!kind || kind->id == KIND_TRAINING_JOB) {
		sync_refresh_now(h->sync);
		return;
	}
	sync_load_kind(h->sync, kind);
	sync_kind(h->sync, kind, parent, refreshed, call_new(h, NULL, NULL));
}

static void host_backtests(void *user)
{
	struct dashboard_host *h = user;

	sync_backtests(h->sync);
}

static void host_counts(void *user)
{
	struct dashboard_host *h = user;

	for (size_t i = 0; i < KIND_COUNT; i++)
		sync_load_kind(h->sync, &kind_table[i]);
	sync_counts(h->sync, ignore_done, NULL); /* the table says which kinds had no answer */
}

static void action_done(void *user, const struct err *err)
{
	struct host_call *c = user;

	((host_done_fn *)c->done)(c->done_user, err);
	call_end(c);
}

static void host_stop(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	if (kind->id == KIND_TRAINING_JOB)
		sync_stop_job(h->sync, name, action_done, call_new(h, done, done_user));
	else
		sync_stop(h->sync, kind, name, action_done, call_new(h, done, done_user));
}

static void host_remove(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	sync_delete(h->sync, kind, name, action_done, call_new(h, done, done_user));
}

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
		launch_plan_free(c->host->plan);
		c->host->plan = plan;
	} else {
		launch_plan_free(plan);
	}
	((host_preview_fn *)c->done)(c->done_user, p, err);
	call_end(c);
}

static void file_ready(void *user)
{
	struct host_call *c = user;

	preview_ready(c, TAKE(c->plan), c->err.code ? &c->err : NULL);
}

static void host_prepare(void *user, const struct host_launch_request *r, host_preview_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = call_new(h, done, done_user);
	AUTO(strlist) struct strlist sets = {0};

	for (size_t i = 0; r->changes && i < r->changes->n; i++)
		strlist_add(&sets, r->changes->items[i]);
	if (r->clone_of) {
		launch_plan_clone(h->sync, r->clone_of, str_empty(r->new_name) ? NULL : r->new_name, &sets,
				  preview_ready, c);
		return;
	}
	if (!str_empty(r->new_name))
		strlist_take(&sets, xasprintf("TrainingJobName=%s", r->new_name));
	(void)!launch_plan_from_file(h->sync, r->spec_path, &sets, &c->plan, &c->err);
	/* Answers never come from within the question. */
	(void)aws_client_after(sync_client(h->sync), 0, file_ready, c);
}

static void launch_refused(void *user)
{
	struct host_call *c = user;

	action_done(c, &c->err);
}

static void host_launch(void *user, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;
	struct host_call *c = call_new(h, done, done_user);

	if (h->plan && str_eq(h->plan->name, name)) {
		launch_send(h->sync, h->plan, action_done, c);
		return;
	}
	(void)err_set(&c->err, ERR_INTERNAL, "nothing was prepared under the name %s", name);
	(void)aws_client_after(sync_client(h->sync), 0, launch_refused, c);
}

static void give_text(struct host_call *c, const json_t *reply, const struct err *err)
{
	AUTO(buf) struct buf clean = BUF_INIT(BUF_MAX_TEXT);

	if (!err && reply) {
		AUTO(str) char *text = json_text_pretty(reply);
		(void)utf8_sanitize(&clean, text, strlen(text), true);
	}
	((host_text_fn *)c->done)(c->done_user, err ? NULL : buf_str(&clean), err);
	call_end(c);
}

static void described(void *user, json_t *reply, const struct err *err)
{
	give_text(user, reply, err);
}

static void resource_described(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	give_text(user, raw, err);
}

static void host_describe(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	if (kind->id != KIND_TRAINING_JOB) {
		sync_resource(h->sync, kind, name, resource_described, call_new(h, done, done_user));
		return;
	}
	(void)sm_describe_job_json(sync_client(h->sync), name, AWS_USER_ACTION, described,
				   call_new(h, done, done_user));
}

static int host_save(void *user, const char *path, const char *text, struct err *err)
{
	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

static void host_move(void *user, const char *profile, const char *region)
{
	struct dashboard_host *h = user;

	str_set(&h->profile, profile);
	str_set(&h->region, region);
}

static void host_copy(void *user, const char *text)
{
	term_copy(text);
}

struct dashboard_host *dashboard_host_new(struct sync *sync)
{
	struct dashboard_host *h = NEW(struct dashboard_host);

	h->sync = sync;
	h->ops = (struct ui_host){
		.user = h,
		.watch = host_watch,
		.live = host_live,
		.live_usd_micro = LIVE_TAIL_USD_MICRO,
		.refresh = host_refresh,
		.counts = host_counts,
		.backtests = host_backtests,
		.columns = host_columns,
		.stop = host_stop,
		.remove = host_remove,
		.prepare_launch = host_prepare,
		.launch = host_launch,
		.describe = host_describe,
		.move = host_move,
		.save = host_save,
		.copy = host_copy,
	};
	return h;
}

void dashboard_host_free(struct dashboard_host *h)
{
	if (!h)
		return;
	h->gone = true;
	if (h->calls == 0)
		host_destroy(h);
}

bool dashboard_host_moves(const struct dashboard_host *h, const char **ret_profile, const char **ret_region)
{
	*ret_profile = h->profile;
	*ret_region = h->region;
	return h->profile || h->region;
}

const struct ui_host *dashboard_host_ops(const struct dashboard_host *h)
{
	return &h->ops;
}
