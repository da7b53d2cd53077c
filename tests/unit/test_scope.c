/* test_scope.c - lists of profiles and regions, and the session that has the things of several. */
#include "unit.h"

#include "model/scope.h"
#include "model/session.h"

/* --- the list --- */

static void check_list(const char *text, const char *expected)
{
	AUTO(scope_list) struct scope_list l = {0};
	AUTO(buf) struct buf got = BUF_INIT(4096);
	struct err err = {0};

	if (scope_list_parse(text, &l, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	for (size_t i = 0; i < l.n; i++)
		(void)buf_addf(&got, "%s%s|%s", i ? " " : "", str_or(l.items[i].profile, "-"),
			       str_or(l.items[i].region, "-"));
	assert_string_equal(buf_str(&got), expected);
}

static void test_list(void **state)
{
	check_list("a/us-east-1,b/eu-west-1", "a|us-east-1 b|eu-west-1");
	check_list("us-east-1, /eu-west-1", "-|us-east-1 -|eu-west-1");
	check_list("prod , test/", "prod|- test|-");
	check_list("us-gov-west-1", "-|us-gov-west-1");
	check_list("eu-west/eu-west-1", "eu-west|eu-west-1"); /* a profile may look like half a region */
	check_list("caf\xc3\xa9/us-east-1", "caf\xc3\xa9|us-east-1");
}

static void check_refused(const char *text, const char *why)
{
	struct scope_list l = {0};
	struct err err = {0};

	assert_int_equal(scope_list_parse(text, &l, &err), -ERR_USAGE);
	assert_int_equal(l.n, 0);
	if (!strstr(err.msg, why))
		fail_msg("%s: %s", text, err.msg);
	for (const char *p = err.msg; *p; p++)
		if ((unsigned char)*p < ' ')
			fail_msg("%s: a control character in the message", text);
}

static void test_refused(void **state)
{
	AUTO(str) char *longest = xcalloc(1, 100001);
	AUTO(buf) struct buf many = BUF_INIT(4096);

	check_refused("", "is not PROFILE/REGION");
	check_refused(",", "is not PROFILE/REGION");
	check_refused("a/us-east-1,", "is not PROFILE/REGION");
	check_refused("/", "is not PROFILE/REGION");
	check_refused("a/b/us-east-1", "is not PROFILE/REGION");
	check_refused("a/xx", "is not PROFILE/REGION");
	check_refused("a/us-east-1:job", "is not PROFILE/REGION");
	check_refused("a b/us-east-1", "is not PROFILE/REGION");
	check_refused("a\x1b[31m/us-east-1", "is not PROFILE/REGION");
	check_refused("a\nb", "is not PROFILE/REGION");
	check_refused("[a]", "is not PROFILE/REGION");
	check_refused("a/us-east-1,b,a/us-east-1", "named twice");
	check_refused("a/,a", "a is named twice");
	check_refused("us-east-1,us-east-1", "us-east-1 is named twice");
	check_refused("us-east-1,/us-east-1", "named twice");
	memset(longest, 'a', 100000);
	check_refused(longest, "is not PROFILE/REGION");
	for (int i = 0; i <= SCOPES_MAX; i++)
		(void)buf_addf(&many, "%sp%d", i ? "," : "", i);
	check_refused(buf_str(&many), "too many");
}

/* --- the session --- */

struct two {
	struct session *parts[2], *wide;
};

static void two_init(struct two *w)
{
	static const char *const labels[] = {"a/us-east-1", "b/eu-west-1"};

	for (size_t i = 0; i < 2; i++) {
		w->parts[i] = session_new();
		w->parts[i]->label = xstrdup(labels[i]);
		w->parts[i]->profile = xstrndup(labels[i], 1);
		w->parts[i]->region = xstrdup(labels[i] + 2);
	}
	w->wide = session_wide_new(w->parts, 2);
}

static void two_done(struct two *w)
{
	session_free(w->wide);
	session_free(w->parts[0]);
	session_free(w->parts[1]);
}

static struct job *put(struct session *s, const char *name, const char *status)
{
	struct job *j = job_new(name);

	job_set_status(j, status);
	return jobs_put(session_jobs(s), j, NULL);
}

static void test_same_names(void **state)
{
	struct two w;
	AUTO(buf) struct buf name = BUF_INIT(4096);

	two_init(&w);
	const struct resources *all = session_jobs(w.wide);
	struct job *one = put(w.parts[0], "same", "InProgress"), *two = put(w.parts[1], "same", "Failed");
	struct job *only = put(w.parts[1], "only", "Completed");

	session_wide_refresh(w.wide);
	assert_int_equal(all->n, 3);
	assert_int_equal(all->n_running, 1);
	assert_ptr_equal(jobs_find(all, "a/us-east-1:same"), one);
	assert_ptr_equal(jobs_find(all, "b/eu-west-1:same"), two);
	assert_null(jobs_find(all, "same")); /* which? */
	assert_ptr_equal(jobs_find(all, "only"), only);
	assert_null(jobs_find(all, "a/us-east-1:only"));
	assert_null(jobs_find(all, "c/us-east-1:same"));
	assert_ptr_equal(session_own(w.wide, job_resource(two)), w.parts[1]);
	assert_string_equal(session_name_of(w.wide, job_resource(two), &name), "b/eu-west-1:same");
	assert_string_equal(session_name_of(w.parts[1], job_resource(two), &name), "same");
	two_done(&w);
}

/* What comes and goes in one is told by the wide table too, and never by a thing that is gone. */
static void test_changes(void **state)
{
	struct two w;
	struct resource_change changes[RESOURCES_CHANGES_MAX];
	size_t n;

	two_init(&w);
	const struct resources *all = session_jobs(w.wide);

	for (int i = 0; i < 200; i++) {
		AUTO(str) char *name = xasprintf("job-%d", i);

		put(w.parts[i % 2], name, "InProgress");
	}
	session_wide_refresh(w.wide);
	uint64_t since = all->n_changes, generation = all->generation;

	assert_true(resources_remove(session_jobs(w.parts[0]), "job-0"));
	assert_true(all->generation > generation);
	assert_int_equal(all->n, 199);
	put(w.parts[1], "job-1", "Failed");
	assert_true(resources_changes(all, since, changes, &n));
	assert_int_equal(n, 2);
	assert_true(changes[0].gone);
	session_wide_refresh(w.wide);
	assert_int_equal(all->n_running, 198);

	resources_done(session_jobs(w.parts[0])); /* another account stands behind it */
	assert_int_equal(all->n, 100);
	assert_false(resources_changes(all, since, changes, &n));
	assert_null(jobs_find(all, "a/us-east-1:job-2"));
	assert_non_null(jobs_find(all, "b/eu-west-1:job-3"));
	put(w.parts[0], "job-2", "InProgress");
	assert_non_null(jobs_find(all, "a/us-east-1:job-2"));
	two_done(&w);
}

/* One that could not be asked: what was known of it is not among the things of all any more. */
static void test_leaving(void **state)
{
	struct two w;

	two_init(&w);
	const struct resources *all = session_jobs(w.wide);
	struct job *one = put(w.parts[0], "same", "InProgress");

	put(w.parts[1], "same", "Failed");
	session_wide_refresh(w.wide);
	uint64_t generation = all->generation;

	session_wide_leave(w.parts[1]);
	session_wide_refresh(w.wide);
	assert_int_equal(all->n, 1);
	assert_true(all->generation > generation);
	assert_ptr_equal(jobs_find(all, "same"), one);
	put(w.parts[1], "later", "InProgress");
	assert_null(jobs_find(all, "later"));
	assert_non_null(jobs_find(session_jobs(w.parts[1]), "later"));
	two_done(&w);
}

static void test_fields(void **state)
{
	struct two w;
	struct field_ref region = {.field = field_find(TRAINING_KIND, "region", NULL)};
	AUTO(field_list) struct field_list one = {0}, several = {0};

	two_init(&w);
	struct field_context x = {.session = w.wide};
	struct job *j = put(w.parts[1], "same", "InProgress");

	assert_string_equal(field_get(&region, job_resource(j), &x).text, "eu-west-1");
	assert_int_equal(field_list_parse(TRAINING_KIND, NULL, false, &one, NULL), 0);
	assert_int_equal(field_list_parse(TRAINING_KIND, NULL, true, &several, NULL), 0);
	assert_int_equal(several.n, one.n + 2);
	for (size_t k = 0; k < KIND_COUNT; k++)
		assert_non_null(field_find(&kind_table[k], "region", NULL));
	two_done(&w);
}

/* What is known of things lies in their own sessions. */
static void test_beside(void **state)
{
	struct two w;
	const char *name;

	two_init(&w);
	put(w.parts[0], "same", "InProgress");
	put(w.parts[1], "same", "InProgress");
	struct feed *f = session_feed(w.parts[1], TRAINING_KIND, "same");

	assert_ptr_equal(session_find_feed(w.wide, TRAINING_KIND, "b/eu-west-1:same"), f);
	assert_null(session_find_feed(w.wide, TRAINING_KIND, "a/us-east-1:same"));
	assert_null(session_find_feed(w.wide, TRAINING_KIND, "same"));
	assert_null(session_within(w.wide, TRAINING_KIND, "same", &name));
	assert_ptr_equal(session_within(w.wide, TRAINING_KIND, "a/us-east-1:gone", &name), w.parts[0]);
	assert_string_equal(name, "gone");
	two_done(&w);
}

static void test_summary(void **state)
{
	struct two w;

	two_init(&w);
	session_notify(w.parts[1], NOTICE_ERROR, "jobs: expired");
	str_copy(w.parts[1]->trouble, sizeof(w.parts[1]->trouble), "expired");
	session_jobs(w.parts[0])->complete = true;
	session_jobs(w.parts[0])->synced_ms = 2000;
	session_jobs(w.parts[1])->synced_ms = 1000;
	session_jobs(w.parts[1])->partial = true;
	w.parts[1]->offline = true;
	w.parts[0]->budget.calls = 3;
	w.parts[1]->budget.calls = 4;
	session_wide_refresh(w.wide);
	assert_string_equal(w.wide->notice.text, "b/eu-west-1: jobs: expired");
	assert_string_equal(w.wide->trouble, "b/eu-west-1: expired");
	assert_false(session_jobs(w.wide)->complete);
	assert_true(session_jobs(w.wide)->partial);
	assert_int_equal(session_jobs(w.wide)->synced_ms, 1000);
	assert_false(w.wide->offline); /* one answers */
	assert_int_equal(w.wide->budget.calls, 7);
	uint64_t told = w.wide->notice_generation;

	session_wide_refresh(w.wide);
	assert_int_equal(w.wide->notice_generation, told);
	two_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_list),	      cmocka_unit_test(test_refused),
					   cmocka_unit_test(test_same_names), cmocka_unit_test(test_changes),
					   cmocka_unit_test(test_leaving),    cmocka_unit_test(test_fields),
					   cmocka_unit_test(test_beside),     cmocka_unit_test(test_summary)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
