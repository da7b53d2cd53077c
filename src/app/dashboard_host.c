/* dashboard_host.c - what the screens ask for, passed on to sync. */
#include "app/dashboard_host_priv.h"

#include <signal.h>

#include "app/backtest_drive.h"
#include "app/complete.h"
#include "app/console_kept.h"
#include "app/host_invoke.h"
#include "app/peek.h"
#include "aws/sagemaker.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "sync/spec.h"
#include "sync/sweep.h"
#include "tui/term.h"

struct host_call *host_call_new(struct dashboard_host *h, void *done, void *done_user)
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
	free(h->draft);
	learned_free(h->learned);
	host_member_values_free(h->values);
	host_member_values_free(h->reading);
	dashboard_next_done(&h->next);
	free(h);
}

void host_call_end(struct host_call *c)
{
	struct dashboard_host *h = c->host;

	free(c->spec_path);
	free(c->clone_of);
	free(c->spec);
	strlist_done(&c->changes);
	strlist_done(&c->clones);
	grid_done(&c->grid);
	launch_plan_free(c->plan);
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
	host_call_end(c);
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
		sync_resource(h->sync, kind, name, detailed, host_call_new(h, NULL, NULL));
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
	sync_kind(h->sync, kind, parent, refreshed, host_call_new(h, NULL, NULL));
}

static void host_traffic(void *user, const struct strlist *names)
{
	struct dashboard_host *h = user;

	sync_traffic(h->sync, names, AWS_POLLING, refreshed, host_call_new(h, NULL, NULL));
}

static void host_costs(void *user)
{
	struct dashboard_host *h = user;

	sync_usages(h->sync);
}

static void host_backtests(void *user)
{
	struct dashboard_host *h = user;
	const struct session *s = sync_session(h->sync);

	sync_backtests(h->sync);
	for (size_t i = 0; i < s->n_backtests; i++)
		if (s->backtests[i].state != BACKTEST_DONE || !s->backtests[i].standing.against)
			backtest_standing_load(s->backtests[i].name, &s->backtests[i].standing);
}

static void host_counts(void *user)
{
	struct dashboard_host *h = user;

	for (size_t i = 0; i < KIND_COUNT; i++)
		sync_load_kind(h->sync, &kind_table[i]);
	sync_counts(h->sync, ignore_done, NULL); /* the table says which kinds had no answer */
}

void host_action_done(void *user, const struct err *err)
{
	struct host_call *c = user;

	((host_done_fn *)c->done)(c->done_user, err);
	host_call_end(c);
}

static void prices_ready(void *user, size_t got, const struct err *err)
{
	struct session *s = user;

	if (!err)
		session_notify(s, NOTICE_INFO, "%zu prices of %s from the price list", got, s->region);
	else if (err->code != ERR_CANCELLED)
		session_notify(s, NOTICE_ERROR, "prices: %s", err->msg);
}

static void host_prices(void *user)
{
	struct dashboard_host *h = user;

	sync_prices_update(h->sync, NULL, prices_ready, sync_session(h->sync));
}

static void host_stop(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	if (kind->id == KIND_TRAINING_JOB)
		sync_stop_job(h->sync, name, host_action_done, host_call_new(h, done, done_user));
	else
		sync_stop(h->sync, kind, name, host_action_done, host_call_new(h, done, done_user));
}

static void host_vary(void *user, const char *endpoint, const char *text, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	sync_vary(h->sync, endpoint, text, host_action_done, host_call_new(h, done, done_user));
}

static void host_remove(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	sync_delete(h->sync, kind, name, host_action_done, host_call_new(h, done, done_user));
}

static void give_text(struct host_call *c, const json_t *reply, const struct err *err)
{
	AUTO(buf) struct buf clean = BUF_INIT(BUF_MAX_TEXT);

	if (!err && reply) {
		AUTO(str) char *text = json_text_pretty(reply);
		(void)utf8_sanitize(&clean, text, strlen(text), true);
	}
	((host_text_fn *)c->done)(c->done_user, err ? NULL : buf_str(&clean), err);
	host_call_end(c);
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
		sync_resource(h->sync, kind, name, resource_described, host_call_new(h, done, done_user));
		return;
	}
	(void)sm_describe_job_json(sync_client(h->sync), name, AWS_USER_ACTION, described,
				   host_call_new(h, done, done_user));
}

static void found(void *user, const char *text, const struct err *err)
{
	struct host_call *c = user;

	((host_text_fn *)c->done)(c->done_user, text, err);
	host_call_end(c);
}

static void host_findings(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	sync_findings(h->sync, kind, name, found, host_call_new(h, done, done_user));
}

static void host_call_endpoint(void *user, const struct host_invoke_request *r, host_text_fn *done, void *done_user)
{
	struct dashboard_host *h = user;

	host_invoke(h->sync, r, done, done_user);
}

