/* --faults: terms read, drawn by seed and count, and the empty pages and lost
 * spot capacity that they ask for. */
#include "aws/local/front/faults.h"

#include <fnmatch.h>
#include <math.h>

#include "aws/local/services/kinds.h"
#include "aws/local/running/runner.h"
#include "base/timefmt.h"

#define MAX_TERMS 64
#define MAX_EMPTY_PAGES 3 /* in a row, so that a listing ends at every rate */
#define SPOT_SCAN_MS 200

enum fault_kind {
	KIND_THROTTLE,
	KIND_500,
	KIND_503,
	KIND_RESET,
	KIND_SLOW,
	KIND_TRUNCATE,
	KIND_EMPTY,
	KIND_SKEW,
	KIND_EXPIRED,
	KIND_SPOT,
	KIND_ALL,
};

static const struct kind_row {
	const char *name;
	int64_t time_ms; /* what TIME is when left out; 0: the kind takes none */
	bool in_all;
	const char *help;
} kinds[] = {
	[KIND_THROTTLE] = {"throttle", 0, true, "Rate exceeded (S3: SlowDown)"},
	[KIND_500] = {"500", 0, true, "an internal failure"},
	[KIND_503] = {"503", 0, true, "the service is unavailable"},
	[KIND_RESET] = {"reset", 0, true, "the connection is reset, before or after the operation was carried out"},
	[KIND_SLOW] = {"slow", 2000, true, "the reply comes TIME later (2s)"},
	[KIND_TRUNCATE] = {"truncate", 0, true, "the reply ends early"},
	[KIND_EMPTY] = {"empty", 0, true, "an empty page with a token"},
	[KIND_SKEW] = {"skew", 20 * 60000, true, "the service's clock is TIME ahead (20m; -20m: behind)"},
	[KIND_EXPIRED] = {"expired", 0, false, "the security token has expired"},
	[KIND_SPOT] = {"spot", 5000, false,
		       "a spot job is interrupted TIME (5s) after its training began, MOST times at most"},
	[KIND_ALL] = {"all", 0, false, "every kind above but expired and spot"},
};

struct term {
	enum fault_kind kind;
	double rate;
	int64_t time_ms;
	int64_t most; /* spot; -1: no limit */
	char *pattern;
};

struct counter {
	char *action;
	uint64_t n;
};

struct faults {
	struct engine *e;
	struct term terms[MAX_TERMS];
	size_t n_terms;
	struct counter *counters;
	size_t n_counters, cap_counters;
	uint64_t spot_timer;
};

/* --- the specification --------------------------------------------------------------------- */

static bool parse_time(const char *text, int64_t *ret_ms)
{
	bool behind = text[0] == '-';
	const char *number = text + behind;
	AUTO(str) char *digits = NULL;
	int64_t ms = 0;

	if (str_ends(number, "ms")) {
		digits = xstrndup(number, strlen(number) - 2);
		if (!str_to_i64(digits, &ms) || ms < 0)
			return false;
	} else if (!timefmt_parse_duration(number, &ms)) {
		return false;
	}
	*ret_ms = behind ? -ms : ms;
	return true;
}

static bool parse_rate(const char *text, double *ret)
{
	size_t n = strlen(text);
	bool percent = n && text[n - 1] == '%';
	AUTO(str) char *number = xstrndup(text, n - percent);

	if (!str_to_f64(number, ret))
		return false;
	if (percent)
		*ret /= 100;
	return *ret >= 0 && *ret <= 1;
}

static int find_kind(const char *name, enum fault_kind *ret, struct err *err)
{
	const char *names[ARRAY_LEN(kinds)];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		names[i] = kinds[i].name;
		if (str_eq(name, names[i])) {
			*ret = (enum fault_kind)i;
			return 0;
		}
	}
	const char *near = str_nearest(name, names, ARRAY_LEN(names));

	return err_set(err, ERR_USAGE, "--faults: unknown kind '%.60s'%s%s%s", name, near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "; see sagetop-local(8)");
}

/* kind=RATE[:TIME[:MOST]][@PATTERN]; cut to pieces in place. */
static int parse_term(char *text, struct term *t, struct err *err)
{
	AUTO(str) char *whole = xstrdup(text);
	char *at = strchr(text, '@'), *value = strchr(text, '=');

	if (at)
		*at++ = 0;
	if (!value || (at && !*at))
		return err_set(err, ERR_USAGE, "--faults: '%.100s' is not kind=RATE[:TIME[:MOST]][@PATTERN]", whole);
	*value++ = 0;
	if (find_kind(text, &t->kind, err) < 0)
		return -ERR_USAGE;
	char *time = strchr(value, ':'), *most = NULL;

	if (time) {
		*time++ = 0;
		most = strchr(time, ':');
		if (most)
			*most++ = 0;
	}
	t->time_ms = kinds[t->kind].time_ms;
	t->most = -1;
	if (!parse_rate(value, &t->rate))
		return err_set(err, ERR_USAGE, "--faults: '%.100s': the rate is not in 0..1 (or 0%%..100%%)", whole);
	if (time && (!t->time_ms || !parse_time(time, &t->time_ms) || (t->kind != KIND_SKEW && t->time_ms < 0)))
		return err_set(err, ERR_USAGE, "--faults: '%.100s': %s", whole,
			       kinds[t->kind].time_ms ? "that is no time (500ms, 2s, 20m)" : "this kind takes no time");
	if (most && (t->kind != KIND_SPOT || !str_to_i64(most, &t->most) || t->most < 0))
		return err_set(err, ERR_USAGE, "--faults: '%.100s': only spot takes a greatest number, from 0", whole);
	if (at && t->kind == KIND_SPOT)
		return err_set(err, ERR_USAGE, "--faults: '%.100s': spot strikes jobs, not operations", whole);
	t->pattern = at ? xstrdup(at) : NULL;
	return 0;
}

