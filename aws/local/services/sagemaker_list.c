/* ListTrainingJobs. */
#include "aws/local/services/ops.h"
#include "aws/local/kept/training_job.h"

struct list_query {
	const char *sort, *status, *contains;
	bool descending;
	int64_t created_after, created_before, modified_after, modified_before;
};

static int compare(const void *a, const void *b, void *user)
{
	const struct list_query *sorting = user;
	const struct training_job *x = *(struct training_job *const *)a, *y = *(struct training_job *const *)b;
	int rc = 0;

	if (str_eq(sorting->sort, "Name"))
		rc = strcmp(x->name, y->name);
	else if (str_eq(sorting->sort, "Status"))
		rc = strcmp(training_job_status_name(x->status), training_job_status_name(y->status));
	if (!rc && !str_eq(sorting->sort, "Name"))
		rc = x->created_ms != y->created_ms ? (x->created_ms > y->created_ms ? 1 : -1)
						    : (x->seq > y->seq) - (x->seq < y->seq);
	return sorting->descending ? -rc : rc;
}

/* Everything but the status, which the service applies to the page. */
static bool matches(const struct list_query *q, const struct training_job *job)
{
	if (q->contains && !strcasestr(job->name, q->contains))
		return false;
	if (q->created_after && job->created_ms <= q->created_after)
		return false;
	if (q->created_before && job->created_ms >= q->created_before)
		return false;
	if (q->modified_after && job->modified_ms <= q->modified_after)
		return false;
	return !q->modified_before || job->modified_ms < q->modified_before;
}

static bool status_matches(const struct list_query *q, const struct training_job *job)
{
	return !q->status || str_eq(q->status, training_job_status_name(job->status));
}

/* Pages go on behind the job that the token names, wherever new ones have come in. */
static size_t find_start(const struct list_query *q, struct training_job **jobs, size_t n, const char *position)
{
	int64_t seq = 0;
	struct training_job at = {0}, *key = &at;
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, position, '|');
	if (parts.n != 4 || !str_to_i64(parts.items[0], &at.created_ms) || !str_to_i64(parts.items[1], &seq))
		return SIZE_MAX;
	at.seq = seq;
	at.name = parts.items[2];
	for (at.status = JOB_IN_PROGRESS; at.status < JOB_STOPPED; at.status++) {
		if (str_eq(parts.items[3], training_job_status_name(at.status)))
			break;
	}
	for (size_t i = 0; i < n; i++) {
		if (compare(&jobs[i], &key, (void *)q) > 0)
			return i;
	}
	return n;
}

static char *position_of(const struct training_job *job)
{
	return xasprintf("%lld|%lld|%s|%s", (long long)job->created_ms, (long long)job->seq, job->name,
			 training_job_status_name(job->status));
}

/* --strict: take the page first and filter it then, as the service does with
 * StatusEquals; otherwise fill the page with what matches. */
static size_t fill_page(struct call *c, const struct list_query *q, struct training_job **jobs, size_t n, size_t from,
			size_t max, json_t *page)
{
	size_t i = from;

	for (; i < n; i++) {
		if (c->e->opt.strict ? i - from == max : json_array_size(page) == max)
			break;
		if (status_matches(q, jobs[i]))
			json_array_append_new(page, training_job_summary(jobs[i]));
	}
	return i;
}

int op_list_training_jobs(struct call *c, json_t **out)
{
	struct list_query q = {.sort = str_or(json_get_str(c->in, "SortBy"), "CreationTime"),
			       .status = json_get_str(c->in, "StatusEquals"),
			       .contains = json_get_str(c->in, "NameContains"),
			       .descending = !str_eq(json_get_str(c->in, "SortOrder"), "Ascending"),
			       .created_after = json_get_time_ms(c->in, "CreationTimeAfter"),
			       .created_before = json_get_time_ms(c->in, "CreationTimeBefore"),
			       .modified_after = json_get_time_ms(c->in, "LastModifiedTimeAfter"),
			       .modified_before = json_get_time_ms(c->in, "LastModifiedTimeBefore")};
	const struct job_table *t = c->e->jobs;
	const char *token = json_get_str(c->in, "NextToken");
	struct training_job **jobs = xcalloc(t->n + 1, sizeof(*jobs));
	size_t n = 0, start = 0;
	int rc = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (matches(&q, t->items[i]) && !json_object_get(c->in, "WarmPoolStatusEquals") &&
		    !json_object_get(c->in, "TrainingPlanArnEquals"))
			jobs[n++] = t->items[i];
	}
	qsort_r(jobs, n, sizeof(*jobs), compare, &q);
	if (!str_empty(token)) {
		AUTO(str) char *position = token_decode("training-jobs", token);

		start = position ? find_start(&q, jobs, n, position) : SIZE_MAX;
		if (start == SIZE_MAX)
			rc = fault_set(c->fault, 400, "ValidationException", "Invalid NextToken.");
	}
	if (rc == 0) {
		json_t *page = json_array();
		size_t end = fill_page(c, &q, jobs, n, start, (size_t)json_get_i64(c->in, "MaxResults", 10), page);

		*out = json_pack("{s:o}", "TrainingJobSummaries", page);
		if (end < n && end > start) {
			AUTO(str) char *position = position_of(jobs[end - 1]);
			AUTO(str) char *next = token_encode("training-jobs", position);

			json_object_set_new(*out, "NextToken", json_string(next));
		}
	}
	free(jobs);
	return rc;
}
