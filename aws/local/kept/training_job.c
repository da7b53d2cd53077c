/* Training jobs: the table in memory, and their rows in the database. */
#include "aws/local/kept/training_job.h"

static const char *const status_names[] = {
	[JOB_IN_PROGRESS] = "InProgress", [JOB_COMPLETED] = "Completed", [JOB_FAILED] = "Failed",
	[JOB_STOPPING] = "Stopping",	  [JOB_STOPPED] = "Stopped",
};

const char *training_job_status_name(enum job_status s)
{
	return status_names[s];
}

struct training_job *training_job_new(const char *name, const char *region)
{
	struct training_job *job = NEW(struct training_job);

	job->name = xstrdup(name);
	job->arn = xasprintf("arn:aws:sagemaker:%s:" ACCOUNT_ID ":training-job/%s", region, name);
	str_lower(job->arn); /* as the service's, whatever the name is */
	job->billable_s = -1;
	job->simulated = -1;
	return job;
}

static void training_job_free(struct training_job *job)
{
	if (!job)
		return;
	free(job->name);
	free(job->arn);
	free(job->failure);
	json_decref(job->request);
	for (size_t i = 0; i < job->n_transitions; i++)
		free(job->transitions[i].message);
	free(job->transitions);
	for (size_t i = 0; i < job->n_finals; i++)
		free(job->finals[i].name);
	free(job->finals);
	strmap_done(&job->tags);
	free(job);
}

bool training_job_is_over(const struct training_job *job)
{
	return job->status == JOB_COMPLETED || job->status == JOB_FAILED || job->status == JOB_STOPPED;
}

void training_job_enter_at(struct training_job *job, const char *secondary, const char *message, int64_t at_ms)
{
	if (job->n_transitions && !job->transitions[job->n_transitions - 1].end_ms)
		job->transitions[job->n_transitions - 1].end_ms = at_ms;
	GROW(job->transitions, job->cap_transitions, job->n_transitions + 1);
	struct transition *t = &job->transitions[job->n_transitions++];

	*t = (struct transition){.start_ms = at_ms, .message = xstrdup(message)};
	str_copy(t->status, sizeof(t->status), secondary);
	str_copy(job->secondary, sizeof(job->secondary), secondary);
	if (training_job_is_over(job))
		t->end_ms = at_ms;
	job->modified_ms = at_ms;
}

void training_job_enter(struct engine *e, struct training_job *job, const char *secondary, const char *message)
{
	training_job_enter_at(job, secondary, message, engine_now_ms(e));
}

static struct final_metric *find_final(const struct training_job *job, const char *name)
{
	for (size_t i = 0; i < job->n_finals; i++) {
		if (str_eq(job->finals[i].name, name))
			return &job->finals[i];
	}
	return NULL;
}

const struct final_metric *training_job_final(const struct training_job *job, const char *name)
{
	return find_final(job, name);
}

void training_job_set_final(struct training_job *job, const char *name, double value, int64_t at_ms)
{
	struct final_metric *m = find_final(job, name);

	if (!m) {
		if (job->n_finals >= 40)
			return;
		GROW(job->finals, job->cap_finals, job->n_finals + 1);
		m = &job->finals[job->n_finals++];
		m->name = xstrdup(name);
	}
	m->value = value;
	m->at_ms = at_ms;
}

/* --- the table --------------------------------------------------------------------- */

struct training_job *training_jobs_find(const struct engine *e, const char *name)
{
	return name ? map_get(&e->jobs->by_name, name) : NULL;
}

struct training_job *training_jobs_by_arn(const struct engine *e, const char *arn)
{
	const char *slash = strrchr(arn, '/');
	struct training_job *job = slash ? training_jobs_find(e, slash + 1) : NULL;

	if (job && str_ieq(job->arn, arn))
		return job;
	/* The name may have another case than its ARN. */
	for (size_t i = 0; i < e->jobs->n; i++) {
		if (str_ieq(e->jobs->items[i]->arn, arn))
			return e->jobs->items[i];
	}
	return NULL;
}

void training_jobs_add(struct engine *e, struct training_job *job)
{
	struct job_table *t = e->jobs;

	job->seq = ++t->next_seq;
	GROW(t->items, t->cap, t->n + 1);
	t->items[t->n++] = job;
	map_put(&t->by_name, job->name, job);
}

void training_jobs_remove(struct engine *e, struct training_job *job)
{
	struct job_table *t = e->jobs;
	sqlite3_stmt *st = state_prepare(e->db, "DELETE FROM jobs WHERE name = ?");

	state_bind_text(st, 1, job->name);
	state_exec(e->db, st);
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i] == job) {
			memmove(&t->items[i], &t->items[i + 1], (t->n - i - 1) * sizeof(*t->items));
			t->n--;
			break;
		}
	}
	map_remove(&t->by_name, job->name);
	training_job_free(job);
}

void training_jobs_free(struct engine *e)
{
	if (!e->jobs)
		return;
	for (size_t i = 0; i < e->jobs->n; i++)
		training_job_free(e->jobs->items[i]);
	free(e->jobs->items);
	map_done(&e->jobs->by_name);
	free(e->jobs);
	e->jobs = NULL;
}

/* --- persistence -------------------------------------------------------------------- */

static json_t *save_transitions(const struct training_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->n_transitions; i++) {
		const struct transition *t = &job->transitions[i];

		json_array_append_new(list, json_pack("[s, I, I, s*]", t->status, (json_int_t)t->start_ms,
						      (json_int_t)t->end_ms, t->message));
	}
	return list;
}

static json_t *save_finals(const struct training_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->n_finals; i++)
		json_array_append_new(list, json_pack("[s, f, I]", job->finals[i].name, job->finals[i].value,
						      (json_int_t)job->finals[i].at_ms));
	return list;
}

