/* diagnosis_rules.c - causes that machines and limits are: what was asked for, what there was, what more would cost. */
#include "model/diagnosis_impl.h"

#include <math.h>

#include "base/timefmt.h"
#include "model/cost.h"
#include "model/objective.h"

#define MIB_A_GIB 1024
#define ROOM 1.1 /* times what the pace says */

bool diagnosis_plain(const struct diagnosis_look *look, struct diagnosis *d)
{
	return true;
}

static void tell_clone(struct diagnosis *d, const struct job *j, const char *member, const char *value)
{
	if (diagnosis_is_plain(j->name))
		diagnosis_tell(&d->remedy, "sagetop clone %s --set %s=%s", j->name, member, value);
}

bool diagnosis_again(const struct diagnosis_look *look, struct diagnosis *d)
{
	if (diagnosis_is_plain(look->job->name))
		diagnosis_tell(&d->remedy, "sagetop clone %s", look->job->name);
	return true;
}

/* --- types -------------------------------------------------------------------------- */

/* The next larger type of its family; NULL where none has a price. */
static const struct price *larger_type(const struct diagnosis_look *look)
{
	const struct job *j = look->job;

	return j->rare->n_groups ? NULL : price_larger(&look->session->prices, j->instance_type, look->session->region);
}

/* "ml.m5.2xlarge (32 GiB, +$0.231/h)" and, in brief, "ml.m5.2xlarge +$0.231/h". */
static void type_texts(const struct diagnosis_look *look, const struct price *p, struct buf *whole, struct buf *brief)
{
	const struct price *now =
		price_training(&look->session->prices, look->job->instance_type, look->session->region, false);
	struct instance_spec spec = {0};
	char more[24] = "";

	if (now && p->usd_micro > now->usd_micro)
		money_rate_text(more, p->usd_micro - now->usd_micro);
	(void)price_table_spec(&look->session->prices, p->instance_type, &spec);
	(void)buf_addf(whole, "%s (%lld GiB%s%s%s)", p->instance_type, (long long)(spec.memory_mib / MIB_A_GIB),
		       *more ? ", +" : "", more, *more ? "/h" : "");
	(void)buf_addf(brief, "%s%s%s%s", p->instance_type, *more ? " +" : "", more, *more ? "/h" : "");
}

/* The largest sample of a share of any host; < 0 where it was not measured. */
static double largest_share(const struct diagnosis_look *look, const char *metric)
{
	const struct series_set *set = look->feed ? &look->feed->metrics : NULL;
	double most = -1;

	for (size_t i = 0; set && i < set->n; i++)
		for (size_t k = 0; str_eq(set->items[i].name, metric) && k < set->items[i].n; k++)
			if (isfinite(set->items[i].points[k].value))
				most = MAX(most, set->items[i].points[k].value);
	return most;
}

bool diagnosis_memory(const struct diagnosis_look *look, struct diagnosis *d)
{
	AUTO(buf) struct buf whole = BUF_INIT(4096), brief = BUF_INIT(4096);
	const struct job *j = look->job;
	const struct price *p = larger_type(look);
	double most = largest_share(look, "MemoryUtilization");
	struct instance_spec spec = {0};

	if (!j->rare->n_groups && price_table_spec(&look->session->prices, j->instance_type, &spec) &&
	    spec.memory_mib > 0) {
		diagnosis_tell(&d->words, "Out of memory: the algorithm was killed on the %lld GiB of %s%s",
			       (long long)(spec.memory_mib / MIB_A_GIB), j->instance_type, most < 0 ? "." : "");
		if (most >= 0) {
			AUTO(str) char *begun = TAKE(d->words);
			diagnosis_tell(&d->words, "%s, measured at most %.0f %% full.", begun, most);
		}
	}
	if (!p)
		return true;
	type_texts(look, p, &whole, &brief);
	diagnosis_tell(&d->attempt, "%s, or less data at a time", buf_str(&whole));
	diagnosis_tell(&d->brief, "%s", buf_str(&brief));
	tell_clone(d, j, "ResourceConfig.InstanceType", p->instance_type);
	return true;
}

