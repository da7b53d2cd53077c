/* test_model_query.c - the filter language. */
#include "unit.h"

#include <math.h>

#include "model/field_order.h"
#include "model/query.h"
#include "model/session.h"

#define NOW ((int64_t)1763700000000)

static const char table[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
			    "ml.g5.xlarge,us-east-1,Training,1.2,2026-09-24,A,list\n";

static struct job *sample(void)
{
	struct job *j = job_new("nba-dfs-s24-c03");

	job_set_status(j, "Failed");
	j->detail = DETAIL_SEARCHED;
	j->instance_type = intern("ml.g5.xlarge");
	j->instance_count = 2;
	j->failure_reason = xstrdup("AlgorithmError: out of memory");
	j->created_ms = NOW - 3600000;
	j->start_ms = NOW - 3000000;
	j->training_s = 1800;
	j->billable_s = 1800;
	strmap_set(&j->tags, "run", "nightly build");
	strmap_set(&j->tags, "aws:createdBy", "me");
	strmap_set(&j->cold->hyperparameters, "eta", "0.05");
	strmap_set(&j->cold->hyperparameters, "booster", "gbtree");
	job_add_final_metric(j, "validation:rmse", 7.5, NOW);
	return j;
}

static const struct kind *const jobs = &kind_table[KIND_TRAINING_JOB];

static bool match(const struct query *q, const struct job *j, const struct session *session)
{
	struct field_context x = {.session = session, .now_ms = NOW};

	return query_match(q, job_resource(j), &x);
}

static bool matches(const char *text, const struct job *j, const struct session *session)
{
	AUTO(query) struct query *q = NULL;
	struct err err = {0};

	if (query_parse(jobs, text, &q, &err))
		fail_msg("'%s': %s", text, err.msg);
	return match(q, j, session);
}

static const char *const yes[] = {"",
				  "  ",
				  "dfs",
				  "DFS",
				  "nba c03",
				  "^nba.*c0[0-9]$",
				  "!other",
				  "status:failed",
				  "status:completed,failed",
				  "status:done",
				  "status!=completed",
				  "inst:g5",
				  "instance=ml.g5.xlarge",
				  "spot:no",
				  "spot!=yes",
				  "reason:memory",
				  "tag.run:nightly",
				  "tag.run=\"nightly build\"",
				  "tag.aws:createdBy=me",
				  "!tag.team:x",
				  "hp.eta=0.050",
				  "hp.eta<0.1",
				  "hp.eta>=0.05",
				  "hp.booster:tree",
				  "hp.missing!=3",
				  "cost>1",
				  "cost<=1.2",
				  "cost:$1.2",
				  "age<2h",
				  "age>=1h",
				  "train=30m",
				  "billed=30m",
				  "created>2025-11-01",
				  "created<2030-01-01T00:00",
				  "objective<8",
				  "metric:rmse",
				  "count=2",
				  "interruptions=0",
				  "name:dfs,other",
				  "dfs status:failed cost>1 !inst:m5"};
static const char *const no[] = {"other",
				 "^dfs",
				 "!dfs",
				 "status:completed",
				 "status:running",
				 "status!=failed",
				 "inst:m5",
				 "spot:yes",
				 "reason:disk",
				 "tag.run:weekly",
				 "tag.team:x",
				 "hp.eta=0.06",
				 "hp.missing<3",
				 "cost>1.2",
				 "age>2h",
				 "train<10m",
				 "objective>8",
				 "created>2030-01-01",
				 "dfs status:completed",
				 "saved>1" /* unknown: matches no comparison */};

static void test_matches(void **state)
{
	AUTO(session) struct session *session = session_new();
	AUTO(session) struct session *unpriced = session_new();
	AUTO(job) struct job *j = sample();

	session->region = xstrdup("us-east-1");
	assert_int_equal(price_table_parse(&session->prices, table, sizeof(table) - 1, "t", NULL), 0);
	for (int trimmed = 0; trimmed < 2; trimmed++) {
		for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
			if (!matches(yes[i], j, session))
				fail_msg("'%s' does not match", yes[i]);
		}
		for (size_t i = 0; i < ARRAY_LEN(no); i++) {
			if (matches(no[i], j, session))
				fail_msg("'%s' matches", no[i]);
		}
		job_trim(j); /* the same answers from the packed form */
	}
	assert_true(match(NULL, j, session));
	assert_false(matches("cost>=0", j, unpriced)); /* no price: unknown, not zero */
	assert_false(matches("cost<9", j, unpriced));
}

