/* sync.c - making and freeing; who we are; notices and the API's budget. */
#include "sync/sync_priv.h"

#include "aws/sts.h"
#include "base/log.h"
#include "base/timefmt.h"

#define IDENTITY_AGAIN_MS 300000 /* after a failure */
#define CLOCK_WRONG_MS 60000	 /* less is the reply's own way */

void waiters_add(struct waiters *w, sync_done_fn *fn, void *user)
{
	if (!fn)
		return;
	GROW(w->items, w->cap, w->n + 1);
	w->items[w->n++] = (struct waiter){fn, user};
}

void waiters_run(struct waiters *w, const struct err *err)
{
	struct waiters run = *w; /* one of them may wait again */

	*w = (struct waiters){0};
	for (size_t i = 0; i < run.n; i++)
		run.items[i].fn(run.items[i].user, err);
	free(run.items);
}

/* A callback to come, on the list of those outstanding so that an early end of
 * the program does not lose it. */
struct later {
	struct later *next;
	struct sync *s;
	sync_done_fn *fn;
	void *user;
	bool failed;
	struct err err;
};

static void end_later(struct sync *s, struct later *l)
{
	for (struct later **p = &s->laters; *p; p = &(*p)->next) {
		if (*p == l) {
			*p = l->next;
			break;
		}
	}
	l->fn(l->user, l->failed ? &l->err : NULL);
	free(l);
}

static void run_later(void *user)
{
	struct later *l = user;

	end_later(l->s, l);
}

void sync_later(struct sync *s, sync_done_fn *fn, void *user, const struct err *err)
{
	if (!fn)
		return;
	struct later *l = NEW(struct later);

	l->s = s;
	l->fn = fn;
	l->user = user;
	l->failed = err != NULL;
	if (err)
		l->err = *err;
	l->next = s->laters;
	s->laters = l;
	if (!s->closing)
		aws_client_after(s->aws, 0, run_later, l);
}

static void cancel_laters(struct sync *s, const struct err *cancelled)
{
	while (s->laters) {
		struct later *l = s->laters;

		l->failed = true;
		l->err = *cancelled;
		end_later(s, l);
	}
}

void sync_note_error(struct sync *s, const char *what, const struct err *err)
{
	if (err->code == ERR_CANCELLED || s->closing)
		return;
	if (err->code == ERR_NET || err->code == ERR_TIMEOUT)
		s->session->offline = true;
	session_notify(s->session, err->code == ERR_THROTTLED ? NOTICE_WARNING : NOTICE_ERROR, "%s: %s", what,
		       err->msg);
}

void sync_note_success(struct sync *s)
{
	s->session->offline = false;
}

