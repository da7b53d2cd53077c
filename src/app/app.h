/* app.h - the program around the commands: options, terminal, connection, signals.
 *
 * One struct app lives for one run. Commands call app_connect when they need the
 * service; everything that waits for it goes through app_wait or app_turn, which
 * return ERR_CANCELLED when the user interrupts (exit status 130), so that no
 * command needs a signal handler of its own.
 */
#ifndef SAGETOP_APP_APP_H
#define SAGETOP_APP_APP_H

#include "app/cli.h"
#include "app/config.h"
#include "sync/scopes.h"

struct app {
	struct cli cli;
	struct scope_list one; /* --scope of a command that goes to one: the texts of its profile and region */
	struct config config;  /* read before the command runs */
	FILE *out;
	bool out_tty, in_tty;
	bool color;
	bool ascii;		  /* asked for, or the locale has nothing else */
	bool local;		  /* talks to the local engine */
	bool out_gone;		  /* nobody reads the output any more: end as a filter does */
	int exit_status;	  /* where the command has succeeded but has more to say */
	const char *spare_region; /* used where none is configured; NULL: that is an error */
	struct scopes scopes;	  /* after app_connect: those of --scope, else one */
	struct sync *sync;	  /* the first of them, or the one that app_enter has entered */
	bool entered, loaded;
	struct app_part {
		struct config *config; /* the settings of its profile, which its sync borrows; NULL: ours */
		struct err why;	       /* it could not be asked, and is left out; code 0: it is not */
	} parts[SCOPES_MAX];
	struct app_asking *late; /* what was asked and is not answered yet, or given up (app_ask.c) */
	char *endpoint;		 /* the local engine's */
};

/* Run the command line; returns the process exit status (sagetop(1)). */
int app_main(int argc, char **argv);

static inline bool app_flag(const struct app *a, enum option_id id)
{
	return a->cli.values[id] != NULL;
}
static inline const char *app_value(const struct app *a, enum option_id id)
{
	return a->cli.values[id]; /* NULL where not given */
}

/* The value of an option that is a number with a fraction; *ret stays where it is not given. ERR_USAGE
 * names the option and its limits. */
int app_take_number(const struct app *a, enum option_id id, double least, double most, double *ret,
		    struct err *err) NODISCARD;

/* Open store and client; with --local start the engine where none runs. Nothing
 * is sent yet. Calling it again is fine. */
int app_connect(struct app *a, struct err *err) NODISCARD;
/* The same where a missing region must not stand in the way (doctor, the first
 * start); *ret_no_region tells that one is missing. */
int app_connect_anywhere(struct app *a, bool *ret_no_region, struct err *err) NODISCARD;
void app_disconnect(struct app *a);

/* --- several scopes (app_scopes.c, app_ask.c) --- */

/* The scopes of a list (scope.h) as --scope has it, each with what usual says of the rest. */
int app_connect_scopes(struct app *a, const char *list, const struct sync_options *usual, struct err *err) NODISCARD;
void app_scopes_done(struct app *a);
/* What the command is about: the things of all scopes, or of the one that was entered. */
struct session *app_session(const struct app *a);
struct sync *app_sync_of(const struct app *a, const struct resource *r);
/* What is in the caches, into the sessions. */
int app_load(struct app *a, struct err *err) NODISCARD;
/* Begin something in each scope, and wait for all. Of several, one that fails is told on standard error and left out
 * from then on, its things as well, and the exit status tells; an error where none is left. */
typedef void app_begin_fn(struct sync *s, void *user, sync_done_fn *fn, void *fn_user);
int app_each(struct app *a, app_begin_fn *begin, void *user, struct err *err) NODISCARD;
bool app_lacks_some(const struct app *a);			  /* whether one was left out */
void app_list_left_out(const struct app *a, struct strlist *ret); /* "PROFILE/REGION: why" of each */
/* The same where a failure is no reason to leave a scope out: errs says how it went in each. An error is an interrupt.
 */
int app_ask(struct app *a, app_begin_fn *begin, void *user, struct err errs[SCOPES_MAX], struct err *err) NODISCARD;
/* The training jobs as they are now, of each; connects and loads. */
int app_each_jobs(struct app *a, struct err *err) NODISCARD;
/* The place of the scope that has such a thing, for which all are asked; an error where several have it, or one cannot
 * say. */
