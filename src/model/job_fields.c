/* job_fields.c - what a training job has: one row a field, and how to get it. */
#include "model/job_facets.h"
#include "model/kind_fields.h"

#include "model/badge.h"
#include "model/cost.h"
#include "model/failure.h"
#include "model/field_values.h"
#include "model/objective.h"
#include "model/session.h"

#include <math.h>

#define FIELD(name) \
	static struct field_value get_##name(const struct resource *r, const char *key, const struct field_context *x)

static const struct job *job(const struct resource *r)
{
	return resource_job(r);
}

/* --- what it is and how it goes --------------------------------------------------- */

/* Active ones come first, then what calls for a look. */
FIELD(status)
{
	static const int rank[JOB_STATUS_COUNT] = {
		[JOB_IN_PROGRESS] = 0, [JOB_STOPPING] = 1, [JOB_FAILED] = 2,	     [JOB_STOPPED] = 3,
		[JOB_COMPLETED] = 4,   [JOB_DELETING] = 5, [JOB_STATUS_UNKNOWN] = 6,
	};
	struct field_value v = text_value(str_or(r->status_text, job_status_name(job(r)->status)));

	v.number = rank[job(r)->status];
	return v;
}

FIELD(secondary)
{
	return text_value(job(r)->secondary_text);
}

FIELD(interruptions)
{
	return number_value(job_interruptions(job(r)), r->detail >= DETAIL_SEARCHED);
}

FIELD(badges)
{
	const struct badge_look look = {
		.job = job(r), .feed = session_find_feed(x->session, TRAINING_KIND, r->name), .now_ms = x->now_ms};

	return text_value(badge_words(&look));
}

/* --- machines ----------------------------------------------------------------------- */

FIELD(instance)
{
	struct field_value v = text_value(job(r)->instance_type);

	v.number = job(r)->instance_count;
	return v;
}

FIELD(count)
{
	return number_value(job(r)->instance_count, job(r)->instance_count > 0);
}

FIELD(spot)
{
	return number_value(job(r)->spot, r->detail != DETAIL_SUMMARY);
}

/* --- times --------------------------------------------------------------------------- */

FIELD(train)
{
	int64_t s = job_elapsed_s(job(r), x->now_ms);

	return number_value((double)s, s >= 0);
}

FIELD(billable)
{
	return number_value((double)job(r)->billable_s, job(r)->billable_s >= 0);
}

/* --- money ----------------------------------------------------------------------------- */

static struct cost cost_now(const struct resource *r, const struct field_context *x)
{
	return cost_of_job(job(r), &x->session->prices, x->session->region, x->now_ms);
}

FIELD(cost)
{
	struct cost c = cost_now(r, x);
	struct field_value v = number_value((double)c.usd_micro, c.usd_micro != USD_UNKNOWN && c.kind != COST_UNKNOWN);

	v.estimate = c.estimate;
	v.missing = !v.known && (r->start_ms != TIME_UNKNOWN || job(r)->billable_s >= 0);
	return v;
}

FIELD(estimate)
{
	struct cost c = cost_now(r, x);

	return number_value(c.estimate, c.kind != COST_UNKNOWN);
}

FIELD(price)
{
	struct cost c = cost_now(r, x);

	/* The instances of a mixed cluster have no one price. */
	struct field_value v =
		number_value(c.price ? (double)c.price->usd_micro : 0, c.price && !job(r)->rare->n_groups);

	v.missing = !v.known && job(r)->instance_type;
	return v;
}

FIELD(rate)
{
	struct cost c = cost_now(r, x);

	struct field_value v = number_value((double)c.rate_micro, c.rate_micro != USD_UNKNOWN);

	v.missing = !v.known && job(r)->instance_type;
	return v;
}

FIELD(price_date)
{
	struct cost c = cost_now(r, x);

	return text_value(c.price ? c.price->as_of : NULL);
}

FIELD(saved)
{
	int pct = job_spot_saving_pct(job(r));

	return number_value(pct, pct >= 0);
}