static void on_left_out(void *user, const char *operation, size_t n)
{
	struct sync *s = user;

	session_notify(s->session, NOTICE_WARNING, "%s: %zu record%s could not be read and %s left out", operation, n,
		       n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

/* Of the last seconds. */
static double calls_per_s(const struct sync *s)
{
	int64_t now = clock_mono_ms();
	size_t n = 0;

	for (size_t i = 0; i < MIN(s->n_recent, ARRAY_LEN(s->recent_ms)); i++)
		n += now - s->recent_ms[i] < RATE_WINDOW_MS;
	return (double)n * 1000 / RATE_WINDOW_MS;
}

static void on_report(void *user, const struct aws_request_report *r)
{
	struct sync *s = user;
	struct api_budget *b = &s->session->budget;
	struct request_record rec = {
		.at_ms = r->at_ms, .http_status = r->http_status, .attempts = r->attempts, .took_ms = r->took_ms};

	snprintf(rec.operation, sizeof(rec.operation), "%s:%s", r->service, r->operation);
	str_copy(rec.request_id, sizeof(rec.request_id), str_or(r->request_id, ""));
	str_copy(rec.error, sizeof(rec.error), str_or(r->error, ""));
	session_add_request(s->session, &rec);
	b->calls++;
	b->retries += r->attempts > 1 ? (uint64_t)r->attempts - 1 : 0;
	b->errors += r->error != NULL;
	if (r->throttled) {
		b->throttled++;
		b->throttled_until_ms = clock_now_ms() + 5000;
	}
	s->recent_ms[s->n_recent++ % ARRAY_LEN(s->recent_ms)] = clock_mono_ms();
	b->calls_per_s = calls_per_s(s);
}

/* Ages and what running things cost go by the service's clock where the machine's is wrong. */
static void correct_clock(struct sync *s)
{
	char off[TIMEFMT_LEN];
	int64_t behind_ms;

	if (!aws_client_clock_skew(s->aws, &behind_ms))
		return;
	bool wrong = llabs((long long)behind_ms) >= CLOCK_WRONG_MS;

	clock_correct_ms(wrong ? behind_ms : 0);
	if (wrong && !s->clock_told)
		session_notify(s->session, NOTICE_WARNING, "this machine's clock is %s %s: times are the service's",
			       timefmt_duration(off, llabs((long long)behind_ms)), behind_ms > 0 ? "behind" : "ahead");
	s->clock_told = wrong;
}

void sync_refresh_budget(struct sync *s)
{
	s->session->budget.calls_per_s = calls_per_s(s);
	s->session->budget.silent_ms = aws_client_silent_ms(s->aws);
	correct_clock(s);
}

/* The scope of an account that is not known yet is an alias; what account stood
 * behind it the last time is kept under it, so that the first paint is right. */
static int open_store(struct sync *s, struct err *err)
{
	const char *region = str_or(aws_client_region(s->aws), "?");
	const char *endpoint = aws_client_endpoint(s->aws);
	const char *memory = s->opt.no_store ? ":memory:" : NULL;
	AUTO(str) char *fixed = endpoint && !s->opt.by_account ? xasprintf("%s/%s", endpoint, region) : NULL;

	s->alias = fixed ? NULL : xasprintf("profile:%s/%s", str_or(aws_client_profile(s->aws), "default"), region);
	int rc = store_open(memory, memory, fixed ? fixed : s->alias, &s->store, err);

	if (rc || fixed)
		return rc;
	AUTO(str) char *account = store_meta_get(s->store, "account");

	if (!account)
		return 0;
	AUTO(str) char *scope = xasprintf("%s/%s", account, region);

	str_set(&s->session->account, account);
	return store_set_scope(s->store, scope, err);
}

int sync_new(const struct sync_options *opt, struct sync **ret, struct err *err)
{
	AUTO(sync) struct sync *s = NEW(struct sync);

	s->opt = *opt;
	s->opt.lost_ms = opt->lost_ms ? opt->lost_ms : 90000;
	s->session = session_new();
	sync_kinds_init(s);
	int rc = aws_client_new(&opt->aws, &s->aws, err);

	if (rc)
		return rc;
	aws_client_on_report(s->aws, on_report, s);
	aws_client_on_left_out(s->aws, on_left_out, s);
	s->opt.aws = (struct aws_options){0}; /* its strings were borrowed */
	s->session->region = xstrdup(aws_client_region(s->aws));
	s->session->profile = xstrdup(aws_client_profile(s->aws));
	s->session->endpoint = xstrdup(aws_client_endpoint(s->aws));
	s->session->label = xasprintf("%s/%s", str_or(s->session->profile, "default"), s->session->region);
	s->session->local = opt->aws.local;
	s->session->read_only = opt->read_only;
	s->session->read_only_by = xstrdup(opt->read_only_by);
	s->opt.read_only_by = NULL;
	rc = open_store(s, err);
	if (rc)
		return rc;
	sync_prices_reload(s);
	if (store_notice(s->store))
		session_notify(s->session, NOTICE_WARNING, "%s", store_notice(s->store));
	*ret = TAKE(s);
	return 0;
}

void sync_free(struct sync *s)
{
	struct err cancelled = {0};

	if (!s)
		return;
	s->closing = true;
	aws_client_free(s->aws); /* every answer that is outstanding arrives now */
	(void)err_set(&cancelled, ERR_CANCELLED, "sagetop is ending");
	waiters_run(&s->identity_waiters, &cancelled);
	sync_load_free(s, &cancelled);
	sync_kinds_free(s, &cancelled);
	sync_feeds_free(s);
	cancel_laters(s, &cancelled);
	strlist_done(&s->idle_feeds);
	store_close(s->store);
	session_free(s->session);
	free(s->alias);
	free(s);
}

struct session *sync_session(struct sync *s)
{
	return s->session;
}

struct aws_client *sync_client(struct sync *s)
{
	return s->aws;
}

struct store *sync_store(struct sync *s)
{
	return s->store;
}

/* The account is another than the one remembered: what was painted is not ours. */
static void change_account(struct sync *s, const char *account)
{
	AUTO(str) char *scope = xasprintf("%s/%s", account, s->session->region);
	struct err err = {0};
	bool other = s->session->account && !str_eq(s->session->account, account);

	if (store_set_scope(s->store, s->alias, &err) || store_meta_set(s->store, "account", account, &err) ||
	    store_set_scope(s->store, scope, &err))
		sync_note_error(s, "cache", &err);
	if (other)
		session_notify(s->session, NOTICE_INFO, "profile %s is account %s now", s->session->profile, account);
	str_set(&s->session->account, account);
	sync_kinds_reset(s);
	if (other)
		sync_feeds_reset(s);
	err_clear(&err);
	if (sync_load_again(s, &err))
		sync_note_error(s, "cache", &err);
}

static void on_identity(void *user, const struct sts_identity *id, const struct err *err)
{
	struct sync *s = user;

	s->identity_asked = false;
	if (err && err->code == ERR_CANCELLED)
		return;
	/* An identity that cannot be had must not keep the jobs from being shown: a
	 * private network may have a way to SageMaker and none to STS. Only refused
	 * credentials would be refused everywhere. */
	bool fatal = err && (err->code == ERR_AUTH || err->code == ERR_EXPIRED);

	s->identity_known = !fatal;
	s->identity_again_ms = err ? clock_mono_ms() + IDENTITY_AGAIN_MS : 0;
	if (!err) {
		if (!s->alias)
			str_set(&s->session->account, id->account);
		else if (!str_eq(s->session->account, id->account))
			change_account(s, id->account);
	}
	waiters_run(&s->identity_waiters, fatal ? err : NULL);
}

void sync_identify(struct sync *s, sync_done_fn *fn, void *user)
{
	if (s->identity_known && (s->identity_again_ms == 0 || clock_mono_ms() < s->identity_again_ms)) {
		sync_later(s, fn, user, NULL);
		return;
	}
	waiters_add(&s->identity_waiters, fn, user);
	if (!s->identity_asked) {
		s->identity_asked = true;
		sts_get_caller_identity(s->aws, AWS_POLLING, on_identity, s);
	}
}

int sync_poll(struct sync *s, struct pollfd *fds, unsigned n_fds, int timeout_ms)
{
	int rc = aws_client_poll(s->aws, fds, n_fds, timeout_ms);

	sync_refresh_budget(s);
	return rc;
}
