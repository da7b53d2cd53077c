/* processing.h - processing jobs as processes, with the /opt/ml/processing contract:
 * configuration files, inputs copied in, outputs stored while they run (Continuous) or
 * when they have ended, the exit message.
 *
 * A job's document is what Describe tells; where it stands is kept in a member that is not
 * told (PROCESSING_STATE), so that a restart of the engine neither loses a job nor runs
 * one twice. A document without it, as --load makes them, is never run. They share the
 * slots with training jobs.
 */
#ifndef SAGETOP_LOCAL_PROCESSING_H
#define SAGETOP_LOCAL_PROCESSING_H

#include "aws/local/kept/documents.h"

#define PROCESSING_KIND "processing"
#define PROCESSING_STATE "LocalState"
#define PROCESSING_GROUP "/aws/sagemaker/ProcessingJobs"

struct runner;

void processing_submit(struct engine *e, struct document *doc); /* stored already */
/* StopProcessingJob. False where it does not run: the caller says that it is Stopped. */
bool processing_stop(struct engine *e, const struct document *doc);

/* For the runner. */
void processing_schedule(struct engine *e); /* start what fits into the slots */
void processing_take_up(struct engine *e);  /* what a former engine left */
void processing_shut_down(struct engine *e);
bool processing_busy(const struct engine *e);
void processing_free(struct engine *e);

#endif
