/* test_sync.c - sync against a scripted service: passes, their marks, denied
 * calls, deleted jobs, logs to the line, launches whose answers get lost. */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "fake_aws.h"
#include "sync/sweep.h"

#define DEADLINE_MS 20000

struct world {
	struct fake_aws aws;
	struct sync *s;
	char *dir;
};

static struct sync *new_sync_every(struct world *w, int64_t refresh_ms, int64_t log_poll_ms)
{
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = w->aws.httpd.url, .region = "us-east-1"},
				   .refresh_ms = refresh_ms,
				   .overlap_ms = 60000,
				   .log_poll_ms = log_poll_ms,
				   .settle_ms = 200};
	struct sync *s = NULL;
	struct err err = {0};

	if (sync_new(&opt, &s, &err) || sync_load(s, &err))
		fail_msg("%s", err.msg);
	return s;
}

static struct sync *new_sync(struct world *w)
{
	return new_sync_every(w, 50, 20);
}

static int setup(void **state)
{
	struct world *w = NEW(struct world);

	w->dir = unit_temp_dir();
	setenv("XDG_CACHE_HOME", w->dir, 1);
	setenv("XDG_STATE_HOME", w->dir, 1);
	fake_start(&w->aws);
	w->s = new_sync(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	sync_free(w->s);
	fake_stop(&w->aws);
	int rc = fs_remove_tree(w->dir, NULL);

	free(w->dir);
	free(w);
	return rc;
}

static void reopen(struct world *w)
{
	sync_free(w->s);
	w->s = new_sync(w);
}

struct outcome {
	bool done;
	struct err err;
};

static void on_done(void *user, const struct err *err)
{
	struct outcome *o = user;

	assert_false(o->done); /* exactly once */
	o->done = true;
	if (err)
		o->err = *err;
}

static void wait_for(struct world *w, const struct outcome *o)
{
	int64_t until = clock_mono_ms() + DEADLINE_MS;

	while (!o->done) {
		assert_true(clock_mono_ms() < until);
		sync_poll(w->s, NULL, 0, 50);
	}
}

static struct outcome jobs(struct world *w)
{
	struct outcome o = {0};

	sync_jobs(w->s, on_done, &o);
	assert_false(o.done);
	wait_for(w, &o);
	return o;
}

static struct outcome logs(struct world *w, const char *name)
{
	struct outcome o = {0};

	sync_logs(w->s, TRAINING_KIND, name, on_done, &o);
	wait_for(w, &o);
	return o;
}

#define WAIT_UNTIL(w, condition)                                   \
	do {                                                       \
		int64_t until_ = clock_mono_ms() + DEADLINE_MS;    \
		while (!(condition)) {                             \
			if (clock_mono_ms() > until_)              \
				fail_msg("never: %s", #condition); \
			sync_poll((w)->s, NULL, 0, 20);            \
		}                                                  \
	} while (0)

static void add_jobs(struct world *w, int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		fake_job(&w->aws, name, "Completed", 1700000000 + i, 1700000100 + i);
	}
}

static void test_passes(void **state)
{
	struct world *w = *state;

	add_jobs(w, 250);
	struct outcome o = jobs(w);
	assert_int_equal(o.err.code, 0);
	struct session *s = sync_session(w->s);
	assert_int_equal(session_jobs(s)->n, 250);
	assert_true(session_jobs(s)->complete);
	assert_int_equal(session_jobs(s)->total_hint, 250);
	assert_string_equal(s->account, "123456789012");
	assert_int_equal(fake_calls(&w->aws, "Search"), 3); /* 100 a page */
	assert_int_equal(fake_calls(&w->aws, "DescribeTrainingJob"), 0);
	assert_true(jobs_find(session_jobs(s), "job-3")->trimmed);
	struct job *full = sync_job_full(w->s, "job-3");
	assert_string_equal(strmap_get(&full->cold->hyperparameters, "eta"), "0.1");
	assert_string_equal(full->cold->role_arn, "arn:aws:iam::123456789012:role/r");
	/* The next one asks only for what changed. */
	fake_job(&w->aws, "job-3", "Stopped", 1700000003, 1700001000);
	fake_job(&w->aws, "fresh", "InProgress", 1700000500, 1700000999);
	jobs(w);
	assert_int_equal(fake_calls(&w->aws, "Search"), 4);
	assert_int_equal(jobs_find(session_jobs(s), "job-3")->status, JOB_STOPPED);
	assert_int_equal(session_jobs(s)->n_running, 1);
	/* Another start paints from the store, and its pass is an incremental one. */
	reopen(w);
	s = sync_session(w->s);
	assert_int_equal(session_jobs(s)->n, 251);
	assert_true(session_jobs(s)->complete);
	assert_int_equal(jobs_find(session_jobs(s), "job-3")->status, JOB_STOPPED);
	assert_int_equal(fake_calls(&w->aws, "Search"), 4);
	jobs(w);
	assert_int_equal(fake_calls(&w->aws, "Search"), 5);
}

/* A store of 1200 jobs, all described, as an earlier start left it. */
static void fill_store(struct sync *s)
{
	struct job *all[1200];
	char now[32];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char name[32];

		snprintf(name, sizeof(name), "old-%zu", i);
		all[i] = job_new(name);
		job_set_status(all[i], "Completed");
		all[i]->detail = DETAIL_DESCRIBED;
		all[i]->created_ms = all[i]->modified_ms = 1600000000000 + (int64_t)i * 1000;
		all[i]->cold->image = xasprintf("image-%zu", i);
	}
	assert_int_equal(store_jobs_save(sync_store(s), all, ARRAY_LEN(all), NULL), 0);
	assert_int_equal(store_meta_set(sync_store(s), "jobs_mark", "1600000000000", NULL), 0);
	snprintf(now, sizeof(now), "%lld", (long long)clock_now_ms());
	assert_int_equal(store_meta_set(sync_store(s), "jobs_full_pass_ms", now, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		job_free(all[i]);
}

/* The first paint has the newest; what is asked for before the others came is found, what
 * comes meanwhile is merged with what the store knows, and a column waits for all. */
static void test_load_in_slices(void **state)
{
	struct world *w = *state;
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = w->aws.httpd.url, .region = "us-east-1"}};
	const struct resources *t;
	AUTO(field_list) struct field_list image = {0};
	struct outcome filled = {0}, passed = {0};

	fill_store(w->s);
	sync_free(w->s);
	assert_int_equal(sync_new(&opt, &w->s, NULL), 0);
	t = session_jobs(sync_session(w->s));
	assert_int_equal(sync_load_newest(w->s, 40, NULL), 0);
	assert_int_equal(t->n, 40);
	assert_string_equal(t->items[0]->name, "old-1199");
	assert_true(t->partial && !t->complete);
	struct job *asked = sync_job_full(w->s, "old-3");
	assert_non_null(asked);
	assert_string_equal(asked->cold->image, "image-3");
	field_list_add(&image, field_find(TRAINING_KIND, "image", NULL), NULL);
	field_list_add(&image, field_find(TRAINING_KIND, "tuning_job", NULL), NULL); /* which none of them has */
	sync_columns(w->s, TRAINING_KIND, &image, on_done, &filled);
	fake_job(&w->aws, "old-7", "Stopped", 1600000007, 1700000000); /* Search tells less than Describe did */
	sync_jobs(w->s, on_done, &passed);
	wait_for(w, &filled);
	assert_false(t->partial);
	assert_true(t->complete);
	assert_int_equal(t->n, 1200);
	assert_int_equal(session_cold_column(sync_session(w->s), TRAINING_KIND, &image.items[0])->values.n, 1200);
	assert_int_equal(session_cold_column(sync_session(w->s), TRAINING_KIND, &image.items[1])->values.n, 0);
	wait_for(w, &passed);
	assert_int_equal(passed.err.code, 0);
	assert_int_equal(jobs_find(t, "old-7")->status, JOB_STOPPED);
	assert_int_equal(jobs_find(t, "old-7")->detail, DETAIL_DESCRIBED);
}

