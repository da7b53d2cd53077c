/* sync_jobs.c - passes over the jobs, and single ones.
 *
 * A pass asks for what was modified since the mark less an overlap (all, where
 * there is no mark), newest first, and puts each page into session and store as
 * it comes. The mark moves only when a pass reached its end, to the newest change
 * that its first page showed: what changes while a pass runs moves to the front,
 * behind its back, and is found by the next one. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define FULL_PASS_EVERY_MS ((int64_t)6 * 3600 * 1000) /* finds what an index lost, and what was deleted */
#define ACTIVE_STALE_MS 30000			      /* an active job is described where Search said nothing */
#define DESCRIBES_MAX 4
#define DESCRIBES_PER_TICK 8
/* ListTrainingJobs takes a page and then applies the filter of times: a long account has
 * many empty pages. */
#define LIST_PATIENCE_MS 300000
#define BACKOFF_MAX_MS 60000
#define PAGE_RETRIES 6 /* of a page in the midst of a pass: a hundred pages must not begin anew for one */

struct jobs_pass {
	bool full, by_list, mark_known;
	int64_t after_ms; /* TIME_UNKNOWN: all */
	int64_t mark_ms;  /* the next mark */
	int64_t started_ms;
	struct paging pages;
	int page_failures;
	uint64_t retry_timer;
	struct strlist describe; /* by_list: names to describe, newest first */
	size_t next_describe, describing;
	bool listed; /* by_list: the last page has come */
};

static void next_page(struct sync *s);

static void pass_free(struct jobs_pass *p)
{
	paging_done(&p->pages);
	strlist_done(&p->describe);
	free(p);
}

static int64_t meta_i64(struct sync *s, const char *key)
{
	AUTO(str) char *text = store_meta_get(s->store, key);
	int64_t v = 0;

	if (text)
		(void)str_to_i64(text, &v);
	return v;
}

static void set_meta_i64(struct sync *s, const char *key, int64_t v)
{
	char text[32];
	struct err err = {0};

	snprintf(text, sizeof(text), "%lld", (long long)v);
	if (store_meta_set(s->store, key, text, &err))
		log_info("sync: %s", err.msg); /* the next pass only reads more than it must */
}

/* Save these jobs; what is saved and not watched gives its cold part back. */
static bool save_jobs(struct sync *s, struct job **jobs, size_t n)
{
	struct err err = {0};

	if (store_jobs_save(s->store, jobs, n, &err)) {
		sync_note_error(s, "not saved", &err);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		jobs[i]->unsaved = false;
		if (!sync_is_watched(s, TRAINING_KIND, jobs[i]->name))
			job_trim(jobs[i]);
	}
	return true;
}

void sync_save_unsaved(struct sync *s)
{
	struct resources *t = session_jobs(s->session);
	struct job *batch[200];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct job *j = jobs_at(t, i);

		if (j->unsaved) {
			batch[n++] = j;
			if (n == ARRAY_LEN(batch)) {
				if (!save_jobs(s, batch, n))
					return;
				n = 0;
			}
		} else if (!j->trimmed && j->detail >= DETAIL_SEARCHED && !sync_is_watched(s, TRAINING_KIND, j->name)) {
			job_trim(j);
		}
	}
	if (n > 0)
		(void)save_jobs(s, batch, n);
}

static struct job *put_unsaved(struct sync *s, struct job *j)
{
	bool changed;

	j->seen_ms = clock_now_ms();
	struct job *known = jobs_put(session_jobs(s->session), j, &changed);

	if (changed) {
		known->unsaved = true;
		session_cold_update(s->session, job_resource(known), known->seen_ms);
		sync_feeds_job_changed(s, known);
	}
	return known;
}

struct job *sync_put_job(struct sync *s, struct job *j)
{
	struct job *known = put_unsaved(s, j);

	if (known->unsaved)
		(void)save_jobs(s, &known, 1);
	return known;
}

static void begin_pass(struct sync *s)
{
	struct jobs_pass *p = NEW(struct jobs_pass);
	int64_t mark = meta_i64(s, "jobs_mark");
	int64_t now = clock_now_ms();

	p->started_ms = now;
	p->by_list = s->search_denied;
	p->full = mark == 0 || now - meta_i64(s, "jobs_full_pass_ms") > FULL_PASS_EVERY_MS;
	p->after_ms = p->full ? TIME_UNKNOWN : MAX(mark - s->opt.overlap_ms, (int64_t)1);
	p->mark_ms = mark;
	s->pass = p;
	next_page(s);
}

/* Jobs of ours that a full pass did not bring were deleted, or the index lags:
 * each is asked for by its name. */
