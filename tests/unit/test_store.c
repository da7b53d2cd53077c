/* test_store.c - the databases: round trips, damage, two processes, kill -9,
 * no space, no writable folder. */
#include "unit.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "store/store.h"

struct place {
	char *dir, *cache, *state;
};

static int setup(void **state)
{
	struct place *p = NEW(struct place);

	p->dir = unit_temp_dir();
	p->cache = fs_join(p->dir, "cache.db");
	p->state = fs_join(p->dir, "state.db");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int rc = fs_remove_tree(p->dir, NULL);

	free(p->dir);
	free(p->cache);
	free(p->state);
	free(p);
	return rc;
}

static struct store *open_store(const struct place *p)
{
	struct store *s = NULL;
	struct err err = {0};

	if (store_open(p->cache, p->state, "1/us-east-1", &s, &err))
		fail_msg("%s", err.msg);
	return s;
}

static struct job *sample(const char *name)
{
	struct job *j = job_new(name);

	job_set_status(j, "Failed");
	j->secondary_text = intern("Failed");
	j->detail = DETAIL_DESCRIBED;
	j->created_ms = 1000;
	j->modified_ms = 2000;
	j->start_ms = 1500;
	j->end_ms = 1900;
	j->failure_reason = xstrdup("AlgorithmError: \"quoted\"\nand é");
	j->instance_type = intern("ml.m5.xlarge");
	j->instance_count = 2;
	j->volume_gb = 30;
	j->spot = true;
	j->tags_known = true;
	j->training_s = 400;
	j->billable_s = 130;
	job_own_rare(j)->retained_s = 60;
	job_own_rare(j)->warm_pool_status = intern("Reused");
	job_own_rare(j)->training_plan = intern("spring");
	job_add_group(j, "cpu", "ml.m5.xlarge", 1);
	job_add_group(j, NULL, "ml.g5.xlarge", 1);
	j->max_runtime_s = 3600;
	j->arn = xstrdup("arn:aws:sagemaker:us-east-1:1:training-job/a");
	j->cold->image = xstrdup("1.dkr.ecr.us-east-1.amazonaws.com/x:1");
	j->cold->output_uri = xstrdup("s3://b/out");
	strmap_set(&j->cold->hyperparameters, "eta", "0.1");
	strmap_set(&j->cold->hyperparameters, "empty", "");
	strmap_set(&j->cold->environment, "A", "b");
	strmap_set(&j->tags, "run", "nightly");
	struct job_channel *c = job_add_channel(j, "train");
	c->uri = xstrdup("s3://b/train");
	c->content_type = xstrdup("text/csv");
	job_add_transition(j, "Starting", 1000, 1500, "one");
	job_add_transition(j, "Interrupted", 1500, 1600, NULL);
	job_add_final_metric(j, "validation:rmse", 0.1, 1800);
	job_add_final_metric(j, "nan", NAN, 1800);
	job_add_metric_definition(j, "validation:rmse", "rmse=(.*)");
	return j;
}

static void check_common(const struct resource *have, const struct resource *want)
{
	assert_int_equal(have->detail, want->detail);
	assert_int_equal(have->created_ms, want->created_ms);
	assert_int_equal(have->modified_ms, want->modified_ms);
	assert_int_equal(have->start_ms, want->start_ms);
	assert_int_equal(have->end_ms, want->end_ms);
	assert_string_equal(have->failure_reason, want->failure_reason);
}

static void test_jobs(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(job) struct job *a = sample("a");
	AUTO(resources) struct resources t = {0};
	double v;

	job_derive(a);
	job_own_rare(a)->best_value = 0.05;
	job_own_rare(a)->best_step = 12;
	assert_null(store_notice(s));
	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_int_equal(t.n, 1);
	struct job *b = jobs_find(&t, "a");
	assert_true(b->trimmed);
	assert_int_equal(b->status, JOB_FAILED);
	check_common(job_resource(b), job_resource(a));
	assert_int_equal(b->state, a->state);
	assert_int_equal(b->billable_s, 130);
	assert_int_equal(b->max_wait_s, -1);
	assert_true(b->spot);
	assert_string_equal(job_hyperparameter(b, "eta"), "0.1");
	assert_string_equal(job_tag(b, "run"), "nightly");
	assert_true(job_objective(b, &v) && v == 0.1);
	assert_true(b->rare->best_value == 0.05 && b->rare->best_step == 12);
	assert_int_equal(job_interruptions(b), 1);
	/* What a cost is made of is in the hot part. */
	assert_int_equal(b->rare->retained_s, 60);
	assert_string_equal(b->rare->warm_pool_status, "Reused");
	assert_string_equal(b->rare->training_plan, "spring");
	assert_int_equal(b->waited_s, 0);
	assert_int_equal(b->rare->waiting_since_ms, TIME_UNKNOWN);
	assert_int_equal(b->rare->n_groups, 2);
	assert_string_equal(b->rare->groups[0].name, "cpu");
	assert_string_equal(b->rare->groups[1].instance_type, "ml.g5.xlarge");
	assert_int_equal(b->rare->groups[1].count, 1);
	/* A trimmed job that is saved keeps its cold part in the store. */
	assert_int_equal(store_jobs_save(s, &b, 1, NULL), 0);
	AUTO(job) struct job *c = NULL;
	assert_int_equal(store_job_load_one(s, "a", &c, NULL), 0);
	assert_false(c->trimmed);
	assert_string_equal(c->arn, a->arn);
	assert_string_equal(strmap_get(&c->cold->environment, "A"), "b");
	assert_string_equal(strmap_get(&c->cold->hyperparameters, "empty"), "");
	assert_string_equal(c->cold->channels[0].content_type, "text/csv");
	assert_null(c->cold->channels[0].input_mode);
	assert_int_equal(c->cold->n_transitions, 2);
	assert_string_equal(c->cold->transitions[0].message, "one");
	assert_true(c->cold->final_metrics[0].value == 0.1);
	assert_true(isnan(c->cold->final_metrics[1].value));
	assert_string_equal(c->cold->metric_definitions[0].regex, "rmse=(.*)");
	assert_int_equal(store_jobs_delete(s, "a", NULL), 0);
	AUTO(job) struct job *none = NULL;
	assert_int_equal(store_job_load_one(s, "a", &none, NULL), -ERR_NOTFOUND);
}

