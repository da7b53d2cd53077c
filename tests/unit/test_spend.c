/* test_spend.c - charges cut by periods, sums, groups, budgets, what will have been spent. */
#include "unit.h"

#include <time.h>

#include "model/budget.h"
#include "model/groups.h"
#include "model/running.h"

static uint64_t seed = 1;

static int64_t random_below(int64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 16) % (uint64_t)n);
}

/* Parts add up to the whole, wherever it is cut, of amounts and of rates. */
static void test_cuts(void **state)
{
	for (int i = 0; i < 2000; i++) {
		struct charge c = {.from_ms = random_below(1000000),
				   .usd_micro = random_below(i % 3 ? 1000 : 4000000000000000),
				   .instance_s = random_below(100000)};
		c.until_ms = c.from_ms + 1 + random_below(i % 2 ? 100 : 4000000000);
		if (i % 5 == 0) {
			c.rate_micro = 1 + random_below(100000000);
			c.rate_ms = i % 10 ? HOUR_MS : 730 * HOUR_MS;
		}
		int64_t whole = charge_money(&c, 0, INT64_MAX), sum = 0, seconds = 0, at = c.from_ms - 10;

		while (at < c.until_ms) {
			int64_t next = at + 1 + random_below((c.until_ms - c.from_ms) / 3 + 7);
			int64_t part = charge_money(&c, at, next);

			assert_true(part >= 0);
			sum += part;
			seconds += charge_seconds(&c, at, next);
			at = next;
		}
		assert_int_equal(sum, whole);
		assert_int_equal(seconds, c.instance_s);
		if (!c.rate_micro)
			assert_int_equal(whole, c.usd_micro);
	}
}

static void add(struct spend *s, const char *name, const struct charge *c)
{
	struct charges l = {.items = {*c}, .n = 1};

	spend_add(s, TRAINING_KIND, name, NULL, &l, name);
}

/* A job that ran over midnight counts on both days. */
static void test_days(void **state)
{
	const struct spend_options opt = {.until_ms = 10 * DAY_MS, .by = BY_DAY};
	AUTO(spend) struct spend s = {0};
	const struct charge c = {.component = "Training",
				 .from_ms = DAY_MS - HOUR_MS,
				 .until_ms = DAY_MS + 2 * HOUR_MS,
				 .usd_micro = 100};

	spend_init(&s, &opt);
	add(&s, "a", &c);
	spend_sort(&s, false);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.rows[0].key, "1970-01-01");
	assert_int_equal(s.rows[0].usd_micro, 33);
	assert_int_equal(s.rows[1].usd_micro, 67);
	assert_int_equal(s.total.usd_micro, 100);
	assert_int_equal(s.total.things, 1);
	spend_sort(&s, true);
	assert_string_equal(s.rows[0].key, "1970-01-02");
	assert_int_equal(s.rows[0].usd_micro, 67);
}

/* A million of the dearest jobs, and sums beyond all: never less, never negative. */
static void test_overflow(void **state)
{
	const struct spend_options opt = {.until_ms = DAY_MS, .by = BY_KIND};
	AUTO(spend) struct spend s = {0};
	struct charge c = {
		.component = "Training", .until_ms = HOUR_MS, .usd_micro = 2000000000000, .instance_s = 3600};

	spend_init(&s, &opt);
	for (int i = 0; i < 1000000; i++)
		add(&s, "a", &c);
	assert_int_equal(s.total.usd_micro, 2000000000000000000);
	assert_int_equal(s.rows[0].usd_micro, s.total.usd_micro);
	for (int i = 0; i < 3; i++) {
		c.usd_micro = USD_MICRO_MAX;
		add(&s, "b", &c);
	}
	assert_int_equal(s.total.usd_micro, USD_MICRO_MAX);
}

static void test_rounding(void **state)
{
	for (int i = 0; i < 300; i++) {
		int64_t micro[40], shown[40], sum = 0, n = 1 + random_below(40), exact = 0;

		for (int64_t k = 0; k < n; k++)
			exact += micro[k] = random_below(50000);
		int64_t total = spend_round(micro, (size_t)n, 10000, shown);

		for (int64_t k = 0; k < n; k++) {
			sum += shown[k];
			assert_true(llabs((long long)(shown[k] - micro[k])) < 10000);
		}
		assert_int_equal(sum, total);
		assert_true(llabs((long long)(total - exact)) <= 5000);
	}
}