static void check_missing(struct sync *s, int64_t since_ms)
{
	const struct resources *t = session_jobs(s->session);
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < t->n; i++) {
		if (jobs_at(t, i)->seen_ms < since_ms)
			strlist_add(&names, jobs_at(t, i)->name);
	}
	for (size_t i = 0; i < names.n; i++)
		sync_describe(s, names.items[i], AWS_POLLING, NULL, NULL);
}

static void end_pass(struct sync *s, const struct err *err)
{
	struct jobs_pass *p = TAKE(s->pass);
	struct err copy = err ? *err : (struct err){0};

	if (s->closing) { /* sync_free tells those who wait */
		pass_free(p);
		return;
	}
	sync_save_unsaved(s);
	if (err) {
		s->failures++;
		sync_note_error(s, "jobs", err);
	} else {
		if (s->failures > 0) /* what failed stands on the status line still */
			session_notify(s->session, NOTICE_INFO, "the jobs are up to date again");
		s->failures = 0;
		sync_note_success(s);
		session_jobs(s->session)->synced_ms = clock_now_ms();
		if (p->mark_ms > 0)
			set_meta_i64(s, "jobs_mark", p->mark_ms);
		if (p->full) {
			set_meta_i64(s, "jobs_full_pass_ms", p->started_ms);
			session_jobs(s->session)->complete = true;
			session_jobs(s->session)->generation++;
			check_missing(s, p->started_ms);
		}
	}
	pass_free(p);
	s->pass_by_user = false;
	waiters_run(&s->pass_waiters, err ? &copy : NULL);
	if (s->next_pass_waiters.n > 0 && !s->pass) {
		s->pass_waiters = s->next_pass_waiters;
		s->next_pass_waiters = (struct waiters){0};
		s->pass_by_user = true;
		begin_pass(s);
	}
}

static void describe_more(struct sync *s);

static void on_pass_described(void *user, const struct err *err)
{
	struct sync *s = user;

	if (!s->pass)
		return;
	s->pass->describing--;
	if (err && err->code != ERR_NOTFOUND) {
		/* Denied, or no network: the rest would fail too. */
		s->pass->next_describe = s->pass->describe.n;
		if (s->pass->describing == 0)
			end_pass(s, err->code == ERR_DENIED ? NULL : err);
		return;
	}
	describe_more(s);
}

/* List says little of a job: those that changed are described, some at a time. */
static void describe_more(struct sync *s)
{
	struct jobs_pass *p = s->pass;

	while (p->describing < DESCRIBES_MAX && p->next_describe < p->describe.n) {
		p->describing++;
		sync_describe(s, p->describe.items[p->next_describe++], AWS_POLLING, on_pass_described, s);
	}
	if (p->describing == 0)
		end_pass(s, NULL);
}

static void put_page(struct sync *s, struct job **jobs, size_t n)
{
	struct jobs_pass *p = s->pass;
	struct job *changed[256];
	size_t n_changed = 0;

	for (size_t i = 0; i < n; i++) {
		struct job *j = TAKE(jobs[i]);

		if (!p->mark_known)
			p->mark_ms = MAX(p->mark_ms, j->modified_ms);
		struct job *known = put_unsaved(s, j);

		if (p->by_list && (known->detail < DETAIL_DESCRIBED || known->unsaved))
			strlist_add(&p->describe, known->name);
		if (known->unsaved)
			changed[n_changed++] = known;
		if (n_changed == ARRAY_LEN(changed)) {
			(void)save_jobs(s, changed, n_changed);
			n_changed = 0;
		}
	}
	if (n > 0)
		p->mark_known = true;
	if (n_changed > 0)
		(void)save_jobs(s, changed, n_changed);
}

static void retry_page(void *user)
{
	struct sync *s = user;

	s->pass->retry_timer = 0;
	next_page(s);
}

static bool is_transient(enum err_code code)
{
	return code == ERR_NET || code == ERR_TIMEOUT || code == ERR_SERVICE || code == ERR_THROTTLED ||
	       code == ERR_PARSE;
}