/* The newest at once; the rest by name, slice by slice, but for what is there. */
static void test_jobs_in_slices(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(resources) struct resources t = {0};
	AUTO(str) char *after = NULL;
	bool more = true;
	char name[8];

	for (int i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "%c", 'a' + i * 5 % 7); /* a f d b g e c */
		AUTO(job) struct job *j = sample(name);
		j->created_ms = 1000 * (i + 1);
		assert_int_equal(store_jobs_save(s, &j, 1, NULL), 0);
	}
	assert_int_equal(store_jobs_load_newest(s, 3, &t, NULL), 0);
	assert_int_equal(t.n, 3);
	assert_string_equal(jobs_at(&t, 0)->name, "c");
	assert_string_equal(jobs_at(&t, 1)->name, "e");
	assert_string_equal(jobs_at(&t, 2)->name, "g");
	job_set_status(jobs_find(&t, "c"), "Stopped"); /* the service has told since */
	assert_int_equal(store_jobs_load_next(s, &after, 3, &t, &more, NULL), 0);
	assert_true(more);
	assert_string_equal(after, "c");
	assert_int_equal(t.n, 5); /* a and b */
	assert_int_equal(jobs_find(&t, "c")->status, JOB_STOPPED);
	assert_int_equal(store_jobs_load_next(s, &after, 3, &t, &more, NULL), 0);
	assert_true(more);
	assert_int_equal(t.n, 7);
	assert_int_equal(store_jobs_load_next(s, &after, 3, &t, &more, NULL), 0);
	assert_false(more);
	assert_int_equal(t.n, 7);
	assert_true(jobs_find(&t, "f")->trimmed);
}

static void test_scopes(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(job) struct job *a = sample("a");
	AUTO(resources) struct resources other = {0}, again = {0};

	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_meta_set(s, "mark", "12", NULL), 0);
	assert_int_equal(store_set_scope(s, "2/us-east-1", NULL), 0);
	assert_int_equal(store_jobs_load(s, &other, NULL), 0);
	assert_int_equal(other.n, 0);
	assert_null(store_meta_get(s, "mark"));
	assert_int_equal(store_set_scope(s, "1/us-east-1", NULL), 0);
	assert_int_equal(store_jobs_load(s, &again, NULL), 0);
	assert_int_equal(again.n, 1);
	AUTO(str) char *mark = store_meta_get(s, "mark");
	assert_string_equal(mark, "12");
}

static void add_older(void *user, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	assert_true(loglines_add_older(user, stream, time_ms, text, len, true));
}

/* The same log backwards: its end is there with the first page. */
static void check_pages(struct store *s, const struct loglines *l)
{
	AUTO(loglines) struct loglines back = {0};
	struct log_pages *p = NULL;
	size_t n_pages = 0;

	assert_int_equal(store_log_open(s, TRAINING_KIND, "b", &p, NULL), -ERR_NOTFOUND);
	assert_int_equal(store_log_open(s, TRAINING_KIND, "a", &p, NULL), 0);
	assert_int_equal(store_log_n(p), l->n);
	for (bool more = true; more; n_pages++) {
		assert_int_equal(store_log_page(p, add_older, &back, &more, NULL), 0);
		loglines_settle_older(&back, INT64_MIN);
		for (size_t i = 0; i < back.n; i += 97)
			assert_string_equal(back.lines[back.n - 1 - i].text, l->lines[l->n - 1 - i].text);
	}
	assert_true(n_pages > 10);
	assert_int_equal(back.n, l->n);
	assert_int_equal(back.n_before, l->n);
	store_log_pages_free(p);
}

