/* A training job read back from its Describe document, for --load. */
#include "aws/local/kept/training_job.h"

static enum job_status status_of(const char *name)
{
	enum job_status s = JOB_IN_PROGRESS;

	while (s < JOB_STOPPED && !str_eq(training_job_status_name(s), name))
		s++;
	return s;
}

static int64_t time_of(const json_t *doc, const char *member)
{
	return json_object_get(doc, member) ? json_get_time_ms(doc, member) : 0;
}

static void read_transitions(struct training_job *job, const json_t *doc)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(doc, "SecondaryStatusTransitions"), i, row)
	{
		GROW(job->transitions, job->cap_transitions, job->n_transitions + 1);
		struct transition *t = &job->transitions[job->n_transitions++];

		*t = (struct transition){.start_ms = time_of(row, "StartTime"),
					 .end_ms = time_of(row, "EndTime"),
					 .message = xstrdup(json_get_str(row, "StatusMessage"))};
		str_copy(t->status, sizeof(t->status), json_get_str(row, "Status"));
	}
	json_array_foreach(json_object_get(doc, "FinalMetricDataList"), i, row) training_job_set_final(
		job, json_get_str(row, "MetricName"), json_get_f64(row, "Value", 0), time_of(row, "Timestamp"));
}

/* What the request said: everything that is not told by the members of the job. */
static json_t *request_of(const json_t *doc)
{
	static const char *const told[] = {"TrainingJobArn",	  "TrainingJobStatus",	   "SecondaryStatus",
					   "FailureReason",	  "CreationTime",	   "LastModifiedTime",
					   "TrainingStartTime",	  "TrainingEndTime",	   "TrainingTimeInSeconds",
					   "FinalMetricDataList", "BillableTimeInSeconds", "SecondaryStatusTransitions",
					   "ModelArtifacts"};
	json_t *request = json_deep_copy(doc);

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		json_object_del(request, told[i]);
	return request;
}

struct training_job *training_job_of_document(const json_t *doc)
{
	struct training_job *job = training_job_new(json_get_str(doc, "TrainingJobName"), DEFAULT_REGION);
	const char *status = json_get_str(doc, "TrainingJobStatus");

	if (json_get_str(doc, "TrainingJobArn"))
		str_set(&job->arn, json_get_str(doc, "TrainingJobArn"));
	job->status = status_of(status);
	str_copy(job->secondary, sizeof(job->secondary),
		 str_or(json_get_str(doc, "SecondaryStatus"), job->status == JOB_IN_PROGRESS ? "Training" : status));
	str_set(&job->failure, json_get_str(doc, "FailureReason"));
	job->created_ms = time_of(doc, "CreationTime");
	job->start_ms = time_of(doc, "TrainingStartTime");
	job->end_ms = time_of(doc, "TrainingEndTime");
	job->modified_ms = time_of(doc, "LastModifiedTime");
	if (!job->modified_ms)
		job->modified_ms = job->end_ms ? job->end_ms : job->created_ms;
	job->training_ms = json_get_i64(doc, "TrainingTimeInSeconds", 0) * 1000;
	job->billable_s = json_get_i64(doc, "BillableTimeInSeconds", -1);
	job->spot = json_get_bool(doc, "EnableManagedSpotTraining", false);
	job->request = request_of(doc);
	job->phase = PHASE_ENDED; /* whatever it says: there is nothing to run */
	read_transitions(job, doc);
	return job;
}