/* A list is built again by the generation: not with every slice. */
static void test_slices_build_no_list(void **state)
{
	struct world *w = *state;
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = w->aws.httpd.url, .region = "us-east-1"}};
	const struct field_list none = {0};
	struct outcome loaded = {0};

	fill_store(w->s);
	sync_free(w->s);
	assert_int_equal(sync_new(&opt, &w->s, NULL), 0);
	const struct resources *t = session_jobs(sync_session(w->s));

	assert_int_equal(sync_load_newest(w->s, 40, NULL), 0);
	uint64_t generation = t->generation;

	sync_columns(w->s, TRAINING_KIND, &none, on_done, &loaded);
	wait_for(w, &loaded);
	assert_int_equal(t->n, 1200);
	assert_int_equal(t->generation, generation + 2); /* of the end, and of the column */
}

/* A page that comes before the job's row was loaded. */
static void test_pass_before_slices(void **state)
{
	struct world *w = *state;
	struct outcome told = {0};

	fill_store(w->s);
	reopen(w);
	struct resources *t = session_jobs(sync_session(w->s));
	resources_remove(t, "old-7");
	t->partial = true; /* its slice is still to come */
	fake_job(&w->aws, "old-7", "Stopped", 1600000007, 1700000000);
	sync_jobs(w->s, on_done, &told);
	wait_for(w, &told);
	assert_int_equal(jobs_find(t, "old-7")->status, JOB_STOPPED);
	assert_int_equal(jobs_find(t, "old-7")->detail, DETAIL_DESCRIBED);
}

/* A pass that breaks off keeps what came, but moves no mark. */
static void test_broken_pass(void **state)
{
	struct world *w = *state;

	add_jobs(w, 250);
	fake_fail(&w->aws, "Search", 1000, "ValidationException");
	struct outcome o = jobs(w);
	assert_int_not_equal(o.err.code, 0);
	assert_int_equal(sync_session(w->s)->notice.level, NOTICE_ERROR);
	fake_fail(&w->aws, "", 0, "");
	reopen(w);
	assert_false(session_jobs(sync_session(w->s))->complete);
	o = jobs(w);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 250);
}

/* One bad page of many is asked for again; the pass does not begin anew. */
static void test_bad_page(void **state)
{
	struct world *w = *state;

	add_jobs(w, 250);
	fake_fail(&w->aws, "Search", 3, "cut");
	w->aws.n_skip = 1;
	struct outcome o = jobs(w);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 250);
	assert_int_equal(fake_calls(&w->aws, "Search"), 6);
}

static void test_search_denied(void **state)
{
	struct world *w = *state;

	add_jobs(w, 130);
	fake_deny(&w->aws, "Search");
	struct outcome o = jobs(w);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 130);
	assert_int_equal(fake_calls(&w->aws, "ListTrainingJobs"), 2);
	assert_int_equal(fake_calls(&w->aws, "DescribeTrainingJob"), 130);
	assert_string_equal(jobs_find(session_jobs(sync_session(w->s)), "job-7")->instance_type, "ml.m5.xlarge");
	/* What is over and described is not described again. */
	fake_job(&w->aws, "fresh", "InProgress", 1700000500, 1700000999);
	jobs(w);
	assert_int_equal(fake_calls(&w->aws, "DescribeTrainingJob"), 131);
}

/* Who watches a job that must not be described is told why no more is known of it. */
static void test_describe_denied(void **state)
{
	struct world *w = *state;
	const struct feed *f;

	fake_job(&w->aws, "job", "InProgress", 1700000000, 1700000100);
	fake_deny(&w->aws, "DescribeTrainingJob");
	jobs(w);
	sync_watch(w->s, TRAINING_KIND, "job");
	f = session_find_feed(sync_session(w->s), TRAINING_KIND, "job");
	WAIT_UNTIL(w, f->details_note[0]);
	assert_non_null(strstr(f->details_note, "DescribeTrainingJob"));
	sync_unwatch(w->s, TRAINING_KIND, "job");
}

static void test_deleted_job(void **state)
{
	struct world *w = *state;

	add_jobs(w, 5);
	jobs(w);
	fake_delete(&w->aws, "job-2");
	/* A full pass, as it comes every few hours. */
	assert_int_equal(store_meta_set(sync_store(w->s), "jobs_full_pass_ms", "1", NULL), 0);
	usleep(2000); /* so that the pass begins after the last look */
	jobs(w);
	WAIT_UNTIL(w, !jobs_find(session_jobs(sync_session(w->s)), "job-2"));
	assert_int_equal(session_jobs(sync_session(w->s))->n, 4);
	reopen(w);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 4);
}

/* The cache's file is gone under a running program: what it had is in the new one, whole, once the jobs
 * were asked for again. */
static void test_cache_removed(void **state)
{
	struct world *w = *state;
	AUTO(str) char *path = xasprintf("%s/sagetop/cache.db", w->dir);
	const struct job *j;

	add_jobs(w, 250);
	jobs(w);
	assert_int_equal(unlink(path), 0);
	fake_job(&w->aws, "job-3", "Stopped", 1700000003, 1700001000);
	jobs(w); /* finds it out by saving that one */
	jobs(w);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 250);
	reopen(w);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 250);
	for (int i = 0; i < 250; i += 83) {
		char name[32];

		snprintf(name, sizeof(name), "job-%d", i);
		j = sync_job_full(w->s, name);
		assert_non_null(j);
		assert_false(j->trimmed);
		assert_string_equal(j->cold->role_arn, "arn:aws:iam::123456789012:role/r");
	}
	assert_int_equal(jobs_find(session_jobs(sync_session(w->s)), "job-3")->status, JOB_STOPPED);
}

/* Two hours ahead: now is what the service says, and the user is told. */
static void test_wrong_clock(void **state)
{
	struct world *w = *state;
	const struct session *s = sync_session(w->s);

	w->aws.ahead_s = -7200;
	jobs(w);
	int64_t off_ms = clock_now_ms() + 7200000 - clock_machine_ms();

	clock_correct_ms(0);
	assert_in_range(llabs((long long)off_ms), 0, 60000);
	assert_non_null(strstr(s->notice.text, " ahead: times are the service's"));
}

/* A network with a way to SageMaker and none to STS. */
static void test_no_identity(void **state)
{
	struct world *w = *state;

	add_jobs(w, 3);
	fake_fail(&w->aws, "GetCallerIdentity", 1000, "reset");
	assert_int_equal(jobs(w).err.code, 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 3);
	assert_null(sync_session(w->s)->account);
	int64_t asked = fake_calls(&w->aws, "GetCallerIdentity");
	assert_int_equal(jobs(w).err.code, 0);
	assert_int_equal(fake_calls(&w->aws, "GetCallerIdentity"), asked); /* not again at once */
	reopen(w);
	fake_fail(&w->aws, "GetCallerIdentity", 1000, "InvalidClientTokenId");
	assert_int_equal(jobs(w).err.code, ERR_AUTH); /* refused everywhere: said at once */
}

static void test_one_job(void **state)
{
	struct world *w = *state;
	struct outcome o = {0}, missing = {0};

	add_jobs(w, 3);
	sync_job(w->s, "job-1", on_done, &o);
	wait_for(w, &o);
	assert_int_equal(o.err.code, 0);
	struct job *j = sync_job_full(w->s, "job-1");
	assert_int_equal(j->detail, DETAIL_DESCRIBED);
	assert_string_equal(job_tag(j, "run"), "n");
	jobs(w);
	sync_job(w->s, "job-11", on_done, &missing);
	wait_for(w, &missing);
	assert_int_equal(missing.err.code, ERR_NOTFOUND);
	assert_string_equal(missing.err.msg, "there is no training job 'job-11' in us-east-1: did you mean 'job-1'?");
}

/* It waits for the account's identity, not for the next tick. */
static void test_first_pass(void **state)
{
	struct world *w = *state;

	sync_free(w->s);
	w->s = new_sync_every(w, 10 * DEADLINE_MS, 20);
	add_jobs(w, 3);
	fake_fail(&w->aws, "GetCallerIdentity", 1, "reset"); /* the answer comes after the first tick */
	sync_start(w->s);
	WAIT_UNTIL(w, session_jobs(sync_session(w->s))->n == 3);
}

