/* engine.h - find, start and stop the local engine (sagetop-local(8)).
 *
 * The engine announces itself in $XDG_STATE_HOME/sagetop/local/engine.json. It is
 * looked for beside our own program, then in PATH. A lock file makes two starters
 * at once end with one engine. Nothing here waits for luck: every wait polls a
 * condition and has a deadline.
 */
#ifndef SAGETOP_APP_ENGINE_H
#define SAGETOP_APP_ENGINE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

#define ENGINE_DEFAULT_PORT 4670

struct engine_info {
	bool running;
	bool started_here; /* by this call */
	pid_t pid;
	int port;
	char endpoint[128]; /* "http://127.0.0.1:4670" */
	char started[40];   /* ISO time, "" where not known */
	char secret[128];   /* of its access key `local`; "" where not known */
};

struct engine_options {
	int port;	    /* -1: the default port, or a free one where it is taken */
	int64_t timeout_ms; /* 0: a minute to start, its jobs' 120 s and more to stop */
};

/* Is one running? Never fails: no file, a stale one or a broken one is "no". */
void engine_find(struct engine_info *ret);
/* The running engine, or a new one. opt may be NULL. */
int engine_ensure(const struct engine_options *opt, struct engine_info *ret, struct err *err) NODISCARD;
/* Ask it to end (SIGTERM: it stops its jobs as the service does) and wait until
 * it has. *ret tells what was stopped; running is false where there was none. */
int engine_stop(const struct engine_options *opt, struct engine_info *ret, struct err *err) NODISCARD;

#endif
