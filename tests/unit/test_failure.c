/* test_failure.c - what is masked of a failure's reason, what is not, and what is counted. */
#include "unit.h"

#include "base/utf8.h"
#include "model/failure.h"
#include "model/session.h"

#define NOW ((int64_t)1763700000000)

static void test_masking(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"out of memory: killed while reading 3.1 GB on 16 GiB",
		 "out of memory: killed while reading ‹n› GB on ‹n› GiB"},
		{"train.csv, line 12, column 5: 'n/a' is not a number",
		 "train.csv, line ‹n›, column ‹n›: ‹text› is not a number"},
		{"KeyError: \"price\"", "KeyError: ‹text›"},
		{"it isn't there, and won't be", "it isn't there, and won't be"},
		{"AccessDenied: s3:GetObject on s3://nba-dfs/data/a/b.csv",
		 "AccessDenied: s3:GetObject on s3://nba-dfs/‹…›"},
		{"CapacityError: ml.g5.xlarge in us-east-1", "CapacityError: ml.g5.xlarge in us-east-1"},
		{"no route to 10.0.3.17:8080", "no route to ‹n›:‹n›"},
		{"pack-07 of my-job-7: fold3 is empty", "pack-‹n› of ‹name›: fold3 is empty"},
		{"request 3f2b8c1d-77aa-4e01-9b1c-0123456789ab failed", "request ‹n› failed"},
		{"exit code: 137", "exit code: ‹n›"},
		{"'unclosed", "'unclosed"},
		{"the limit 'ml.g5.xlarge for training job usage' is 2 Instances",
		 "the limit 'ml.g5.xlarge for training job usage' is ‹n› Instances"},
		{"'text' before ml.g5.xlarge", "‹text› before ml.g5.xlarge"},
		{"S3 403 Forbidden of 403 objects", "S3 403 Forbidden of ‹n› objects"},
		{"An error occurred (404) in 404 ms", "An error occurred (404) in ‹n› ms"},
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com:443", "‹n›.dkr.ecr.us-east-1.amazonaws.com:‹n›"},
		{"", ""},
	};
	AUTO(buf) struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		failure_mask(cases[i].text, "my-job-7", &out);
		assert_string_equal(buf_str(&out), cases[i].masked);
	}
}

static void test_masking_is_bounded(void **state)
{
	AUTO(buf) struct buf out = BUF_INIT(65536);
	char text[9001];

	for (size_t i = 0; i + 3 <= 9000; i += 3)
		memcpy(text + i, "日", 3);
	text[9000] = '\0';
	failure_mask(text, NULL, &out);
	assert_true(out.len <= FAILURE_CAUSE_MAX);
	assert_int_equal(utf8_replaced(buf_str(&out), out.len), 0); /* not cut within a character */
	assert_true(out.len % 3 == 0);
}

static void test_bare(void **state)
{
	assert_true(failure_is_bare("AlgorithmError: , exit code: 1"));
	assert_true(failure_is_bare("AlgorithmError: ExecuteUserScriptError:\nExitCode 1"));
	assert_true(failure_is_bare("exit code: 137"));
	assert_false(failure_is_bare("AlgorithmError: out of memory, exit code: 137"));
	assert_false(failure_is_bare("AlgorithmError"));
	assert_true(failure_is_bare("AlgorithmError: See job logs for more information"));
	assert_true(failure_is_bare("AlgorithmError: ExecuteUserScriptError:\nCommand \"python3 a.py --x \"1\" --y\""));
	assert_true(failure_is_bare("ExitCode 1\nErrorMessage \"\"\nCommand \"python3 a.py\", exit code: 1"));
	assert_false(failure_is_bare("ExitCode 1\nErrorMessage \"no\"\nCommand \"python3 a.py\", exit code: 1"));
	assert_false(failure_is_bare(""));
	assert_false(failure_is_bare(NULL));
}

static void test_exit_code(void **state)
{
	assert_int_equal(failure_exit_code("AlgorithmError: Exit Code: 139"), 139);
	assert_int_equal(failure_exit_code("ExitCode -9\nCommand \"x\", exit code: 1"), 137);
	assert_int_equal(failure_exit_code("exit code of it"), -1);
	assert_int_equal(failure_exit_code(NULL), -1);
}

/* Of a script's failure neither exit code nor command are why. */
static void test_message(void **state)
{
	static const struct {
		const char *reason, *message, *one_line;
	} cases[] = {
		{"AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \":ValueError: a \"b\" c\"\n"
		 "Command \"python3 t.py --x \"1\"\", exit code: 1",
		 "ValueError: a \"b\" c", "ValueError: a \"b\" c"},
		{"ErrorMessage \"raise E\n KeyError: 'x'\n 0%| | 0/9\"\nCommand \"x\"", "raise E\n KeyError: 'x'",
		 " KeyError: 'x' | raise E"},
		{"ErrorMessage \"KeyError: \"pri", "KeyError: \"pri", "KeyError: \"pri"}, /* the service cuts */
		{"ExitCode 1\nErrorMessage \"\"\nCommand \"python3 t.py\", exit code: 1", "exit code 1", "exit code 1"},
		{"ExecuteUserScriptError:\nCommand \"python3 t.py\"", "the script failed", "the script failed"},
		{"AlgorithmError: , exit code: 1", "exit code 1", "exit code 1"},
		{"framework error:\nKeyError: 1", "framework error:\nKeyError: 1", "KeyError: 1 | framework error:"},
		{"", "", ""},
	};
	AUTO(buf) struct buf out = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		failure_message(cases[i].reason, &out);
		assert_string_equal(buf_str(&out), cases[i].message);
		buf_clear(&out);
		field_one_line(cases[i].reason, &out);
		assert_string_equal(buf_str(&out), cases[i].one_line);
	}
}

