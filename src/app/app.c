/* The program around the commands: signals, waiting, connection, exit status. */
#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/complete.h"
#include "app/dashboard_start.h"
#include "app/engine.h"
#include "app/mfa.h"
#include "app/output.h"
#include "aws/op.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/timefmt.h"
#include "tui/term.h"

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

static int interrupted(struct err *err)
{
	return err_set(err, ERR_CANCELLED, "interrupted");
}

int app_take_number(const struct app *a, enum option_id id, double least, double most, double *ret, struct err *err)
{
	const char *text = app_value(a, id);

	if (!text)
		return 0;
	if (!str_to_f64(text, ret) || !(*ret >= least && *ret <= most))
		return err_set(err, ERR_USAGE, "--%s needs a number from %g to %g, not \"%s\"", option_rows[id].name,
			       least, most, text);
	return 0;
}

void app_reply_done(void *user, const struct err *err)
{
	struct app_reply *r = user;

	if (err)
		r->err = *err;
	r->done = true;
}

int app_identify(struct app *a, struct err *err)
{
	struct app_reply reply = {0};

	sync_identify(a->sync, app_reply_done, &reply);
	return app_wait(a, &reply, err);
}

int app_turn(struct app *a, int timeout_ms, struct err *err)
{
	struct pollfd fd = {.fd = signals_fd(), .events = POLLIN};

	if (signals_last())
		return interrupted(err);
	scopes_poll(&a->scopes, &fd, 1, timeout_ms);
	return signals_last() ? interrupted(err) : 0;
}

bool app_reader_gone(struct app *a)
{
	struct pollfd fd = {.fd = fileno(a->out)};

	if (poll(&fd, 1, 0) > 0 && fd.revents & (POLLERR | POLLHUP))
		a->out_gone = true;
	return a->out_gone || ferror(a->out);
}

int app_pause(int timeout_ms, struct err *err)
{
	struct pollfd fd = {.fd = signals_fd(), .events = POLLIN};

	if (!signals_last())
		poll(&fd, 1, timeout_ms);
	return signals_last() ? interrupted(err) : 0;
}

int app_wait(struct app *a, struct app_reply *r, struct err *err)
{
	while (!r->done)
		if (app_turn(a, 1000, err) < 0) {
			app_disconnect(a);
			return -ERR_CANCELLED;
		}
	if (r->err.code == ERR_OK)
		return 0;
	if (err && err->code == ERR_OK)
		*err = r->err;
	return -r->err.code;
}

static void on_called(void *user, const struct aws_reply *reply, const struct err *err)
{
	app_reply_done(user, err);
}

int app_call(struct app *a, const struct aws_op *op, json_t *members, struct err *err)
{
	struct app_reply reply = {0};

	aws_call_named(sync_client(a->sync), op, AWS_USER_ACTION, members, on_called, &reply);
	return app_wait(a, &reply, err);
}

int app_wait_for(struct app *a, const char *reference, struct err *err)
{
	strlist_done(&a->cli.args);
	a->cli.args = (struct strlist){0};
	strlist_add(&a->cli.args, reference);
	return cmd_wait(a, err);
}

struct plan_reply {
	struct app_reply base;
	struct launch_plan *plan;
};

static void on_plan(void *user, struct launch_plan *plan, const struct err *err)
{
	struct plan_reply *r = user;

	r->plan = plan;
	app_reply_done(&r->base, err);
}

static int wait_for_plan(struct app *a, struct plan_reply *reply, struct launch_plan **ret, struct err *err)
{
	int rc = app_wait(a, &reply->base, err);

	if (rc < 0)
		launch_plan_free(reply->plan);
	else
		*ret = reply->plan;
	return rc;
}

int app_plan_clone(struct app *a, const char *job, const char *new_name, const struct strlist *sets,
		   const struct grid *grid, struct launch_plan **ret, struct err *err)
{
	struct plan_reply reply = {0};

	launch_plan_clone(a->sync, job, new_name, sets, grid, on_plan, &reply);
	return wait_for_plan(a, &reply, ret, err);
}

int app_plan_clones(struct app *a, const struct strlist *jobs, const char *suffix, const struct strlist *sets,
		    struct launch_plan **ret, struct err *err)
{
	struct plan_reply reply = {0};

	launch_plan_clones(a->sync, jobs, suffix, sets, on_plan, &reply);
	return wait_for_plan(a, &reply, ret, err);
}

static void ask_mfa(void *user, const char *serial)
{
	AUTO(str) char *code = mfa_read_code(serial, signals_fd());

	aws_client_answer_mfa(user, code);
}

static void print_notice(struct sync *s)
{
	const char *text = sync_store(s) ? store_notice(sync_store(s)) : NULL;
	const char *problem = aws_client_config_problem(sync_client(s));

	if (text)
		fprintf(stderr, "sagetop: %s\n", text);
	if (problem)
		fprintf(stderr, "sagetop: %s; it was left out\n", problem);
}