static void test_prefixes(void **state)
{
	static const char *const rows[][3] = {{"nba-player-0042-261121-054806", "nba-player", "nba-player-0042"},
					      {"season-c007-p18", "season", "season-c007"},
					      {"nba-player", "nba-player", "nba-player"},
					      {"nba-7", "nba", "nba"},
					      {"job", "job", "job"},
					      {"2026", "2026", "2026"},
					      {"a1-b2", "a1", "a1"},
					      {"x_17", "x", "x"},
					      {"", "", ""}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *prefix = spend_prefix(rows[i][0], 0);
		AUTO(str) char *numbered = spend_prefix(rows[i][0], 1);

		assert_string_equal(prefix, rows[i][1]);
		assert_string_equal(numbered, rows[i][2]);
	}
}

/* Days of 23 and 25 hours, weeks that begin on Monday, the turn of a year. */
static void test_periods(void **state)
{
	int64_t ms, day;

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_true(period_parse("2026-10-25", true, &ms)); /* summer time ends */
	day = period_start(ms + 12 * HOUR_MS, PERIOD_DAY, 1, true) -
	      period_start(ms + 12 * HOUR_MS, PERIOD_DAY, 0, true);
	assert_int_equal(day, 25 * HOUR_MS);
	assert_true(period_parse("2026-03-29", true, &ms));
	day = period_start(ms, PERIOD_DAY, 1, true) - period_start(ms, PERIOD_DAY, 0, true);
	assert_int_equal(day, 23 * HOUR_MS);
	setenv("TZ", "UTC", 1);
	tzset();
	char name[16];

	assert_true(period_parse("2027-01-01", false, &ms)); /* a Friday */
	assert_string_equal(period_name(name, period_start(ms, PERIOD_WEEK, 0, false), PERIOD_WEEK, false),
			    "2026-12-28");
	assert_string_equal(period_name(name, period_start(ms, PERIOD_MONTH, -1, false), PERIOD_MONTH, false),
			    "2026-12");
	assert_false(period_parse("yesterday", false, &ms));
}

/* Clocks that jump, times that are missing. */
static void test_odd_jobs(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct price p = {.instance_type = (char *)(uintptr_t) "ml.m5.xlarge",
			  .region = (char *)(uintptr_t) "r",
			  .component = (char *)(uintptr_t) "Training",
			  .usd_micro = 230000,
			  .grade = 'A'};
	struct charges l;

	s->region = xstrdup("r");
	price_table_add(&s->prices, &p);
	AUTO(job) struct job *j = job_new("j");

	j->detail = DETAIL_DESCRIBED;
	job_set_status(j, "Completed");
	j->instance_type = intern("ml.m5.xlarge");
	j->instance_count = 1;
	j->billable_s = 3600;
	j->created_ms = 1000;
	charges_of_resource(job_resource(j), s, 0, &l); /* neither start nor end: from when it was made */
	assert_int_equal(l.n, 1);
	assert_int_equal(l.items[0].usd_micro, 230000);
	assert_int_equal(l.items[0].from_ms, 1000);
	assert_int_equal(l.items[0].until_ms, 1000 + HOUR_MS);
	j->start_ms = 9 * HOUR_MS;
	j->end_ms = 2 * HOUR_MS; /* the clock was set back */
	charges_of_resource(job_resource(j), s, 0, &l);
	assert_int_equal(l.items[0].until_ms, 10 * HOUR_MS);
	assert_int_equal(charge_money(&l.items[0], 0, INT64_MAX), 230000);
	j->start_ms = j->created_ms = TIME_UNKNOWN;
	charges_of_resource(job_resource(j), s, 0, &l); /* by its end */
	assert_int_equal(l.items[0].from_ms, HOUR_MS);
	j->end_ms = TIME_UNKNOWN;
	charges_of_resource(job_resource(j), s, 0, &l);
	assert_int_equal(l.items[0].unknown, UNKNOWN_TIME);
	j->instance_type = intern("ml.unheard.of");
	j->start_ms = HOUR_MS;
	charges_of_resource(job_resource(j), s, 0, &l);
	assert_int_equal(l.items[0].unknown, UNKNOWN_PRICE);
	assert_string_equal(l.items[0].type, "ml.unheard.of");
	job_own_rare(j)->training_plan = intern("spring");
	charges_of_resource(job_resource(j), s, 0, &l);
	assert_int_equal(l.items[0].unknown, UNKNOWN_PLAN);
	assert_string_equal(l.items[0].type, "spring");
}

