/* ListTrainingJobsForHyperParameterTuningJob: the training jobs that carry the
 * tuning job's ARN, with what was tuned and what came of it. */
#include "aws/local/kept/training_job.h"
#include "aws/local/services/kinds.h"
#include "aws/local/services/tuning.h"

struct child {
	const struct training_job *job;
	json_t *row;
	double objective;
	bool has_objective;
};

struct children {
	struct child *items;
	size_t n, cap;
	const char *sort;
	bool descending;
};

static void add_range_names(const json_t *ranges, struct strlist *names)
{
	const char *kind;
	json_t *list;

	json_object_foreach((json_t *)ranges, kind, list)
	{
		for (size_t i = 0; i < json_array_size(list); i++)
			strlist_add(names, str_or(json_get_str(json_array_get(list, i), "Name"), ""));
	}
}

/* Hyperparameters that any definition of the tuning job has a range for. */
static json_t *tuned_of(const json_t *tuning, const json_t *request)
{
	AUTO(strlist) struct strlist names = {0};
	const json_t *all = json_object_get(request, "HyperParameters"),
		     *many = json_object_get(tuning, "TrainingJobDefinitions");
	json_t *tuned = json_object();

	add_range_names(json_path_get(tuning, "HyperParameterTuningJobConfig.ParameterRanges"), &names);
	add_range_names(json_path_get(tuning, "TrainingJobDefinition.HyperParameterRanges"), &names);
	for (size_t i = 0; i < json_array_size(many); i++)
		add_range_names(json_object_get(json_array_get(many, i), "HyperParameterRanges"), &names);
	for (size_t i = 0; i < names.n; i++) {
		json_t *value = json_object_get(all, names.items[i]);

		if (value)
			json_object_set(tuned, names.items[i], value);
	}
	return tuned;
}

static const json_t *objective_of(const json_t *tuning)
{
	static const char *const places[] = {"HyperParameterTuningJobConfig.HyperParameterTuningJobObjective",
					     "TrainingJobDefinition.TuningObjective",
					     "TrainingJobDefinitions.0.TuningObjective"};
	const json_t *objective = NULL;

	for (size_t i = 0; i < ARRAY_LEN(places) && !objective; i++)
		objective = json_path_get(tuning, places[i]);
	return objective;
}

json_t *tuning_child_row(struct engine *e, const struct document *tuning, const struct training_job *job)
{
	AUTO(json) json_t *request = training_job_request(e, job);
	const json_t *objective = objective_of(tuning->doc);
	const char *metric = json_get_str(objective, "MetricName"), *type = json_get_str(objective, "Type");
	const struct final_metric *last = training_job_final(job, metric);
	json_t *row = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "TrainingJobName", job->name, "TrainingJobArn",
				job->arn, "TuningJobName", tuning->key, "CreationTime", json_epoch(job->created_ms),
				"TrainingJobStatus", training_job_status_name(job->status), "TunedHyperParameters",
				tuned_of(tuning->doc, request));

	if (job->start_ms)
		json_object_set_new(row, "TrainingStartTime", json_epoch(job->start_ms));
	if (job->end_ms)
		json_object_set_new(row, "TrainingEndTime", json_epoch(job->end_ms));
	if (job->failure)
		json_object_set_new(row, "FailureReason", json_string(job->failure));
	if (last)
		json_object_set_new(
			row, "FinalHyperParameterTuningJobObjectiveMetric",
			json_pack("{s:s*, s:s, s:f}", "Type", type, "MetricName", metric, "Value", last->value));
	json_object_set_new(row, "ObjectiveStatus",
			    json_string(!training_job_is_over(job) ? "Pending"
					: last			   ? "Succeeded"
								   : "Failed"));
	return row;
}

static void add_child(struct call *c, struct children *all, const struct document *tuning,
		      const struct training_job *job)
{
	const char *wanted = json_get_str(c->in, "StatusEquals");
	AUTO(json) json_t *request = training_job_request(c->e, job);

	if (!str_ieq(json_get_str(request, "TuningJobArn"), tuning->arn) ||
	    (wanted && !str_eq(wanted, training_job_status_name(job->status))))
		return;
	GROW(all->items, all->cap, all->n + 1);
	const struct final_metric *last =
		training_job_final(job, json_get_str(objective_of(tuning->doc), "MetricName"));

	all->items[all->n++] = (struct child){.job = job,
					      .row = tuning_child_row(c->e, tuning, job),
					      .has_objective = last != NULL,
					      .objective = last ? last->value : 0};
}

static int compare(const void *a, const void *b, void *user)
{
	const struct children *all = user;
	const struct child *x = a, *y = b;
	int rc = 0;

	if (str_eq(all->sort, "FinalObjectiveMetricValue")) {
		/* Children without a value stand behind, whichever way. */
		if (x->has_objective != y->has_objective)
			return x->has_objective ? -1 : 1;
		rc = (x->objective > y->objective) - (x->objective < y->objective);
	} else if (str_eq(all->sort, "Status")) {
		rc = strcmp(training_job_status_name(x->job->status), training_job_status_name(y->job->status));
	} else if (str_eq(all->sort, "CreationTime")) {
		rc = (x->job->created_ms > y->job->created_ms) - (x->job->created_ms < y->job->created_ms);
	} else {
		rc = strcmp(x->job->name, y->job->name);
	}
	if (!rc)
		rc = (x->job->seq > y->job->seq) - (x->job->seq < y->job->seq);
	return all->descending ? -rc : rc;
}

static int find_start(struct call *c, const struct children *all, size_t *ret)
{
	const char *token = json_get_str(c->in, "NextToken");
	AUTO(str) char *name = str_empty(token) ? NULL : token_decode("tuning-children", token);

	*ret = 0;
	if (str_empty(token))
		return 0;
	while (name && *ret < all->n && !str_eq(all->items[*ret].job->name, name))
		++*ret;
	if (!name || *ret == all->n)
		return op_invalid(c, "Invalid NextToken.");
	++*ret;
	return 0;
}

int op_list_tuning_children(struct call *c, json_t **out)
{
	const struct document *tuning = kind_asked(c, kind_by_id("tuning"), c->in);
	struct children all = {.sort = str_or(json_get_str(c->in, "SortBy"), "Name"),
			       .descending = str_eq(json_get_str(c->in, "SortOrder"), "Descending")};
	size_t max = (size_t)json_get_i64(c->in, "MaxResults", 10), start;

	if (!tuning)
		return -1;
	for (size_t i = 0; i < c->e->jobs->n; i++)
		add_child(c, &all, tuning, c->e->jobs->items[i]);
	if (all.n)
		qsort_r(all.items, all.n, sizeof(*all.items), compare, &all);
	int rc = find_start(c, &all, &start);

	if (rc == 0) {
		size_t end = MIN(start + max, all.n);
		json_t *page = json_array();

		for (size_t i = start; i < end; i++)
			json_array_append(page, all.items[i].row);
		*out = json_pack("{s:o}", "TrainingJobSummaries", page);
		if (end < all.n) {
			AUTO(str) char *next = token_encode("tuning-children", all.items[end - 1].job->name);

			json_object_set_new(*out, "NextToken", json_string(next));
		}
	}
	for (size_t i = 0; i < all.n; i++)
		json_decref(all.items[i].row);
	free(all.items);
	return rc;
}
