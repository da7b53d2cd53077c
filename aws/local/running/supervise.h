/* supervise.h - the process above one host of a job: nothing of the host outlives it.
 *
 * A child that called setsid is in no group of ours any more, and one whose parent has
 * ended has no parent of ours. So the engine starts itself again as a small supervisor
 * that adopts such orphans (PR_SET_CHILD_SUBREAPER), and that kills all it has when the
 * trainer ends, when it is told to, or when the engine dies. It needs no privileges.
 */
#ifndef SAGETOP_LOCAL_SUPERVISE_H
#define SAGETOP_LOCAL_SUPERVISE_H

#include <signal.h>

#define SUPERVISE_ARGUMENT "--supervise"

/* What a supervisor takes: SIGTERM goes on to the trainer's group. */
#define SUPERVISE_KILL SIGHUP

/* `sagetop-local --supervise [--ml FOLDER CWD] PROGRAM ARGUMENT...`: run it (own_ml.h) and return its exit code, or
 * 128 + its signal. Descriptor 0 is a pipe to the engine: there stands why the program
 * could not be started; nothing where it could. */
int supervise(const char *const *argv);

#endif