static void set_value(struct resource *r, const char *field, const char *text)
{
	size_t i = 0;

	while (!str_eq(r->kind->fields[i].name, field))
		assert_non_null(r->kind->fields[i++].name);
	record_set_value(resource_record(r), i, text);
}

static void put_price(struct session *s, const char *type, const char *component, int64_t micro)
{
	const struct price p = {.instance_type = (char *)(uintptr_t)type,
				.region = (char *)(uintptr_t) "r",
				.component = (char *)(uintptr_t)component,
				.usd_micro = micro,
				.grade = 'A'};

	str_set(&s->region, "r");
	price_table_add(&s->prices, &p);
}

/* A volume of processing is billed from start to end; without a price that is said, and no more. */
static void test_volume_of_job(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_PROCESSING_JOB], "p");
	struct charges l;

	put_price(s, "ml.m5.xlarge", "Processing", 230000);
	resource_set_status(r, "Failed");
	r->created_ms = r->start_ms = DAY_MS;
	r->end_ms = DAY_MS + 2 * HOUR_MS;
	set_value(r, "instance", "ml.m5.xlarge");
	set_value(r, "count", "3");
	set_value(r, "volume", "100");
	charges_of_resource(r, s, 9 * DAY_MS, &l);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.items[0].usd_micro, 6 * 230000);
	assert_int_equal(l.items[1].unknown, UNKNOWN_STORAGE);
	put_price(s, PRICE_STORAGE, "Training Storage", 140000); /* another's */
	charges_of_resource(r, s, 9 * DAY_MS, &l);
	assert_int_equal(l.items[1].unknown, UNKNOWN_STORAGE);
	put_price(s, PRICE_STORAGE, "Processing Storage", 146000);
	charges_of_resource(r, s, 9 * DAY_MS, &l);
	assert_string_equal(l.items[1].component, "Processing Storage");
	assert_int_equal(l.items[1].usd_micro, 100 * 3 * 2 * 200); /* 146000 a month are 200 an hour */
	assert_true(l.items[1].waste == WASTE_FAILED && l.items[1].instance_s == 0 && l.items[1].estimate);
	set_value(r, "volume", "0");
	charges_of_resource(r, s, 9 * DAY_MS, &l);
	assert_int_equal(l.n, 1);
}

/* A stopped notebook has no instance and keeps its volume, from when it was made. */
static void test_volume_that_stands(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_NOTEBOOK], "n");
	AUTO(usages) struct usages stopped = {0}, runs = {0}, failed = {0};
	struct charges l;

	put_price(s, "ml.m5.xlarge", "Notebook", 230000);
	resource_set_status(r, "Stopped");
	r->created_ms = DAY_MS;
	r->modified_ms = 3 * DAY_MS;
	set_value(r, "instance", "ml.m5.xlarge");
	set_value(r, "volume", "50");
	usage_of_resource(r, NULL, &stopped);
	assert_int_equal(stopped.n, 1);
	assert_true(usage_is_volume(&stopped.items[0]) && stopped.items[0].guessed);
	assert_true(stopped.items[0].count == 50 && stopped.items[0].from_ms == DAY_MS);
	stopped.items[0].until_ms = TIME_UNKNOWN;
	charges_of_usage(&stopped.items[0], s, 4 * DAY_MS, &l);
	assert_int_equal(l.items[0].unknown, UNKNOWN_STORAGE);
	put_price(s, PRICE_STORAGE, "Notebook Storage", 146000);
	charges_of_usage(&stopped.items[0], s, 4 * DAY_MS, &l);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.items[0].usd_micro, 50 * 72 * 200);
	assert_int_equal(charge_money(&l.items[0], 2 * DAY_MS, 2 * DAY_MS + HOUR_MS), 50 * 200);
	assert_int_equal(l.items[0].instance_s, 0);
	resource_set_status(r, "InService");
	usage_of_resource(r, NULL, &runs);
	assert_int_equal(runs.n, 2);
	assert_string_equal(runs.items[1].type, "ml.m5.xlarge");
	resource_set_status(r, "Failed"); /* it never came to be */
	usage_of_resource(r, NULL, &failed);
	assert_int_equal(failed.n, 0);
}