/* --- results ---------------------------------------------------------------------------- */

FIELD(metric)
{
	return text_value(job_objective_name(job(r)));
}

struct objective {
	double best, last;
	int64_t step;
	bool known;
};

static struct objective objective_of(const struct resource *r, const struct field_context *x)
{
	const char *name = job_objective_name(job(r));
	const struct feed *feed = x->session ? session_find_feed(x->session, TRAINING_KIND, r->name) : NULL;
	const struct series *curve = feed && name ? series_find(&feed->metrics, name) : NULL;
	struct objective o;

	o.known = job_best_objective(job(r), curve, &o.best, &o.step, &o.last);
	return o;
}

/* What a failed job reached is no result: it is not ranked among the others. */
FIELD(objective)
{
	struct objective o = objective_of(r, x);
	struct field_value v = number_value(o.best, o.known);

	v.larger_first = metric_direction(job_objective_name(job(r)), job(r)) == METRIC_LARGER;
	v.behind = job(r)->status == JOB_FAILED;
	return v;
}

FIELD(round)
{
	struct objective o = objective_of(r, x);

	return number_value((double)o.step, o.step >= 0);
}

FIELD(last)
{
	struct objective o = objective_of(r, x);

	return number_value(o.last, o.known);
}

FIELD(final_metric)
{
	double v = 0;
	bool known = job_final_metric(job(r), key, &v);

	return number_value(v, known);
}

/* --- what went in, where it goes ------------------------------------------------------------ */

FIELD(image)
{
	return text_value(job(r)->cold->image);
}

FIELD(role)
{
	return text_value(job(r)->cold->role_arn);
}

FIELD(vpc)
{
	return text_value(job(r)->cold->vpc);
}

FIELD(output)
{
	return text_value(job(r)->cold->output_uri);
}

FIELD(model)
{
	return text_value(job(r)->cold->model_uri);
}

FIELD(checkpoints)
{
	return text_value(job(r)->cold->checkpoint_uri);
}

FIELD(tuning_job)
{
	return text_value(job(r)->cold->tuning_job_arn);
}

FIELD(warm_pool)
{
	return text_value(job(r)->rare->warm_pool_status);
}

FIELD(cause)
{
	return text_value(failure_cause(x->session, r));
}

FIELD(retained)
{
	return number_value((double)job(r)->rare->retained_s, job(r)->rare->retained_s >= 0);
}

FIELD(max_runtime)
{
	return number_value((double)job(r)->max_runtime_s, job(r)->max_runtime_s >= 0);
}

FIELD(max_wait)
{
	return number_value((double)job(r)->max_wait_s, job(r)->max_wait_s >= 0);
}

FIELD(keep_alive)
{
	return number_value((double)job(r)->rare->keep_alive_s, job(r)->rare->keep_alive_s >= 0);
}

FIELD(volume)
{
	return number_value(job(r)->volume_gb, job(r)->volume_gb > 0);
}

FIELD(channel)
{
	for (size_t i = 0; i < job(r)->cold->n_channels; i++) {
		if (str_eq(job(r)->cold->channels[i].name, key))
			return text_value(job(r)->cold->channels[i].uri);
	}
	return text_value(NULL);
}

FIELD(hp)
{
	return text_value(job_hyperparameter(job(r), key));
}

FIELD(environment)
{
	return text_value(strmap_get(&job(r)->cold->environment, key));
}

FIELD(tag)
{
	return text_value(job_tag(job(r), key));
}

static const struct strmap *map_of_hyperparameters(const struct resource *r)
{
	return &job(r)->cold->hyperparameters;
}

static const struct strmap *map_of_environment(const struct resource *r)
{
	return &job(r)->cold->environment;
}

static void add_names(const struct job *j, const struct strmap *whole, char facet, struct strlist *ret)
{
	if (j->trimmed)
		job_facets_names(j, facet, ret);
	for (size_t i = 0; !j->trimmed && i < whole->n; i++)
		strlist_add(ret, whole->items[i].name);
}

