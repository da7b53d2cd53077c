/* sagetop local start|stop|status|env: the engine on this machine. */
#include "app/commands.h"
#include "app/engine.h"
#include "app/output.h"

static void print_engine(struct app *a, const struct engine_info *e, const char *word)
{
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_object();
		json_object_set_new(o, "running", json_boolean(e->running));
		json_object_set_new(o, "pid", e->running ? json_integer(e->pid) : json_null());
		json_put_str(o, "endpoint", e->running ? e->endpoint : NULL);
		json_put_str(o, "started", e->running && *e->started ? e->started : NULL);
		output_json(a, o);
	} else if (e->running) {
		fprintf(a->out, "%s\t%s\tpid %d\n", word, e->endpoint, (int)e->pid);
	} else {
		fprintf(a->out, "%s\n", word);
	}
}

static int local_start(struct app *a, const struct engine_options *opt, struct err *err)
{
	struct engine_info e;

	if (engine_ensure(opt, &e, err) < 0)
		return -err->code;
	if (!e.started_here && opt->port > 0 && opt->port != e.port)
		return err_set(err, ERR_EXISTS, "an engine runs already at %s: sagetop local stop ends it", e.endpoint);
	print_engine(a, &e, e.started_here ? "started" : "already running");
	return 0;
}

static int local_stop(struct app *a, const struct engine_options *opt, struct err *err)
{
	struct engine_info e;

	if (engine_stop(opt, &e, err) < 0)
		return -err->code;
	bool stopped = e.running;
	e.running = false;
	print_engine(a, &e, stopped ? "stopped" : "not running");
	return 0;
}

/* Like other status commands: 0 where it runs, 1 where not. */
static int local_status(struct app *a)
{
	struct engine_info e;

	engine_find(&e);
	print_engine(a, &e, e.running ? "running" : "not running");
	a->exit_status = e.running ? 0 : 1;
	return 0;
}

/* What the AWS CLI and SDKs need, for eval or a program. Asked for by name: nothing else
 * prints the secret. */
static int local_env(struct app *a, const struct engine_options *opt, struct err *err)
{
	struct engine_info e;

	if (engine_ensure(opt, &e, err) < 0)
		return -err->code;
	const char *const names[][2] = {{"AWS_ACCESS_KEY_ID", "local"},
					{"AWS_SECRET_ACCESS_KEY", str_or(e.secret, "local")},
					{"AWS_REGION", "us-east-1"},
					{"AWS_DEFAULT_REGION", "us-east-1"},
					{"AWS_ENDPOINT_URL", e.endpoint}};

	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_object();

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			json_put_str(o, names[i][0], names[i][1]);
		output_json(a, o);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		fprintf(a->out, "export %s=%s\n", names[i][0], names[i][1]);
	fputs("unset AWS_SESSION_TOKEN AWS_PROFILE\n", a->out);
	return 0;
}

int cmd_local(struct app *a, struct err *err)
{
	static const char *const verbs[] = {"start", "stop", "status", "env"};
	const char *verb = a->cli.args.items[0];
	struct engine_options opt = {
		.port = app_value(a, OPT_PORT) ? (int)MIN(a->cli.numbers[OPT_PORT], 65536) : -1,
		.timeout_ms = a->cli.numbers[OPT_TIMEOUT],
	};

	if (opt.port > 65535)
		return err_set(err, ERR_USAGE, "--port is 0 to 65535");
	if (!strcmp(verb, "start"))
		return local_start(a, &opt, err);
	if (!strcmp(verb, "stop"))
		return local_stop(a, &opt, err);
	if (!strcmp(verb, "status"))
		return local_status(a);
	if (!strcmp(verb, "env"))
		return local_env(a, &opt, err);
	const char *near = str_nearest(verb, verbs, ARRAY_LEN(verbs));
	return err_set(err, ERR_USAGE, "sagetop local start, stop, status or env; not \"%s\"%s%s%s", verb,
		       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}