static struct job *put_job(struct session *s, const char *name, const char *status, int64_t minutes)
{
	struct job *j = job_new(name);
	bool runs = str_eq(status, "InProgress");

	j->detail = DETAIL_DESCRIBED;
	job_set_status(j, status);
	j->instance_type = intern(str_starts(name, "odd") ? "ml.unheard.of" : "ml.m5.xlarge");
	j->instance_count = 1;
	j->created_ms = j->start_ms = DAY_MS - (runs ? minutes * MINUTE_MS : DAY_MS / 2);
	if (!runs) {
		j->end_ms = j->start_ms + minutes * MINUTE_MS;
		j->billable_s = j->training_s = minutes * 60;
	}
	(void)jobs_put(session_jobs(s), j, NULL);
	return j;
}

static const struct group *find_group(const struct groups *g, const char *key)
{
	for (size_t i = 0; i < g->n; i++)
		if (str_eq(g->items[i].key, key))
			return &g->items[i];
	return NULL;
}

/* What groups say was spent is what the costs say, grouping by grouping, row by row; what is
 * to come follows from the group's own past, else nothing is said. */
static void test_groups(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct price p = {.instance_type = (char *)(uintptr_t) "ml.m5.xlarge",
			  .region = (char *)(uintptr_t) "r",
			  .component = (char *)(uintptr_t) "Training",
			  .usd_micro = 240000,
			  .grade = 'A'};
	static const enum spend_by all[] = {BY_PREFIX, BY_TYPE, BY_STATUS, BY_PARENT, BY_BACKTEST, BY_USER};
	AUTO(groups) struct groups g = {0};

	s->region = xstrdup("r");
	price_table_add(&s->prices, &p);
	put_job(s, "nba-1", "Completed", 10);
	put_job(s, "nba-2", "Completed", 20);
	put_job(s, "nba-3", "Completed", 30);
	put_job(s, "nba-4", "InProgress", 15); /* as the middle one of 20 and 30: the former */
	put_job(s, "nba-5", "InProgress", 19);
	put_job(s, "nba-6", "Failed", 1);
	put_job(s, "late-1", "Completed", 5);
	put_job(s, "late-2", "InProgress", 6); /* longer than any: nothing is known */
	put_job(s, "some-1", "Completed", 30);
	put_job(s, "some-2", "InProgress", 31); /* likewise, but another will take 20 minutes more */
	put_job(s, "some-3", "InProgress", 10);
	put_job(s, "odd-1", "Completed", 7);
	put_job(s, "odd-2", "Stopped", 7);
	struct resources *t = session_jobs(s);
	const struct resource *const *jobs = (const struct resource *const *)t->items;

	for (size_t k = 0; k < ARRAY_LEN(all); k++) {
		struct spend_options opt = {.now_ms = DAY_MS, .until_ms = DAY_MS, .by = all[k]};
		AUTO(spend) struct spend spend = {0};

		groups_build(&g, &opt, jobs, t->n, s);
		spend_init(&spend, &opt);
		spend_add_session(&spend, s);
		assert_int_equal(g.n, spend.n);
		assert_int_equal(g.spend.total.usd_micro, spend.total.usd_micro);
		for (size_t i = 0; i < spend.n; i++) {
			const struct group *one = find_group(
				&g, all[k] == BY_TYPE && spend.rows[i].unknown ? "ml.unheard.of" : spend.rows[i].key);
			assert_non_null(one);
			assert_int_equal(one->spent_micro, spend.rows[i].usd_micro);
			assert_int_equal(one->unpriced, spend.rows[i].unknown);
		}
	}
	groups_build(&g, &(struct spend_options){.now_ms = DAY_MS, .by = BY_PREFIX}, jobs, t->n, s);
	const struct group *nba = find_group(&g, "nba"), *late = find_group(&g, "late"), *odd = find_group(&g, "odd");

	assert_true(nba->n == 6 && nba->ok == 3 && nba->failed == 1 && nba->running == 2 && nba->stopped == 0);
	assert_int_equal(nba->spent_micro, (10 + 20 + 30 + 15 + 19 + 1) * 4000);
	assert_int_equal(nba->eta_ms, DAY_MS + 5 * MINUTE_MS);
	assert_int_equal(nba->projected_micro, nba->spent_micro + (5 + 1) * 4000);
	assert_int_equal(late->eta_ms, TIME_UNKNOWN);
	assert_int_equal(late->projected_micro, USD_UNKNOWN);
	assert_int_equal(late->eta_least_ms, TIME_UNKNOWN);
	assert_int_equal(late->projected_least_micro, USD_UNKNOWN);
	const struct group *some = find_group(&g, "some");
	assert_int_equal(some->eta_ms, TIME_UNKNOWN);
	assert_int_equal(some->projected_micro, USD_UNKNOWN);
	assert_int_equal(some->eta_least_ms, DAY_MS + 20 * MINUTE_MS);
	assert_int_equal(some->projected_least_micro, some->spent_micro + 20 * 4000);
	assert_int_equal(nba->eta_least_ms, nba->eta_ms);
	assert_int_equal(odd->unpriced, 2);
	assert_int_equal(odd->projected_micro, USD_UNKNOWN);
	assert_true(odd->stopped == 1 && odd->ok == 1);
}

