/* command.h - what is executed for one host of a job: the trainer as a process,
 * or the image's trainer in a container by runc. */
#ifndef SAGETOP_LOCAL_COMMAND_H
#define SAGETOP_LOCAL_COMMAND_H

#include "aws/local/kept/training_job.h"

struct command {
	struct strlist argv; /* items end with a NULL */
	struct strmap env;
	char *cwd;
};
void command_done(struct command *c);

/* tracker: a port that all hosts of the job know, 0 for a single host. */
int command_build(struct engine *e, const struct training_job *job, const json_t *request, int host, int tracker,
		  struct command *ret, struct err *err) NODISCARD;
int command_free_port(int *ret, struct err *err) NODISCARD;

#endif
