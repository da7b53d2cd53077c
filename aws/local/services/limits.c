/* --strict: token buckets by operation, and quotas of instances. */
#include "aws/local/services/limits.h"

#include <fnmatch.h>

#include "aws/local/kept/training_job.h"
#include "base/clock.h"

#define MAX_RATES 64

/* ListTrainingJobs: 2 a second for the whole account, not adjustable. Logs and
 * CloudWatch as in their published quotas; the rest are of the order that is seen. */
static const struct rate_row {
	const char *operation;
	double per_second, burst;
} default_rates[] = {
	{"ListTrainingJobs", 2, 2},	 {"Search", 2, 4},	     {"CreateTrainingJob", 2, 4},
	{"DescribeTrainingJob", 10, 20}, {"StopTrainingJob", 5, 10}, {"ListTags", 10, 20},
	{"GetLogEvents", 10, 20},	 {"FilterLogEvents", 5, 10}, {"DescribeLogStreams", 25, 25},
	{"GetMetricData", 50, 50},	 {"ListMetrics", 25, 25},    {"GetProducts", 10, 10},
};

/* The first pattern that matches counts. Large accelerators need a request for
 * any at all. */
static const struct quota_row {
	const char *pattern;
	int64_t instances;
} default_quotas[] = {
	{"ml.p[45]*", 0}, {"ml.p3dn.*", 0}, {"ml.trn*", 0}, {"ml.g*", 4}, {"ml.p*", 2}, {"*", 20},
};

struct bucket {
	char operation[64];
	double per_second, burst, tokens;
	int64_t at_ms;
};

struct limits {
	struct bucket buckets[MAX_RATES];
	size_t n_buckets;
	struct strmap quotas; /* pattern, with "spot:" before it for spot -> number */
};

static struct bucket *find_bucket(struct limits *l, const char *operation)
{
	for (size_t i = 0; i < l->n_buckets; i++) {
		if (str_eq(l->buckets[i].operation, operation))
			return &l->buckets[i];
	}
	return NULL;
}

static int set_rate(struct limits *l, const char *operation, double per_second, double burst, struct err *err)
{
	struct bucket *b = find_bucket(l, operation);

	if (!b && l->n_buckets == MAX_RATES)
		return err_set(err, ERR_USAGE, "--rates: more than %d operations", MAX_RATES);
	if (!b)
		b = &l->buckets[l->n_buckets++];
	str_copy(b->operation, sizeof(b->operation), operation);
	b->per_second = per_second;
	b->burst = b->tokens = burst;
	b->at_ms = clock_mono_ms();
	return 0;
}

/* Cuts "name=number" in two: NULL where it is not that. */
static char *split_term(char *text)
{
	char *eq = strchr(text, '=');

	if (!eq || eq == text)
		return NULL;
	*eq = 0;
	return eq + 1;
}

static int read_rates(struct limits *l, const char *list, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};
	int rc = 0;

	if (str_empty(list))
		return 0;
	strlist_split(&parts, list, ',');
	for (size_t i = 0; rc == 0 && i < parts.n; i++) {
		AUTO(str) char *whole = xstrdup(parts.items[i]);
		const char *value = split_term(parts.items[i]);
		double rate;

		if (!value || !str_to_f64(value, &rate) || rate <= 0)
			return err_set(err, ERR_USAGE, "--rates: '%.100s' is not Operation=REQUESTS_A_SECOND", whole);
		rc = set_rate(l, parts.items[i], rate, MAX(rate, 1.0), err);
	}
	return rc;
}

static int read_quotas(struct limits *l, const char *list, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};

	if (str_empty(list))
		return 0;
	strlist_split(&parts, list, ',');
	for (size_t i = 0; i < parts.n; i++) {
		AUTO(str) char *whole = xstrdup(parts.items[i]);
		const char *value = split_term(parts.items[i]);
		int64_t n;

		if (!value || !str_to_i64(value, &n) || n < 0)
			return err_set(err, ERR_USAGE,
				       "--quotas: '%.100s' is not TYPE=INSTANCES or spot:TYPE=INSTANCES", whole);
		strmap_set(&l->quotas, parts.items[i], value);
	}
	return 0;
}