static struct session *new_scope(const char *profile, const char *region, const struct price *p)
{
	struct session *s = session_new();

	s->profile = xstrdup(profile);
	s->region = xstrdup(region);
	s->label = xasprintf("%s/%s", profile, region);
	if (p)
		price_table_add(&s->prices, p);
	put_job(s, "same-1", "Completed", 10);
	return s;
}

static const struct spend_row *find_row(const struct spend *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->rows[i].key, key))
			return &s->rows[i];
	fail_msg("there is no row %s", key);
	return NULL;
}

/* Each scope's things at its own prices; what could not be asked is lacking in its row and in the sum. */
static void test_scopes(void **state)
{
	const struct price p = {.instance_type = (char *)(uintptr_t) "ml.m5.xlarge",
				.region = (char *)(uintptr_t) "r",
				.component = (char *)(uintptr_t) "Training",
				.usd_micro = 240000,
				.grade = 'A'};
	AUTO(session) struct session *a = new_scope("a", "r", &p), *b = new_scope("b", "q", NULL);
	AUTO(session) struct session *wide = session_wide_new((struct session *[]){a, b}, 2);
	const struct spend_options opt = {.now_ms = DAY_MS, .until_ms = DAY_MS, .by = BY_SCOPE};
	struct spend_options by_name = opt;
	AUTO(spend) struct spend spend = {0}, names = {0};

	by_name.by = BY_NAME;
	spend_init(&names, &by_name);
	spend_add_session(&names, wide);
	assert_int_equal(names.n, 2);
	assert_int_equal(find_row(&names, "a/r:same-1")->usd_micro, 40000);
	assert_int_equal(find_row(&names, "b/q:same-1")->unknown, 1);

	session_wide_leave(b);
	spend_init(&spend, &opt);
	spend.opt.session = wide;
	spend_add_session(&spend, a);
	spend.opt.session = wide;
	spend_add_lacking(&spend, b);
	assert_int_equal(spend.n, 2);
	assert_false(find_row(&spend, "a/r")->lacking);
	assert_int_equal(find_row(&spend, "a/r")->usd_micro, spend.total.usd_micro);
	assert_true(find_row(&spend, "b/q")->lacking);
	assert_true(spend.total.lacking);
}

/* Jobs of a grid say so by a tag, those of a tuning job by what began them. */
static void test_groups_by_sweep(void **state)
{
	static const struct spend_options opt = {.now_ms = DAY_MS, .by = BY_SWEEP};
	AUTO(session) struct session *s = session_new();
	AUTO(groups) struct groups g = {0};
	struct job *tuned = put_job(s, "t-001", "Completed", 10);

	put_job(s, "alone", "Completed", 10);
	for (int i = 0; i < 2; i++) {
		struct job *j = put_job(s, i ? "eta-0-1" : "eta-0-2", "Completed", 10);
		strmap_set(&j->tags, "sagetop:sweep", "eta");
	}
	job_own_cold(tuned);
	tuned->cold->tuning_job_arn = xstrdup("arn:aws:sagemaker:r:1:hyper-parameter-tuning-job/depth");
	groups_build(&g, &opt, (const struct resource *const *)session_jobs(s)->items, 4, s);
	assert_int_equal(g.n, 3);
	assert_int_equal(find_group(&g, "eta")->n, 2);
	assert_int_equal(find_group(&g, "tuning-job depth")->n, 1);
	assert_int_equal(find_group(&g, "(none)")->n, 1);
}

