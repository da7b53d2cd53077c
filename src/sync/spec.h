/* spec.h - a CreateTrainingJob specification: what the service would refuse, found
 * before it is sent, and named by file, line and member.
 *
 * The shape of CreateTrainingJob (aws/shape.h) serves the check, the typing of
 * "path=value" changes and the suggestions. Pure: no network, no files. */
#ifndef SAGETOP_SYNC_SPEC_H
#define SAGETOP_SYNC_SPEC_H

#include "base/yaml.h"

/* ERR_INVALID: "spec.yaml:12: ResourceConfig.InstanceCount: ..." for the first
 * defect, and how many more there are. what and lines may be NULL. */
int spec_check(const json_t *spec, const char *what, const struct source_lines *lines, struct err *err) NODISCARD;

/* Apply "ResourceConfig.InstanceType=ml.m5.large" and the like. The value has the
 * member's type (a hyperparameter is a string always); null removes a member;
 * "Tags.key=value" sets a tag. */
int spec_set(json_t *spec, const char *assignment, struct err *err) NODISCARD;

/* Whether such a change can be one, as far as its own member says: ERR_INVALID, "ResourceConfig.VolumeSizeInGB: ...".
 * null is always fine. */
int spec_check_change(const char *assignment, struct err *err) NODISCARD;

/* The same as spec_set of a request of another kind, whose shape is not known here: a value is JSON where it is, else
 * a text; in Environment always a text. */
int spec_set_member(json_t *spec, const char *assignment, struct err *err) NODISCARD;

/* The specification that would make this job again, from its Describe reply.
 * tags may be NULL. New reference. */
json_t *spec_from_describe(const json_t *reply, const struct strmap *tags);
/* The members of a Describe reply that this lacks because nothing is known of them here: neither can they be asked for,
 * nor are they what the service adds. Appended. */
void spec_left_out(const json_t *reply, struct strlist *ret);

/* "- path: old" and "+ path: new" lines, sorted by path; "" where they are equal. */
char *spec_diff(const json_t *before, const json_t *after) NODISCARD;

/* Whether a job that the service describes is what this specification asks for. */
bool spec_is_of(const json_t *spec, const json_t *reply);

/* Give the specification of a job another name: TrainingJobName, and where the job
 * names itself or writes under its name (script mode's sagemaker_job_name and
 * model_dir, the folders of TensorBoard, debugger and profiler). */
void spec_rename(json_t *spec, const char *name);
/* The paths at which a clone still has what is the old job's: a hyperparameter or
 * variable that names it, a model_dir or checkpoints that are the same place. */
void spec_shared(const json_t *before, const json_t *after, struct strlist *ret);

#endif
