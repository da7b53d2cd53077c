/* training_job.h - a training job as the engine keeps it, and the table of all.
 *
 * The request is kept as it came; Describe and Search documents are made from it
 * and from what has happened since. training_job_save writes the whole job; the caller
 * commits before it tells anybody. Times are epoch milliseconds, 0 is unknown.
 */
#ifndef SAGETOP_LOCAL_TRAINING_JOB_H
#define SAGETOP_LOCAL_TRAINING_JOB_H

#include "aws/local/core/engine.h"

enum job_status { JOB_IN_PROGRESS, JOB_COMPLETED, JOB_FAILED, JOB_STOPPING, JOB_STOPPED };

struct transition {
	char status[32];
	int64_t start_ms, end_ms; /* 0: still in it */
	char *message;
};

struct final_metric {
	char *name;
	double value;
	int64_t at_ms;
};

/* Where the runner stands; persisted, so that a restart neither loses a job nor
 * runs one twice. */
enum job_phase {
	PHASE_WAITING,	   /* no process has been started for this attempt */
	PHASE_DOWNLOADING, /* files are being copied; nothing has run */
	PHASE_RUNNING,	   /* a process was started, or was about to be */
	PHASE_UPLOADING,   /* it has ended; `outcome` says how */
	PHASE_ENDED,
};

enum job_outcome {
	OUTCOME_NONE,
	OUTCOME_COMPLETED,
	OUTCOME_FAILED,
	OUTCOME_STOPPED,
	OUTCOME_MAX_RUNTIME,
	OUTCOME_MAX_WAIT
};

struct training_job {
	char *name, *arn;
	enum job_status status;
	char secondary[32];
	int64_t created_ms, modified_ms, start_ms, end_ms;
	int64_t training_ms; /* summed over attempts and interruptions */
	int64_t billable_s;  /* -1: not known yet */
	char *failure;
	json_t *request; /* NULL for a simulated job: see training_job_request */
	struct transition *transitions;
	size_t n_transitions, cap_transitions;
	struct final_metric *finals;
	size_t n_finals, cap_finals;
	struct strmap tags;
	int64_t seq; /* order of creation */

	enum job_phase phase;
	enum job_outcome outcome;
	int attempts;	   /* processes started so far, for RetryStrategy */
	int interruptions; /* managed spot */
	bool spot;
	int64_t simulated; /* index in the simulation, -1 for a real job */
	struct run *run;   /* the runner's, while it has something to do with it */
};

struct job_table {
	struct training_job **items; /* by creation */
	size_t n, cap;
	struct map by_name;
	int64_t next_seq;
	/* Makes the request of a job that keeps none: the simulation's, or NULL. */
	json_t *(*request_of)(struct engine *e, const struct training_job *job);
};

int training_jobs_load(struct engine *e, struct err *err) NODISCARD; /* fills e->jobs */
void training_jobs_free(struct engine *e);
struct training_job *training_jobs_find(const struct engine *e, const char *name);
struct training_job *training_jobs_by_arn(const struct engine *e, const char *arn); /* in any case */
/* Takes job, gives it its seq, does not save. */
void training_jobs_add(struct engine *e, struct training_job *job);
void training_jobs_remove(struct engine *e, struct training_job *job); /* from the database too; frees */

struct training_job *training_job_new(const char *name, const char *region);
/* From what Describe tells (checked already): it is not run, in whatever state. */
struct training_job *training_job_of_document(const json_t *doc);
void training_job_save(struct engine *e, struct training_job *job);
void training_job_write(struct engine *e, const struct training_job *job); /* simulated ones too */

/* Ends the current transition, begins the next; sets modified. Does not save. */
void training_job_enter(struct engine *e, struct training_job *job, const char *secondary, const char *message);
void training_job_enter_at(struct training_job *job, const char *secondary, const char *message, int64_t at_ms);
/* The last value of a metric; NULL: it was never said. */
const struct final_metric *training_job_final(const struct training_job *job, const char *name);
void training_job_set_final(struct training_job *job, const char *name, double value, int64_t at_ms);
bool training_job_is_over(const struct training_job *job); /* Completed, Failed, Stopped */
const char *training_job_status_name(enum job_status s);

/* The request, which a simulated job makes on demand. New reference. */
json_t *training_job_request(struct engine *e, const struct training_job *job) NODISCARD;
/* The reply of DescribeTrainingJob; with tags, the TrainingJob of a Search. */
json_t *training_job_document(struct engine *e, const struct training_job *job, bool for_search) NODISCARD;
json_t *training_job_summary(const struct training_job *job) NODISCARD;

/* Members of the request that the engine acts on, with their defaults. */
int64_t training_job_max_runtime_s(const json_t *request);
int64_t training_job_instance_count(const json_t *request);

#endif