/* One run alone: its cycles are the groups. */
static void test_groups_of_one_prefix(void **state)
{
	static const struct spend_options opt = {.now_ms = DAY_MS, .by = BY_PREFIX};
	AUTO(session) struct session *s = session_new();
	AUTO(groups) struct groups g = {0};

	put_job(s, "run-c001-p01", "Completed", 10);
	put_job(s, "run-c001-p02", "Failed", 10);
	put_job(s, "run-c002-p01", "Completed", 10);
	const struct resource *const *jobs = (const struct resource *const *)session_jobs(s)->items;

	groups_build(&g, &opt, jobs, 3, s);
	assert_int_equal(g.n, 2);
	const struct group *first = find_group(&g, "run-c001");

	assert_true(first->n == 2 && first->ok == 1 && first->failed == 1 && g.of[2] == 1);
	put_job(s, "other-1", "Completed", 10);
	groups_build(&g, &opt, (const struct resource *const *)session_jobs(s)->items, 4, s);
	assert_int_equal(g.n, 2);
	assert_int_equal(find_group(&g, "run")->n, 3);
}

static void test_groups_words(void **state)
{
	static const char *const bad[] = {"", "day", "kind", "name", "component", "tag:", "prefix,type"};
	enum spend_by by;
	const char *tag;
	char words[GROUPS_WORDS_LEN];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(groups_parse(bad[i], &by, &tag, NULL), -ERR_USAGE);
	assert_int_equal(groups_parse("tag:team", &by, &tag, NULL), 0);
	assert_string_equal(groups_words(words, by, tag), "tag:team");
}

static void test_budgets(void **state)
{
	static const char *const bad[][2] = {{"total", "5"},
					     {"total", "/day"},
					     {"total", "5/year"},
					     {"total", "-1/day"},
					     {"total", "1e99/day"},
					     {"total", ""},
					     {"total", "5/day 80"},
					     {"total", "5/day 0%"},
					     {"kind:dragon", "5/day"},
					     {"kind:tuning-child", "5/day"}, /* charged as training jobs */
					     {"tag:a", "5/day"},
					     {"tag:=b", "5/day"},
					     {"", "5/day"}};
	AUTO(budget) struct budget b = {0};
	AUTO(strmap) struct strmap tags = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(budget) struct budget none = {0};

		assert_int_equal(budget_parse(bad[i][0], bad[i][1], &none, NULL), -ERR_INVALID);
	}
	assert_int_equal(budget_parse("tag:team=a", "$12.50/month hard warn 50% 90%", &b, NULL), 0);
	assert_true(b.hard && b.usd_micro == 12500000 && b.per == PERIOD_MONTH && b.n_shares == 2);
	assert_false(budget_matches(&b, TRAINING_KIND, "x", NULL));
	strmap_set(&tags, "team", "a");
	assert_true(budget_matches(&b, TRAINING_KIND, "x", &tags));

	struct budget_state st;
	const struct charges l = {.items = {{.from_ms = -DAY_MS, .until_ms = DAY_MS, .usd_micro = 22000000}}, .n = 1};

	budget_begin(&b, HOUR_MS, false, &st);
	budget_add(&b, &st, &l);
	budget_settle(&b, &st);
	assert_int_equal(st.spent_micro, 11000000); /* only what lies in the month */
	assert_int_equal(st.percent, 88);
	assert_int_equal(st.passed, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts),
					   cmocka_unit_test(test_days),
					   cmocka_unit_test(test_overflow),
					   cmocka_unit_test(test_rounding),
					   cmocka_unit_test(test_prefixes),
					   cmocka_unit_test(test_periods),
					   cmocka_unit_test(test_odd_jobs),
					   cmocka_unit_test(test_budgets),
					   cmocka_unit_test(test_groups),
					   cmocka_unit_test(test_scopes),
					   cmocka_unit_test(test_groups_by_sweep),
					   cmocka_unit_test(test_groups_of_one_prefix),
					   cmocka_unit_test(test_groups_words),
					   cmocka_unit_test(test_volume_of_job),
					   cmocka_unit_test(test_volume_that_stands)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