int app_connect(struct app *a, struct err *err)
{
	struct sync_options opt = {
		.aws = {.profile = app_value(a, OPT_PROFILE),
			.region = app_value(a, OPT_REGION) ? app_value(a, OPT_REGION) : a->spare_region,
			.endpoint_url = app_value(a, OPT_ENDPOINT_URL)},
	};
	struct engine_info engine;

	if (a->sync)
		return 0;
	if (a->local) {
		if (engine_ensure(NULL, &engine, err) < 0)
			return -ERR_IO;
		a->endpoint = xstrdup(engine.endpoint);
		opt.aws.local = true;
		opt.aws.local_secret = engine.secret;
		opt.settle_ms = 1500; /* the engine writes a job's last lines before it says that it ended */
		opt.lost_ms = 3000;   /* what was sent to this machine has arrived by then */
		opt.aws.endpoint_url = a->endpoint;
	}
	int rc = app_connect_scopes(a, app_value(a, OPT_SCOPE), &opt, err);

	if (rc < 0) {
		app_disconnect(a);
		return rc;
	}
	for (size_t i = 0; i < a->scopes.n; i++) {
		struct aws_client *client = sync_client(a->scopes.items[i]);

		if (!a->local && mfa_can_ask())
			aws_client_on_mfa(client, ask_mfa, client);
		aws_client_give_terminal(client, true);
		print_notice(a->scopes.items[i]);
	}
	return 0;
}

int app_connect_anywhere(struct app *a, bool *ret_no_region, struct err *err)
{
	struct err first = {0};

	*ret_no_region = false;
	if (app_connect(a, &first) == 0)
		return 0;
	if (first.code == ERR_INVALID) {
		a->spare_region = "us-east-1";
		*ret_no_region = app_connect(a, NULL) == 0;
		a->spare_region = NULL;
	}
	if (!*ret_no_region)
		*err = first;
	return *ret_no_region ? 0 : -err->code;
}

void app_disconnect(struct app *a)
{
	app_scopes_done(a);
	a->sync = NULL;
}

