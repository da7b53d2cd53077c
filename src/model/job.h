/* job.h - a training job as the console knows it, whatever call it came from.
 *
 * Plain data: strings are owned UTF-8 and already sanitised (utf8.h), times are
 * int64 milliseconds UTC (TIME_UNKNOWN where absent), seconds are -1 where the
 * service did not say. Statuses are open strings on the wire ("subject to
 * change"): the enums classify the known ones, the text is kept beside them.
 * Source: CreateTrainingJob, DescribeTrainingJob, Search (SageMaker API 2017-07-24).
 *
 * Three hundred thousand jobs must fit in a hundred megabytes, so a job has a hot part
 * (what tables, filters and costs read) and a cold one. A job that nobody looks at is
 * trimmed: its cold part lies in the store only, and its hyperparameters and tags in
 * the facets, which the accessors read. Texts that jobs have in common are interned.
 */
#ifndef SAGETOP_MODEL_JOB_H
#define SAGETOP_MODEL_JOB_H

#include "base/intern.h"
#include "model/resource.h"

struct buf;

enum job_status {
	JOB_STATUS_UNKNOWN = 0,
	JOB_IN_PROGRESS,
	JOB_COMPLETED,
	JOB_FAILED,
	JOB_STOPPING,
	JOB_STOPPED,
	JOB_DELETING,
	JOB_STATUS_COUNT
};

/* What a record may say; more than that is no figure (a century, a million). */
#define JOB_SECONDS_MAX ((int64_t)3200000000)
#define JOB_INSTANCES_MAX 1000000

struct job_transition {
	char *status; /* secondary status: Starting, Downloading, Training ... */
	int64_t start_ms;
	int64_t end_ms; /* TIME_UNKNOWN while it lasts */
	char *message;
};

struct job_channel {
	char *name;
	char *uri;	    /* s3://..., or the file system's id and path */
	char *data_type;    /* S3Prefix, ManifestFile ... */
	char *content_type; /* may be NULL */
	char *input_mode;   /* File, FastFile, Pipe; may be NULL */
	char *compression;  /* may be NULL */
	char *distribution; /* may be NULL */
};

struct job_final_metric {
	char *name;
	double value;
	int64_t time_ms;
};

/* Labels of particulars that others than its page read: where Debugger, its profiler and TensorBoard write, each below
 * the job's name. */
#define JOB_DEBUG_OUTPUT "Debug output"
#define JOB_PROFILER_OUTPUT "Profiler output"
#define JOB_TENSORBOARD_OUTPUT "TensorBoard output"

/* One of the groups of a mixed cluster: every group has a type and a price of its own. */
struct job_group {
	char *name;		   /* may be NULL */
	const char *instance_type; /* interned, as all texts that jobs have in common */
	int count;
};

struct job_metric_definition {
	char *name;
	char *regex;
};

/* What pages show and requests are made of, but no table: in memory while somebody looks. */
struct job_cold {
	char *image; /* TrainingImage, or the AlgorithmName */
	char *input_mode;
	char *role_arn;
	char *output_uri;
	char *model_uri; /* ModelArtifacts.S3ModelArtifacts */
	char *checkpoint_uri;
	char *tuning_job_arn;
	char *vpc; /* "subnet-1 subnet-2 sg-1" */
	struct strmap hyperparameters;
	struct strmap environment;
	struct strmap particulars; /* what only its page shows, by label: "Isolation", "KMS" */

	struct job_channel *channels;
	size_t n_channels, cap_channels;
	struct job_transition *transitions;
	size_t n_transitions, cap_transitions;
	struct job_final_metric *final_metrics;
	size_t n_final_metrics, cap_final_metrics;
	struct job_metric_definition *metric_definitions;
	size_t n_metric_definitions, cap_metric_definitions;
};

/* What only few jobs have: in memory of its own for those. */
struct job_rare {
	const char *warm_pool_status; /* interned: Available, InUse, Reused, Terminated ...; NULL without a pool */
	int64_t retained_s;	      /* billed for keeping its instances after its end, -1 unknown */
	int64_t keep_alive_s;
	const char *training_plan; /* interned: the name of the plan whose instances it has; NULL */
	struct job_group *groups;  /* of a mixed cluster only */
	uint32_t n_groups, cap_groups;
	int64_t waiting_since_ms; /* derived; TIME_UNKNOWN where it does not wait for instances */
	double best_value;	  /* of the objective when its curve was read last; NaN before */
	int64_t best_step;	  /* ... and the step it had; -1 unknown */
};

/* 216 bytes, and its name behind it (test_model_job). */
struct job {
	struct resource; /* name, status_text, times, reason; cold: arn, tags */

	/* hot: every call */
	const char *secondary_text; /* interned */
	enum job_status status : 8;

	/* hot: Search and Describe */
	bool spot;
	uint16_t interruptions;	   /* derived */
	int instance_count;	   /* of all groups */
	const char *instance_type; /* of a mixed cluster every type once, joined by '+' */
	int volume_gb;
	uint32_t facets;    /* private to job_facets.c: hyperparameters and tags */
	int64_t training_s; /* TrainingTimeInSeconds, -1 unknown */
	int64_t billable_s; /* BillableTimeInSeconds, -1 unknown */
	int64_t max_runtime_s, max_wait_s;

