/* runner.h - jobs as processes: scheduling within the slots, the /opt/ml folder,
 * supervision, logs and metrics, stopping, artefacts, spot interruptions.
 *
 * A job goes through its phases (training_job.h) by callbacks of the loop; each
 * step is committed before the next begins. Large copies run in worker threads.
 */
#ifndef SAGETOP_LOCAL_RUNNER_H
#define SAGETOP_LOCAL_RUNNER_H

#include "aws/local/kept/training_job.h"

int runner_start(struct engine *e, struct err *err) NODISCARD; /* takes up what a former engine left */
/* Terminates what runs; turns the loop until every process is gone. */
void runner_stop(struct engine *e);

/* A new job (saved already) joins the queue. */
void runner_submit(struct engine *e, struct training_job *job);
/* StopTrainingJob on a job that is not over. */
void runner_stop_job(struct engine *e, struct training_job *job);
/* ... with a cause, which its transition to Stopping then says. */
void runner_stop_job_because(struct engine *e, struct training_job *job, const char *why);
/* A spot interruption now. False where the job is not running, or no spot job. */
bool runner_interrupt(struct engine *e, struct training_job *job);

#endif