static void test_refresh_by_itself(void **state)
{
	struct world *w = *state;

	sync_start(w->s);
	WAIT_UNTIL(w, session_jobs(sync_session(w->s))->synced_ms > 0);
	fake_job(&w->aws, "late", "InProgress", 1700000500, 1700000999);
	WAIT_UNTIL(w, session_jobs(sync_session(w->s))->n == 1);
	fake_fail(&w->aws, "Search", 1000000, "reset");
	WAIT_UNTIL(w, sync_session(w->s)->offline);
	fake_fail(&w->aws, "", 0, "");
	fake_job(&w->aws, "late", "Completed", 1700000500, 1700001999);
	WAIT_UNTIL(w, !sync_session(w->s)->offline);
	WAIT_UNTIL(w, job_is_terminal(jobs_find(session_jobs(sync_session(w->s)), "late")));
}

/* Every line once, whatever the order in which it reaches the service. */
static void test_follow(void **state)
{
	struct world *w = *state;
	int64_t t = clock_now_ms();
	char text[64];

	fake_job(&w->aws, "a", "InProgress", t / 1000 - 100, t / 1000);
	fake_job(&w->aws, "a-2", "InProgress", t / 1000 - 100, t / 1000);
	fake_log(&w->aws, "a-2/algo-1-1", t, "of another job");
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	assert_non_null(f);
	WAIT_UNTIL(w, f->logs_loaded);
	assert_string_equal(f->logs_note, "no log stream yet");
	for (int i = 0; i < 20; i++) { /* many within one millisecond, with repeats */
		snprintf(text, sizeof(text), "line %d", i / 2);
		fake_log(&w->aws, "a/algo-1-1", t, text);
	}
	WAIT_UNTIL(w, f->logs.n == 20);
	assert_true(f->following);
	assert_string_equal(f->logs_note, "");
	fake_log(&w->aws, "a/algo-1-1", t, "one more of that millisecond");
	WAIT_UNTIL(w, f->logs.n == 21);
	fake_log(&w->aws, "a/algo-1-1", t + 5000, "[3]\ttrain-rmse:1.5");
	fake_log(&w->aws, "a/algo-2-9", t + 5001, "another instance");
	WAIT_UNTIL(w, f->logs.n == 23);
	fake_log(&w->aws, "a/algo-1-1", t + 1000, "late by seconds");
	WAIT_UNTIL(w, f->logs.n == 24);
	assert_string_equal(f->logs.lines[21].text, "late by seconds");
	assert_non_null(series_find(&f->metrics, "train:rmse"));
	/* Later than any overlap: the reading at the end finds it. */
	fake_log(&w->aws, "a/algo-1-1", t - 3600000, "late by an hour");
	fake_job(&w->aws, "a", "Completed", t / 1000 - 100, t / 1000 + 5);
	WAIT_UNTIL(w, f->logs.complete);
	assert_int_equal(f->logs.n, 25);
	assert_string_equal(f->logs.lines[0].text, "late by an hour");
	assert_false(f->following);
	sync_unwatch(w->s, TRAINING_KIND, "a");
	/* From now on it needs no network. */
	reopen(w);
	int64_t calls = fake_calls(&w->aws, "FilterLogEvents");
	struct outcome o = logs(w, "a");
	assert_int_equal(o.err.code, 0);
	f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	assert_int_equal(f->logs.n, 25);
	assert_int_equal(fake_calls(&w->aws, "FilterLogEvents"), calls);
	assert_non_null(series_find(&f->metrics, "train:rmse"));
}

/* Any kind with a log group is followed the same way. */
static void test_follow_other_kind(void **state)
{
	struct world *w = *state;
	const struct kind *kind = kind_find("processing-job");
	int64_t t = clock_now_ms();
	struct session *s = sync_session(w->s);
	struct resource *r = resource_new(kind, "p");

	resource_set_status(r, "InProgress");
	r->created_ms = r->start_ms = t - 60000;
	resources_put(&s->tables[kind->id], r, NULL);
	fake_log(&w->aws, "p/algo-1-1", t, "split");
	fake_log(&w->aws, "p-2/algo-1-1", t, "of another");
	sync_watch(w->s, kind, "p");
	const struct feed *f = session_find_feed(s, kind, "p");
	WAIT_UNTIL(w, f->logs.n == 1);
	assert_null(session_find_feed(s, TRAINING_KIND, "p"));
	WAIT_UNTIL(w, fake_calls(&w->aws, "GetMetricData") > 0);
	fake_log(&w->aws, "p/algo-1-1", t + 1, "done");
	r = resource_new(kind, "p");
	resource_set_status(r, "Completed");
	r->created_ms = r->start_ms = t - 60000;
	r->end_ms = r->modified_ms = t;
	resources_put(&s->tables[kind->id], r, NULL);
	WAIT_UNTIL(w, f->logs.complete);
	assert_int_equal(f->logs.n, 2);
	sync_unwatch(w->s, kind, "p");
	struct outcome unknown = {0}, without = {0};
	/* What was not listed yet is asked for. */
	fake_fail(&w->aws, "DescribeProcessingJob", 1, "ResourceNotFound");
	sync_logs(w->s, kind, "nobody", on_done, &unknown);
	wait_for(w, &unknown);
	assert_int_equal(unknown.err.code, ERR_NOTFOUND);
	assert_int_equal(fake_calls(&w->aws, "DescribeProcessingJob"), 1);
	fake_fail(&w->aws, "", 0, "");
	const struct kind *model = kind_find("model");
	resources_put(&s->tables[model->id], resource_new(model, "m"), NULL);
	sync_logs(w->s, model, "m", on_done, &without); /* has no log: nothing is asked */
	wait_for(w, &without);
	assert_int_equal(without.err.code, 0);
	assert_non_null(strstr(session_find_feed(s, model, "m")->logs_note, "have no log"));
}

struct heard {
	size_t n;
	char last[64];
};

static void hear(void *user, const char *stream, const struct log_line *line)
{
	struct heard *h = user;

	h->n++;
	str_copy(h->last, sizeof(h->last), line->text);
}

/* A reading keeps nothing; what breaks on its way goes on; one that is given up ends. */
static void test_read_log(void **state)
{
	struct world *w = *state;
	struct heard h = {0};
	struct sync_reading r = {.since_ms = INT64_MIN, .line = hear, .user = &h};
	struct outcome o = {0}, ended = {0};
	char text[32];

	fake_job(&w->aws, "a", "Completed", 1700000000, 1700000100);
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		fake_log(&w->aws, "a/algo-1-1", 1700000000000 + i, text);
	}
	fake_fail(&w->aws, "FilterLogEvents", 1, "cut");
	w->aws.n_skip = 5;
	sync_read_log(w->s, TRAINING_KIND, "a", &r, on_done, &o);
	wait_for(w, &o);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(h.n, 30);
	assert_string_equal(h.last, "line 29");
	assert_int_equal(session_find_feed(sync_session(w->s), TRAINING_KIND, "a")->logs.n, 0);
	/* It was cached on the way. */
	int64_t calls = fake_calls(&w->aws, "FilterLogEvents");
	o = (struct outcome){0};
	h.n = 0;
	sync_read_log(w->s, TRAINING_KIND, "a", &r, on_done, &o);
	wait_for(w, &o);
	assert_int_equal(h.n, 30);
	assert_int_equal(fake_calls(&w->aws, "FilterLogEvents"), calls);
	fake_job(&w->aws, "b", "InProgress", 1700000000, 1700000100);
	r.follow = true;
	sync_read_log(w->s, TRAINING_KIND, "b", &r, on_done, &ended);
	for (int i = 0; i < 5; i++)
		sync_poll(w->s, NULL, 0, 10);
	assert_false(ended.done);
	reopen(w);
	assert_true(ended.done);
	assert_int_equal(ended.err.code, ERR_CANCELLED);
}

static void test_follow_goes_on(void **state)
{
	struct world *w = *state;
	int64_t t = clock_now_ms();

	fake_job(&w->aws, "a", "InProgress", t / 1000 - 100, t / 1000);
	fake_log(&w->aws, "a/algo-1-1", t, "one");
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.n == 1);
	fake_fail(&w->aws, "FilterLogEvents", 3, "ThrottlingException");
	WAIT_UNTIL(w, strstr(f->logs_note, "retrying in"));
	assert_non_null(strstr(f->logs_note, "throttled"));
	fake_log(&w->aws, "a/algo-1-1", t + 1, "two");
	WAIT_UNTIL(w, f->logs.n == 2);
	assert_string_equal(f->logs_note, "");
	sync_unwatch(w->s, TRAINING_KIND, "a");
	int64_t calls = fake_calls(&w->aws, "FilterLogEvents");
	for (int i = 0; i < 20; i++)
		sync_poll(w->s, NULL, 0, 20);
	assert_true(fake_calls(&w->aws, "FilterLogEvents") <= calls + 1); /* the one under way */
}

