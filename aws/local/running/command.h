/* command.h - what is executed for one host of a job: the trainer, a program of the
 * user's own (script mode, an entrypoint, what images.h maps), as a process or in a
 * container by runc.
 */
#ifndef SAGETOP_LOCAL_COMMAND_H
#define SAGETOP_LOCAL_COMMAND_H

#include "aws/local/kept/training_job.h"

struct command {
	struct strlist argv; /* items end with a NULL */
	struct strmap env;
	char *cwd;
	bool container; /* by runc */
	char *ml;	/* the folder that lies at /opt/ml for it alone; NULL: none. cwd is below /opt/ml then */
};
void command_done(struct command *c);

/* What stands for an image. */
struct program {
	enum { PROGRAM_TRAINER, PROGRAM_ANALYZER, PROGRAM_OWN, PROGRAM_CONTAINER } kind;
	const struct image_row *row; /* NULL: nobody has mapped it */
};
/* own: the request brings its program (an entrypoint, a script). ERR_INVALID: the job's
 * FailureReason. */
int program_find(struct engine *e, const char *image, bool own, struct program *ret, struct err *err) NODISCARD;
/* Where the program finds its /opt/ml, which lies at root. */
const char *program_sees(const struct program *p, const char *root);

/* The words of entrypoint and arguments (arrays or NULL), or what stands for the image
 * with its verb ("train", "serve"; NULL: none); then what is needed to start it at root. */
int command_of_program(struct engine *e, const struct program *p, const json_t *entrypoint, const json_t *arguments,
		       const char *verb, const char *root, const char *name, struct command *ret,
		       struct err *err) NODISCARD;

/* A host of a training job. tracker: a port that all hosts of the job know, 0 for a single host. */
int command_build(struct engine *e, const struct training_job *job, const json_t *request, int host, int tracker,
		  struct command *ret, struct err *err) NODISCARD;
/* For a server or a tracker that we start; none that the engine has given lately. */
int command_free_port(struct engine *e, int *ret, struct err *err) NODISCARD;

#endif