static int add_term(struct faults *f, const struct term *t, struct err *err)
{
	if (f->n_terms == MAX_TERMS)
		return err_set(err, ERR_USAGE, "--faults: more than %d terms", MAX_TERMS);
	f->terms[f->n_terms] = *t;
	f->terms[f->n_terms].pattern = t->pattern ? xstrdup(t->pattern) : NULL;
	f->n_terms++;
	return 0;
}

/* "all" stands for one term of each kind. */
static int add_all(struct faults *f, const struct term *t, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kinds); i++) {
		struct term one = *t;

		one.kind = (enum fault_kind)i;
		one.time_ms = kinds[i].time_ms;
		if (kinds[i].in_all)
			rc = add_term(f, &one, err);
	}
	return rc;
}

static void scan_spot(void *user);

int faults_init(struct engine *e, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};
	bool spot = false;
	int rc = 0;

	if (str_empty(e->opt.faults))
		return 0;
	struct faults *f = e->faults = NEW(struct faults);

	f->e = e;
	strlist_split(&parts, e->opt.faults, ',');
	for (size_t i = 0; rc == 0 && i < parts.n; i++) {
		struct term t = {0};

		rc = parse_term(parts.items[i], &t, err);
		if (rc == 0)
			rc = t.kind == KIND_ALL ? add_all(f, &t, err) : add_term(f, &t, err);
		spot = spot || t.kind == KIND_SPOT;
		free(t.pattern);
	}
	if (rc == 0 && spot)
		f->spot_timer = loop_after(e->loop, SPOT_SCAN_MS, scan_spot, f);
	return rc;
}

void faults_free(struct engine *e)
{
	struct faults *f = e->faults;

	if (!f)
		return;
	loop_cancel(e->loop, f->spot_timer);
	for (size_t i = 0; i < f->n_terms; i++)
		free(f->terms[i].pattern);
	for (size_t i = 0; i < f->n_counters; i++)
		free(f->counters[i].action);
	free(f->counters);
	free(f);
	e->faults = NULL;
}

/* --- chance ------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Uniform in 0..1: the n-th draw of a term for a name. */
static double draw(const struct faults *f, size_t term, const char *name, uint64_t n)
{
	uint64_t h = mix((uint64_t)f->e->opt.seed * 1000003 + term);

	h = mix(h ^ hash_bytes(name, strlen(name)));
	return (double)(mix(h ^ mix(n)) >> 11) * 0x1p-53;
}

static uint64_t count(struct faults *f, const char *action)
{
	for (size_t i = 0; i < f->n_counters; i++) {
		if (str_eq(f->counters[i].action, action))
			return f->counters[i].n++;
	}
	GROW(f->counters, f->cap_counters, f->n_counters + 1);
	f->counters[f->n_counters++] = (struct counter){.action = xstrdup(action), .n = 1};
	return 0;
}

static void strike(const struct term *t, double luck, struct fault_plan *plan)
{
	double share = luck / t->rate; /* uniform again, given that it struck */

	switch (t->kind) {
	case KIND_THROTTLE:
		plan->throttle = true;
		break;
	case KIND_500:
		plan->error_500 = true;
		break;
	case KIND_503:
		plan->error_503 = true;
		break;
	case KIND_RESET:
		*(share < 0.5 ? &plan->reset_before : &plan->reset_after) = true;
		break;
	case KIND_SLOW:
		plan->slow_ms = t->time_ms;
		break;
	case KIND_TRUNCATE:
		plan->truncate = true;
		plan->truncate_at = share;
		break;
	case KIND_EMPTY:
		plan->empty = true;
		break;
	case KIND_SKEW:
		plan->skew_ms = t->time_ms;
		break;
	case KIND_EXPIRED:
		plan->expired = true;
		break;
	case KIND_SPOT:
	case KIND_ALL:
		break;
	}
}