/* A long log that fails on its way goes on from where it was. */
static void test_log_resumes(void **state)
{
	struct world *w = *state;
	char text[32];

	fake_job(&w->aws, "a", "Completed", 1700000000, 1700000100);
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		fake_log(&w->aws, "a/algo-1-1", 1700000000000 + i, text);
	}
	fake_fail(&w->aws, "FilterLogEvents", 1, "cut");
	w->aws.n_skip = 5;
	struct outcome o = logs(w, "a");
	assert_int_equal(o.err.code, 0);
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	assert_int_equal(f->logs.n, 30);
	assert_true(f->logs.complete);
	assert_int_equal(fake_calls(&w->aws, "FilterLogEvents"), 11);
}

#define LONG_N 400

/* Lines of three streams, many of one millisecond, some alike; one stream is from before. */
static void add_lines(struct world *w, int first, int n)
{
	static const char *const streams[] = {"a/algo-1-2", "a/algo-2-2"};
	char text[32];

	for (int i = first; i < first + n; i++) {
		snprintf(text, sizeof(text), i % 5 ? "%d" : "[%d]\ttrain-rmse:0.5", i / 2);
		fake_log(&w->aws, i < 60 ? "a/algo-1-1" : streams[i % 7 == 0], 1700000000000 + i / 11, text);
	}
}

static void add_long_log(struct world *w)
{
	fake_job(&w->aws, "a", "Completed", 1700000000, 1700000100);
	add_lines(w, 0, LONG_N);
}

/* What the log has, each stream in its own order, all in order of time. */
static void check_lines(const struct loglines *l, size_t wanted)
{
	size_t at[3] = {0};
	char text[32];

	assert_int_equal(l->n, wanted);
	for (size_t i = 1; i < l->n; i++)
		assert_true(l->lines[i - 1].time_ms <= l->lines[i].time_ms);
	for (size_t i = 0; i < wanted; i++) {
		const char *stream = i < 60 ? "a/algo-1-1" : i % 7 == 0 ? "a/algo-2-2" : "a/algo-1-2";
		size_t *k = &at[i < 60 ? 0 : i % 7 == 0 ? 1 : 2];

		while (*k < l->n && !str_eq(l->streams.items[l->lines[*k].stream], stream))
			++*k;
		assert_true(*k < l->n);
		snprintf(text, sizeof(text), i % 5 ? "%zu" : "[%zu]\ttrain-rmse:0.5", i / 2);
		assert_string_equal(l->lines[*k].text, text);
		++*k;
	}
}

/* What is shown while it is read has no holes: it is the end of the log. */
static void check_end_of_long_log(const struct loglines *l)
{
	size_t n[3] = {0}, all[3] = {0};

	if (l->n == 0)
		return;
	for (size_t i = 0; i < l->n; i++)
		n[str_eq(l->streams.items[l->lines[i].stream], "a/algo-1-1")
			  ? 0
			  : 1 + str_eq(l->streams.items[l->lines[i].stream], "a/algo-1-2")]++;
	for (size_t i = LONG_N; i-- > 0;) {
		if (1700000000000 + (int64_t)i / 11 <= l->lines[0].time_ms)
			break;
		all[i < 60 ? 0 : 1 + (i % 7 != 0)]++;
	}
	for (size_t k = 0; k < 3; k++)
		assert_true(n[k] >= all[k]);
}

/* Of all hosts. */
static size_t points_of(const struct feed *f, const char *metric)
{
	size_t n = 0;

	for (size_t i = 0; i < f->metrics.n; i++)
		n += str_eq(f->metrics.items[i].name, metric) ? f->metrics.items[i].n : 0;
	return n;
}

/* The newest page comes first, then what is older; nothing is lost or twice at a seam, and
 * it is cached. A failure on its way is passed; what was begun and left begins again. */
static void test_long_log_backwards(void **state)
{
	struct world *w = *state;

	add_long_log(w);
	jobs(w);
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.n > 0);
	assert_true(f->logs_reading);
	assert_int_equal(f->logs.lines[f->logs.n - 1].time_ms, 1700000000000 + (LONG_N - 1) / 11);
	assert_true(f->logs.n < LONG_N / 4);
	reopen(w); /* in the midst of it */
	jobs(w);
	fake_fail(&w->aws, "GetLogEvents", 1, "cut");
	w->aws.n_skip = 20;
	sync_watch(w->s, TRAINING_KIND, "a");
	f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	for (size_t seen = 0; !f->logs.complete; seen = f->logs.n) {
		sync_poll(w->s, NULL, 0, 100);
		assert_true(f->logs.n >= seen);
		check_end_of_long_log(&f->logs);
	}
	check_lines(&f->logs, LONG_N);
	assert_false(f->logs_reading);
	assert_int_equal(points_of(f, "train:rmse"), LONG_N / 5);
	struct outcome o = logs(w, "a");
	assert_int_equal(o.err.code, 0);
	sync_unwatch(w->s, TRAINING_KIND, "a");
	reopen(w);
	jobs(w);
	/* Its curves are wanted, though the job's record tells a last value. */
	job_add_final_metric(sync_job_full(w->s, "a"), "train:rmse", 0.5, 1700000000000);
	int64_t calls = fake_calls(&w->aws, "FilterLogEvents") + fake_calls(&w->aws, "GetLogEvents");
	sync_watch(w->s, TRAINING_KIND, "a");
	f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	assert_true(f->logs.n >= 200);		  /* at once */
	for (int times = 0; times < 3; times++) { /* left, and looked at again */
		WAIT_UNTIL(w, f->logs.complete);
		check_lines(&f->logs, LONG_N);
		assert_int_equal(points_of(f, "train:rmse"), LONG_N / 5);
		sync_unwatch(w->s, TRAINING_KIND, "a");
		sync_watch(w->s, TRAINING_KIND, "a");
		for (int i = 0; i < 5; i++)
			sync_poll(w->s, NULL, 0, 10);
	}
	assert_int_equal(fake_calls(&w->aws, "FilterLogEvents") + fake_calls(&w->aws, "GetLogEvents"), calls);
}

/* What is still being written is read backwards, too: the newest lines are there first, what
 * comes meanwhile is read between the pages, and all is there once in the end. Left and looked
 * at again, nothing is read twice. */
static void test_running_log_backwards(void **state)
{
	struct world *w = *state;
	bool came_meanwhile = false;
	int n = LONG_N;

	sync_free(w->s);
	w->s = new_sync_every(w, 50, 0); /* a look at what is new behind each page */
	fake_job(&w->aws, "a", "InProgress", 1700000000, 1700000100);
	add_lines(w, 0, n);
	jobs(w);
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.n > 0);
	assert_true(f->logs_reading);
	assert_int_equal(f->logs.lines[f->logs.n - 1].time_ms, 1700000000000 + (LONG_N - 1) / 11);
	for (int64_t last = 0; f->logs_reading; sync_poll(w->s, NULL, 0, 5)) {
		last = f->logs.lines[f->logs.n - 1].time_ms;
		came_meanwhile |= last > 1700000000000 + LONG_N / 11;
		if (last == 1700000000000 + (n - 1) / 11) {
			add_lines(w, n, 7);
			n += 7;
		}
	}
	assert_true(came_meanwhile);
	WAIT_UNTIL(w, f->logs.n == (size_t)n);
	check_lines(&f->logs, (size_t)n);
	WAIT_UNTIL(w, points_of(f, "train:rmse") == ((size_t)n + 4) / 5);
	sync_unwatch(w->s, TRAINING_KIND, "a");
	for (int i = 0; i < 5; i++)
		sync_poll(w->s, NULL, 0, 10);
	add_lines(w, n, 1);
	int64_t back = fake_calls(&w->aws, "GetLogEvents");

	sync_watch(w->s, TRAINING_KIND, "a");
	f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.n == (size_t)n + 1);
	assert_int_equal(fake_calls(&w->aws, "GetLogEvents"), back);
	fake_job(&w->aws, "a", "Completed", 1700000000, 1700000200);
	WAIT_UNTIL(w, f->logs.complete);
	check_lines(&f->logs, (size_t)n + 1);
	assert_int_equal(points_of(f, "train:rmse"), ((size_t)n + 5) / 5);
}