void training_job_save(struct engine *e, struct training_job *job)
{
	/* Simulated jobs are written once, at the end. */
	if (job->simulated < 0)
		training_job_write(e, job);
	if (e->job_listener)
		e->job_listener(e, job, false);
}

void training_job_write(struct engine *e, const struct training_job *job)
{
	AUTO(json)
	json_t *doc = json_pack(
		"{s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:b, s:I}", "arn",
		job->arn, "status", job->status, "secondary", job->secondary, "created", (json_int_t)job->created_ms,
		"modified", (json_int_t)job->modified_ms, "start", (json_int_t)job->start_ms, "end",
		(json_int_t)job->end_ms, "training_ms", (json_int_t)job->training_ms, "billable_s",
		(json_int_t)job->billable_s, "transitions", save_transitions(job), "finals", save_finals(job), "tags",
		json_from_strmap(&job->tags), "phase", job->phase, "outcome", job->outcome, "attempts", job->attempts,
		"interruptions", job->interruptions, "spot", job->spot, "simulated", (json_int_t)job->simulated);

	if (job->failure)
		json_object_set_new(doc, "failure", json_string(job->failure));
	if (job->request)
		json_object_set(doc, "request", job->request);
	AUTO(str) char *text = json_text(doc);
	sqlite3_stmt *st = state_prepare(e->db, "INSERT OR REPLACE INTO jobs (name, seq, doc) VALUES (?, ?, ?)");

	state_bind_text(st, 1, job->name);
	state_bind_i64(st, 2, job->seq);
	state_bind_text(st, 3, text);
	state_exec(e->db, st);
}

static void load_lists(struct training_job *job, const json_t *doc)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(doc, "transitions"), i, row)
	{
		GROW(job->transitions, job->cap_transitions, job->n_transitions + 1);
		struct transition *t = &job->transitions[job->n_transitions++];

		*t = (struct transition){.start_ms = json_integer_value(json_array_get(row, 1)),
					 .end_ms = json_integer_value(json_array_get(row, 2)),
					 .message = xstrdup(json_string_value(json_array_get(row, 3)))};
		str_copy(t->status, sizeof(t->status), str_or(json_string_value(json_array_get(row, 0)), ""));
	}
	json_array_foreach(json_object_get(doc, "finals"), i, row) training_job_set_final(
		job, str_or(json_string_value(json_array_get(row, 0)), "?"), json_number_value(json_array_get(row, 1)),
		json_integer_value(json_array_get(row, 2)));
	json_to_strmap(json_object_get(doc, "tags"), &job->tags);
}

static struct training_job *load_job(const char *name, const json_t *doc)
{
	struct training_job *job = training_job_new(name, DEFAULT_REGION);

	str_set(&job->arn, str_or(json_get_str(doc, "arn"), job->arn));
	job->status = (enum job_status)MIN((uint64_t)json_get_i64(doc, "status", JOB_FAILED), (uint64_t)JOB_STOPPED);
	str_copy(job->secondary, sizeof(job->secondary), str_or(json_get_str(doc, "secondary"), "Failed"));
	job->created_ms = json_get_i64(doc, "created", 0);
	job->modified_ms = json_get_i64(doc, "modified", 0);
	job->start_ms = json_get_i64(doc, "start", 0);
	job->end_ms = json_get_i64(doc, "end", 0);
	job->training_ms = json_get_i64(doc, "training_ms", 0);
	job->billable_s = json_get_i64(doc, "billable_s", -1);
	str_set(&job->failure, json_get_str(doc, "failure"));
	job->request = json_incref(json_object_get(doc, "request"));
	job->phase = (enum job_phase)MIN((uint64_t)json_get_i64(doc, "phase", PHASE_ENDED), (uint64_t)PHASE_ENDED);
	job->outcome = (enum job_outcome)MIN((uint64_t)json_get_i64(doc, "outcome", 0), (uint64_t)OUTCOME_MAX_WAIT);
	job->attempts = (int)json_get_i64(doc, "attempts", 0);
	job->interruptions = (int)json_get_i64(doc, "interruptions", 0);
	job->spot = json_get_bool(doc, "spot", false);
	job->simulated = json_get_i64(doc, "simulated", -1);
	load_lists(job, doc);
	return job;
}

int training_jobs_load(struct engine *e, struct err *err)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT name, doc, seq FROM jobs ORDER BY seq");
	int rc = 0;

	e->jobs = NEW(struct job_table);
	while (rc == 0 && state_step(e->db, st)) {
		AUTO(json) json_t *doc = NULL;
		const char *text = state_text(st, 1);

		rc = json_parse(text, strlen(text), "jobs table", &doc, err);
		if (rc < 0)
			break;
		e->jobs->next_seq = sqlite3_column_int64(st, 2) - 1;
		training_jobs_add(e, load_job(state_text(st, 0), doc));
	}
	state_done(st);
	return rc;
}

int64_t training_job_max_runtime_s(const json_t *request)
{
	return json_get_i64(json_object_get(request, "StoppingCondition"), "MaxRuntimeInSeconds", 86400);
}

int64_t training_job_instance_count(const json_t *request)
{
	const json_t *rc = json_object_get(request, "ResourceConfig");
	const json_t *groups = json_object_get(rc, "InstanceGroups");
	int64_t n = 0;
	size_t i;
	json_t *group;

	if (!json_array_size(groups))
		return MAX(json_get_i64(rc, "InstanceCount", 1), 1);
	json_array_foreach((json_t *)groups, i, group) n += json_get_i64(group, "InstanceCount", 0);
	return MAX(n, 1);
}