static void test_logs(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(loglines) struct loglines l = {0}, back = {0};
	char text[64];

	for (int i = 0; i < 30000; i++) {
		snprintf(text, sizeof(text), "line %d of some length that fills a chunk", i / 2); /* repeats */
		loglines_add(&l, i % 3 ? "a/algo-1" : "a/algo-2", NULL, 1700000000000 + i / 7, text, strlen(text));
	}
	loglines_settle(&l);
	assert_int_equal(store_logs_save(s, TRAINING_KIND, "a", &l, NULL), -ERR_INVALID); /* not complete */
	l.complete = true;
	assert_int_equal(store_logs_load(s, TRAINING_KIND, "a", &back, NULL), -ERR_NOTFOUND);
	assert_int_equal(store_logs_save(s, TRAINING_KIND, "a", &l, NULL), 0);
	assert_int_equal(store_logs_load(s, TRAINING_KIND, "a", &back, NULL), 0);
	assert_true(back.complete);
	assert_int_equal(back.n, l.n);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(back.lines[i].time_ms, l.lines[i].time_ms);
		assert_string_equal(back.lines[i].text, l.lines[i].text);
		assert_string_equal(back.streams.items[back.lines[i].stream], l.streams.items[l.lines[i].stream]);
	}
	check_pages(s, &l);
	AUTO(loglines) struct loglines none = {.complete = true};
	assert_int_equal(store_logs_save(s, TRAINING_KIND, "a", &none, NULL), 0); /* replaces */
	assert_int_equal(store_logs_load(s, TRAINING_KIND, "a", &back, NULL), 0);
	assert_int_equal(back.n, 0);
}

static void count_line(void *user, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	size_t *n = user;

	assert_string_equal(stream, "a/algo-1");
	assert_int_equal(time_ms, 1000 + (int64_t)*n);
	assert_true(len > 7 && memcmp(text, "a line\t", 7) == 0);
	++*n;
}

/* A log that is written while it is read, and exists when it is whole. */
static void test_log_in_pieces(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(loglines) struct loglines l = {0}, back = {0};
	const struct kind *other = kind_find("processing-job");
	struct log_writer *w = NULL;
	size_t n = 0;
	char text[64];

	assert_int_equal(store_log_begin(s, TRAINING_KIND, "a", &w, NULL), 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "a line\tthat is number %d", i);
		loglines_add(&l, "a/algo-1", NULL, 1000 + i, text, strlen(text));
		if (i % 100 == 99) {
			assert_int_equal(store_log_append(w, &l, NULL), 0);
			loglines_forget(&l);
		}
	}
	assert_int_equal(store_log_read(s, TRAINING_KIND, "a", count_line, &n, NULL), -ERR_NOTFOUND);
	assert_int_equal(store_log_commit(w, &l, NULL), 0);
	store_log_close(w);
	assert_int_equal(store_log_read(s, TRAINING_KIND, "a", count_line, &n, NULL), 0);
	assert_int_equal(n, 20000);
	assert_int_equal(store_logs_load(s, other, "a", &back, NULL), -ERR_NOTFOUND); /* of another kind */
	/* One that is given up leaves nothing, not even what was there. */
	assert_int_equal(store_log_begin(s, TRAINING_KIND, "a", &w, NULL), 0);
	store_log_close(w);
	assert_int_equal(store_logs_load(s, TRAINING_KIND, "a", &back, NULL), -ERR_NOTFOUND);
}

static bool one_price(void *user, size_t i, struct price *ret)
{
	*ret = *(const struct price *)user;
	return i == 0;
}

static void test_metrics_and_prices(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	AUTO(series_set) struct series_set m = {0}, back = {0};
	AUTO(price_table) struct price_table prices = {0};
	char type[] = "ml.x", region[] = "r", component[] = "Training", as_of[] = "2026-01-01", source[] = "list";
	struct price p = {type, region, component, 230000, as_of, 'A', source};
	const struct price_rows rows = {.n = 1, .get = one_price, .user = &p};

	assert_int_equal(store_metrics_load(s, TRAINING_KIND, "a", &back, NULL), -ERR_NOTFOUND);
	for (int i = 0; i < 100; i++)
		series_add(&m, "validation:rmse", NULL, 1000 + i, i, 1.0 / (i + 1));
	series_add(&m, "CPUUtilization", NULL, 5, -1, -0.5);
	series_add(&m, "loss", "algo-1", 5, 1, NAN); /* two instances, one millisecond */
	series_add(&m, "loss", "algo-1", 5, 1, INFINITY);
	series_add(&m, "loss", "algo-2", 5, 1, 2);
	str_set(&series_get(&m, "CPUUtilization", NULL)->unit, "%");
	assert_int_equal(store_metrics_save(s, TRAINING_KIND, "a", &m, NULL), 0);
	assert_int_equal(store_metrics_load(s, TRAINING_KIND, "a", &back, NULL), 0);
	assert_int_equal(series_find(&back, "validation:rmse")->n, 100);
	assert_true(series_find(&back, "validation:rmse")->points[99].value == 0.01);
	assert_int_equal(series_find(&back, "CPUUtilization")->points[0].step, -1);
	assert_string_equal(series_find(&back, "CPUUtilization")->unit, "%");
	const struct series *loss = series_find(&back, "loss");
	assert_true(loss->n == 2 && isnan(loss->points[0].value) && isinf(loss->points[1].value));
	assert_true(series_get(&back, "loss", "algo-2")->points[0].value == 2);
	AUTO(series_set) struct series_set none = {0};
	assert_int_equal(store_metrics_load(s, kind_find("processing-job"), "a", &none, NULL), -ERR_NOTFOUND);
	assert_int_equal(store_prices_put(s, &rows, NULL), 0);
	assert_int_equal(store_prices_load(s, NULL, &prices, NULL), 0);
	assert_int_equal(price_find(&prices, "ml.x", "r", "Training")->usd_micro, 230000);
}

