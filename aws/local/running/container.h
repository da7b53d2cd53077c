/* container.h - by runc: a host of a job as a container of an image that lies unpacked in
 * a folder (--image for the trainer's, `rootfs:` of images.h). Read-only root, no
 * capabilities, not root inside where the engine is root outside, /opt/ml bound. */
#ifndef SAGETOP_LOCAL_CONTAINER_H
#define SAGETOP_LOCAL_CONTAINER_H

#include "aws/local/running/command.h"

#define TRAINER_IN_IMAGE "/usr/bin/sagetop-trainer"

/* Writes the bundle beside root, whose job folder the environment names, and turns cmd
 * (its words, its environment) into the call of runc. name: of one container of the job. */
int container_wrap(const char *image, const char *root, const char *name, struct command *cmd,
		   struct err *err) NODISCARD;

#endif
