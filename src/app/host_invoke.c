/* host_invoke.c - calls to an endpoint for the dashboard: one with its answer, or many with their report. */
#include "app/host_invoke.h"

#include "app/invoke_run.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "model/content_type.h"
#include "model/variants.h"

#define SHOWN_MAX ((size_t)65536) /* of an answer */

struct invocation {
	struct sync *sync;
	char *endpoint, *content_type, *accept, *variant, *model;
	struct buf body;
	host_text_fn *done;
	void *done_user;
	struct err err;
};

static void invocation_end(struct invocation *v, const char *text, const struct err *err)
{
	v->done(v->done_user, err ? NULL : text, err);
	free(v->endpoint);
	free(v->content_type);
	free(v->accept);
	free(v->variant);
	free(v->model);
	buf_done(&v->body);
	free(v);
}

/* --- one ------------------------------------------------------------------------------- */

static void on_answer(void *user, const struct runtime_answer *a, const struct err *err)
{
	struct invocation *v = user;
	AUTO(buf) struct buf text = BUF_INIT(4 * SHOWN_MAX);

	if (err) {
		struct err copy = *err;

		invocation_end(v, NULL, &copy);
		return;
	}
	(void)buf_addf(&text, "%d, %.1f ms, ", a->status, (double)a->took_us / 1000);
	(void)utf8_sanitize(&text, str_or(a->variant, "no variant named"),
			    strlen(str_or(a->variant, "no variant named")), false);
	(void)buf_addf(&text, ", %zu bytes of ", a->len);
	(void)utf8_sanitize(&text, str_or(a->content_type, "no type named"),
			    strlen(str_or(a->content_type, "no type named")), false);
	(void)buf_adds(&text, "\n\n");
	(void)utf8_sanitize(&text, a->body, MIN(a->len, SHOWN_MAX), true);
	if (a->len > SHOWN_MAX)
		(void)buf_addf(&text, "\n\nonly its first %zu bytes: sagetop invoke prints all", SHOWN_MAX);
	invocation_end(v, buf_str(&text), NULL);
}

/* --- many ------------------------------------------------------------------------------ */

static void add_line(void *user, const char *label, const char *value)
{
	if (!str_empty(value))
		(void)buf_addf(user, "%-9s %s\n", label, value);
}

static void on_run(void *user, const struct invoke_report *r, const struct err *err)
{
	struct invocation *v = user;
	const struct session *s = sync_session(v->sync);
	AUTO(buf) struct buf text = BUF_INIT(65536);
	char prices[SESSION_PRICES_LEN];

	if (err) {
		struct err copy = *err;

		invocation_end(v, NULL, &copy);
		return;
	}
	const struct resource *endpoint = resources_find(&s->tables[KIND_ENDPOINT], v->endpoint);
	int64_t hour_micro = endpoint ? variants_rate_micro(endpoint, s, NULL) : USD_UNKNOWN;

	invoke_tell(r, hour_micro == USD_UNKNOWN ? "" : "all variants", hour_micro, session_prices_text(s, prices),
		    add_line, &text);
	invocation_end(v, buf_str(&text), NULL);
}

/* --- what was asked for ------------------------------------------------------------------- */

static void refuse(void *user)
{
	struct invocation *v = user;

	invocation_end(v, NULL, &v->err);
}

static int take_body(struct invocation *v, const struct host_invoke_request *r, struct err *err)
{
	if (str_empty(r->path)) {
		(void)buf_adds(&v->body, str_or(r->body, ""));
		return 0;
	}
	AUTO(str) char *path = fs_expand(r->path);

	if (fs_read(path, &v->body, err) == 0)
		return 0;
	if (err->code == ERR_TOOBIG) {
		err_clear(err);
		(void)err_set(err, ERR_TOOBIG, "%s has more than the %zu bytes of a call", r->path, RUNTIME_MAX_BODY);
	}
	return -err->code;
}

static int check(const struct host_invoke_request *r, struct err *err)
{
	if (r->calls < 1 || r->calls > INVOKE_CALLS_MAX)
		return err_set(err, ERR_USAGE, "1 to %d calls", INVOKE_CALLS_MAX);
	if (r->parallel < 1 || r->parallel > RUNTIME_CALLS_AT_ONCE)
		return err_set(err, ERR_USAGE, "1 to %d at a time", RUNTIME_CALLS_AT_ONCE);
	return 0;
}

static char *or_null(const char *text)
{
	return str_empty(text) ? NULL : xstrdup(text);
}

void host_invoke(struct sync *s, const struct host_invoke_request *r, host_text_fn *done, void *done_user)
{
	struct invocation *v = NEW(struct invocation);

	*v = (struct invocation){.sync = s,
				 .endpoint = xstrdup(r->endpoint),
				 .content_type =
					 xstrdup(str_empty(r->content_type) ? content_type_of_name(str_or(r->path, ""))
									    : r->content_type),
				 .accept = or_null(r->accept),
				 .variant = or_null(r->variant),
				 .model = or_null(r->model),
				 .body = BUF_INIT(RUNTIME_MAX_BODY),
				 .done = done,
				 .done_user = done_user};
	if (check(r, &v->err) < 0 || take_body(v, r, &v->err) < 0) {
		(void)aws_client_after(sync_client(s), 0, refuse, v);
		return;
	}
	struct runtime_call call = {.endpoint = v->endpoint,
				    .content_type = v->content_type,
				    .accept = v->accept,
				    .variant = v->variant,
				    .model = v->model,
				    .body = buf_str(&v->body),
				    .len = v->body.len};

	if (r->calls > 1)
		invoke_run(sync_client(s), &call, r->calls, r->parallel, on_run, v);
	else
		(void)runtime_invoke(sync_client(s), &call, on_answer, v);
}