int limits_init(struct engine *e, struct err *err)
{
	struct limits *l = e->limits = NEW(struct limits);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(default_rates); i++)
		rc = set_rate(l, default_rates[i].operation, default_rates[i].per_second, default_rates[i].burst, err);
	if (rc == 0)
		rc = read_rates(l, e->opt.rates, err);
	return rc == 0 ? read_quotas(l, e->opt.quotas, err) : rc;
}

void limits_free(struct engine *e)
{
	if (e->limits)
		strmap_done(&e->limits->quotas);
	free(e->limits);
	e->limits = NULL;
}

bool limits_take(struct engine *e, const char *operation)
{
	int64_t now = clock_mono_ms();
	struct bucket *b = e->opt.strict ? find_bucket(e->limits, operation) : NULL;

	if (!b)
		return true;
	b->tokens = MIN(b->tokens + (double)(now - b->at_ms) / 1000 * b->per_second, b->burst);
	b->at_ms = now;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

/* --- quotas ------------------------------------------------------------------------------------ */

static int64_t quota_of(const struct limits *l, const char *type, bool spot)
{
	for (size_t i = 0; i < l->quotas.n; i++) {
		const char *pattern = l->quotas.items[i].name;
		int64_t n = 0;

		if (str_starts(pattern, "spot:") != spot || fnmatch(pattern + (spot ? 5 : 0), type, 0) != 0)
			continue;
		(void)str_to_i64(l->quotas.items[i].value, &n);
		return n;
	}
	for (size_t i = 0; i < ARRAY_LEN(default_quotas); i++) {
		if (fnmatch(default_quotas[i].pattern, type, 0) == 0)
			return default_quotas[i].instances;
	}
	return 0;
}

/* Instances of the type that a request asks for. */
static int64_t instances_of(const json_t *request, const char *type)
{
	const json_t *config = json_object_get(request, "ResourceConfig");
	int64_t n = 0;
	size_t i;
	json_t *group;

	if (str_eq(json_get_str(config, "InstanceType"), type))
		n += json_get_i64(config, "InstanceCount", 1);
	json_array_foreach(json_object_get(config, "InstanceGroups"), i, group)
	{
		if (str_eq(json_get_str(group, "InstanceType"), type))
			n += json_get_i64(group, "InstanceCount", 0);
	}
	return n;
}

static int64_t in_use(struct engine *e, const char *type, bool spot)
{
	int64_t n = 0;

	for (size_t i = 0; i < e->jobs->n; i++) {
		const struct training_job *job = e->jobs->items[i];

		/* Simulated jobs are history being replayed: they hold no instances of this account. */
		if (training_job_is_over(job) || job->spot != spot || job->simulated >= 0)
			continue;
		AUTO(json) json_t *request = training_job_request(e, job);

		n += instances_of(request, type);
	}
	return n;
}

static int check_type(struct call *c, const char *type)
{
	bool spot = json_get_bool(c->in, "EnableManagedSpotTraining", false);
	int64_t quota = quota_of(c->e->limits, type, spot), used = in_use(c->e, type, spot);
	int64_t delta = instances_of(c->in, type);

	if (used + delta <= quota)
		return 0;
	return fault_set(
		c->fault, 400, "ResourceLimitExceeded",
		"The account-level service limit '%s for %straining job usage' is %lld Instances, with current "
		"utilization of %lld Instances and a request delta of %lld Instances. Please use AWS Service "
		"Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact "
		"AWS support to request an increase for this quota.",
		type, spot ? "spot " : "", (long long)quota, (long long)used, (long long)delta);
}

int limits_check_quota(struct call *c)
{
	const json_t *config = json_object_get(c->in, "ResourceConfig");
	size_t i;
	json_t *group;

	if (!c->e->opt.strict)
		return 0;
	if (json_get_str(config, "InstanceType") && check_type(c, json_get_str(config, "InstanceType")) < 0)
		return -1;
	json_array_foreach(json_object_get(config, "InstanceGroups"), i, group)
	{
		if (check_type(c, json_get_str(group, "InstanceType")) < 0)
			return -1;
	}
	return 0;
}