/* Without the calls that go backwards it is read forwards. */
static void test_long_log_forwards(void **state)
{
	struct world *w = *state;

	add_long_log(w);
	jobs(w);
	fake_deny(&w->aws, "GetLogEvents");
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.complete);
	check_lines(&f->logs, LONG_N);
	assert_int_equal(fake_calls(&w->aws, "GetLogEvents"), 1);
}

static void test_filter_denied(void **state)
{
	struct world *w = *state;
	int64_t t = clock_now_ms();

	fake_deny(&w->aws, "FilterLogEvents");
	fake_job(&w->aws, "a", "InProgress", t / 1000 - 100, t / 1000);
	for (int i = 0; i < 10; i++)
		fake_log(&w->aws, i % 2 ? "a/algo-1-1" : "a/algo-2-1", t, "same text, same millisecond");
	sync_watch(w->s, TRAINING_KIND, "a");
	const struct feed *f = session_find_feed(sync_session(w->s), TRAINING_KIND, "a");
	WAIT_UNTIL(w, f->logs.n == 10);
	fake_log(&w->aws, "a/algo-1-1", t, "same text, same millisecond");
	fake_log(&w->aws, "a/algo-3-1", t + 1, "a new stream");
	WAIT_UNTIL(w, f->logs.n == 12);
	fake_job(&w->aws, "a", "Completed", t / 1000 - 100, t / 1000 + 5);
	WAIT_UNTIL(w, f->logs.complete);
	assert_int_equal(f->logs.n, 12);
}

/* One who looks at many jobs one after the other keeps only the last feeds. */
static void test_feeds_are_bounded(void **state)
{
	struct world *w = *state;
	char name[32];

	add_jobs(w, 30);
	jobs(w);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		logs(w, name);
	}
	assert_true(sync_session(w->s)->feeds.n <= 10);
	assert_non_null(session_find_feed(sync_session(w->s), TRAINING_KIND, "job-29"));
}

static const char spec[] = "{\"TrainingJobName\":\"new\",\"AlgorithmSpecification\":{\"TrainingImage\":\"img\","
			   "\"TrainingInputMode\":\"File\"},\"RoleArn\":\"arn:aws:iam::123456789012:role/r\","
			   "\"OutputDataConfig\":{\"S3OutputPath\":\"s3://b/o\"},\"ResourceConfig\":{\"InstanceType\":"
			   "\"ml.m5.xlarge\",\"InstanceCount\":1,\"VolumeSizeInGB\":1},\"StoppingCondition\":"
			   "{\"MaxRuntimeInSeconds\":3600}}";

static struct launch_plan *plan(struct world *w)
{
	AUTO(str) char *path = fs_join(w->dir, "spec.json");
	struct launch_plan *p = NULL;
	struct err err = {0};

	assert_int_equal(fs_write_atomic(path, spec, strlen(spec), 0600, NULL), 0);
	if (launch_plan_from_file(w->s, path, NULL, NULL, &p, &err))
		fail_msg("%s", err.msg);
	return p;
}

static struct outcome send_plan(struct world *w, const struct launch_plan *p)
{
	struct outcome o = {0};

	launch_send(w->s, p, on_done, &o);
	wait_for(w, &o);
	return o;
}

static enum launch_state last_state(struct world *w)
{
	struct launch *l;
	size_t n;

	assert_int_equal(store_launch_list(sync_store(w->s), LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_true(n > 0);
	enum launch_state state = l[n - 1].state;

	launch_list_free(l, n);
	return state;
}

static void test_launch(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = plan(w);

	assert_string_equal(p->name, "new");
	assert_int_equal(p->ceiling_micro, 230000);
	struct outcome o = send_plan(w, p);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(last_state(w), LAUNCH_ACCEPTED);
	WAIT_UNTIL(w, jobs_find(session_jobs(sync_session(w->s)), "new")); /* it shows without waiting for Search */
}

static void test_launch_reply_lost(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = plan(w);

	w->aws.lose_create_reply = true;
	struct outcome o = send_plan(w, p);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(last_state(w), LAUNCH_ACCEPTED);
	assert_int_equal(json_array_size(w->aws.jobs), 1);
}

/* What never left was not created: it is not sent behind its user's back either. */
static void test_launch_offline(void **state)
{
	struct world *w = *state;
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = "http://127.0.0.1:1", .region = "us-east-1"},
				   .refresh_ms = 50};
	AUTO(launch_plan) struct launch_plan *p = plan(w);
	struct sync *s = w->s, *offline = NULL;

	assert_int_equal(sync_new(&opt, &offline, NULL), 0);
	w->s = offline;
	struct outcome o = send_plan(w, p);
	assert_int_equal(o.err.code, ERR_NET);
	assert_true(o.err.unsent);
	assert_non_null(strstr(o.err.msg, "not launched: CreateTrainingJob"));
	assert_int_equal(last_state(w), LAUNCH_REFUSED);
	w->s = s;
	sync_free(offline);
}

static void test_launch_refused(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = plan(w);

	fake_job(&w->aws, "new", "Completed", 1700000000, 1700000100); /* somebody's, long ago */
	struct outcome o = send_plan(w, p);
	assert_int_equal(o.err.code, ERR_EXISTS);
	assert_int_equal(last_state(w), LAUNCH_REFUSED);
	fake_delete(&w->aws, "new");
	fake_fail(&w->aws, "CreateTrainingJob", 1, "ResourceLimitExceeded");
	o = send_plan(w, p);
	assert_int_equal(o.err.code, ERR_LIMIT);
	assert_int_equal(last_state(w), LAUNCH_REFUSED);
	assert_int_equal(json_array_size(w->aws.jobs), 0);
}

/* A clone of a job of one of the service's own algorithms. */
static void test_launch_own_algorithm(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = plan(w);

	json_object_set_new(json_object_get(p->spec, "AlgorithmSpecification"), "MetricDefinitions",
			    json_pack("[{s:s,s:s}]", "Name", "m", "Regex", "m=(.*)"));
	w->aws.own_algorithm = true;
	struct outcome o = send_plan(w, p);
	assert_int_equal(o.err.code, 0);
	assert_int_equal(last_state(w), LAUNCH_ACCEPTED);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 2);
}

/* The profile leads to another account than the last time: its jobs are not
 * mixed with those that were painted, and both are still there. */
static void test_other_account(void **state)
{
	struct world *w = *state;
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = w->aws.httpd.url}, .by_account = true};

	sync_free(w->s);
	assert_int_equal(sync_new(&opt, &w->s, NULL), 0);
	add_jobs(w, 3);
	assert_int_equal(jobs(w).err.code, 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 3);
	sync_free(w->s);
	assert_int_equal(sync_new(&opt, &w->s, NULL), 0);
	assert_int_equal(sync_load(w->s, NULL), 0);
	assert_int_equal(session_jobs(sync_session(w->s))->n, 3); /* painted before any reply */
	assert_string_equal(sync_session(w->s)->account, "123456789012");
	str_copy(w->aws.account, sizeof(w->aws.account), "999999999999");
	for (int i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "job-%d", i);
		fake_delete(&w->aws, name);
	}
	fake_job(&w->aws, "theirs", "Completed", 1700000000, 1700000100);
	assert_int_equal(jobs(w).err.code, 0);
	struct session *s = sync_session(w->s);
	assert_string_equal(s->account, "999999999999");
	assert_int_equal(session_jobs(s)->n, 1);
	assert_non_null(jobs_find(session_jobs(s), "theirs"));
	AUTO(resources) struct resources first = {0};
	assert_int_equal(store_set_scope(sync_store(w->s), "123456789012/us-east-1", NULL), 0);
	assert_int_equal(store_jobs_load(sync_store(w->s), &first, NULL), 0);
	assert_int_equal(first.n, 3);
}

/* --- the queue ----------------------------------------------------------------------- */

static size_t n_jobs(struct world *w)
{
	pthread_mutex_lock(&w->aws.lock);
	size_t n = json_array_size(w->aws.jobs);

	pthread_mutex_unlock(&w->aws.lock);
	return n;
}

static struct launch last_row(struct world *w)
{
	struct launch *l;
	size_t n;