/* A hyperparameter by the names that it has in frameworks. */
static const char *hyperparameter_of(const struct job *j, const char *const *names, const char **ret_name)
{
	for (; *names; names++) {
		const char *value = job_hyperparameter(j, *names);
		if (value) {
			*ret_name = *names;
			return value;
		}
	}
	return NULL;
}

bool diagnosis_gpu_memory(const struct diagnosis_look *look, struct diagnosis *d)
{
	static const char *const names[] = {"per_device_train_batch_size",
					    "train_batch_size",
					    "train-batch-size",
					    "mini_batch_size",
					    "batch_size",
					    "batch-size",
					    "batchsize",
					    NULL};
	const char *name, *value = hyperparameter_of(look->job, names, &name);
	int64_t size;
	AUTO(str)
	char *half = value && str_to_i64(value, &size) && size > 1 ? xasprintf("%lld", (long long)(size / 2)) : NULL;

	if (look->job->instance_type && !look->job->rare->n_groups)
		diagnosis_tell(&d->words, "Out of memory on the GPU of %s.", look->job->instance_type);
	if (!half)
		return true;
	AUTO(str) char *member = xasprintf("HyperParameters.%s", name);

	diagnosis_tell(&d->attempt, "a smaller batch (%s is %s now), or a type with more memory a GPU", name, value);
	diagnosis_tell(&d->brief, "%s %s", name, half);
	tell_clone(d, look->job, member, half);
	return true;
}

bool diagnosis_disk(const struct diagnosis_look *look, struct diagnosis *d)
{
	int gb = look->job->volume_gb;

	if (gb <= 0)
		return true;
	AUTO(str) char *twice = xasprintf("%lld", (long long)gb * 2);

	diagnosis_tell(&d->words, "The disk is full: the volume has %d GB.", gb);
	diagnosis_tell(&d->attempt, "VolumeSizeInGB %s, or input mode FastFile, which stores no copy of the data",
		       twice);
	diagnosis_tell(&d->brief, "a volume of %s GB", twice);
	tell_clone(d, look->job, "ResourceConfig.VolumeSizeInGB", twice);
	return true;
}

bool diagnosis_capacity(const struct diagnosis_look *look, struct diagnosis *d)
{
	AUTO(buf) struct buf whole = BUF_INIT(4096), brief = BUF_INIT(4096);
	const struct job *j = look->job;
	const struct price *p = larger_type(look);
	const char *off = j->spot ? "spot off, " : "";

	if (j->instance_type)
		diagnosis_tell(&d->words, "AWS has no %s%s free in %s now.", j->instance_type,
			       j->spot ? " for spot" : "", str_or(look->session->region, "this region"));
	if (p) {
		type_texts(look, p, &whole, &brief);
		tell_clone(d, j, "ResourceConfig.InstanceType", p->instance_type);
	}
	diagnosis_tell(&d->attempt, "%s%s, another zone or region, or later", off,
		       p ? buf_str(&whole) : "another type");
	diagnosis_tell(&d->brief, "%s%s", p ? p->instance_type : "another type",
		       j->spot ? ", or spot off" : ", or later");
	return true;
}

/* --- quotas --------------------------------------------------------------------------- */

/* The number behind a text; -1 where there is none. */
static long long number_behind(const char *said, const char *text)
{
	const char *s = strstr(said, text);

	return s && s[strlen(text)] >= '0' && s[strlen(text)] <= '9' ? strtoll(s + strlen(text), NULL, 10) : -1;
}

/* "... limit 'ml.g5.xlarge for training job usage' is 2 Instances, with current utilization of 1 Instances and a
 * request delta of 2 Instances." */