	/* hot: ours, derived from the cold part by job_derive */
	const char *objective;	/* name of the metric that a table shows; NULL */
	double objective_value; /* its final value; NaN where there is none */
	int64_t waited_s;	/* without instances after its start, in states that are over; -1 not known */

	/* Neither is NULL. Where a job has none of its own it is the one without anything that all share,
	 * which is not to be written. */
	struct job_rare *rare;
	struct job_cold *cold;
};

/* A resource of the training jobs' kind is a job, and the other way round. */
static inline struct job *resource_job(const struct resource *r)
{
	return (struct job *)(uintptr_t)r;
}
static inline struct resource *job_resource(const struct job *j)
{
	return (struct resource *)(uintptr_t)j;
}

struct job *job_new(const char *name) NODISCARD;
void job_free(struct job *j);
AUTO_POINTER(job, struct job, job_free)

/* The cold part is freed; a job has none then. And one of its own again, empty at first. */
void job_drop_cold(struct job *j);
void job_own_cold(struct job *j);
struct job_rare *job_own_rare(struct job *j); /* to write to */
bool job_has_rare(const struct job *j);

/* Set both the text and its class. */
void job_set_status(struct job *j, const char *status_text);
enum job_status job_status_parse(const char *text);
const char *job_status_name(enum job_status s); /* "InProgress"; "Unknown" */

bool job_is_terminal(const struct job *j); /* Completed, Failed, Stopped */
bool job_is_active(const struct job *j);   /* InProgress, Stopping */

/* Stopped by its own limit, not by a person. */
bool job_limit_exceeded(const struct job *j);
/* What the status column says: the secondary status while active ("Downloading") and
 * of a job that its limit has stopped ("MaxRuntimeExceeded"), the status otherwise. Borrowed, never NULL. */
const char *job_state_text(const struct job *j);

struct job_transition *job_add_transition(struct job *j, const char *status, int64_t start_ms, int64_t end_ms,
					  const char *message);
struct job_channel *job_add_channel(struct job *j, const char *name);
struct job_group *job_add_group(struct job *j, const char *name, const char *instance_type, int count);
void job_add_final_metric(struct job *j, const char *name, double value, int64_t time_ms);
void job_add_metric_definition(struct job *j, const char *name, const char *regex);

/* Fill the derived fields from the cold part. A trimmed job keeps what it has. */
void job_derive(struct job *j);
/* Free the cold part (after job_derive); of a mere summary only where it is empty. */
void job_trim(struct job *j);
/* Give a trimmed job its cold part back from `cold`, which is consumed. */
void job_untrim(struct job *j, struct job *cold);

/* These work on trimmed jobs too. Borrowed; NULL where absent. A very long
 * hyperparameter (JOB_FACET_MAX) is only found on an untrimmed job. */
#define JOB_FACET_MAX 256
const char *job_hyperparameter(const struct job *j, const char *name);
const char *job_tag(const struct job *j, const char *key);

/* The facets as bytes, for the store: for each pair 'h' or 't', name, NUL, value, NUL. What
 * is read must be as it was written; bytes that are not are left. */
void job_facets_write(const struct job *j, struct buf *out);
void job_facets_read(struct job *j, const char *bytes, size_t n);
/* The names alone, of hyperparameters ('h') or tags ('t'), appended once each. */
void job_facet_names(const struct job *j, char kind, struct strlist *ret);

/* The final value of a metric; false where the job has none by that name. */
bool job_final_metric(const struct job *j, const char *name, double *ret);
/* The metric a table shows: the tuning objective where one is set
 * (_tuning_objective_metric), else the first validation: metric, else the first
 * one defined or final. NULL where there is none. Borrowed. */
const char *job_objective_name(const struct job *j);
/* Its final value; false where there is none (yet). */
bool job_objective(const struct job *j, double *ret);

/* "1 x ml.m5.xlarge", "2 x ml.m5.xlarge + 1 x ml.p4d.24xlarge"; NULL
 * where it is not known. Owned by the caller. */
char *job_instances_text(const struct job *j) NODISCARD;
/* Whether instances are held, and billed, in a secondary status: provisioning and
 * waiting for spot capacity are not billed. */
bool job_state_is_billed(const char *secondary);

/* Training seconds so far: the service's figure when it has one, else start to
 * end, else start to now; -1 before the start. */
int64_t job_elapsed_s(const struct job *j, int64_t now_ms);

/* (1 - billable/training) as a whole percentage; -1 where not known or not spot. */
int job_spot_saving_pct(const struct job *j);

/* How often the spot market took its instance (Interrupted transitions). */
int job_interruptions(const struct job *j);

/* Take over what `from` knows (it is newer and not less detailed, or fills what
 * is missing); `from` is consumed. A record that is older than ours only fills
 * gaps; one created at another time is another job of the same name and replaces
 * ours. Returns true where anything visible changed. */
bool job_merge(struct job *into, struct job *from);

#endif
