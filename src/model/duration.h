/* duration.h - how long a job will take and what spot will save, learned from the account's
 * own finished jobs. Pure.
 *
 * Learned is the logarithm of seconds, by a ridge on what is known before a job starts:
 * image, instance type with its family and processors, instances, data and hyperparameters
 * (numbers by their logarithm, words one by one). Outliers are weighed down (Huber), what is
 * older counts for less, and the newest jobs of an image shift its level, so that drift is
 * followed. Ranges are conformal: the model is made again as it was at several times of the
 * past and its errors on the jobs that came then are what it errs by now, weighed by age, with
 * a coverage that is corrected for what it had been (adaptive conformal inference). Jobs whose
 * image has not yet, or has rarely, run on a type are judged by the errors on such jobs.
 *
 * Only completed jobs tell of durations. Where there is no history a figure is a default,
 * and said to be. */
#ifndef SAGETOP_MODEL_DURATION_H
#define SAGETOP_MODEL_DURATION_H

#include "model/job.h"

/* STARTUP is before the billing begins; BILLED is all that is billed on demand: download,
 * training, upload. */
enum duration_part { DURATION_STARTUP = 0, DURATION_DOWNLOAD, DURATION_TRAINING, DURATION_BILLED, DURATION_PARTS };
const char *duration_part_name(enum duration_part p); /* "start-up", "download" ... */

/* What is known of a job before it starts. All borrowed; what is NULL is not known. */
struct duration_case {
	const char *image, *instance_type;
	const char *data; /* of its first channel */
	int64_t instances;
	const struct strmap *hyperparameters;
};
/* Borrows from the job, which must not be trimmed. */
struct duration_case duration_case_of(const struct job *j);

enum duration_basis {
	DURATION_DEFAULT = 0, /* there is no history */
	DURATION_ALL,	      /* of this image none: all jobs of the account */
	DURATION_OTHER_TYPE,  /* this image has not run on this type: a guess by others */
	DURATION_LEARNED,
};

struct duration_range {
	enum duration_basis basis;
	double low_s, mid_s, high_s; /* a range of 90 %; low and high are < 0 where there is none */
	size_t jobs;		     /* behind it */
	char why[160];
};

struct duration_history;
struct duration_history *duration_history_new(void) NODISCARD;
void duration_history_free(struct duration_history *h);
AUTO_POINTER(duration_history, struct duration_history, duration_history_free)
/* Take what a job tells, which must not be trimmed, in any order. False: nothing (it did not
 * complete, or has no times). At most DURATION_JOBS_MAX: the caller begins with the newest. */
#define DURATION_JOBS_MAX 2000
bool duration_history_add(struct duration_history *h, const struct job *j);
size_t duration_history_count(const struct duration_history *h);

/* h must outlive it and not be added to any more. */
struct duration_model;
struct duration_model *duration_model_new(struct duration_history *h) NODISCARD;
/* The same piece by piece, each some milliseconds: more is false when it is whole. */
struct duration_model *duration_model_begin(struct duration_history *h) NODISCARD;
bool duration_model_more(struct duration_model *m);
void duration_model_free(struct duration_model *m);
AUTO_POINTER(duration_model, struct duration_model, duration_model_free)
void duration_predict(const struct duration_model *m, const struct duration_case *c, enum duration_part part,
		      struct duration_range *ret);

/* What spot saves, as a share of billed seconds on demand (0.4: 40 % less), and how often it
 * takes the instance an hour of training. Of this type where enough jobs ran on it, else of its
 * family, else of all; a default where there are none (basis DURATION_DEFAULT). */
#define DURATION_SPOT_USUAL 0.3
struct duration_spot {
	enum duration_basis basis;
	double low, mid, high;	      /* of 90 % of the jobs; low and high are < 0 where there is no range */
	double interruptions_an_hour; /* < 0 unknown */
	size_t jobs;
	char why[160];
};
void duration_spot(const struct duration_history *h, const char *instance_type, struct duration_spot *ret);

#endif
