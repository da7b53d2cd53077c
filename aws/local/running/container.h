/* container.h - `--runner runc`: a host of a job as a container of the trainer's
 * image, unpacked in the folder that --image names. Read-only root, no
 * capabilities, not root inside where the engine is root outside, /opt/ml bound. */
#ifndef SAGETOP_LOCAL_CONTAINER_H
#define SAGETOP_LOCAL_CONTAINER_H

#include "aws/local/running/command.h"

/* Writes the bundle and turns cmd (as made for a plain process, its environment
 * filled) into the call of runc. */
int container_wrap(struct engine *e, const struct training_job *job, int host, struct command *cmd,
		   struct err *err) NODISCARD;

#endif
