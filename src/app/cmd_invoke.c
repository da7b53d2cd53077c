/* sagetop invoke ENDPOINT FILE|-: a model's answer on standard output as it came, how long it
 * took on standard error; with --repeat the endpoint under load. */
#include "app/commands.h"
#include "app/invoke_async.h"
#include "app/invoke_load.h"
#include "app/reference.h"
#include "base/fs.h"
#include "model/content_type.h"

static int read_body(const char *path, struct buf *out, struct err *err)
{
	bool from_input = str_eq(path, "-");

	if (fs_read(from_input ? "/dev/stdin" : path, out, err) == 0 || err->code != ERR_TOOBIG)
		return -err->code;
	err_clear(err);
	return err_set(err, ERR_TOOBIG,
		       "%s has more than the 6291456 bytes of a call: split it, or predict it by sagetop transform",
		       from_input ? "standard input" : path);
}

/* Why an endpoint that the service does not find answers nothing. */
static void explain_not_found(struct app *a, const char *name, struct err *err)
{
	struct err of_endpoint = {0};
	struct resource *r;

	if (reference_resolve(a, &kind_table[KIND_ENDPOINT], name, &r, &of_endpoint) < 0) {
		if (of_endpoint.code == ERR_NOTFOUND)
			*err = of_endpoint;
		return;
	}
	const char *status = str_or(r->status_text, "?");

	if (r->state == STATE_RUNNING) {
		err_clear(err);
		(void)err_set(err, ERR_INVALID, "%s is %s and answers nothing yet: sagetop wait endpoint/%s", name,
			      status, name);
	} else if (r->state == STATE_BAD) {
		err_clear(err);
		(void)err_set(err, ERR_INVALID, "%s is %s and answers nothing: sagetop show endpoint/%s says why", name,
			      status, name);
	}
}

/* Whether an endpoint answers by its queue only, where it can be told. */
static bool is_async(struct app *a, const char *name)
{
	AUTO(json) json_t *told = NULL;
	struct err ignored = {0};

	return reference_look(a, &kind_table[KIND_ENDPOINT], name, &told, &ignored) == 0 &&
	       json_object_get(told, "AsyncInferenceConfig") != NULL;
}

/* The service's words, and what is to be done about them. */
static void explain(struct app *a, const char *name, struct err *err)
{
	struct err service = *err;

	if (!a->sync)
		return;
	if (str_eq(err->aws_code, "ModelError")) {
		err_clear(err);
		(void)err_set(err, service.code, "%.380s; its log: sagetop logs endpoint/%s", service.msg, name);
	} else if (str_eq(err->aws_code, "ValidationError") && !app_flag(a, OPT_ASYNC) && is_async(a, name)) {
		err_clear(err);
		(void)err_set(err, ERR_INVALID, "%s is asynchronous and answers nothing at once: say --async", name);
	} else if (str_eq(err->aws_code, "ValidationError") && strcasestr(err->msg, "not found") &&
		   !strcasestr(err->msg, "variant")) {
		explain_not_found(a, name, err);
	}
}

struct one {
	struct app_reply base;
	struct app *a;
};

static void on_answer(void *user, const struct runtime_answer *answer, const struct err *err)
{
	struct one *one = user;

	if (!err) {
		fwrite(answer->body, 1, answer->len, one->a->out);
		fflush(one->a->out);
		fprintf(stderr, "%d, %.1f ms, %s, %zu bytes of %s\n", answer->status, (double)answer->took_us / 1000,
			str_or(answer->variant, "no variant named"), answer->len,
			str_or(answer->content_type, "no type named"));
	}
	app_reply_done(&one->base, err);
}

static int invoke_once(struct app *a, const struct runtime_call *call, struct err *err)
{
	struct one one = {.a = a};

	runtime_invoke(sync_client(a->sync), call, on_answer, &one);
	return app_wait(a, &one.base, err);
}

static int check_options(const struct app *a, struct err *err)
{
	int64_t n = a->cli.numbers[OPT_REPEAT], p = a->cli.numbers[OPT_PARALLEL];

	if (app_value(a, OPT_REPEAT) && (n < 1 || n > INVOKE_CALLS_MAX))
		return err_set(err, ERR_USAGE, "--repeat takes 1 to %d", INVOKE_CALLS_MAX);
	if (app_value(a, OPT_PARALLEL) && (p < 1 || p > RUNTIME_CALLS_AT_ONCE))
		return err_set(err, ERR_USAGE, "--parallel takes 1 to %d", RUNTIME_CALLS_AT_ONCE);
	if (app_flag(a, OPT_ASYNC) &&
	    (app_value(a, OPT_REPEAT) || app_value(a, OPT_VARIANT) || app_value(a, OPT_MODEL)))
		return err_set(err, ERR_USAGE, "--async goes without --repeat, --variant and --model");
	if (!app_flag(a, OPT_ASYNC) && (app_value(a, OPT_TO) || app_value(a, OPT_TIMEOUT)))
		return err_set(err, ERR_USAGE, "--to and --timeout go with --async");
	if (app_value(a, OPT_PARALLEL) && !app_value(a, OPT_REPEAT))
		return err_set(err, ERR_USAGE, "--parallel goes with --repeat");
	return 0;
}

int cmd_invoke(struct app *a, struct err *err)
{
	const char *reference = a->cli.args.items[0], *path = a->cli.args.items[1];
	const char *name = str_starts(reference, "endpoint/") ? reference + strlen("endpoint/") : reference;
	AUTO(buf) struct buf body = BUF_INIT(RUNTIME_MAX_BODY);

	bool in_s3 = app_flag(a, OPT_ASYNC) && str_starts(path, "s3://");

	if (check_options(a, err) < 0 || (!in_s3 && read_body(path, &body, err) < 0) || app_connect(a, err) < 0 ||
	    sync_load(a->sync, err) < 0)
		return -err->code;
	struct runtime_call call = {.endpoint = name,
				    .content_type = str_or(app_value(a, OPT_CONTENT_TYPE), content_type_of_name(path)),
				    .accept = app_value(a, OPT_ACCEPT),
				    .variant = app_value(a, OPT_VARIANT),
				    .model = app_value(a, OPT_MODEL),
				    .body = buf_str(&body),
				    .len = body.len};
	size_t parallel = app_value(a, OPT_PARALLEL) ? (size_t)a->cli.numbers[OPT_PARALLEL] : 1;
	int rc = app_flag(a, OPT_ASYNC)	    ? invoke_async(a, &call, in_s3 ? path : NULL, err)
		 : app_value(a, OPT_REPEAT) ? invoke_load(a, &call, (size_t)a->cli.numbers[OPT_REPEAT], parallel, err)
					    : invoke_once(a, &call, err);

	if (rc < 0)
		explain(a, name, err);
	return rc < 0 ? -err->code : 0;
}