	assert_int_equal(store_launch_list(sync_store(w->s), LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_true(n > 0);
	struct launch row = l[n - 1];

	l[n - 1] = (struct launch){0};
	launch_list_free(l, n);
	return row;
}

enum death { DIES_QUEUED = 0, DIES_CLAIMED, DIES_BEFORE_IT_IS_MADE, DIES_BEFORE_THE_ANSWER, DIES_AFTER, N_DEATHS };

/* The life of a process that launches "new", ten minutes ago, up to where it is killed. */
static void live_and_die(struct world *w, enum death death)
{
	struct store *st = NULL;
	struct outcome o = {0};
	AUTO(str) char *scope = xasprintf("%s/us-east-1", w->aws.httpd.url);
	int64_t id;
	bool claimed;

	clock_freeze_ms(clock_now_ms() - 600000);
	if (death == DIES_QUEUED || death == DIES_CLAIMED) {
		if (store_open(NULL, NULL, scope, &st, NULL) || store_launch_add(st, "new", spec, &id, NULL))
			_exit(1);
		if (death == DIES_CLAIMED && (store_launch_claim(st, id, clock_now_ms(), &claimed, NULL) || !claimed))
			_exit(2);
		raise(SIGKILL);
	}
	struct sync *s = new_sync(w);
	AUTO(str) char *path = fs_join(w->dir, "spec.json");
	struct launch_plan *p = NULL;

	if (fs_write_atomic(path, spec, strlen(spec), 0600, NULL) ||
	    launch_plan_from_file(s, path, NULL, NULL, &p, NULL))
		_exit(3);
	launch_send(s, p, on_done, &o);
	while (!o.done) /* the others are killed meanwhile */
		(void)sync_poll(s, NULL, 0, 50);
	raise(o.err.code ? SIGTERM : SIGKILL);
}

static void kill_at(struct world *w, enum death death)
{
	w->aws.hang = death == DIES_BEFORE_IT_IS_MADE	? FAKE_HANGS_BEFORE
		      : death == DIES_BEFORE_THE_ANSWER ? FAKE_HANGS_AFTER
							: FAKE_ANSWERS;
	int64_t until = clock_mono_ms() + DEADLINE_MS;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		live_and_die(w, death);
		_exit(9);
	}
	while (w->aws.hang != FAKE_ANSWERS && !w->aws.hanging) {
		assert_true(clock_mono_ms() < until);
		usleep(1000);
	}
	if (w->aws.hang != FAKE_ANSWERS)
		assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	w->aws.hang = FAKE_ANSWERS;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Killed anywhere between the wish and the answer: the next start finishes it, and
 * nothing is created twice. */
static void test_launch_killed(void **state)
{
	static const struct {
		enum launch_state found;
		int made, sent;
	} rows[N_DEATHS] = {[DIES_QUEUED] = {LAUNCH_QUEUED, 0, 1},
			    [DIES_CLAIMED] = {LAUNCH_SENT, 0, 1},
			    [DIES_BEFORE_IT_IS_MADE] = {LAUNCH_SENT, 0, 2},
			    [DIES_BEFORE_THE_ANSWER] = {LAUNCH_SENT, 1, 1},
			    [DIES_AFTER] = {LAUNCH_ACCEPTED, 1, 1}};
	struct world *w = *state;
	int64_t sent = 0;

	for (int death = 0; death < N_DEATHS; death++) {
		kill_at(w, (enum death)death);
		assert_int_equal(last_state(w), rows[death].found);
		assert_int_equal(n_jobs(w), rows[death].made);
		reopen(w);
		sync_start(w->s);
		WAIT_UNTIL(w, last_state(w) == LAUNCH_ACCEPTED);
		assert_int_equal(n_jobs(w), 1);
		sent += rows[death].sent;
		assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), sent);
		fake_delete(&w->aws, "new");
	}
}

/* What its user went away from, or asked for long ago, is settled but not sent. */
static void test_launch_given_up(void **state)
{
	struct world *w = *state;
	int64_t id, now = clock_now_ms();

	for (int stale = 0; stale < 2; stale++) {
		bool claimed;

		clock_freeze_ms(now - (stale ? 2 * 86400000 : 600000));
		assert_int_equal(store_launch_add(sync_store(w->s), "new", spec, &id, NULL), 0);
		assert_int_equal(store_launch_claim(sync_store(w->s), id, clock_now_ms(), &claimed, NULL), 0);
		if (!stale)
			assert_int_equal(store_launch_give_up(sync_store(w->s), id, NULL), 0);
		clock_freeze_ms(0);
		reopen(w);
		sync_start(w->s);
		WAIT_UNTIL(w, last_state(w) == LAUNCH_REFUSED);
	}
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 0);
	/* A program that ends in the middle of its own launch gives it up. */
	AUTO(launch_plan) struct launch_plan *p = plan(w);
	struct outcome o = {0};
	w->aws.hang = FAKE_HANGS_BEFORE;
	launch_send(w->s, p, on_done, &o);
	WAIT_UNTIL(w, w->aws.hanging);
	WAIT_UNTIL(w, sync_session(w->s)->budget.silent_ms > 100);
	sync_free(w->s);
	assert_true(o.done);
	w->aws.hang = FAKE_ANSWERS;
	w->s = new_sync(w);
	struct launch row = last_row(w);
	assert_int_equal(row.state, LAUNCH_SENT);
	assert_true(row.given_up);
	launch_done(&row);
}

static struct launch part_of_run(const char *name, int64_t pack, int concurrency, char **ret_spec)
{
	AUTO(json) json_t *body = NULL;

	assert_int_equal(json_parse(spec, strlen(spec), "spec", &body, NULL), 0);
	json_object_set_new(body, "TrainingJobName", json_string(name));
	*ret_spec = json_text(body);
	return (struct launch){.name = (char *)(uintptr_t)name,
			       .spec_json = *ret_spec,
			       .run = (char *)(uintptr_t) "backtest-1",
			       .pack = pack,
			       .concurrency = concurrency};
}

static void enqueue(struct world *w, const char *name, int64_t pack, int concurrency)
{
	AUTO(str) char *text = NULL;
	struct launch row = part_of_run(name, pack, concurrency, &text);
	struct err err = {0};

	if (launch_enqueue(w->s, &row, 1, &err))
		fail_msg("%s", err.msg);
}

/* Its time has come: as if somebody had tried it once in between. */
static void make_due(struct world *w, const struct launch *row)
{
	bool claimed = false;

	assert_int_equal(store_launch_claim(sync_store(w->s), row->id, row->due_ms, &claimed, NULL), 0);
	assert_true(claimed);
	assert_int_equal(store_launch_requeue(sync_store(w->s), row->id, 0, NULL, NULL), 0);
	reopen(w);
	sync_start(w->s);
}

static struct launch wait_for_attempt(struct world *w, int attempts)
{
	struct launch row = {0};

	WAIT_UNTIL(w, ({
			   launch_done(&row);
			   row = last_row(w);
			   row.state == LAUNCH_QUEUED &&row.attempts == attempts;
		   }));
	return row;
}

/* A run waits for a quota, or for credentials: its row stays, its attempts and its
 * time move on. */
static void test_queue_waits_for_a_quota(void **state)
{
	struct world *w = *state;
	int64_t start = clock_now_ms();

	fake_fail(&w->aws, "CreateTrainingJob", 1, "ResourceLimitExceeded");
	enqueue(w, "part-0", 0, 0);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 0); /* nothing runs yet */
	sync_start(w->s);
	struct launch row = wait_for_attempt(w, 1);
	assert_in_range(row.due_ms, start + 30000, clock_now_ms() + 30000);
	assert_non_null(row.error);
	fake_fail(&w->aws, "CreateTrainingJob", 100, "ExpiredTokenException");
	make_due(w, &row);
	launch_done(&row);
	row = wait_for_attempt(w, 3);
	fake_fail(&w->aws, "CreateTrainingJob", 0, "");
	assert_in_range(row.due_ms, start + 120000, clock_now_ms() + 120000); /* twice as long each time */
	make_due(w, &row);
	launch_done(&row);
	WAIT_UNTIL(w, last_state(w) == LAUNCH_ACCEPTED);
	assert_int_equal(n_jobs(w), 1);
	/* What is wrong with the request itself is no reason to wait. */
	fake_fail(&w->aws, "CreateTrainingJob", 1, "ValidationException");
	enqueue(w, "part-1", 1, 0);
	WAIT_UNTIL(w, last_state(w) == LAUNCH_REFUSED);
}

