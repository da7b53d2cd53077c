/* sagetop invoke --async: the input to S3, the call, and its answer as soon as it lies there. */
#include "app/invoke_async.h"

#include "app/output.h"
#include "app/reference.h"
#include "aws/s3.h"
#include "base/clock.h"
#include "base/digest.h"

#define LOOK_LOCAL_MS 100
#define LOOK_MS 1000
#define ANSWER_MAX ((size_t)1 << 30) /* of the service */
#define EXIT_FAILED 3

struct async {
	struct app *a;
	char *input;		/* s3:// */
	char *output, *failure; /* where the answer will lie; failure: NULL where failures have no place */
	char *id;
	struct buf answer;
};

static void async_done(struct async *s)
{
	free(s->input);
	free(s->output);
	free(s->failure);
	free(s->id);
	buf_done(&s->answer);
}
AUTO_EMBEDDED(async, struct async, async_done)

/* --- the input ---------------------------------------------------------------------------- */

/* Beside the answers, whose place is the endpoint's. */
static int find_place(struct async *s, const char *endpoint, char **ret, struct err *err)
{
	AUTO(json) json_t *told = NULL;

	if (reference_look(s->a, &kind_table[KIND_ENDPOINT], endpoint, &told, err) < 0)
		return -err->code;
	if (!told)
		return err_set(err, ERR_NOTFOUND, "there is no endpoint %s", endpoint);
	const char *answers = json_string_value(json_path_get(told, "AsyncInferenceConfig.OutputConfig.S3OutputPath"));

	if (!answers)
		return err_set(err, ERR_INVALID, "%s is not asynchronous: leave out --async", endpoint);
	size_t n = strlen(answers);
	const char *to = app_value(s->a, OPT_TO);

	while (n && answers[n - 1] == '/')
		n--;
	*ret = to ? xstrdup(to) : xasprintf("%.*s/input", (int)n, answers);
	return 0;
}

static int bring_input(struct async *s, const struct runtime_call *call, struct err *err)
{
	AUTO(str) char *place = NULL;
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *prefix = NULL;
	struct app_reply reply = {0};
	char id[37];

	if (find_place(s, call->endpoint, &place, err) < 0)
		return -err->code;
	if (s->input)
		return 0;
	if (s3_uri_split(place, &bucket, &prefix, err) < 0)
		return -err->code;
	uuid4(id);
	bool slash = *prefix && !str_ends(prefix, "/");
	AUTO(str) char *key = xasprintf("%s%s%s", prefix, slash ? "/" : "", id);

	s->input = xasprintf("s3://%s/%s", bucket, key);
	(void)s3_put_data(sync_client(s->a->sync), bucket, key, call->body, call->len, app_reply_done, &reply);
	return app_wait(s->a, &reply, err);
}

/* --- the call ------------------------------------------------------------------------------- */

struct taken {
	struct app_reply base;
	struct async *s;
};

static void on_taken(void *user, const struct runtime_answer *answer, const struct err *err)
{
	struct taken *t = user;

	t->s->output = xstrdup(answer->output);
	t->s->failure = xstrdup(answer->failure);
	t->s->id = xstrdup(answer->inference);
	app_reply_done(&t->base, err);
}

static int call_it(struct async *s, const struct runtime_call *call, struct err *err)
{
	struct taken t = {.s = s};
	struct runtime_call made = *call;

	made.input = s->input;
	made.body = NULL;
	made.len = 0;
	runtime_invoke(sync_client(s->a->sync), &made, on_taken, &t);
	if (app_wait(s->a, &t.base, err) < 0)
		return -err->code;
	return s->output ? 0 : err_set(err, ERR_PARSE, "the service did not say where the answer will lie");
}

/* --- the answer ----------------------------------------------------------------------------- */

struct look {
	struct app_reply base;
	struct buf *answer;
	bool there;
};

static void on_data(void *user, const void *data, size_t n, const struct err *err)
{
	struct look *l = user;
	struct err problem = {0};

	if (err) {
		problem = *err;
	} else {
		l->there = true;
		if (buf_add(l->answer, data, n) < 0)
			(void)err_set(&problem, ERR_TOOBIG, "the answer is too large");
	}
	app_reply_done(&l->base, problem.code ? &problem : NULL);
}

/* What is not there yet is not there, or, without the right to list, denied. */
static int look_for(struct async *s, const char *uri, bool *ret_there, struct err *err)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	struct look l = {.answer = &s->answer};
	struct err its = {0};

	*ret_there = false;
	if (!uri)
		return 0;
	if (s3_uri_split(uri, &bucket, &key, err) < 0)
		return -err->code;
	(void)s3_get_data(sync_client(s->a->sync), bucket, key, ANSWER_MAX, on_data, &l);
	if (app_wait(s->a, &l.base, &its) < 0) {
		if (its.code == ERR_NOTFOUND || its.code == ERR_DENIED)
			return 0;
		if (err)
			*err = its;
		return -its.code;
	}
	*ret_there = l.there;
	return 0;
}

static int wait_for_answer(struct async *s, bool *ret_failed, struct err *err)
{
	int64_t timeout_ms = s->a->cli.numbers[OPT_TIMEOUT], began_ms = clock_mono_ms();
	bool there = false;

	for (;;) {
		*ret_failed = false;
		if (look_for(s, s->output, &there, err) < 0)
			return -err->code;
		if (!there) {
			*ret_failed = true;
			if (look_for(s, s->failure, &there, err) < 0)
				return -err->code;
		}
		if (there)
			return 0;
		if (timeout_ms && clock_mono_ms() - began_ms >= timeout_ms)
			return err_set(err, ERR_TIMEOUT, "no answer yet: it will lie at %.300s", s->output);
		int64_t again_ms = clock_mono_ms() + (s->a->local ? LOOK_LOCAL_MS : LOOK_MS), left;

		while ((left = again_ms - clock_mono_ms()) > 0) {
			if (app_turn(s->a, (int)left, err) < 0)
				return -err->code;
		}
	}
}

int invoke_async(struct app *a, const struct runtime_call *call, const char *uri, struct err *err)
{
	AUTO(async) struct async s = {.a = a, .input = xstrdup(uri), .answer = BUF_INIT(ANSWER_MAX)};
	int64_t began_us = clock_mono_us();
	bool failed = false;

	if (bring_input(&s, call, err) < 0 || call_it(&s, call, err) < 0)
		return -err->code;
	fprintf(stderr, "%s is queued: %s\n", str_or(s.id, "?"), s.output);
	if (wait_for_answer(&s, &failed, err) < 0)
		return -err->code;
	if (failed) {
		AUTO(buf) struct buf line = BUF_INIT(4096);

		field_one_line(buf_str(&s.answer), &line);
		fprintf(stderr, "sagetop: %s failed: %s\n", str_or(s.id, "?"), buf_str(&line));
		a->exit_status = EXIT_FAILED;
		return 0;
	}
	fwrite(buf_str(&s.answer), 1, s.answer.len, a->out);
	fflush(a->out);
	fprintf(stderr, "%.1f ms, %zu bytes\n", (double)(clock_mono_us() - began_us) / 1000, s.answer.len);
	return 0;
}