/* By the objective the best comes first, whichever way is better; what failed is not
 * among the good, and an unknown value is last. */
static void test_objective_order(void **state)
{
	static const struct {
		const char *metric;
		double best, last;
		const char *status;
	} rows[] = {{"validation:auc", 0.7, 0.7, "Completed"},	{"validation:auc", 0.99, 0.9, "Failed"},
		    {"validation:auc", 0.95, 0.1, "Completed"}, {"validation:auc", NAN, NAN, "Completed"},
		    {"validation:auc", 0.9, 0.9, "Stopped"},	{NULL, NAN, NAN, "Completed"}};
	static const char *const orders[] = {"240315", "042315"};
	struct resource *items[ARRAY_LEN(rows)];
	struct field_context x = {.now_ms = NOW};
	AUTO(field_list) struct field_list by = {0};

	assert_int_equal(field_list_parse(jobs, "objective", false, &by, NULL), 0);
	for (int descending = 0; descending < 2; descending++) {
		char order[ARRAY_LEN(rows) + 1] = "";

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct job *j = job_new((const char[]){(char)('0' + i), '\0'});

			job_set_status(j, rows[i].status);
			if (rows[i].metric)
				job_add_final_metric(j, rows[i].metric, rows[i].last, NOW);
			job_derive(j);
			job_own_rare(j)->best_value = rows[i].best;
			items[i] = job_resource(j);
		}
		field_order_sort(items, ARRAY_LEN(rows), &by.items[0], descending, &x);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			order[i] = items[i]->name[0];
			if (order[i] == '2') { /* its best, not its last */
				assert_true(matches("objective>0.9", resource_job(items[i]), NULL));
				assert_true(matches("last<0.2", resource_job(items[i]), NULL));
			}
			job_free(resource_job(items[i]));
		}
		assert_string_equal(order, orders[descending]);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {{"stauts:failed", "filter 'stauts:failed': there is no column 'stauts': did you mean 'status'?"},
		    {"cost>much", "filter 'cost>much': a number is wanted"},
		    {"age<2x", "filter 'age<2x': a duration such as 90s, 15m, 2h or 3d is wanted"},
		    {"created>soon", "filter 'created>soon': a date such as 2026-11-01 or 2026-11-01T12:00 is wanted"},
		    {"spot:perhaps", "filter 'spot:perhaps': yes or no is wanted"},
		    {"name>3", "filter 'name>3': 'name' holds text: use ':' or '='"},
		    {"status:", "filter 'status:': a value is wanted after ':'"},
		    {"dfs !", "filter '!': a term is wanted after '!'"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(query) struct query *q = NULL;
		struct err err = {0};

		assert_int_equal(query_parse(jobs, rows[i].text, &q, &err), -ERR_INVALID);
		assert_string_equal(err.msg, rows[i].message);
		assert_null(q);
	}
	AUTO(query) struct query *q = NULL;
	struct err err = {0};
	assert_int_equal(query_parse(jobs, "a(b", &q, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "not a regular expression"));
}

/* What an image, an output or a role is lies in the cold part: a trimmed job is found
 * by what was read of it once. */
static void test_cold(void **state)
{
	static const char *const texts[] = {"image:xgboost", "image:.",	      "output:s3://nba",
					    "role:sage",     "env.MODE=fast", "metric.validation:rmse<8"};
	AUTO(session) struct session *session = session_new();
	AUTO(job) struct job *j = sample();

	str_set(&j->cold->image, "123456789012.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7");
	str_set(&j->cold->output_uri, "s3://nba/out");
	str_set(&j->cold->role_arn, "arn:aws:iam::123456789012:role/sagemaker");
	strmap_set(&j->cold->environment, "MODE", "fast");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(query) struct query *q = NULL;
		AUTO(field_list) struct field_list cold = {0};

		assert_int_equal(query_parse(jobs, texts[i], &q, NULL), 0);
		query_cold_fields(q, &cold);
		assert_int_equal(cold.n, 1);
		session_cold_add(session, jobs, &cold.items[0]);
	}
	session_cold_update(session, job_resource(j), NOW);
	job_trim(j);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_true(matches(texts[i], j, session));
	assert_false(matches("image:pytorch", j, session));
	assert_false(matches("vpc:.", j, session));
}