static void note(struct store *s, const char *type, int count, int64_t changed_ms, int64_t now_ms)
{
	AUTO(usages) struct usages now = {0};
	const struct kind *k = kind_find("endpoint");
	struct usage u = {.kind = k,
			  .name = xstrdup("e"),
			  .part = xstrdup("v"),
			  .type = xstrdup(type),
			  .count = count,
			  .from_ms = 1000,
			  .changed_ms = changed_ms};

	if (count)
		usages_take(&now, &u);
	usage_done(&u);
	assert_int_equal(store_usage_note(s, k, &now, now_ms, NULL), 0);
}

static void check_usage(struct store *s, const struct usage *want, size_t n)
{
	AUTO(usages) struct usages all = {0};

	assert_int_equal(store_usage_load(s, &all, NULL), 0);
	assert_int_equal(all.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(all.items[i].type, want[i].type);
		assert_int_equal(all.items[i].count, want[i].count);
		assert_int_equal(all.items[i].from_ms, want[i].from_ms);
		assert_int_equal(all.items[i].until_ms, want[i].until_ms);
	}
}

/* An endpoint that is looked at, updated, scaled, deleted, and made again. */
static void test_usage(void **state)
{
	char a[] = "ml.a", b[] = "ml.b";

	{
		AUTO(store) struct store *s = open_store(*state);

		note(s, a, 1, 1000, 5000);
		note(s, a, 1, 1000, 6000);
		check_usage(s, (struct usage[]){{.type = a, .count = 1, .from_ms = 1000}}, 1);
		note(s, a, 3, 7000, 9000); /* scaled at 7000 */
		note(s, b, 3, 9500, 9600); /* another configuration since 9500 */
	}
	AUTO(store) struct store *s = open_store(*state); /* it is not lost */

	note(s, NULL, 0, 0, 20000); /* gone: it was there until it was seen last */
	note(s, NULL, 0, 0, 30000);
	const struct usage all[] = {{.type = a, .count = 1, .from_ms = 1000, .until_ms = 7000},
				    {.type = a, .count = 3, .from_ms = 7000, .until_ms = 9500},
				    {.type = b, .count = 3, .from_ms = 9500, .until_ms = 9600},
				    {.type = b, .count = 3, .from_ms = 9600}};

	check_usage(s, all, 3);
	note(s, b, 3, 9500, 40000); /* it is there after all */
	check_usage(s, all, 4);
}

static void test_launches(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	struct launch *l;
	size_t n;
	int64_t first, second;

	assert_int_equal(store_launch_add(s, "a", "{}", &first, NULL), 0);
	assert_int_equal(store_launch_add(s, "b", "{\"x\":1}", &second, NULL), 0);
	assert_int_equal(store_launch_update(s, first, LAUNCH_SENT, NULL, NULL, NULL), 0);
	assert_int_equal(store_launch_list(s, LAUNCHES_OPEN, &l, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(l[0].state, LAUNCH_SENT);
	assert_true(l[0].sent_ms > 0 && l[0].settled_ms == 0);
	assert_int_equal(l[0].pid, getpid());
	assert_string_equal(l[1].spec_json, "{\"x\":1}");
	launch_list_free(l, n);
	assert_int_equal(store_launch_update(s, first, LAUNCH_ACCEPTED, "arn:x", NULL, NULL), 0);
	assert_int_equal(store_launch_update(s, first, LAUNCH_REFUSED, NULL, "late answer", NULL), 0);
	assert_int_equal(store_launch_update(s, second, LAUNCH_REFUSED, NULL, "quota", NULL), 0);
	assert_int_equal(store_launch_list(s, LAUNCHES_OPEN, &l, &n, NULL), 0);
	assert_int_equal(n, 0);
	launch_list_free(l, n);
	assert_int_equal(store_launch_list(s, LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_int_equal(l[0].state, LAUNCH_ACCEPTED); /* what is accepted stays accepted */
	assert_string_equal(l[0].arn, "arn:x");
	assert_string_equal(l[1].error, "quota");
	launch_list_free(l, n);
}

static void overwrite(const char *path, long at, const char *with, size_t n)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(with, 1, n, f), n);
	fclose(f);
}

static size_t count_files(const char *dir, const char *part)
{
	AUTO(str) char *command = xasprintf("ls '%s' | grep -c '%s'", dir, part);
	FILE *f = popen(command, "r");
	size_t n = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu", &n), 1);
	pclose(f);
	return n;
}

static void test_not_a_database(void **state)
{
	struct place *p = *state;
	AUTO(resources) struct resources t = {0};
	AUTO(job) struct job *a = sample("a");

	assert_int_equal(fs_write_atomic(p->cache, "this is no database, but long enough to look at", 47, 0600, NULL),
			 0);
	AUTO(store) struct store *s = open_store(p);
	assert_non_null(strstr(store_notice(s), "the cache was damaged"));
	assert_true(count_files(p->dir, "cache.db.damaged-") >= 1);
	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_int_equal(t.n, 1);
}

/* Pages in the middle are overwritten: the open goes well, the load finds it. */
static void test_damage_found_later(void **state)
{
	struct place *p = *state;
	struct store *s = open_store(p);
	char name[32], junk[4096];

	for (int i = 0; i < 2000; i++) {
		AUTO(job) struct job *j = NULL;
		snprintf(name, sizeof(name), "job-%d", i);
		j = sample(name);
		assert_int_equal(store_jobs_save(s, &j, 1, NULL), 0);
	}
	store_close(s);
	memset(junk, 0xee, sizeof(junk));
	int64_t size = fs_size(p->cache);
	for (long at = 65536; at + 4096 <= size; at += 8192)
		overwrite(p->cache, at, junk, sizeof(junk));
	s = open_store(p);
	AUTO(resources) struct resources t = {0};
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_non_null(store_notice(s));
	assert_non_null(strstr(store_notice(s), "damaged"));
	AUTO(job) struct job *a = sample("a");
	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0); /* and the store goes on */
	AUTO(job) struct job *back = NULL;
	assert_int_equal(store_job_load_one(s, "a", &back, NULL), 0);
	store_close(s);
}

/* Another process began a new database: ours is followed to it. */
static void test_moved_by_another(void **state)
{
	struct place *p = *state;
	AUTO(store) struct store *s = open_store(p);
	AUTO(str) char *aside = xasprintf("%s.aside", p->cache);
	AUTO(job) struct job *a = sample("a");
	AUTO(resources) struct resources t = {0};

	assert_int_equal(rename(p->cache, aside), 0);
	AUTO(store) struct store *other = open_store(p);
	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_jobs_load(other, &t, NULL), 0);
	assert_int_equal(t.n, 1);
}

