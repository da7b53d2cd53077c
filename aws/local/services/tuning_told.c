/* What has become of a tuning job's children, and what Describe tells of it. */
#include "aws/local/services/tuning_impl.h"

void tuning_update_child(struct look *l, json_t *child)
{
	const struct training_job *job = child_job(l, child);
	const char *status = job ? training_job_status_name(job->status) : "Failed";

	if (!child_runs(child) || str_eq(json_get_str(child, "Status"), status))
		return;
	json_object_set_new(child, "Status", json_string(status));
	l->changed = true;
	if (!job || !training_job_is_over(job))
		return;
	json_object_set_new(child, "Ended", json_integer(job->end_ms));
	json_object_set_new(child, "Seconds", json_integer(MAX(job->training_ms, 0) / 1000));
	json_object_set_new(child, "Retryable",
			    json_boolean(job->failure && str_starts(job->failure, "InternalServerError")));
	const struct final_metric *last = training_job_final(job, child_definition(l, child)->metric);

	if (last)
		json_object_set_new(child, "Objective", json_real(last->value));
}

size_t tuning_count_running(const struct look *l)
{
	size_t running = 0, i;
	json_t *child;

	json_array_foreach(l->children, i, child) running += child_runs(child);
	return running;
}

/* --- what is told of them ------------------------------------------------------------------ */

static void count(json_t *counters, const char *name)
{
	json_object_set_new(counters, name, json_integer(json_get_i64(counters, name, 0) + 1));
}

static void set_counters(struct look *l)
{
	json_t *jobs = json_pack("{s:i, s:i, s:i, s:i, s:i}", "Completed", 0, "InProgress", 0, "RetryableError", 0,
				 "NonRetryableError", 0, "Stopped", 0),
	       *objectives = json_pack("{s:i, s:i, s:i}", "Succeeded", 0, "Pending", 0, "Failed", 0);
	int64_t seconds = 0;
	size_t i;
	json_t *child;

	json_array_foreach(l->children, i, child)
	{
		const char *status = json_get_str(child, "Status");
		bool runs = child_runs(child), failed = str_eq(status, "Failed");

		count(jobs, runs				       ? "InProgress"
			    : !failed				       ? status
			    : json_get_bool(child, "Retryable", false) ? "RetryableError"
								       : "NonRetryableError");
		count(objectives, runs ? "Pending" : json_object_get(child, "Objective") ? "Succeeded" : "Failed");
		seconds += json_get_i64(child, "Seconds", 0);
	}
	json_object_set_new(l->r->doc, "TrainingJobStatusCounters", jobs);
	json_object_set_new(l->r->doc, "ObjectiveStatusCounters", objectives);
	json_object_set_new(l->r->doc, "ConsumedResources", json_pack("{s:I}", "RuntimeInSeconds", seconds));
}

static bool is_better(const struct look *l, double a, double b)
{
	return l->plan.definitions[0].maximise ? a > b : a < b;
}

/* A child that failed is no best, whatever it said before. */
static const json_t *best_child(const struct look *l)
{
	const json_t *best = NULL;
	size_t i;
	json_t *child;

	json_array_foreach(l->children, i, child)
	{
		const json_t *objective = json_object_get(child, "Objective");

		if (objective && !str_eq(json_get_str(child, "Status"), "Failed") &&
		    (!best ||
		     is_better(l, json_number_value(objective), json_number_value(json_object_get(best, "Objective")))))
			best = child;
	}
	return best;
}

static double summary_value(const json_t *summary)
{
	return json_number_value(json_path_get(summary, "FinalHyperParameterTuningJobObjectiveMetric.Value"));
}

/* With the same data and algorithm the best of the parents counts too. */
static void set_overall_best(struct look *l, const json_t *own)
{
	const json_t *warm = json_object_get(l->r->doc, "WarmStartConfig"), *best = own;
	size_t i;
	json_t *row;

	if (!warm || l->plan.transfer)
		return;
	json_array_foreach(json_object_get(warm, "ParentHyperParameterTuningJobs"), i, row)
	{
		const struct document *parent =
			document_find(l->e, "tuning", json_get_str(row, "HyperParameterTuningJobName"));
		const json_t *found = parent ? json_object_get(parent->doc, "OverallBestTrainingJob") : NULL;

		if (parent && !found)
			found = json_object_get(parent->doc, "BestTrainingJob");
		if (found && (!best || is_better(l, summary_value(found), summary_value(best))))
			best = found;
	}
	if (best)
		json_object_set_new(l->r->doc, "OverallBestTrainingJob", json_deep_copy(best));
}

static void set_best(struct look *l)
{
	const json_t *best = best_child(l);
	const struct training_job *job = best ? child_job(l, best) : NULL;

	if (!job)
		return;
	json_t *row = tuning_child_row(l->e, l->r, job);

	json_object_set_new(l->r->doc, "BestTrainingJob", row);
	set_overall_best(l, row);
}

void tuning_tell(struct look *l)
{
	set_counters(l);
	set_best(l);
}