static void add_line(struct loglines *l, const char *text)
{
	(void)loglines_add(l, "s", NULL, NOW + (int64_t)l->n, text, strlen(text));
}

static void test_traceback(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	size_t from = 99, to = 99;

	add_line(&l, "Traceback (most recent call last):"); /* its end is not there */
	(void)loglines_add(&l, "other", NULL, NOW + 1, "KeyError: of another host", 25);
	assert_false(failure_traceback(&l, 0, &from, &to));
	add_line(&l, "  File \"a.py\", line 1, in <module>");
	add_line(&l, "my.module.BadError: no rows");
	add_line(&l, "exit");
	for (size_t i = 0; i < l.n; i++) {
		bool within = i == 0 || i == 2 || i == 3;

		assert_int_equal(failure_traceback(&l, i, &from, &to), within);
		assert_true(!within || (from == 0 && to == 3));
	}
}

static void test_line_of_a_log(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	assert_null(failure_line(&l));
	add_line(&l, "starting");
	assert_string_equal(failure_line(&l), "starting");
	add_line(&l, "ERROR the disk is full");
	add_line(&l, "shutting down");
	assert_string_equal(failure_line(&l), "ERROR the disk is full");
	add_line(&l, "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nmy.module.BadError: no "
		     "rows");
	add_line(&l, "ERROR giving up");
	assert_string_equal(failure_line(&l), "my.module.BadError: no rows");
}

static struct resource *add(struct session *s, const char *name, const char *status, const char *reason)
{
	struct job *j = job_new(name);

	job_set_status(j, status);
	str_set(&j->failure_reason, reason);
	j->created_ms = NOW;
	j->end_ms = NOW + (int64_t)session_jobs(s)->n * 1000;
	return job_resource(jobs_put(session_jobs(s), j, NULL));
}

static void test_counting(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(failures) struct failures f = {0};
	AUTO(query) struct query *q = NULL;
	struct field_context x = {.session = s, .now_ms = NOW + 60000};

	add(s, "a-1", "Failed", "line 1: bad");
	add(s, "a-2", "Failed", "line 22: bad");
	add(s, "a-3", "Completed", NULL);
	struct resource *bare = add(s, "a-4", "Failed", "AlgorithmError: , exit code: 1");
	add(s, "a-5", "Failed", NULL);
	failures_build(&f, session_jobs(s), NULL, &x);
	assert_int_equal(f.n, 3);
	assert_int_equal(f.n_failed, 4);
	assert_int_equal(f.n_all, 5);
	assert_string_equal(f.items[0].cause, "line ‹n›: bad");
	assert_int_equal(f.items[0].n, 2);
	assert_string_equal(f.items[0].newest->name, "a-2");
	assert_true(f.items[0].usd_micro == USD_UNKNOWN); /* nobody knows what they cost */
	/* What its log says counts among its equals. */
	assert_null(failure_learnt(s, bare));
	failure_learn(s, bare, "line 333: bad");
	assert_non_null(failure_learnt(s, bare));
	failures_build(&f, session_jobs(s), NULL, &x);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.items[0].n, 3);
	assert_string_equal(f.items[0].newest->name, "a-4");
	/* What was said of it stays readable when its log says something else. */
	const char *before = failure_cause(s, bare);
	failure_learn(s, bare, "line 4: worse");
	assert_string_equal(before, "line ‹n›: bad");
	assert_string_equal(failure_cause(s, bare), "line ‹n›: worse");
	failure_learn(s, bare, "line 333: bad");
	assert_ptr_equal(failure_cause(s, bare), before);
	/* And a filter finds them all by the cause as it is shown. */
	assert_int_equal(query_parse(TRAINING_KIND, "cause=\"line ‹n›: bad\"", &q, NULL), 0);
	failures_build(&f, session_jobs(s), q, &x);
	assert_int_equal(f.n_failed, 3);
}

/* Scripts that fail for different reasons are different causes, whatever the command. */
static void test_scripts_are_told_apart(void **state)
{
	static const char *const said[] = {"KeyError: 'a'", "ValueError: no rows", "KeyError: 'b'"};
	AUTO(session) struct session *s = session_new();
	AUTO(failures) struct failures f = {0};
	struct field_context x = {.session = s, .now_ms = NOW};

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		AUTO(str) char *name = xasprintf("s-%zu", i);
		AUTO(str)
		char *reason = xasprintf("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"%s\"\n"
					 "Command \"python3 train.py --lr 0.%zu\", exit code: 1",
					 said[i], i);
		add(s, name, "Failed", reason);
	}
	failures_build(&f, session_jobs(s), NULL, &x);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.items[0].cause, "KeyError: ‹text›");
	assert_string_equal(f.items[1].cause, "ValueError: no rows");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masking),	  cmocka_unit_test(test_masking_is_bounded),
		cmocka_unit_test(test_bare),	  cmocka_unit_test(test_line_of_a_log),
		cmocka_unit_test(test_counting),  cmocka_unit_test(test_exit_code),
		cmocka_unit_test(test_message),	  cmocka_unit_test(test_scripts_are_told_apart),
		cmocka_unit_test(test_traceback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