int app_find_scope(struct app *a, const struct kind *k, const char *name, size_t *ret, struct err *err) NODISCARD;
void app_asking_done(struct app *a); /* once the connections are closed */
/* Enter the i'th scope; false where it is left out. And: about all again. */
bool app_enter_part(struct app *a, size_t i);
void app_leave(struct app *a);
/* "PROFILE/REGION:TEXT" of the scope in which we are; where there is one, the text. The caller's. */
char *app_scoped(const struct app *a, const char *text) NODISCARD;
/* The settings of the profile in whose scope we are. */
const struct config *app_settings(const struct app *a);
/* Enter the scope that has such a thing, for which all are asked; where there is one, that. */
int app_enter_thing(struct app *a, const struct kind *k, const char *name, struct err *err) NODISCARD;
/* The same of "[PROFILE/REGION:]NAME", which may say the scope itself and is then without it; connects and loads. */
int app_enter_name(struct app *a, const struct kind *k, const char **name, struct err *err) NODISCARD;
/* ... of "[PROFILE/REGION:][KIND/]NAME"; in two steps where all are to be right before any is asked for. name is
 * borrowed from text. */
struct app_thing {
	const struct kind *kind;
	const char *name;
	size_t scope; /* SCOPES_MAX: it does not say */
};
int app_parse(struct app *a, const char *text, struct app_thing *ret, struct err *err) NODISCARD;
int app_enter_parsed(struct app *a, struct app_thing *t, struct err *err) NODISCARD;
int app_enter(struct app *a, const char *text, const struct kind **ret, const char **ret_name,
	      struct err *err) NODISCARD;

/* A reply that is awaited: pass app_reply_done and the struct as user. */
struct app_reply {
	bool done;
	struct err err;
};
void app_reply_done(void *user, const struct err *err);

/* Turn the loop until the reply is there; its error becomes err. On an interrupt
 * the connection is closed (so that nothing refers to *r any more) and the result
 * is ERR_CANCELLED. */
int app_wait(struct app *a, struct app_reply *r, struct err *err) NODISCARD;
struct aws_op;
/* One call of the user's, waited for; what it answers is not wanted. Steals members. */
int app_call(struct app *a, const struct aws_op *op, json_t *members, struct err *err) NODISCARD;
/* What `sagetop wait KIND/NAME` does, with its lines and exit status. */
int app_wait_for(struct app *a, const char *reference, struct err *err) NODISCARD;
/* launch_plan_clones and launch_plan_clone, waited for. *ret is the caller's. */
int app_plan_clones(struct app *a, const struct strlist *jobs, const char *suffix, const struct strlist *sets,
		    struct launch_plan **ret, struct err *err) NODISCARD;
int app_plan_clone(struct app *a, const char *job, const char *new_name, const struct strlist *sets,
		   const struct grid *grid, struct launch_plan **ret, struct err *err) NODISCARD;
/* Whose account it is. The launch queue is worked on only where that is known: who has no good credentials learns it
 * here. */
int app_identify(struct app *a, struct err *err) NODISCARD;
/* One turn of at most timeout_ms; ERR_CANCELLED on an interrupt (the connection
 * stays open). */
int app_turn(struct app *a, int timeout_ms, struct err *err) NODISCARD;
/* Whether whoever read our output has gone, which a write would tell as well; then
 * out_gone is set. */
bool app_reader_gone(struct app *a);
/* Sleep without a connection; ERR_CANCELLED on an interrupt. */
int app_pause(int timeout_ms, struct err *err) NODISCARD;

/* What is wrong in the settings file, as notices of the session (the dashboard's). */
void app_notify_problems(struct app *a);

/* Ask on the terminal; true for yes. Without a terminal the answer is no. */
bool app_confirm(struct app *a, const char *question);
/* What is launched costs money: somebody says yes, on the terminal or by --yes. The local engine
 * costs nothing and does not ask. ERR_USAGE where nobody can be asked, ERR_INVALID after a no. */
int app_confirm_launch(struct app *a, const char *name, struct err *err) NODISCARD;

/* The changes of the command line, --set and --name, which stands last. */
void app_collect_changes(const struct app *a, struct strlist *ret);

#endif