/* Credentials that were refused do not end the queue: with good ones it goes on, and what is new does not wait for
 * that. */
static void test_queue_outlives_refused_credentials(void **state)
{
	struct world *w = *state;

	fake_fail(&w->aws, "GetCallerIdentity", 1, "InvalidClientTokenId");
	enqueue(w, "part-0", 0, 0);
	sync_start(w->s);
	WAIT_UNTIL(w, fake_calls(&w->aws, "GetCallerIdentity") == 1);
	add_jobs(w, 1);
	WAIT_UNTIL(w, last_state(w) == LAUNCH_ACCEPTED);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 1);
}

/* Two at a time of three; the third when one has ended. Planned twice, each is one. */
static void test_queue_concurrency(void **state)
{
	static const char *const names[] = {"part-0", "part-1", "part-2"};
	struct world *w = *state;

	for (int twice = 0; twice < 2; twice++) {
		for (int i = 0; i < 3; i++)
			enqueue(w, names[i], i, 2);
	}
	sync_start(w->s);
	WAIT_UNTIL(w, n_jobs(w) == 2);
	WAIT_UNTIL(w, jobs_find(session_jobs(sync_session(w->s)), "part-0") &&
			      jobs_find(session_jobs(sync_session(w->s)), "part-1"));
	assert_int_equal(last_state(w), LAUNCH_QUEUED);
	pthread_mutex_lock(&w->aws.lock);
	json_t *first = fake_find(&w->aws, "part-0");
	json_object_set_new(first, "TrainingJobStatus", json_string("Completed"));
	json_object_set_new(first, "LastModifiedTime", json_integer(clock_now_ms() / 1000 + 1));
	pthread_mutex_unlock(&w->aws.lock);
	WAIT_UNTIL(w, ({
			   const struct job *j = jobs_find(session_jobs(sync_session(w->s)), "part-0");
			   j &&job_is_terminal(j);
		   }));
	WAIT_UNTIL(w, last_state(w) == LAUNCH_ACCEPTED);
	assert_int_equal(n_jobs(w), 3);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 3);
	struct launch *l;
	size_t n;
	assert_int_equal(store_launch_list(sync_store(w->s), LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_true(l[0].ended_ms > 0);
	launch_list_free(l, n);
}

static struct launch_plan *sweep_plan(struct world *w, struct sync *s, const char *text)
{
	AUTO(str) char *path = fs_join(w->dir, "spec.json");
	AUTO(strlist) struct strlist texts = {0};
	AUTO(grid) struct grid g = {0};
	struct launch_plan *p = NULL;

	strlist_add(&texts, text);
	if (fs_write_atomic(path, spec, strlen(spec), 0600, NULL) || grid_parse(&texts, &g, NULL) ||
	    launch_plan_from_file(s, path, NULL, &g, &p, NULL))
		return NULL;
	return p;
}

/* By a process that is gone, two days ago. */
static void queue_sweep_and_die(struct world *w, const char *grid)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct sync *s = new_sync(w);
		AUTO(launch_plan) struct launch_plan *p = sweep_plan(w, s, grid);
		AUTO(sweep_rows) struct sweep_rows rows = {0};

		clock_freeze_ms(clock_now_ms() - 2 * 86400000);
		_exit(!p || sweep_enqueue(s, p, &rows, NULL));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool all_are(struct world *w, const struct launch_plan *p, struct sweep_rows *rows, enum launch_state state)
{
	bool all = true;

	assert_int_equal(sweep_look(w->s, p, rows, NULL), 0);
	for (size_t i = 0; i < rows->n; i++)
		all &= rows->items[i].state == state;
	return all;
}

/* Each job of a sweep is sent once, however often it is asked for. What nobody waits for any more is not
 * sent; asked for again it is, whether it waited still or had been refused by then. */
static void test_sweep(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = sweep_plan(w, w->s, "eta=0.1,0.3");
	AUTO(launch_plan) struct launch_plan *more = sweep_plan(w, w->s, "eta=0.1,0.3,0.5");
	AUTO(sweep_rows) struct sweep_rows rows = {0};

	assert_non_null(p);
	assert_string_equal(p->jobs[1].name, "new-eta-0-3");
	queue_sweep_and_die(w, "eta=0.1,0.3");
	sync_start(w->s);
	WAIT_UNTIL(w, last_state(w) == LAUNCH_REFUSED);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 0);
	reopen(w);
	queue_sweep_and_die(w, "eta=0.1,0.3");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sweep_enqueue(w->s, p, &rows, NULL), 0);
		sync_start(w->s);
		WAIT_UNTIL(w, all_are(w, p, &rows, LAUNCH_ACCEPTED));
		assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 2);
		reopen(w);
	}
	assert_int_equal(sweep_enqueue(w->s, more, &rows, NULL), 0);
	assert_int_equal(rows.items[0].state, LAUNCH_ACCEPTED);
	assert_int_equal(rows.items[2].state, LAUNCH_QUEUED);
	sync_start(w->s);
	WAIT_UNTIL(w, all_are(w, more, &rows, LAUNCH_ACCEPTED));
	assert_int_equal(n_jobs(w), 3);
}

/* What waits of a sweep is in the way of other jobs of its name, until it is sent or taken back; what is taken back is
 * not sent, unless it is asked for again. */
static void test_sweep_taken_back(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = sweep_plan(w, w->s, "eta=0.1,0.3,0.5");
	AUTO(launch_plan) struct launch_plan *other = sweep_plan(w, w->s, "eta=0.7");
	AUTO(sweep_rows) struct sweep_rows rows = {0};
	AUTO(sweep_rows) struct sweep_rows others = {0};
	AUTO(launch_summaries) struct launch_summaries l = {0};
	struct launch_discarded d;
	struct err err = {0};
	char text[LAUNCH_STATE_LEN];

	queue_sweep_and_die(w, "eta=0.1,0.3,0.5");
	assert_int_equal(sweep_enqueue(w->s, other, &others, &err), -ERR_EXISTS);
	assert_non_null(strstr(err.msg, "3 other jobs of an earlier sweep new wait still"));
	assert_int_equal(launch_discard(w->s, "new-eta-0-5", &d, NULL), 0); /* one of its jobs */
	assert_int_equal(d.queued, 1);
	assert_int_equal(launch_discard(w->s, "new", &d, NULL), 0);
	assert_int_equal(d.queued, 2);
	assert_int_equal(launch_discard(w->s, "new", &d, NULL), -ERR_NOTFOUND);
	assert_int_equal(sweep_resume(w->s, "new", NULL), -ERR_NOTFOUND);
	assert_int_equal(sweep_enqueue(w->s, other, &others, NULL), 0);
	sync_start(w->s);
	WAIT_UNTIL(w, all_are(w, other, &others, LAUNCH_ACCEPTED));
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 1);
	assert_int_equal(store_launch_summaries(sync_store(w->s), 10, &l, NULL), 0);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.items[0].name, "new");
	assert_string_equal(launch_summary_state(&l.items[0], text), "3 of 4 refused");
	assert_int_equal(sweep_enqueue(w->s, p, &rows, NULL), 0);
	WAIT_UNTIL(w, all_are(w, p, &rows, LAUNCH_ACCEPTED));
	assert_int_equal(n_jobs(w), 4);
}

static bool was_said(struct world *w, const char *text)
{
	return strstr(sync_session(w->s)->notice.text, text) != NULL;
}

/* The end of a sweep is told once, with what was refused; what is being sent when it is taken back is not sent again.
 */