static void on_page(void *user, struct job **jobs, size_t n, const char *next_token, int64_t total_hint,
		    const struct err *err)
{
	struct sync *s = user;
	struct jobs_pass *p = s->pass;
	struct err endless = {0};

	if (err && err->code == ERR_DENIED && !p->by_list) {
		s->search_denied = true;
		p->by_list = true;
		paging_done(&p->pages);
		session_notify(s->session, NOTICE_INFO,
			       "sagemaker:Search is denied: jobs come by ListTrainingJobs (slower)");
		next_page(s);
		return;
	}
	if (err && p->pages.token && is_transient(err->code) && p->page_failures < PAGE_RETRIES && !s->closing) {
		p->retry_timer = aws_client_after(s->aws, (int64_t)250 << p->page_failures++, retry_page, s);
		return;
	}
	if (err) {
		end_pass(s, err);
		return;
	}
	p->page_failures = 0;
	put_page(s, jobs, n);
	if (p->full && total_hint >= 0)
		session_jobs(s->session)->total_hint = (size_t)total_hint;
	p->pages.patience_ms = p->by_list ? LIST_PATIENCE_MS : 0;

	int more = paging_next(&p->pages, p->by_list ? "ListTrainingJobs" : "Search", next_token, n, &endless);
	if (more < 0) {
		end_pass(s, &endless);
	} else if (more) {
		next_page(s);
	} else if (p->by_list) {
		p->listed = true;
		describe_more(s);
	} else {
		end_pass(s, NULL);
	}
}

static void next_page(struct sync *s)
{
	struct jobs_pass *p = s->pass;
	enum aws_priority priority = s->pass_by_user ? AWS_USER_ACTION : AWS_POLLING;

	if (p->by_list) {
		struct sm_list q = {.modified_after_ms = p->after_ms, .next_token = p->pages.token, .max_results = 100};

		sm_list_jobs(s->aws, &q, priority, on_page, s);
	} else {
		struct sm_search q = {.modified_after_ms = p->after_ms, .next_token = p->pages.token};

		sm_search_jobs(s->aws, &q, priority, on_page, s);
	}
}

static void on_identified(void *user, const struct err *err)
{
	struct sync *s = user;

	if (s->closing)
		return;
	if (err) {
		struct err copy = *err;

		s->failures++;
		sync_note_error(s, "jobs", &copy);
		waiters_run(&s->pass_waiters, &copy);
	} else if (!s->pass) {
		begin_pass(s);
	}
}

/* Before the account is known nothing may be saved under its name. */
static void start_pass(struct sync *s)
{
	sync_identify(s, on_identified, s);
}

void sync_jobs_free(struct sync *s)
{
	if (s->pass)
		pass_free(TAKE(s->pass));
}

void sync_jobs(struct sync *s, sync_done_fn *fn, void *user)
{
	/* A pass under way began too early to show what the caller may have done. */
	if (s->pass) {
		waiters_add(&s->next_pass_waiters, fn, user);
		return;
	}
	waiters_add(&s->pass_waiters, fn, user);
	s->pass_by_user = true;
	start_pass(s);
}

/* Search tells what changed; an active job of which it says nothing for a while is
 * asked for by name, the one unseen longest first. */
static void describe_stale(struct sync *s)
{
	const struct resources *t = session_jobs(s->session);
	int64_t now = clock_now_ms();

	if (s->describes > 0 || t->n_running == 0)
		return;
	for (int k = 0; k < DESCRIBES_PER_TICK; k++) {
		struct job *oldest = NULL;

		for (size_t i = 0; i < t->n; i++) {
			struct job *j = jobs_at(t, i);

			if (job_is_active(j) && now - j->seen_ms > ACTIVE_STALE_MS &&
			    (!oldest || j->seen_ms < oldest->seen_ms))
				oldest = j;
		}
		if (!oldest)
			return;
		oldest->seen_ms = now; /* asked for: its turn comes again after the others */
		sync_describe(s, oldest->name, AWS_POLLING, NULL, NULL);
	}
}

static void tick(void *user);

static void schedule(struct sync *s)
{
	int64_t delay = s->opt.refresh_ms;

	for (int i = 0; i < s->failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	s->refresh_timer = aws_client_after(s->aws, MIN(delay, (int64_t)BACKOFF_MAX_MS), tick, s);
}

static void tick_done(void *user, const struct err *err)
{
	struct sync *s = user;

	if (s->closing)
		return;
	if (!err)
		describe_stale(s);
	schedule(s);
}

static void tick(void *user)
{
	struct sync *s = user;

	s->refresh_timer = 0;
	if (s->pass || s->identity_asked) {
		schedule(s); /* a long first pass: wait for it */
		return;
	}
	waiters_add(&s->pass_waiters, tick_done, s);
	start_pass(s);
}

void sync_start(struct sync *s)
{
	if (s->started)
		return;
	s->started = true;
	sync_settle_launches(s);
	s->refresh_timer = aws_client_after(s->aws, 0, tick, s);
}

void sync_refresh_now(struct sync *s)
{
	if (!s->started || s->refresh_timer == 0)
		return; /* one is under way */
	aws_client_cancel_timer(s->aws, s->refresh_timer);
	s->refresh_timer = aws_client_after(s->aws, 0, tick, s);
}