void faults_plan(struct engine *e, const char *action, struct fault_plan *ret)
{
	struct faults *f = e->faults;

	*ret = (struct fault_plan){0};
	if (!f)
		return;
	uint64_t n = count(f, action);

	for (size_t i = 0; i < f->n_terms; i++) {
		const struct term *t = &f->terms[i];

		if (t->kind == KIND_SPOT || (t->pattern && fnmatch(t->pattern, action, FNM_CASEFOLD) != 0))
			continue;
		double luck = draw(f, i, action, n);

		if (luck < t->rate)
			strike(t, luck, ret);
	}
}

/* --- empty pages --------------------------------------------------------------------------- */

static const struct page {
	const char *action, *list, *token_in;
	const char *token_out, *second_token_out;
} pages[] = {
	{"sagemaker:ListTrainingJobs", "TrainingJobSummaries", "NextToken", "NextToken", NULL},
	{"sagemaker:Search", "Results", "NextToken", "NextToken", NULL},
	{"sagemaker:ListTags", "Tags", "NextToken", "NextToken", NULL},
	{"logs:DescribeLogGroups", "logGroups", "nextToken", "nextToken", NULL},
	{"logs:DescribeLogStreams", "logStreams", "nextToken", "nextToken", NULL},
	{"logs:FilterLogEvents", "events", "nextToken", "nextToken", NULL},
	{"logs:GetLogEvents", "events", "nextToken", "nextForwardToken", "nextBackwardToken"},
	{"cloudwatch:GetMetricData", "MetricDataResults", "NextToken", "NextToken", NULL},
	{"cloudwatch:ListMetrics", "Metrics", "NextToken", "NextToken", NULL},
	{"pricing:GetProducts", "PriceList", "NextToken", "NextToken", NULL},
};

/* The token of such a page: how many came in a row, and the position that the
 * client had. */
static char *make_token(int64_t depth, const char *position)
{
	AUTO(str) char *text = xasprintf("%lld|%s", (long long)depth, str_or(position, ""));

	return token_encode("empty-page", text);
}

/* Puts the position back; returns how many empty pages led here. */
static int64_t resume(const struct page *p, json_t *in)
{
	const char *token = json_get_str(in, p->token_in);
	AUTO(str) char *text = token ? token_decode("empty-page", token) : NULL;
	char *bar = text ? strchr(text, '|') : NULL;
	int64_t depth = 0;

	if (!bar)
		return 0;
	*bar = 0;
	if (!str_to_i64(text, &depth) || depth < 1)
		return 0;
	if (bar[1])
		json_object_set_new(in, p->token_in, json_string(bar + 1));
	else
		json_object_del(in, p->token_in);
	return depth;
}

static bool empty_page(const struct fault_plan *plan, const struct page *p, json_t *in, json_t **out)
{
	int64_t depth = resume(p, in);

	if (!plan->empty || depth >= MAX_EMPTY_PAGES)
		return false;
	AUTO(str) char *token = make_token(depth + 1, json_get_str(in, p->token_in));

	*out = json_pack("{s:[], s:s}", p->list, p->token_out, token);
	if (p->second_token_out)
		json_object_set_new(*out, p->second_token_out, json_string(token));
	return true;
}

bool faults_empty_page(const struct fault_plan *plan, const char *action, const struct document_kind *kind, json_t *in,
		       json_t **out)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (str_eq(pages[i].action, action))
			return empty_page(plan, &pages[i], in, out);
	}
	if (!kind || !str_eq(strchr(action, ':') + 1, kind->list.op))
		return false;
	struct page p = {action, kind->list.member, "NextToken", "NextToken", NULL};

	return empty_page(plan, &p, in, out);
}

/* --- spot capacity ----------------------------------------------------------------------------- */

static int64_t training_since_ms(const struct training_job *job)
{
	if (!job->n_transitions || !str_eq(job->secondary, "Training"))
		return 0;
	return job->transitions[job->n_transitions - 1].start_ms;
}

static void strike_job(struct faults *f, size_t term, struct training_job *job)
{
	const struct term *t = &f->terms[term];
	int64_t since = training_since_ms(job);

	if (!since || !job->spot || job->simulated >= 0 || (t->most >= 0 && job->interruptions >= t->most))
		return;
	if (engine_now_ms(f->e) - since >= t->time_ms &&
	    draw(f, term, job->name, (uint64_t)job->interruptions) < t->rate)
		(void)runner_interrupt(f->e, job);
}

static void scan_spot(void *user)
{
	struct faults *f = user;

	for (size_t i = 0; i < f->n_terms; i++) {
		for (size_t j = 0; f->terms[i].kind == KIND_SPOT && j < f->e->jobs->n; j++)
			strike_job(f, i, f->e->jobs->items[j]);
	}
	f->spot_timer = loop_after(f->e->loop, SPOT_SCAN_MS, scan_spot, f);
}

void faults_help(FILE *out)
{
	fputs("\nFaults are kind=RATE[:TIME[:MOST]][@PATTERN], separated by commas; RATE is 0..1 or a\n"
	      "percentage, PATTERN limits a fault to operations (throttle=5%@sagemaker:List*):\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		fprintf(out, "  %-20s %s\n", kinds[i].name, kinds[i].help);
}