static void test_sweep_told(void **state)
{
	struct world *w = *state;
	AUTO(launch_plan) struct launch_plan *p = sweep_plan(w, w->s, "eta=0.1,0.3");
	AUTO(launch_plan) struct launch_plan *again = sweep_plan(w, w->s, "eta=0.3,0.9");
	AUTO(sweep_rows) struct sweep_rows rows = {0};
	struct launch_discarded d;
	AUTO(str) char *text = NULL;

	assert_int_equal(sweep_enqueue(w->s, p, &rows, NULL), 0);
	sync_start(w->s);
	WAIT_UNTIL(w, was_said(w, "sweep new: all 2 jobs were launched"));
	fake_fail(&w->aws, "CreateTrainingJob", 1, "ValidationException");
	assert_int_equal(sweep_enqueue(w->s, again, &rows, NULL), 0);
	WAIT_UNTIL(w, was_said(w, "sweep new: 2 of 3 jobs were launched, 1 refused"));
	assert_int_equal(store_launch_spec(sync_store(w->s), "new", &text, NULL), 0);
	assert_non_null(strstr(text, "new-eta-0-1"));
	reopen(w);
	enqueue(w, "part-0", 0, 0);
	struct launch row = last_row(w);
	bool claimed;

	assert_int_equal(launch_discard(w->s, "part-0", &d, NULL), -ERR_NOTFOUND); /* a backtest has its own commands */
	launch_done(&row);
	assert_int_equal(store_launch_add(sync_store(w->s), "by-hand", spec, &row.id, NULL), 0);
	assert_int_equal(store_launch_claim(sync_store(w->s), row.id, clock_now_ms(), &claimed, NULL), 0);
	assert_int_equal(launch_discard(w->s, "by-hand", &d, NULL), 0);
	assert_int_equal(d.queued, 0);
	assert_int_equal(d.sent, 1);
	row = last_row(w);
	assert_true(row.given_up);
	launch_done(&row);
}

/* A row of an operation that this program does not know is left alone; what it is
 * asked to queue is known, and not read-only. */
static void test_queue_of_later_versions(void **state)
{
	struct world *w = *state;
	struct launch row = {.name = (char *)(uintptr_t) "x",
			     .spec_json = (char *)(uintptr_t) "{}",
			     .operation = (char *)(uintptr_t) "CreateSpaceship",
			     .run = (char *)(uintptr_t) "r"};
	struct err err = {0};

	assert_int_equal(launch_enqueue(w->s, &row, 1, &err), -ERR_INVALID);
	assert_int_equal(store_launch_put(sync_store(w->s), &row, 1, NULL), 0);
	enqueue(w, "part-0", 0, 0);
	sync_start(w->s);
	WAIT_UNTIL(w, last_state(w) == LAUNCH_ACCEPTED);
	struct launch *l;
	size_t n;
	assert_int_equal(store_launch_list(sync_store(w->s), LAUNCHES_OPEN, &l, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(l[0].operation, "CreateSpaceship");
	assert_int_equal(l[0].state, LAUNCH_QUEUED);
	launch_list_free(l, n);
}

struct cloned {
	bool done;
	struct launch_plan *plan;
	struct err err;
};

static void on_clone(void *user, struct launch_plan *p, const struct err *err)
{
	struct cloned *c = user;

	c->done = true;
	c->plan = p;
	if (err)
		c->err = *err;
}

static void test_clone(void **state)
{
	struct world *w = *state;
	AUTO(strlist) struct strlist sets = {0};
	struct cloned c = {0}, bad = {0}, none = {0};

	fake_job(&w->aws, "old", "Completed", 1700000000, 1700000100);
	strlist_add(&sets, "HyperParameters.eta=0.3");
	launch_plan_clone(w->s, "old", NULL, &sets, NULL, on_clone, &c);
	WAIT_UNTIL(w, c.done);
	assert_non_null(c.plan);
	assert_true(str_starts(c.plan->name, "old-2"));
	assert_non_null(strstr(c.plan->diff, "- HyperParameters.eta: 0.1\n+ HyperParameters.eta: 0.3\n"));
	assert_non_null(strstr(c.plan->diff, "- TrainingJobName: old\n"));
	assert_string_equal(json_string_value(json_path_get(c.plan->spec, "Tags.0.Key")), "run");
	struct outcome o = send_plan(w, c.plan);
	assert_int_equal(o.err.code, 0);
	launch_plan_free(c.plan);
	strlist_add(&sets, "HyperParamters.x=1");
	launch_plan_clone(w->s, "old", NULL, &sets, NULL, on_clone, &bad);
	WAIT_UNTIL(w, bad.done);
	assert_null(bad.plan);
	assert_non_null(strstr(bad.err.msg, "did you mean 'HyperParameters'?"));
	launch_plan_clone(w->s, "nobody", NULL, NULL, NULL, on_clone, &none);
	WAIT_UNTIL(w, none.done);
	assert_int_equal(none.err.code, ERR_NOTFOUND);
}

static void test_stop_and_read_only(void **state)
{
	struct world *w = *state;
	struct outcome o = {0}, missing = {0};

	fake_job(&w->aws, "a", "InProgress", 1700000000, 1700000100);
	sync_stop_job(w->s, "a", on_done, &o);
	wait_for(w, &o);
	assert_int_equal(o.err.code, 0);
	WAIT_UNTIL(w, jobs_find(session_jobs(sync_session(w->s)), "a"));
	assert_int_equal(jobs_find(session_jobs(sync_session(w->s)), "a")->status, JOB_STOPPING);
	sync_stop_job(w->s, "b", on_done, &missing);
	wait_for(w, &missing);
	assert_int_equal(missing.err.code, ERR_NOTFOUND);
	sync_free(w->s);
	struct sync_options opt = {.aws = {.local = true, .endpoint_url = w->aws.httpd.url}, .read_only = true};
	assert_int_equal(sync_new(&opt, &w->s, NULL), 0);
	struct outcome ro = {0}, ro_launch = {0};
	sync_stop_job(w->s, "a", on_done, &ro);
	wait_for(w, &ro);
	assert_int_equal(ro.err.code, ERR_DENIED);
	AUTO(launch_plan) struct launch_plan *p = plan(w);
	launch_send(w->s, p, on_done, &ro_launch);
	wait_for(w, &ro_launch);
	assert_int_equal(ro_launch.err.code, ERR_DENIED);
	assert_int_equal(fake_calls(&w->aws, "CreateTrainingJob"), 0);
	assert_int_equal(fake_calls(&w->aws, "StopTrainingJob"), 2);
}

static bool price_of_user(void *user, size_t i, struct price *ret)
{
	*ret = *(const struct price *)user;
	return true;
}

static void on_prices(void *user, size_t n, const struct err *err)
{
	assert_int_equal(n, 0);
	on_done(user, err);
}

/* A price list whose pages come round again ends in an error, and what was known stays. */
static void test_endless_prices(void **state)
{
	struct world *w = *state;
	struct price known = {.instance_type = (char *)(uintptr_t) "ml.old.xlarge",
			      .region = (char *)(uintptr_t) "us-east-1",
			      .component = (char *)(uintptr_t) "Training",
			      .usd_micro = 5,
			      .as_of = (char *)(uintptr_t) "2026-09-24",
			      .grade = 'A'};
	struct price_rows rows = {.n = 1, .get = price_of_user, .user = &known};
	struct outcome o = {0};

	assert_int_equal(store_prices_put(sync_store(w->s), &rows, NULL), 0);
	sync_prices_update(w->s, NULL, on_prices, &o);
	wait_for(w, &o);
	assert_int_equal(o.err.code, ERR_SERVICE);
	assert_non_null(strstr(o.err.msg, "GetProducts"));
	assert_int_equal(fake_calls(&w->aws, "GetProducts"), 2);
	sync_prices_reload(w->s);
	assert_non_null(price_training(&sync_session(w->s)->prices, "ml.old.xlarge", "us-east-1", false));
}

/* The program ends in the middle of everything. */
static void test_free_while_busy(void **state)
{
	struct world *w = *state;
	struct outcome pass = {0}, log = {0}, metric = {0}, one = {0};

	add_jobs(w, 150);
	sync_start(w->s);
	sync_watch(w->s, TRAINING_KIND, "job-1");
	sync_jobs(w->s, on_done, &pass);
	sync_logs(w->s, TRAINING_KIND, "job-2", on_done, &log);
	sync_metrics(w->s, TRAINING_KIND, "job-3", on_done, &metric);
	sync_job(w->s, "job-4", on_done, &one);
	for (int i = 0; i < 3; i++)
		sync_poll(w->s, NULL, 0, 1);
	sync_free(w->s);
	w->s = NULL;
	assert_true(pass.done && log.done && metric.done && one.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_in_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slices_build_no_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pass_before_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_describe_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deleted_job, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cache_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_identity, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_job, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refresh_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow_other_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_resumes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_log_backwards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_running_log_backwards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_log_forwards, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_feeds_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_reply_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_offline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_own_algorithm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_waits_for_a_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_outlives_refused_credentials, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_concurrency, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_of_later_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_and_read_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless_prices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_while_busy, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
