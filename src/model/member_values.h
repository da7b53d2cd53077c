/* member_values.h - what the members of CreateTrainingJob had in earlier jobs: what a form offers for one of them.
 * Pure.
 *
 * Values are told apart by their member's key, those of hyperparameters by the image as well, and are found in the
 * order in which they came: jobs are added newest first. */
#ifndef SAGETOP_MODEL_MEMBER_VALUES_H
#define SAGETOP_MODEL_MEMBER_VALUES_H

#include "base/map.h"
#include "model/job_members.h"

#define MEMBER_INSTANCE_TYPE "ResourceConfig.InstanceType"
#define MEMBER_VALUES_OFFERED 200

/* Of one member, and of one image where it is a hyperparameter. */
struct member_value {
	char *key, *text;
	char *image; /* without its tag; NULL */
};
struct member_values {
	struct member_value *items;
	size_t n, cap;
	struct map known; /* private */
};
void member_values_done(struct member_values *v);
AUTO_EMBEDDED(member_values, struct member_values, member_values_done)

/* What a member's values are found by: its path; of a channel, whose place differs from job to job, its name. The
 * caller's. */
char *job_member_key(const struct job_member *m) NODISCARD;

/* All that fits into a line. Of a job whose cold part is not at hand what the rest of it tells. */
void member_values_add_job(struct member_values *v, const struct job *j);

/* Each appends at most MEMBER_VALUES_OFFERED texts, none twice. image: NULL or that of the job that is filled in, whose
 * hyperparameters come before those of others. */
/* All values of a member but that one, */
void member_values_earlier(const struct member_values *v, const char *key, const char *image, const char *but,
			   struct strlist *ret);
/* those that begin with text; an S3 URI, which may be another member's, up to the next slash, */
void member_values_offer(const struct member_values *v, const char *key, const char *image, const char *text,
			 struct strlist *ret);
/* and the paths of members that begin with text, a hyperparameter's also by its bare name. */
void member_values_names(const struct member_values *v, const char *image, const char *text, struct strlist *ret);

#endif
