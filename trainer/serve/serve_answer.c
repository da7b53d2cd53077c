/* One request from its body to its answer. */
#include "trainer/serve/serve_answer.h"

#include "base/utf8.h"
#include "trainer/read/gzip.h"
#include "trainer/serve/serve_input.h"

#define ANSWER_UNPACK_FACTOR 16 /* gzip: how many times max_body a body may become; also what an answer may */
#define ANSWER_LEAST_MAX ((size_t)64 << 20)
#define ANSWER_LIGHT_BYTES ((size_t)64 << 10)
#define ANSWER_LIGHT_WALKS ((size_t)250000) /* of rows through trees, at 15 to 30 ns */

void serve_request_done(struct serve_request *q)
{
	buf_done(&q->accept);
	buf_done(&q->body);
}

void serve_reply_done(struct serve_reply *r)
{
	free(r->text);
	free(r->drift);
	*r = (struct serve_reply){0};
}

void serve_reply_say(struct serve_reply *r, int status, const char *text)
{
	serve_reply_done(r);
	r->status = status;
	r->type = "text/plain; charset=utf-8";
	r->text = xasprintf("%s\n", text);
	r->n = strlen(r->text);
}

static void answer_error(struct serve_reply *r, const struct err *err)
{
	int status = err->http_status;

	switch (err->code) {
	case ERR_TOOBIG:
		status = 413;
		break;
	case ERR_NOTFOUND:
		status = 404;
		break;
	case ERR_IO:
	case ERR_INTERNAL:
		status = 500;
		break;
	default:
		status = status ? status : 400;
	}
	serve_reply_say(r, status, err->msg);
}

/* "entity=NAME" among the comma-separated custom attributes; the caller frees. */
static char *answer_entity(const char *attributes)
{
	AUTO(strlist) struct strlist parts = {0};

	if (attributes)
		strlist_split(&parts, attributes, ',');
	for (size_t i = 0; i < parts.n; i++)
		if (str_starts(parts.items[i], "entity="))
			return xstrdup(parts.items[i] + strlen("entity="));
	return NULL;
}

/* What has drifted, fit for a header, or NULL. */
static char *answer_drift(struct drift *drift, const struct dataset *d)
{
	AUTO(buf) struct buf report = BUF_INIT(1 << 20), clean = BUF_INIT(4096);
	char *text;

	drift_check(drift, d, &report);
	if (!report.len || utf8_sanitize(&clean, buf_str(&report), MIN(report.len, (size_t)1000), false))
		return NULL;
	fprintf(stderr, "sagetop-trainer: drift: %s\n", buf_str(&clean));
	text = buf_take(&clean);
	for (char *p = text; *p; p++)
		*p = *p >= ' ' && *p < 127 ? *p : '?'; /* a header is ASCII */
	return text;
}

/* The fewest bytes that a row can have. */
static size_t answer_least_row(const struct serve_request *q, size_t columns)
{
	const char *type = q->content_type;

	if (str_empty(type) || data_format_parse(type) == DATA_CSV)
		return columns * 2;
	return data_format_parse(type) == DATA_UNKNOWN ? MIN(columns * 2, (size_t)16) : 2;
}

bool serve_is_heavy(const struct served *now, const struct serve_request *q)
{
	size_t n = q->body.len, columns = MAX(now->models->schema->columns, (size_t)1), rows, walks;

	if (n > ANSWER_LIGHT_BYTES || gzip_is(buf_str(&q->body), n))
		return true;
	rows = n / answer_least_row(q, columns) + 1;
	walks = now->walks_a_row + columns / 16;
	return walks > ANSWER_LIGHT_WALKS || rows * walks > ANSWER_LIGHT_WALKS;
}

static int answer_negotiate(const struct server *s, const struct serve_request *q, enum output_format *ret,
			    struct err *err)
{
	const char *accept = buf_str(&q->accept), *encoding = q->content_encoding;

	if (!str_empty(encoding) && !str_ieq(encoding, "gzip") && !str_ieq(encoding, "x-gzip") &&
	    !str_ieq(encoding, "identity")) {
		err->http_status = 415;
		return err_set(err, ERR_INVALID, "content encoding '%.100s' is not supported: use gzip", encoding);
	}
	if (str_empty(accept) || !strcmp(accept, "*/*"))
		accept = s->settings.default_accept;
	return output_negotiate(accept, ret, err);
}

void serve_answer(const struct server *s, const struct served *now, const struct serve_request *q,
		  struct serve_reply *ret)
{
	size_t most = MAX(s->settings.max_body * ANSWER_UNPACK_FACTOR, ANSWER_LEAST_MAX);
	const struct model_set *m = now->models;
	AUTO(str) char *entity = answer_entity(q->attributes);
	AUTO(dataset) struct dataset *d = NULL;
	AUTO(predictions) struct predictions p = {0};
	AUTO(buf) struct buf out = BUF_INIT(most);

	static __thread bool ready;
	enum output_format format;
	struct err err = {0};

	if (!ready)
		booster_thread_init(0);
	ready = true;
	if (answer_negotiate(s, q, &format, &err) ||
	    input_parse(m, q->content_type, entity, buf_str(&q->body), q->body.len,
			s->settings.max_body * ANSWER_UNPACK_FACTOR, &d, &err) ||
	    model_set_predict(m, d, false, 1, &p, &err)) {
		answer_error(ret, &err);
		return;
	}
	output_write(&s->settings.spec, format, &m->info, &p, &out);
	if (out.overflow) {
		serve_reply_say(ret, 413, "the predictions are too large for one reply");
		return;
	}
	*ret = (struct serve_reply){.status = 200, .type = output_content_type(format), .n = out.len};
	if (now->drift)
		ret->drift = answer_drift(now->drift, d);
	ret->text = buf_take(&out);
}