static void host_files(void *user, const struct kind *kind, const char *name)
{
	struct dashboard_host *h = user;

	sync_files(h->sync, kind, name, refreshed, host_call_new(h, NULL, NULL));
}

static void host_peek(void *user, const char *bucket, const char *key, int64_t size, host_text_fn *done,
		      void *done_user)
{
	struct dashboard_host *h = user;

	peek(h->sync, bucket, key, size, done, done_user);
}

static int host_draft(void *user, const char *path, bool replace, struct fs_draft **ret, struct err *err)
{
	AUTO(str) char *full = fs_expand(path);

	return fs_draft_begin(full, replace, 0600, ret, err);
}

static int host_save(void *user, const char *path, bool replace, const char *text, struct err *err)
{
	struct fs_draft *draft;
	int rc = host_draft(user, path, replace, &draft, err);

	if (rc < 0)
		return rc;
	rc = fs_draft_add(draft, text, strlen(text), err);
	if (rc == 0)
		return fs_draft_keep(draft, true, err);
	fs_draft_drop(draft);
	return rc;
}

static void host_move(void *user, const char *profile, const char *region)
{
	struct dashboard_host *h = user;

	h->next.wanted = true;
	str_set(&h->next.profile, profile);
	str_set(&h->next.region, region);
}

static int host_scopes(void *user, const char *list, struct err *err)
{
	struct dashboard_host *h = user;
	AUTO(scope_list) struct scope_list parsed = {0};

	if (scope_list_parse(list, &parsed, err) < 0)
		return -err->code;
	h->next.wanted = true;
	str_set(&h->next.scopes, list);
	return 0;
}

static void host_places(void *user, struct strlist *ret)
{
	complete_scopes(ret);
}

static void host_launches(void *user)
{
	struct dashboard_host *h = user;

	sync_launches(h->sync);
}

static int host_launched(void *user, const char *name, char **ret, struct err *err)
{
	struct dashboard_host *h = user;

	return store_launch_spec(sync_store(h->sync), name, ret, err);
}

static int host_discard(void *user, const char *name, struct launch_discarded *ret, struct err *err)
{
	struct dashboard_host *h = user;

	return launch_discard(h->sync, name, ret, err);
}

static void host_paths(void *user, const char *text, struct strlist *ret)
{
	fs_complete(text, MEMBER_VALUES_OFFERED, ret);
}

static void host_mouse(void *user, bool on)
{
	term_set_mouse(on);
}

static int host_theme(void *user, enum theme theme, struct err *err)
{
	return term_set_theme(theme, err);
}

/* The loop gives the terminal back when the signal comes. */
static void host_suspend(void *user)
{
	raise(SIGTSTP);
}

static void host_copy(void *user, const char *text)
{
	term_copy(text);
}

static const char *host_kept(void *user, const char *name)
{
	struct dashboard_host *h = user;

	return console_kept_get(h->kept, name);
}

static int host_keep(void *user, const char *name, const char *text, struct err *err)
{
	struct dashboard_host *h = user;

	return console_kept_set(h->kept, name, text, err);
}

struct dashboard_host *dashboard_host_new(struct sync *sync, const struct config *config, struct console_kept *kept)
{
	struct dashboard_host *h = NEW(struct dashboard_host);

	h->kept = kept;
	h->sync = sync;
	h->config = config;
	h->ops = (struct ui_host){
		.user = h,
		.watch = host_watch,
		.live = host_live,
		.live_usd_micro = LIVE_TAIL_USD_MICRO,
		.refresh = host_refresh,
		.traffic = host_traffic,
		.counts = host_counts,
		.backtests = host_backtests,
		.costs = host_costs,
		.prices = host_prices,
		.columns = host_columns,
		.stop = host_stop,
		.remove = host_remove,
		.vary = host_vary,
		.prepare_launch = host_prepare,
		.edit_launch = host_edit,
		.estimate = host_estimate,
		.launch = host_launch,
		.describe = host_describe,
		.files = host_files,
		.peek = host_peek,
		.download = host_download,
		.download_stop = host_download_stop,
		.findings = host_findings,
		.invoke = host_call_endpoint,
		.move = host_move,
		.scopes = host_scopes,
		.places = host_places,
		.member_values = host_member_values,
		.prepared = host_prepared,
		.check_change = host_check_change,
		.job_of = host_job_of,
		.launches = host_launches,
		.launched = host_launched,
		.discard = host_discard,
		.paths = host_paths,
		.save = host_save,
		.draft = host_draft,
		.theme = host_theme,
		.mouse = host_mouse,
		.suspend = host_suspend,
		.copy = host_copy,
		.kept = host_kept,
		.keep = host_keep,
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

const struct dashboard_next *dashboard_host_next(const struct dashboard_host *h)
{
	return h->next.wanted ? &h->next : NULL;
}

const struct ui_host *dashboard_host_ops(const struct dashboard_host *h)
{
	return &h->ops;
}