static void test_no_folder(void **state)
{
	struct place *p = *state;
	AUTO(str) char *file = fs_join(p->dir, "file");
	AUTO(str) char *below = fs_join(file, "cache.db");
	AUTO(store) struct store *s = NULL;
	AUTO(job) struct job *a = sample("a");
	AUTO(resources) struct resources t = {0};
	int64_t id;

	assert_int_equal(fs_write_atomic(file, "", 0, 0600, NULL), 0); /* a folder cannot be made there */
	assert_int_equal(store_open(below, below, "1/r", &s, NULL), 0);
	assert_non_null(strstr(store_notice(s), "kept in memory"));
	assert_int_equal(store_jobs_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(store_launch_add(s, "a", "{}", &id, NULL), 0);
}

static void test_newer_schema(void **state)
{
	struct place *p = *state;
	AUTO(str)
	char *command = xasprintf("python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]);"
				  " c.execute('pragma user_version=99'); c.commit()\" '%s'",
				  p->state);
	struct store *s = open_store(p);

	store_close(s);
	if (system(command) != 0)
		skip();
	s = open_store(p);
	assert_non_null(strstr(store_notice(s), "written by a newer sagetop"));
	store_close(s);
	assert_int_equal(count_files(p->dir, "damaged"), 0); /* and the file is left alone */
}

/* Writes beyond the limit fail as on a full disk: nothing of the batch stays,
 * what was there stays, and it goes on once there is room. */
static void test_no_space(void **state)
{
	struct place *p = *state;
	AUTO(store) struct store *s = open_store(p);
	struct rlimit old, small;
	struct job *batch[300];
	struct err err = {0};
	char name[32];

	AUTO(job) struct job *first = sample("first");
	assert_int_equal(store_jobs_save(s, &first, 1, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(batch); i++) {
		snprintf(name, sizeof(name), "batch-%zu", i);
		batch[i] = sample(name);
	}
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){.rlim_cur = 120000, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int rc = store_jobs_save(s, batch, ARRAY_LEN(batch), &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, -ERR_DB);
	assert_true(strlen(err.msg) > 0);
	AUTO(resources) struct resources t = {0}, later = {0};
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(store_jobs_save(s, batch, ARRAY_LEN(batch), NULL), 0);
	assert_int_equal(store_jobs_load(s, &later, NULL), 0);
	assert_int_equal(later.n, 301);
	for (size_t i = 0; i < ARRAY_LEN(batch); i++)
		job_free(batch[i]);
}

#define BATCH 50

/* Batch after batch; in each all jobs bear the batch's number. */
static void write_batches(const struct place *p, const char *prefix, int n_batches)
{
	struct store *s = open_store(p);
	struct job *batch[BATCH];
	char name[64];

	for (int b = 1; b <= n_batches; b++) {
		int64_t id;

		for (int i = 0; i < BATCH; i++) {
			snprintf(name, sizeof(name), "%s-%d", prefix, i);
			batch[i] = sample(name);
			batch[i]->modified_ms = b;
		}
		struct err err = {0};
		while (store_jobs_save(s, batch, BATCH, &err)) { /* busy: as the program does, try again */
			if (!strstr(err.msg, "busy"))
				_exit(3);
			err = (struct err){0};
		}
		if (store_launch_add(s, prefix, "{}", &id, NULL))
			_exit(4);
		for (int i = 0; i < BATCH; i++)
			job_free(batch[i]);
	}
	store_close(s);
}

static void test_kill_in_transaction(void **state)
{
	struct place *p = *state;

	for (int round = 0; round < 12; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			write_batches(p, "job", 100000);
			_exit(0);
		}
		assert_true(pid > 0);
		usleep((useconds_t)(15000 + round * 7001)); /* where it strikes does not matter: any point must do */
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		AUTO(store) struct store *s = open_store(p);
		AUTO(resources) struct resources t = {0};
		assert_null(store_notice(s));
		assert_int_equal(store_jobs_load(s, &t, NULL), 0);
		assert_true(t.n == 0 || t.n == BATCH);
		for (size_t i = 1; i < t.n; i++)
			assert_int_equal(t.items[i]->modified_ms, t.items[0]->modified_ms);
	}
}

static void test_two_processes(void **state)
{
	struct place *p = *state;
	pid_t pid[2];
	int status;

	for (int k = 0; k < 2; k++) {
		pid[k] = fork();
		if (pid[k] == 0) {
			write_batches(p, k ? "right" : "left", 40);
			_exit(0);
		}
		assert_true(pid[k] > 0);
	}
	for (int k = 0; k < 2; k++) {
		assert_int_equal(waitpid(pid[k], &status, 0), pid[k]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	AUTO(store) struct store *s = open_store(p);
	AUTO(resources) struct resources t = {0};
	struct launch *l;
	size_t n;
	assert_int_equal(store_jobs_load(s, &t, NULL), 0);
	assert_int_equal(t.n, 2 * BATCH);
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(t.items[i]->modified_ms, 40);
	assert_int_equal(store_launch_list(s, LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_int_equal(n, 80);
	launch_list_free(l, n);
}

/* A thing of a kind without a struct: hot values at once, the record when it is wanted;
 * two kinds may have things of one name. */
static void test_records(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	const struct kind *k = kind_find("tuning-child"), *other = kind_find("endpoint");
	AUTO(resource) struct resource *a = resource_new(k, "Name-1"), *b = resource_new(other, "Name-1");
	AUTO(resources) struct resources t = {0}, endpoints = {0};
	const char *key;
	size_t objective = (size_t)(field_find(k, "objective", &key) - k->fields);

	resource_set_status(a, "Completed");
	resource_set_status(b, "Failed");
	a->detail = DETAIL_DESCRIBED;
	a->created_ms = 1000;
	a->modified_ms = 2000;
	a->start_ms = 1500;
	a->end_ms = 1900;
	a->failure_reason = xstrdup("stopped by hand");
	a->arn = xstrdup("arn:aws:sagemaker:us-east-1:1:training-job/name-1");
	a->parent = xstrdup("tuning");
	a->tags_known = true;
	strmap_set(&a->tags, "run", "nightly");
	strmap_set(&resource_record(a)->keyed, "eta", "0.1");
	strmap_set(&resource_record(a)->members, "A.B[0]", "x");
	record_set_value(resource_record(a), objective, "0.25");
	assert_int_equal(store_resources_save(s, &a, 1, NULL), 0);
	assert_int_equal(store_resources_save(s, &b, 1, NULL), 0);
	assert_int_equal(store_resources_load(s, k, &t, NULL), 0);
	assert_int_equal(t.n, 1);
	struct resource *r = resources_lookup(&t, "ARN:AWS:sagemaker:us-east-1:1:training-job/Name-1");
	assert_non_null(r); /* an ARN in any case, the name as it was given */
	assert_string_equal(r->name, "Name-1");
	assert_null(resources_find(&t, "name-1"));
	assert_int_equal(r->state, STATE_GOOD);
	check_common(r, a);
	assert_string_equal(r->parent, "tuning");
	assert_string_equal(strmap_get(&r->tags, "run"), "nightly");
	assert_string_equal(strmap_get(&resource_record(r)->keyed, "eta"), "0.1");
	assert_string_equal(resource_record(r)->values[objective], "0.25");
	assert_true(r->trimmed);
	assert_int_equal(store_resource_untrim(s, r, NULL), 0);
	assert_string_equal(strmap_get(&resource_record(r)->members, "A.B[0]"), "x");
	assert_int_equal(store_resource_delete(s, k, "Name-1", NULL), 0);
	assert_int_equal(store_resources_load(s, other, &endpoints, NULL), 0);
	assert_int_equal(endpoints.items[0]->state, STATE_BAD);
}

/* A state database exactly as the first version wrote it. */
static const char first_state[] =
	"CREATE TABLE launch (id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, name TEXT NOT NULL,"
	" spec_json TEXT NOT NULL, state INTEGER NOT NULL, queued_ms INTEGER NOT NULL, sent_ms INTEGER,"
	" settled_ms INTEGER, pid INTEGER, arn TEXT, error TEXT);"
	"CREATE INDEX launch_open ON launch (scope, state);"
	"PRAGMA user_version = 1;"
	"INSERT INTO launch (scope, name, spec_json, state, queued_ms, pid) VALUES ('1/us-east-1', 'queued', '{}', 0, "
	"5, 7);"
	"INSERT INTO launch (scope, name, spec_json, state, queued_ms, sent_ms, pid)"
	" VALUES ('1/us-east-1', 'sent', '{\"a\":1}', 1, 6, 16, 7);"
	"INSERT INTO launch VALUES (NULL, '1/us-east-1', 'accepted', '{}', 2, 7, 17, 27, 7, 'arn:x', NULL);"
	"INSERT INTO launch VALUES (NULL, '1/us-east-1', 'refused', '{}', 3, 8, 18, 28, 7, NULL, 'quota');"
	"INSERT INTO launch VALUES (NULL, '2/us-east-1', 'of another', '{}', 0, 9, NULL, NULL, 7, NULL, NULL);";

static void test_state_of_the_first_version(void **state)
{
	struct place *p = *state;
	sqlite3 *db = NULL;
	struct launch *l;
	size_t n;

	assert_int_equal(sqlite3_open(p->state, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, first_state, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	AUTO(store) struct store *s = open_store(p);
	assert_null(store_notice(s));
	assert_int_equal(store_launch_list(s, LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(l[i].state, i);
		assert_int_equal(l[i].queued_ms, 5 + (int64_t)i);
		assert_string_equal(l[i].operation, LAUNCH_TRAINING_JOB);
		assert_null(l[i].run);
		assert_int_equal(l[i].due_ms, 0);
		assert_int_equal(l[i].attempts, 0);
		assert_false(l[i].given_up);
	}
	assert_string_equal(l[1].spec_json, "{\"a\":1}");
	assert_int_equal(l[1].sent_ms, 16);
	assert_string_equal(l[2].arn, "arn:x");
	assert_int_equal(l[3].settled_ms, 28);
	assert_string_equal(l[3].error, "quota");
	bool got = false;
	assert_int_equal(store_launch_claim(s, l[0].id, 100, &got, NULL), 0);
	assert_true(got); /* what waited can be sent */
	assert_int_equal(store_launch_take(s, &l[1], 100, &got, NULL), 0);
	assert_true(got);
	assert_int_equal(store_launch_take(s, &l[1], 200, &got, NULL), 0);
	assert_false(got); /* it is somebody's now */
	launch_list_free(l, n);
	assert_int_equal(store_set_scope(s, "2/us-east-1", NULL), 0);
	assert_int_equal(store_launch_list(s, LAUNCHES_OPEN, &l, &n, NULL), 0);
	assert_int_equal(n, 1);
	launch_list_free(l, n);
}

static struct launch part(const char *run, int64_t pack, int concurrency)
{
	return (struct launch){.name = (char *)(uintptr_t) "part",
			       .spec_json = (char *)(uintptr_t) "{}",
			       .run = (char *)(uintptr_t)run,
			       .pack = pack,
			       .concurrency = concurrency};
}

static void test_queue(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	struct launch rows[4] = {part("r", 0, 1), part("r", 1, 1), part("other", 0, 1), part("r", 1, 1)};
	struct launch *l, *running;
	size_t n, n_running;
	bool got;

	rows[2].due_ms = 500;
	assert_int_equal(store_launch_put(s, rows, 4, NULL), 0);
	assert_int_equal(store_launch_put(s, rows, 4, NULL), 0); /* planned again */
	assert_int_equal(store_launch_list(s, LAUNCHES_OPEN, &l, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(store_launch_claim(s, l[2].id, 499, &got, NULL), 0);
	assert_false(got); /* not due */
	assert_int_equal(store_launch_claim(s, l[0].id, 100, &got, NULL), 0);
	assert_true(got);
	assert_int_equal(store_launch_claim(s, l[0].id, 100, &got, NULL), 0);
	assert_false(got); /* once */
	assert_int_equal(store_launch_claim(s, l[1].id, 100, &got, NULL), 0);
	assert_false(got); /* no place in its run */
	assert_int_equal(store_launch_claim(s, l[2].id, 500, &got, NULL), 0);
	assert_true(got); /* another run is not kept back by it */
	assert_int_equal(store_launch_requeue(s, l[0].id, 1000, "quota", NULL), 0);
	assert_int_equal(store_launch_claim(s, l[1].id, 100, &got, NULL), 0);
	assert_true(got); /* what waits leaves its place */
	assert_int_equal(store_launch_update(s, l[1].id, LAUNCH_ACCEPTED, "arn", NULL, NULL), 0);
	assert_int_equal(store_launch_claim(s, l[0].id, 1000, &got, NULL), 0);
	assert_false(got); /* it runs still */
	assert_int_equal(store_launch_list(s, LAUNCHES_RUNNING, &running, &n_running, NULL), 0);
	assert_int_equal(n_running, 1); /* not the other run's, whose answer is not there */
	assert_int_equal(running[0].id, l[1].id);
	assert_null(running[0].spec_json);
	launch_list_free(running, n_running);
	assert_int_equal(store_launch_list(s, LAUNCHES_TO_WORK_ON, &running, &n_running, NULL), 0);
	assert_int_equal(n_running, 1); /* what is sent, not what runs */
	assert_int_equal(running[0].id, l[2].id);
	launch_list_free(running, n_running);
	assert_int_equal(store_launch_ended(s, l[1].id, 900, NULL), 0);
	assert_int_equal(store_launch_list(s, LAUNCHES_RUNNING, &running, &n_running, NULL), 0);
	assert_int_equal(n_running, 0);
	launch_list_free(running, n_running);
	assert_int_equal(store_launch_claim(s, l[0].id, 1000, &got, NULL), 0);
	assert_true(got);
	launch_list_free(l, n);
	assert_int_equal(store_launch_list(s, LAUNCHES_ALL, &l, &n, NULL), 0);
	assert_int_equal(l[0].attempts, 2);
	assert_string_equal(l[0].error, "quota");
	assert_int_equal(l[0].due_ms, 1000);
	assert_int_equal(l[1].ended_ms, 900);
	launch_list_free(l, n);
}

/* How many of what waits for a run is to be worked on. */
static size_t count_waiting(struct store *s, const char *run)
{
	struct launch *l;
	size_t n, found = 0;

	assert_int_equal(store_launch_list(s, LAUNCHES_TO_WORK_ON, &l, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		found += l[i].state == LAUNCH_QUEUED && str_eq(l[i].run, run);
	launch_list_free(l, n);
	return found;
}

static void test_backtests(void **state)
{
	AUTO(store) struct store *s = open_store(*state);
	struct launch rows[3] = {part("held", 0, 2), part("held", 1, 2), part("held", 2, 2)};
	char name[] = "held", why[] = "by hand";
	struct backtest_run put = {.name = name, .jobs = 3, .retries = 2, .concurrency = 2}, *all;
	AUTO(backtest_run) struct backtest_run got = {0};
	struct launch *l;
	struct err err = {0};
	bool claimed;
	size_t n;

	assert_int_equal(store_backtest_load(s, name, &got, &err), -ERR_NOTFOUND);
	assert_int_equal(store_backtest_put(s, &put, NULL), 0);
	assert_int_equal(store_launch_put(s, rows, 3, NULL), 0);
	assert_int_equal(count_waiting(s, name), 3);
	put.state = BACKTEST_PAUSED;
	put.reason = why;
	assert_int_equal(store_backtest_put(s, &put, NULL), 0);
	assert_int_equal(store_backtest_load(s, name, &got, NULL), 0);
	assert_int_equal(got.state, BACKTEST_PAUSED);
	assert_string_equal(got.reason, why);
	assert_int_equal(got.jobs, 3);
	assert_int_equal(got.concurrency, 2);
	assert_int_equal(count_waiting(s, name), 0);
	assert_int_equal(store_launch_list_run(s, name, &l, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_null(l[0].spec_json);
	assert_int_equal(store_launch_claim(s, l[0].id, INT64_MAX, &claimed, NULL), 0);
	assert_false(claimed); /* held, whoever asks */
	put.state = BACKTEST_RUNNING;
	assert_int_equal(store_backtest_put(s, &put, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(store_launch_claim(s, l[i].id, INT64_MAX, &claimed, NULL), 0);
		assert_int_equal(claimed, i < 2);
	}
	assert_int_equal(count_waiting(s, name), 0); /* there is no place for it */
	assert_int_equal(store_launch_refuse_waiting(s, name, why, NULL), 0);
	launch_list_free(l, n);
	assert_int_equal(store_launch_list_run(s, name, &l, &n, NULL), 0);
	assert_int_equal(l[1].state, LAUNCH_SENT);
	assert_int_equal(l[2].state, LAUNCH_REFUSED);
	assert_string_equal(l[2].error, why);
	launch_list_free(l, n);
	assert_int_equal(store_set_scope(s, "another/us-east-1", NULL), 0);
	assert_int_equal(store_backtest_list(s, &all, &n, NULL), 0);
	assert_int_equal(n, 0);
	backtest_run_list_free(all, n);
}

#define QUEUE_ROWS 60

/* Claims all that it can get; its status is how many. */
static void claim_all(const struct place *p)
{
	AUTO(store) struct store *s = open_store(p);
	struct launch *l;
	size_t n;
	int mine = 0;

	if (store_launch_list(s, LAUNCHES_OPEN, &l, &n, NULL))
		_exit(200);
	for (size_t i = 0; i < n; i++) {
		bool got = false;

		if (store_launch_claim(s, l[i].id, 100, &got, NULL))
			_exit(201);
		mine += got;
	}
	_exit(mine);
}

/* However many work on the queue, each row is sent by one. */
static void test_queue_shared(void **state)
{
	struct place *p = *state;
	struct launch rows[QUEUE_ROWS];
	pid_t pid[3];
	int sum = 0, status;

	for (int i = 0; i < QUEUE_ROWS; i++)
		rows[i] = part("r", i, 0);
	struct store *s = open_store(p);
	assert_int_equal(store_launch_put(s, rows, QUEUE_ROWS, NULL), 0);
	store_close(s);
	for (size_t k = 0; k < ARRAY_LEN(pid); k++) {
		pid[k] = fork();
		if (pid[k] == 0)
			claim_all(p);
		assert_true(pid[k] > 0);
	}
	for (size_t k = 0; k < ARRAY_LEN(pid); k++) {
		assert_int_equal(waitpid(pid[k], &status, 0), pid[k]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= QUEUE_ROWS);
		sum += WEXITSTATUS(status);
	}
	assert_int_equal(sum, QUEUE_ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_jobs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jobs_in_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jobs_in_slices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scopes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_logs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metrics_and_prices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_found_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moved_by_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_space, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill_in_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state_of_the_first_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backtests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_shared, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