static void keys_of_hyperparameters(const struct resource *r, struct strlist *ret)
{
	add_names(job(r), &job(r)->cold->hyperparameters, 'h', ret);
}

static void keys_of_tags(const struct resource *r, struct strlist *ret)
{
	add_names(job(r), &job(r)->tags, 't', ret);
}

/* Of a trimmed job the one by which it is judged. */
static void keys_of_metrics(const struct resource *r, struct strlist *ret)
{
	const char *objective = job_objective_name(job(r));

	if (objective)
		strlist_add(ret, objective);
	for (size_t i = 0; i < job(r)->cold->n_final_metrics; i++)
		strlist_add(ret, job(r)->cold->final_metrics[i].name);
}

static void keys_of_channels(const struct resource *r, struct strlist *ret)
{
	for (size_t i = 0; i < job(r)->cold->n_channels; i++)
		strlist_add(ret, job(r)->cold->channels[i].name);
}

/* name, other names, JSON member, heading, help, type, flags, {min, max, want, priority}, key, path,
 * getter, map of a keyed one.
 * The order is that of the columns, on the screen and in a table. */
/* clang-format off */
const struct field job_fields[] = {
	{"name", NULL, "name", NULL, "part of the name, or a regular expression", FIELD_TEXT,
	 FIELD_USUAL | FIELD_SCREEN | FIELD_ASCENDING, {20, 63, 0, 0}, "N", "TrainingJobName", field_get_name},
	SCOPE_FIELDS,
	{"arn", NULL, "arn", NULL, "the job's ARN", FIELD_LINK,
	 FIELD_COLD, {20, 120, 0, 30}, NULL, "TrainingJobArn", field_get_arn},
	{"status", "state", "status", NULL, "InProgress, Failed ..., or a secondary status such as Training", FIELD_STATE,
	 FIELD_USUAL | FIELD_SCREEN | FIELD_ASCENDING, {13, 14, 0, 1}, "S", "TrainingJobStatus", get_status},
	{"secondary", NULL, "secondary_status", NULL, "the secondary status: Downloading, Training ...", FIELD_TEXT,
	 FIELD_ASCENDING, {12, 24, 0, 20}, NULL, "SecondaryStatus", get_secondary},
	{"instance", "inst", "instance_type", NULL, "part of the instance type", FIELD_MACHINE,
	 FIELD_USUAL | FIELD_SCREEN | FIELD_ASCENDING, {13, 16, 15, 5}, "I", "ResourceConfig.InstanceType", get_instance},
	{"count", "instances", "instance_count", NULL, "instances", FIELD_COUNT,
	 0, {5, 5, 0, 21}, NULL, "ResourceConfig.InstanceCount", get_count},
	{"age", NULL, NULL, NULL, "time since creation: age<2h", FIELD_AGE,
	 FIELD_USUAL | FIELD_SCREEN | FIELD_ASCENDING, {4, 4, 0, 2}, "A", NULL, field_get_age},
	{"modified", NULL, "modified", NULL, "last change", FIELD_TIME,
	 0, {16, 20, 0, 22}, NULL, "LastModifiedTime", field_get_modified},
	{"started", NULL, "started", NULL, "start of training", FIELD_TIME,
	 0, {16, 20, 0, 22}, NULL, "TrainingStartTime", field_get_started},
	{"ended", NULL, "ended", NULL, "end of training", FIELD_TIME,
	 0, {16, 20, 0, 22}, NULL, "TrainingEndTime", field_get_ended},
	{"train", "duration", "training_seconds", NULL, "training time: train>=10m", FIELD_SECONDS,
	 FIELD_USUAL | FIELD_SCREEN, {6, 6, 0, 4}, "T", "TrainingTimeInSeconds", get_train},
	{"billable", "billed", "billable_seconds", "BILLED", "billable time, as the service says it", FIELD_SECONDS,
	 FIELD_USUAL | FIELD_WIDE, {6, 6, 0, 8}, NULL, "BillableTimeInSeconds", get_billable},
	{"cost", NULL, "cost_usd", NULL, "dollars, billed or so far", FIELD_MONEY,
	 FIELD_USUAL | FIELD_SCREEN, {8, 8, 0, 3}, "B", NULL, get_cost},
	{"estimate", NULL, "cost_is_estimate", NULL, "whether the cost is an estimate", FIELD_FLAG,
	 0, {8, 8, 0, 23}, NULL, NULL, get_estimate},
	{"price", NULL, "price_usd_per_hour", NULL, "dollars an hour of one instance", FIELD_RATE,
	 0, {8, 10, 0, 23}, NULL, NULL, get_price},
	{"rate", NULL, "rate_usd_per_hour", NULL, "dollars an hour of all its instances", FIELD_RATE,
	 0, {8, 10, 0, 23}, NULL, NULL, get_rate},
	{"price_as_of", NULL, "price_as_of", NULL, "the date of that price", FIELD_TEXT,
	 FIELD_ASCENDING, {10, 10, 0, 23}, NULL, NULL, get_price_date},
	{"saved", NULL, "spot_saving_percent", NULL, "percent that spot saved", FIELD_PERCENT,
	 FIELD_USUAL | FIELD_SCREEN, {5, 5, 0, 7}, NULL, NULL, get_saved},
	{"spot", NULL, "spot", NULL, "yes or no", FIELD_FLAG,
	 0, {4, 4, 0, 24}, NULL, "EnableManagedSpotTraining", get_spot},
	{"interruptions", NULL, "interruptions", NULL, "how often spot took the instance", FIELD_COUNT,
	 0, {5, 13, 0, 24}, NULL, NULL, get_interruptions},
	{"badges", NULL, "badges", NULL, "what calls for a look while it runs: cpu, gpu, silent, limit, spot, pending, flat", FIELD_TEXT,
	 FIELD_WIDE | FIELD_ASCENDING, {8, 24, 0, 10}, NULL, NULL, get_badges},
	{"objective", NULL, "objective_value", "METRIC", "best value of the objective metric, best first", FIELD_SPARK,
	 FIELD_USUAL | FIELD_SCREEN | FIELD_ASCENDING, {17, 40, 0, 6}, "M", NULL, get_objective},
	{"round", NULL, "objective_round", NULL, "the round of that value", FIELD_COUNT,
	 FIELD_ASCENDING, {5, 8, 0, 25}, NULL, NULL, get_round},
	{"last", NULL, "objective_last", NULL, "last value of the objective metric", FIELD_VALUE,
	 FIELD_ASCENDING, {8, 12, 0, 25}, NULL, NULL, get_last},
	{"metric", NULL, "objective_metric", "OBJECTIVE", "part of the objective metric's name", FIELD_TEXT,
	 FIELD_ASCENDING, {12, 30, 0, 25}, NULL, NULL, get_metric},
	{"created", NULL, "created", NULL, "a date or time: created>2026-11-01", FIELD_TIME,
	 FIELD_WIDE, {16, 16, 0, 9}, NULL, "CreationTime", field_get_created},
	{"reason", NULL, "failure_reason", NULL, "part of the failure reason", FIELD_TEXT,
	 FIELD_USUAL | FIELD_ASCENDING, {20, 60, 0, 26}, NULL, "FailureReason", field_get_reason},
	{"cause", NULL, "failure_cause", NULL, "why it failed, with what differs from job to job masked", FIELD_TEXT,
	 FIELD_ASCENDING, {20, 80, 0, 26}, NULL, NULL, get_cause},
	{"image", NULL, "image", NULL, "part of the training image", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "AlgorithmSpecification.TrainingImage", get_image},
	{"role", NULL, "role", NULL, "part of the role's ARN", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "RoleArn", get_role},
	{"vpc", NULL, "vpc", NULL, "subnets and security groups", FIELD_TEXT,
	 FIELD_COLD | FIELD_ASCENDING, {20, 60, 0, 27}, NULL, "VpcConfig", get_vpc},
	{"output", NULL, "output_uri", NULL, "where its output goes", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "OutputDataConfig.S3OutputPath", get_output},
	{"model", NULL, "model_uri", NULL, "where its model lies", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "ModelArtifacts.S3ModelArtifacts", get_model},
	{"checkpoints", NULL, "checkpoint_uri", NULL, "where its checkpoints lie", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "CheckpointConfig.S3Uri", get_checkpoints},
	{"tuning_job", NULL, "tuning_job", NULL, "the tuning job that it belongs to", FIELD_LINK,
	 FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 27}, NULL, "TuningJobArn", get_tuning_job},
	{"warm_pool", NULL, "warm_pool", NULL, "Available, InUse, Reused or Terminated", FIELD_TEXT,
	 FIELD_ASCENDING, {10, 10, 0, 28}, NULL, "WarmPoolStatus.Status", get_warm_pool},
	{"retained", NULL, "retained_seconds", NULL, "billed for keeping its warm pool", FIELD_SECONDS,
	 0, {8, 8, 0, 28}, NULL, "WarmPoolStatus.ResourceRetainedBillableTimeInSeconds", get_retained},
	{"keep_alive", NULL, "keep_alive_seconds", NULL, "how long its warm pool is kept", FIELD_SECONDS,
	 0, {10, 10, 0, 28}, NULL, "ResourceConfig.KeepAlivePeriodInSeconds", get_keep_alive},
	{"max_runtime", NULL, "max_runtime_seconds", NULL, "when it is stopped at the latest", FIELD_SECONDS,
	 0, {11, 11, 0, 28}, NULL, "StoppingCondition.MaxRuntimeInSeconds", get_max_runtime},
	{"max_wait", NULL, "max_wait_seconds", NULL, "how long it may take with its waiting for spot", FIELD_SECONDS,
	 0, {8, 8, 0, 28}, NULL, "StoppingCondition.MaxWaitTimeInSeconds", get_max_wait},
	{"volume", NULL, "volume_gb", NULL, "gigabytes of each instance's volume", FIELD_COUNT,
	 0, {6, 6, 0, 28}, NULL, "ResourceConfig.VolumeSizeInGB", get_volume},
	{"channel.", NULL, NULL, NULL, "where a channel's data lie: channel.train:s3://nba", FIELD_LINK,
	 FIELD_KEYED | FIELD_COLD | FIELD_ASCENDING, {20, 80, 0, 29}, NULL, "InputDataConfig", get_channel,
	 NULL, keys_of_channels},
	{"hp.", NULL, "hyperparameters", NULL, "a hyperparameter by its name: hp.eta=0.05, hp.max_depth>6", FIELD_TEXT,
	 FIELD_KEYED | FIELD_ASCENDING, {8, 24, 0, 12}, NULL, "HyperParameters", get_hp,
	 map_of_hyperparameters, keys_of_hyperparameters},
	{"env.", NULL, NULL, NULL, "a variable of the environment: env.MODE:fast", FIELD_TEXT,
	 FIELD_KEYED | FIELD_COLD | FIELD_ASCENDING, {8, 24, 0, 12}, NULL, "Environment",
	 get_environment, map_of_environment},
	{"tag.", NULL, "tags", NULL, "a tag by its key: tag.run:nightly", FIELD_TEXT,
	 FIELD_KEYED | FIELD_ASCENDING, {8, 24, 0, 12}, NULL, "Tags", get_tag, field_map_tags,
	 keys_of_tags},
	{"metric.", NULL, NULL, NULL, "a metric's final value: metric.validation:rmse<7.5", FIELD_VALUE,
	 FIELD_KEYED | FIELD_COLD | FIELD_ASCENDING, {8, 12, 0, 12}, NULL, "FinalMetricDataList", get_final_metric,
	 NULL, keys_of_metrics},
	{NULL}};
/* clang-format on */