/* What the service said and we could not read must not be missing in silence. */
static void print_left_out(struct app *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->scopes.n; i++)
		n += aws_client_left_out(sync_client(a->scopes.items[i]));
	if (n)
		fprintf(stderr, "sagetop: %zu record%s of the service could not be read and %s left out\n", n,
			n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

bool app_confirm(struct app *a, const char *question)
{
	char answer[16];

	if (!a->in_tty || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

int app_confirm_launch(struct app *a, const char *name, struct err *err)
{
	if (app_flag(a, OPT_YES) || a->local)
		return 0;
	if (!a->in_tty)
		return err_set(err, ERR_USAGE, "%s was not launched: without a terminal to ask on, say --yes", name);
	return app_confirm(a, "Launch it?") ? 0 : err_set(err, ERR_INVALID, "%s was not launched", name);
}

void app_collect_changes(const struct app *a, struct strlist *ret)
{
	for (size_t i = 0; i < a->cli.lists[OPT_SET].n; i++)
		strlist_add(ret, a->cli.lists[OPT_SET].items[i]);
	if (app_value(a, OPT_NAME))
		strlist_take(ret, xasprintf("TrainingJobName=%s", app_value(a, OPT_NAME)));
}

/* Nobody reads our output any more: end as any other filter does. A full disk or
 * the like is an error that must not pass as success. */
static int finish_output(struct app *a, int status)
{
	if (!a->out_gone && fflush(a->out) == 0 && !ferror(a->out))
		return status;
	if (a->out_gone || errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	fprintf(stderr, "sagetop: cannot write standard output: %s\n", strerror(errno));
	return err_exit_status(ERR_IO);
}

static int report(struct app *a, int rc, const struct err *err)
{
	if (rc >= 0)
		return a->exit_status;
	if (err->code == ERR_CANCELLED && signals_last())
		return 128 + signals_last();
	fprintf(stderr, "sagetop: %s%s\n", err->msg,
		err->code == ERR_AUTH && !a->local ? "; sagetop doctor says more" : "");
	return err_exit_status(err->code);
}

/* A command that goes to one account alone takes the scope as the profile and region that it is, so that the settings
 * of that profile go for it. */
static int take_one_scope(struct app *a, struct err *err)
{
	struct cli *c = &a->cli;
	const char *text = c->values[OPT_SCOPE];

	if (!text || !c->command || c->command->flags & CMD_SCOPES || c->values[OPT_LOCAL])
		return 0;
	if (scope_list_parse(text, &a->one, err) < 0)
		return -err->code;
	const struct scope *first = &a->one.items[0];

	if (a->one.n > 1)
		return err_set(err, ERR_USAGE, "sagetop %s goes to one scope, and these are %zu: --scope %.*s",
			       c->command->name, a->one.n, (int)strcspn(text, ","), text);
	if (first->profile) {
		c->values[OPT_PROFILE] = first->profile;
		c->values[OPT_REGION] = NULL;
	}
	if (first->region)
		c->values[OPT_REGION] = first->region;
	c->values[OPT_SCOPE] = NULL;
	return 0;
}

/* The local engine has nothing to do with any profile. */
static void load_config(struct app *a)
{
	const char *profile = str_or(getenv("AWS_PROFILE"), str_or(getenv("AWS_DEFAULT_PROFILE"), "default"));

	a->local = app_flag(a, OPT_LOCAL);
	config_load(&a->config, a->local ? NULL : str_or(app_value(a, OPT_PROFILE), profile), &a->cli);
	config_apply_keys(&a->config);
}

/* Behind a command they go to standard error; the dashboard has its own place. */
static void print_problems(const struct app *a)
{
	for (size_t i = 0; a->cli.command && i < a->config.problems.n; i++)
		fprintf(stderr, "sagetop: %s\n", a->config.problems.items[i]);
}

void app_notify_problems(struct app *a)
{
	const struct strlist *problems = &a->config.problems;

	if (problems->n == 1)
		session_notify(app_session(a), NOTICE_WARNING, "%s", problems->items[0]);
	else if (problems->n > 1)
		session_notify(app_session(a), NOTICE_WARNING,
			       "%zu mistakes in the settings (sagetop config lists them): %s", problems->n,
			       problems->items[0]);
}

static void look_at_terminal(struct app *a)
{
	const char *term = getenv("TERM");

	a->out = stdout;
	a->out_tty = isatty(STDOUT_FILENO);
	a->in_tty = isatty(STDIN_FILENO);
	int64_t color = a->config.set.color;
	a->color = color != SETTING_COLOR_NEVER && str_empty(getenv("NO_COLOR")) &&
		   (color == SETTING_COLOR_ALWAYS || (a->out_tty && !str_eq(term, "dumb")));
	a->ascii = a->config.set.ascii || !term_is_utf8();
	/* Programs that read us do not know our zone, but where they are told. */
	timefmt_show_zone(a->config.set.zone == SETTING_ZONE_LOCAL &&
			  (output_format(a) == OUTPUT_TABLE || app_value(a, OPT_TIME_ZONE)));
}

/* What the options say before any command runs. */
static int check_options(struct app *a, struct err *err)
{
	const char *format = app_value(a, OPT_FORMAT);

	if (format && strcmp(format, "table") && strcmp(format, "tsv") && strcmp(format, "json"))
		return err_set(err, ERR_USAGE, "--format is table, tsv or json, not \"%s\"", format);
	if (config_check_options(&a->cli, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_LOCAL) && app_value(a, OPT_SCOPE))
		return err_set(err, ERR_USAGE, "--local has no other scopes: leave it or --scope out");
	if (app_flag(a, OPT_LOCAL) && app_value(a, OPT_ENDPOINT_URL))
		return err_set(err, ERR_USAGE, "--local and --endpoint-url exclude each other: leave one out");
	if (a->config.set.read_only && a->cli.command && a->cli.command->flags & CMD_WRITES &&
	    !app_flag(a, OPT_DRY_RUN))
		return err_set(err, ERR_DENIED, "%s changes something and read-only forbids it (%s)",
			       a->cli.command->name, a->config.from[SETTING_read_only]);
	return 0;
}

static int run(struct app *a, struct err *err)
{
	const char *debug = app_value(a, OPT_DEBUG);

	if (check_options(a, err) < 0)
		return -err->code;
	if (debug && log_open(debug, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_VERSION)) {
		fputs("sagetop " SAGETOP_VERSION "\n", a->out);
		return 0;
	}
	if (app_flag(a, OPT_HELP)) {
		cli_print_help(a->out, a->cli.command);
		return 0;
	}
	print_problems(a);
	return a->cli.command ? a->cli.command->run(a, err) : dashboard_start(a, err);
}

/* Two forms without a row, for the build and for the shells' completion. */
static int run_hidden(int argc, char **argv, struct err *err, bool *ret_found)
{
	*ret_found = argc == 3 && (!strcmp(argv[1], "--dump-docs") || !strcmp(argv[1], "--complete"));
	if (!*ret_found)
		return 0;
	return !strcmp(argv[1], "--complete") ? complete_print(stdout, argv[2], err)
					      : cli_print_docs(stdout, argv[2], err);
}

int app_main(int argc, char **argv)
{
	struct app a = {.out = stdout};
	struct err err = {0};
	bool hidden;

	setlocale(LC_CTYPE, ""); /* numbers keep the C locale */
	if (signals_open(ending_signals, ARRAY_LEN(ending_signals), false, &err) < 0)
		return report(&a, -1, &err);
	int rc = run_hidden(argc, argv, &err, &hidden);
	if (!hidden) {
		rc = cli_parse(argc, argv, &a.cli, &err);
		if (rc == 0)
			rc = take_one_scope(&a, &err);
		load_config(&a);
		look_at_terminal(&a);
		if (rc == 0)
			rc = run(&a, &err);
	}
	print_left_out(&a);
	int status = finish_output(&a, report(&a, rc, &err));
	app_disconnect(&a);
	free(a.endpoint);
	config_done(&a.config);
	cli_done(&a.cli);
	scope_list_done(&a.one);
	log_close();
	return status;
}