bool diagnosis_quota(const struct diagnosis_look *look, struct diagnosis *d)
{
	const char *s = strstr(look->said, "'ml."), *end = s ? strchr(s + 1, '\'') : NULL;
	long long used = number_behind(look->said, "utilization of "), more = number_behind(look->said, "delta of ");

	if (!end || end - s > 200)
		return true;
	AUTO(str) char *name = xstrndup(s + 1, (size_t)(end - s - 1));
	long long limit = number_behind(end, "' is ");

	diagnosis_tell(&d->words, "The account's quota \"%s\" is used up.", name);
	if (limit >= 0 && used >= 0 && more >= 0)
		diagnosis_tell(&d->words, "The account's quota \"%s\" is %lld: %lld in use, %lld more asked for.", name,
			       limit, used, more);
	diagnosis_tell(&d->attempt, "%sask for more in Service Quotas: Amazon SageMaker, \"%s\"",
		       limit > 0 ? "wait until other jobs have ended, as sagetop launch does, or " : "", name);
	if (!diagnosis_is_plain(name))
		return true;
	diagnosis_tell(&d->remedy,
		       "aws service-quotas list-service-quotas --service-code sagemaker --query "
		       "\"Quotas[?QuotaName=='%s'].[QuotaCode,Value]\"",
		       name);
	return true;
}

/* --- limits ------------------------------------------------------------------------------ */

/* Of a trimmed job nobody knows. */
static bool lacks_checkpoints(const struct job *j)
{
	return !j->trimmed && str_empty(j->cold->checkpoint_uri);
}

/* "Spot took its instances 3 times, and it has no checkpoints: it begins from the start." */
static void add_interruptions(const struct diagnosis_look *look, struct buf *out)
{
	int n = job_interruptions(look->job);

	if (n > 0)
		(void)buf_addf(out, " Spot took its instances %d time%s%s", n, n > 1 ? "s" : "",
			       lacks_checkpoints(look->job) ? ", and it has no checkpoints: it begins from the start."
							    : ".");
}

bool diagnosis_spot_wait(const struct diagnosis_look *look, struct diagnosis *d)
{
	const struct job *j = look->job;
	AUTO(buf) struct buf words = BUF_INIT(4096);
	char text[TIMEFMT_LEN];

	if (!str_eq(j->secondary_text, "MaxWaitTimeExceeded"))
		return false;
	(void)buf_adds(&words, "It waited for spot instances until MaxWaitTime was over");
	if (j->max_wait_s > 0)
		(void)buf_addf(&words, " (%s)", timefmt_duration(text, j->max_wait_s * 1000));
	(void)buf_addc(&words, '.');
	add_interruptions(look, &words);
	diagnosis_tell(&d->words, "%s", buf_str(&words));
	if (j->max_wait_s > 0 && j->max_wait_s <= JOB_SECONDS_MAX / 2) {
		AUTO(str) char *twice = xasprintf("%lld", (long long)j->max_wait_s * 2);

		tell_clone(d, j, "StoppingCondition.MaxWaitTimeInSeconds", twice);
	}
	return true;
}

bool diagnosis_interrupted(const struct diagnosis_look *look, struct diagnosis *d)
{
	AUTO(buf) struct buf words = BUF_INIT(4096);

	if (job_interruptions(look->job) <= 0 || !lacks_checkpoints(look->job))
		return false;
	add_interruptions(look, &words);
	diagnosis_tell(&d->words, "%s", buf_str(&words) + 1);
	return true;
}

/* How many rounds, epochs or steps the job was to have; 0 where nothing says it. */
static int64_t rounds_wanted(const struct job *j)
{
	static const char *const names[] = {"num_round", "num_boost_round", "n_estimators", "num_train_epochs",
					    "epochs",	 "num_epochs",	    "max_steps",    NULL};
	const char *name, *value = hyperparameter_of(j, names, &name);
	int64_t n;

	return value && str_to_i64(value, &n) && n > 0 ? n : 0;
}