/* The SDKs write a text among the hyperparameters with its quotes. */
static void test_quoted(void **state)
{
	AUTO(session) struct session *session = session_new();
	AUTO(job) struct job *j = sample();

	strmap_set(&j->cold->hyperparameters, "model_name", "\"bert-base\"");
	strmap_set(&j->cold->hyperparameters, "epochs", "\"5\"");
	assert_true(matches("hp.epochs>4", j, session));
	assert_false(matches("hp.epochs>5", j, session));
	assert_true(matches("hp.epochs=5.0", j, session));
	assert_true(matches("hp.model_name=bert-base", j, session));
	assert_true(matches("hp.model_name:bert", j, session));
	assert_false(matches("hp.model_name=bert", j, session));
}

static void test_expressions(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"status:failed or cost>100", true},
		{"status:completed or cost>100", false},
		{"status:completed or status:failed inst:g5", true}, /* or binds less */
		{"(status:completed or status:failed) inst:m5", false},
		{"(status:completed OR status:failed) and inst:g5", true},
		{"!(status:completed or inst:m5)", true},
		{"!(status:failed)", false},
		{"((status:failed))", true},
		{"dfs (spot:yes or (hp.eta<0.1 tag.run:nightly))", true},
		{"dfs (spot:yes or (hp.eta>0.1 tag.run:nightly))", false},
		{"tag.run:\"nightly build\" or x", true},
		{"\"or\"", false}, /* a part of the name */
		/* parentheses of a regular expression stand within one word */
		{"(nba|mlb)-dfs", true},
		{"(mlb|nhl)", false},
		{"^(nba|mlb)", true},
		{"(name~^(mlb|nba)- or spot:yes)", true},
		{"name~^nba.*c03$", true},
		{"name~^dfs", false},
		{"name!~^dfs", true},
		{"name~a.*,b", false}, /* a comma is one of the expression's */
		{"reason~memory$", true},
		{"status~^Fail", true},
	};
	AUTO(job) struct job *j = sample();
	AUTO(session) struct session *session = session_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (matches(rows[i].text, j, session) != rows[i].is)
			fail_msg("'%s' is not %d", rows[i].text, rows[i].is);
}

static void test_wrong_expressions(void **state)
{
	static const char *const texts[] = {"a or",    "or a",	   "a or or b", "(a b",	  "( )",
					    "a (b or", "!( or a)", "cost~5",	"name~(", "name~"};
	AUTO(buf) struct buf deep = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(query) struct query *q = NULL;
		if (query_parse(jobs, texts[i], &q, NULL) != -ERR_INVALID)
			fail_msg("'%s' is taken", texts[i]);
	}
	for (int i = 0; i < 200; i++)
		(void)buf_adds(&deep, "( a ");
	AUTO(query) struct query *q = NULL;
	assert_int_equal(query_parse(jobs, buf_str(&deep), &q, NULL), -ERR_TOOBIG);
}

/* In turns of one look. */
static const char *vain_term(const struct query *q, const struct resources *t, const struct field_context *x)
{
	struct query_vain at = {0};

	while (!query_vain_turn(q, t, x, &at, 1))
		;
	return at.word;
}

static void test_vain_term(void **state)
{
	AUTO(session) struct session *session = session_new();
	AUTO(query) struct query *q = NULL;
	struct field_context x = {.session = session, .now_ms = NOW};

	jobs_put(session_jobs(session), sample(), NULL);
	assert_int_equal(query_parse(jobs, "nba status:faild or cost>100", &q, NULL), 0);
	assert_string_equal(vain_term(q, session_jobs(session), &x), "status:faild");
	query_free(TAKE(q));
	assert_int_equal(query_parse(jobs, "nba status:failed", &q, NULL), 0);
	assert_null(vain_term(q, session_jobs(session), &x));
}

static void test_hostile(void **state)
{
	AUTO(job) struct job *j = job_new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
	AUTO(session) struct session *session = session_new();
	AUTO(str) char *many = xcalloc(1, 5000);

	assert_false(matches("(a+)+$", j, session)); /* ends soon, by the match limit */
	for (int i = 0; i < 2400; i++)
		memcpy(many + 2 * i, "a ", 2);
	AUTO(query) struct query *q = NULL;
	assert_int_equal(query_parse(jobs, many, &q, NULL), -ERR_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches),     cmocka_unit_test(test_objective_order),
					   cmocka_unit_test(test_errors),      cmocka_unit_test(test_cold),
					   cmocka_unit_test(test_quoted),      cmocka_unit_test(test_hostile),
					   cmocka_unit_test(test_expressions), cmocka_unit_test(test_wrong_expressions),
					   cmocka_unit_test(test_vain_term)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
