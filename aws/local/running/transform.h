/* transform.h - batch transform jobs: servers of a model, one for each instance, that get
 * the records of the input's files and whose answers become a file each.
 *
 * The files are shared over the instances by their keys. Of each, records are sent in
 * batches as SplitType, BatchStrategy and MaxPayloadInMB say, MaxConcurrentTransforms at a
 * time; what they come to is written in their order. A file that cannot be transformed
 * is said in the job's data-log, and fails the job when all others are done.
 *
 * A job's document is what Describe tells; TRANSFORM_STATE in it is not told. A document
 * without it, as --load makes them, is never run. They share the slots with training jobs.
 */
#ifndef SAGETOP_LOCAL_TRANSFORM_H
#define SAGETOP_LOCAL_TRANSFORM_H

#include "aws/local/kept/documents.h"

#define TRANSFORM_KIND "transform"
#define TRANSFORM_STATE "LocalState"
#define TRANSFORM_GROUP "/aws/sagemaker/TransformJobs"

/* ERR_INVALID: what of the request the service, or this engine, refuses. */
int transform_check(struct engine *e, const json_t *request, struct err *err) NODISCARD;

void transform_submit(struct engine *e, struct document *doc); /* stored already */
/* StopTransformJob. False where it does not run: the caller says that it is Stopped. */
bool transform_stop(struct engine *e, const struct document *doc);

/* For the runner. */
void transform_schedule(struct engine *e); /* start what fits into the slots */
void transform_take_up(struct engine *e);  /* what a former engine left */
void transform_shut_down(struct engine *e);
bool transform_busy(const struct engine *e);
void transform_free(struct engine *e);

#endif