/* The last round that its curves tell of; -1. */
static int64_t rounds_done(const struct diagnosis_look *look)
{
	int64_t last = -1;

	for (size_t i = 0; look->feed && i < look->feed->metrics.n; i++) {
		const struct series *s = &look->feed->metrics.items[i];
		if (s->n)
			last = MAX(last, s->points[s->n - 1].step);
	}
	return last;
}

bool diagnosis_max_runtime(const struct diagnosis_look *look, struct diagnosis *d)
{
	const struct job *j = look->job;
	struct cost c = cost_of_job(j, &look->session->prices, look->session->region, look->now_ms);
	int64_t done = rounds_done(look), wanted = rounds_wanted(j), needed = MAX(j->max_runtime_s, 0) * 2;
	AUTO(buf) struct buf words = BUF_INIT(4096);
	char text[TIMEFMT_LEN], money[24];
	bool paced = done > 0 && wanted > done && j->max_runtime_s > 0;

	if (!str_eq(j->secondary_text, "MaxRuntimeExceeded"))
		return false;
	if (paced)
		needed = (int64_t)llround((double)j->max_runtime_s * (double)wanted / (double)done * ROOM);
	needed = MIN(needed, JOB_SECONDS_MAX);
	(void)buf_adds(&words, "MaxRuntime stopped it");
	if (j->max_runtime_s > 0)
		(void)buf_addf(&words, " after %s", timefmt_duration(text, j->max_runtime_s * 1000));
	if (paced)
		(void)buf_addf(&words, ", at round %lld of %lld", (long long)done, (long long)wanted);
	(void)buf_addc(&words, '.');
	add_interruptions(look, &words);
	diagnosis_tell(&d->words, "%s", buf_str(&words));
	if (needed <= 0)
		return true;
	AUTO(str) char *value = xasprintf("%lld", (long long)needed);
	bool priced = c.rate_micro != USD_UNKNOWN;

	if (priced)
		money_text(money, cost_micro(needed, 1, c.rate_micro));
	timefmt_duration(text, needed * 1000);
	diagnosis_tell(&d->attempt, "MaxRuntimeInSeconds %s (%s%s%s%s)", value, text,
		       paced ? " at its pace" : ", twice as long", priced ? paced ? ", about " : ", at most " : "",
		       priced ? money : "");
	diagnosis_tell(&d->brief, "MaxRuntime %s", text);
	tell_clone(d, j, "StoppingCondition.MaxRuntimeInSeconds", value);
	if (d->remedy && j->spot && j->max_wait_s < needed) { /* the wait has the run in it */
		AUTO(str) char *run = TAKE(d->remedy);

		diagnosis_tell(&d->remedy, "%s --set StoppingCondition.MaxWaitTimeInSeconds=%s", run, value);
	}
	return true;
}

/* --- the network -------------------------------------------------------------------------- */

static bool is_in_vpc(const struct diagnosis_look *look)
{
	return !str_empty(look->job->cold->vpc);
}

bool diagnosis_hosts(const struct diagnosis_look *look, struct diagnosis *d)
{
	if (!is_in_vpc(look))
		return true;
	diagnosis_tell(&d->attempt,
		       "a rule of the security group by which its hosts reach each other (%s), and the log of "
		       "the host that ended first",
		       look->job->cold->vpc);
	diagnosis_tell(&d->brief, "the security group");
	return true;
}

bool diagnosis_network(const struct diagnosis_look *look, struct diagnosis *d)
{
	if (!is_in_vpc(look))
		return diagnosis_again(look, d);
	diagnosis_tell(&d->words, "The network did not answer; the job runs in a VPC (%s).", look->job->cold->vpc);
	diagnosis_tell(&d->attempt,
		       "a gateway endpoint for S3, and a NAT gateway or interface endpoints for what else it "
		       "calls");
	diagnosis_tell(&d->brief, "the VPC's endpoints");
	return true;
}
