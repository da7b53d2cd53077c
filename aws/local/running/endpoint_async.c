/* Asynchronous calls: a queue of documents, which a crash of the engine leaves as it is. A call is
 * in it until its answer lies in the object store; its input is read, and its answer written, by
 * threads. One whose server ended is tried again.
 */
#include "aws/local/running/endpoint_impl.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"

#define ASYNC_KIND "async-call" /* no kind of the services: nobody lists them */
#define MAX_TRIES 3
#define TICK_MS 1000
#define DEFAULT_TTL_S 21600
#define DEFAULT_TIMEOUT_S 900

/* A call that has left the queue's rest. */
struct async_call {
	struct engine *e;
	struct endpoint *endpoint; /* NULL: it was deleted */
	char *key;		   /* of its document */
	json_t *doc;
	bool writing;
	int64_t sent_ms;
	char *variant;

	/* What a thread sees. */
	char *path;
	struct buf data;
	char error[256];

	/* What is written. */
	bool failed;
	char *bucket, *object, *content_type;
	char blob[OBJECT_BLOB_LEN], md5[33];
	struct async_call *next;
};

static const json_t *async_config(const struct fleet *f)
{
	return f ? json_object_get(f->config, "AsyncInferenceConfig") : NULL;
}

bool endpoint_is_async(struct engine *e, const struct document *doc)
{
	const struct endpoint *ep = endpoint_find(e, doc);

	return ep && async_config(ep->current) != NULL;
}

static int64_t at_once(const struct fleet *f)
{
	return json_get_i64(json_object_get(async_config(f), "ClientConfig"), "MaxConcurrentInvocationsPerInstance", 1);
}

/* --- the queue ---------------------------------------------------------------------------------------- */

static bool is_of(const struct document *d, const struct endpoint *ep)
{
	return str_eq(json_get_str(d->doc, "Endpoint"), ep->name);
}

static const struct async_call *find_call(const struct endpoint *ep, const char *key)
{
	const struct async_call *call = ep->async;

	while (call && !str_eq(call->key, key))
		call = call->next;
	return call;
}

static struct document *next_waiting(const struct endpoint *ep)
{
	const struct document_list *list = documents_of(ep->e, ASYNC_KIND);

	for (size_t i = 0; i < list->n; i++) {
		if (is_of(list->items[i], ep) && !find_call(ep, list->items[i]->key))
			return list->items[i];
	}
	return NULL;
}

static int64_t count_backlog(const struct endpoint *ep, int64_t *ret_oldest_ms)
{
	const struct document_list *list = documents_of(ep->e, ASYNC_KIND);
	int64_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (is_of(list->items[i], ep) && n++ == 0)
			*ret_oldest_ms = json_get_i64(list->items[i]->doc, "ReceivedMs", 0);
	}
	return n;
}

/* Of the fleets that have calls. */
static int64_t count_ready(const struct endpoint *ep)
{
	int64_t n = 0;

	for (const struct fleet *f = ep->fleets; f; f = f->next) {
		for (const struct model_server *s = endpoint_calls_fleet(ep, f) ? f->servers : NULL; s; s = s->next)
			n += s->ready && !s->leaving;
	}
	return n;
}

static void forget(struct engine *e, const char *key)
{
	struct document *d = document_find(e, ASYNC_KIND, key);

	if (d)
		document_remove(e, d);
}

/* --- metrics -------------------------------------------------------------------------------------------- */

static void put(struct endpoint *ep, const char *variant, const char *name, double value)
{
	endpoint_put_metric(ep, variant, name, engine_now_ms(ep->e), value);
}

static void put_backlog(struct endpoint *ep, int64_t n, int64_t oldest_ms)
{
	int64_t servers = count_ready(ep);

	put(ep, NULL, "ApproximateBacklogSize", (double)n);
	put(ep, NULL, "ApproximateBacklogSizePerInstance", (double)n / (double)MAX(servers, (int64_t)1));
	put(ep, NULL, "HasBacklogWithoutCapacity", n && !servers);
	put(ep, NULL, "ApproximateAgeOfOldestRequest", n ? (double)(engine_now_ms(ep->e) - oldest_ms) / 1000 : 0);
}

static void tick(void *user)
{
	struct endpoint *ep = user;
	int64_t oldest_ms = 0, n = count_backlog(ep, &oldest_ms);

	ep->async_timer = n ? loop_after(ep->e->loop, TICK_MS, tick, ep) : 0;
	put_backlog(ep, n, oldest_ms);
	async_run(ep);
}

/* --- the end of a call ------------------------------------------------------------------------------------ */

static void call_free(struct async_call *call)
{
	struct async_call **at = call->endpoint ? &call->endpoint->async : NULL;

	while (at && *at && *at != call)
		at = &(*at)->next;
	if (at && *at)
		*at = call->next;
	free(call->key);
	json_decref(call->doc);
	free(call->variant);
	free(call->path);
	buf_done(&call->data);
	free(call->bucket);
	free(call->object);
	free(call->content_type);
	free(call);
}

static void run_later(void *user)
{
	struct endpoint *ep = user;

	ep->async_wake = 0;
	async_run(ep);
}

/* It is over, or goes back to the queue: the next one's turn. */
static void call_end(struct async_call *call)
{
	struct endpoint *ep = call->endpoint;

	call_free(call);
	if (ep && !ep->async_wake)
		ep->async_wake = loop_after(ep->e->loop, 0, run_later, ep);
}

static void write_work(void *task)
{
	struct async_call *call = task;
	struct err err = {0};

	md5_hex(buf_str(&call->data), call->data.len, call->md5);
	if (fs_write_atomic(call->path, buf_str(&call->data), call->data.len, 0600, &err) < 0)
		str_copy(call->error, sizeof(call->error), err.msg);
}

/* The object and the end of the queue's document are one transaction. */
static void on_written(void *task)
{
	struct async_call *call = task;
	struct endpoint *ep = call->endpoint;

	if (call->error[0])
		fprintf(stderr, "sagetop-local: an answer of %s is lost: %s\n", json_get_str(call->doc, "Endpoint"),
			call->error);
	if (!ep || call->error[0] || !bucket_exists(call->e, call->bucket)) {
		objects_blob_remove(call->e, call->blob);
	} else {
		AUTO(json) json_t *headers = json_pack("{s:s}", "Content-Type", call->content_type);
		AUTO(str) char *text = json_text(headers);

		objects_put(call->e, call->bucket, call->object, call->blob, (int64_t)call->data.len, call->md5, text);
	}
	forget(call->e, call->key);
	if (ep && call->variant) {
		put(ep, call->variant, call->failed ? "InvocationFailures" : "InvocationsProcesssed", 1);
		put(ep, call->variant, "TotalProcessingTime", (double)(clock_mono_ms() - call->sent_ms));
	}
	state_commit(call->e->db);
	call_end(call);
}

/* call->data goes to the place of answers, or of failures where there is one. */
static void store(struct async_call *call, bool failed, const char *content_type)
{
	const char *place = json_get_str(call->doc, failed ? "Failure" : "Output");

	call->failed = failed;
	call->writing = true;
	call->content_type = xstrdup(str_or(content_type, "application/octet-stream"));
	free(TAKE(call->path));
	if (!place || !s3_uri_parse(place, &call->bucket, &call->object) || !bucket_exists(call->e, call->bucket)) {
		if (call->endpoint && call->variant)
			put(call->endpoint, call->variant, "InvocationFailures", 1);
		forget(call->e, call->key);
		state_commit(call->e->db);
		call_end(call);
		return;
	}
	call->path = objects_blob_new(call->e, call->blob);
	worker_run(call->e->runner->worker, write_work, on_written, call);
}

static void fail(struct async_call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void fail(struct async_call *call, const char *fmt, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	call->error[0] = 0;
	buf_done(&call->data);
	call->data = BUF_INIT(sizeof(text));
	buf_adds(&call->data, text);
	store(call, true, "text/plain");
}

/* --- the model ------------------------------------------------------------------------------------------ */

/* Its server ended under it, which need not be its fault: tried again, also by the next engine. */
static bool is_tried_again(struct async_call *call)
{
	int64_t tries = json_get_i64(call->doc, "Tries", 0) + 1;
	struct document *d = document_find(call->e, ASYNC_KIND, call->key);

	if (!d || tries >= MAX_TRIES)
		return false;
	json_object_set_new(d->doc, "Tries", json_integer(tries));
	document_save(call->e, d);
	return true;
}

static void on_answer(void *user, struct endpoint_answer *a)
{
	struct async_call *call = user;
	struct http_answer *http = a->http;

	if (!call->endpoint || call->e->runner->stopping) {
		call_free(call);
	} else if (!http->status && !http->timed_out && is_tried_again(call)) {
		call_end(call);
	} else if (http->status >= 200 && http->status < 300) {
		const char *type = strmap_get(&http->headers, "content-type");

		call->data = http->body;
		http->body = (struct buf){0};
		store(call, false, type);
	} else {
		AUTO(str) char *said = xstrndup(buf_str(&http->body), MIN(http->body.len, (size_t)1024));

		fail(call, "Received server error (%d) from %s with message \"%s\". See the log stream %s of %s.",
		     http->status, a->variant, http->status ? said : http->error, a->log_stream, call->endpoint->group);
	}
}

static void set_headers(const json_t *doc, struct strmap *headers)
{
	static const char *const sent[][2] = {{"ContentType", "Content-Type"},
					      {"Accept", "Accept"},
					      {"CustomAttributes", "X-Amzn-SageMaker-Custom-Attributes"},
					      {"InferenceId", "X-Amzn-SageMaker-Inference-Id"}};

	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		const char *value = json_get_str(doc, sent[i][0]);

		if (value)
			strmap_set(headers, sent[i][1], value);
	}
}

static void send_input(struct async_call *call)
{
	struct endpoint *ep = call->endpoint;
	struct model_server *s = endpoint_pick_server(ep, at_once(ep->current));

	if (!s) { /* it has ended meanwhile: back to the queue, until another one is ready */
		call_free(call);
		return;
	}
	struct invocation *one = NEW(struct invocation);

	*one = (struct invocation){.endpoint = ep,
				   .fleet = server_fleet(s),
				   .variant = xstrdup(s->variant),
				   .body = call->data,
				   .began_us = clock_mono_us(),
				   .timeout_ms = 1000 * json_get_i64(call->doc, "TimeoutS", DEFAULT_TIMEOUT_S),
				   .async = true,
				   .fn = on_answer,
				   .user = call};
	call->data = (struct buf){0};
	call->sent_ms = clock_mono_ms();
	call->variant = xstrdup(s->variant);
	set_headers(call->doc, &one->headers);
	put(ep, s->variant, "TimeInBacklog", (double)(engine_now_ms(ep->e) - json_get_i64(call->doc, "ReceivedMs", 0)));
	invocation_send(one, s);
}

/* --- the input -------------------------------------------------------------------------------------------- */

static void read_work(void *task)
{
	struct async_call *call = task;
	struct err err = {0};

	if (fs_read(call->path, &call->data, &err) < 0)
		str_copy(call->error, sizeof(call->error), err.msg);
}

static void on_read(void *task)
{
	struct async_call *call = task;

	if (!call->endpoint || !call->endpoint->current || call->e->runner->stopping)
		call_free(call);
	else if (call->error[0])
		fail(call, "The input %s cannot be read: %s", json_get_str(call->doc, "Input"), call->error);
	else
		send_input(call);
}

/* Whose metric it is when the call came to none. */
static const char *first_variant(const struct endpoint *ep)
{
	return json_string_value(json_path_get(ep->doc->doc, "ProductionVariants.0.VariantName"));
}

static void read_object(struct async_call *call, const char *uri)
{
	AUTO(object) struct object o = {0};
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!s3_uri_parse(uri, &bucket, &key) || !objects_find(call->e, bucket, key, &o)) {
		put(call->endpoint, first_variant(call->endpoint), "RequestDownloadFailures", 1);
		fail(call, "Could not find the input data at %s.", uri);
		return;
	}
	if (o.size > (int64_t)HTTP_CALL_MAX_BODY) {
		fail(call, "The input %s has %lld bytes; the local engine sends %zu at most.", uri, (long long)o.size,
		     HTTP_CALL_MAX_BODY);
		return;
	}
	call->path = objects_blob_path(call->e, o.blob);
	worker_run(call->e->runner->worker, read_work, on_read, call);
}

static bool is_expired(const struct engine *e, const struct document *d)
{
	return json_get_i64(d->doc, "ReceivedMs", 0) + 1000 * json_get_i64(d->doc, "TtlS", DEFAULT_TTL_S) <
	       engine_now_ms(e);
}

static void begin(struct endpoint *ep, const struct document *d)
{
	const char *input = json_get_str(d->doc, "Input"), *body = json_get_str(d->doc, "Body");
	struct async_call *call = NEW(struct async_call);

	*call = (struct async_call){.e = ep->e,
				    .endpoint = ep,
				    .key = xstrdup(d->key),
				    .doc = json_deep_copy(d->doc),
				    .data = BUF_INIT(HTTP_CALL_MAX_BODY),
				    .next = ep->async};
	ep->async = call;
	if (is_expired(ep->e, d)) {
		put(ep, first_variant(ep), "ExpiredRequests", 1);
		fail(call, "The request expired: it waited for more than %lld seconds.",
		     (long long)json_get_i64(d->doc, "TtlS", DEFAULT_TTL_S));
	} else if (input) {
		read_object(call, input);
	} else {
		if (base64_decode(body, &call->data, NULL) < 0)
			buf_done(&call->data);
		send_input(call);
	}
}

void async_run(struct endpoint *ep)
{
	int64_t under_way = 0, most;
	struct document *d;

	if (!ep->doc || !ep->current || ep->e->runner->stopping)
		return;
	for (const struct async_call *call = ep->async; call; call = call->next)
		under_way += !call->writing;
	most = async_config(ep->current) ? count_ready(ep) * at_once(ep->current) : 0;
	while ((d = next_waiting(ep)) && (under_way < most || is_expired(ep->e, d))) {
		under_way += !is_expired(ep->e, d);
		begin(ep, d);
	}
	if ((d || ep->async) && !ep->async_timer)
		ep->async_timer = loop_after(ep->e->loop, TICK_MS, tick, ep);
}

/* --- the interface ------------------------------------------------------------------------------------------ */

/* <path>/<extension>/<name> */
static json_t *place(const json_t *config, const char *member, const char *extension, const char *name,
		     const char *ending)
{
	const char *path = json_get_str(json_object_get(config, "OutputConfig"), member);

	if (!path)
		return NULL;
	AUTO(str) char *folder = xstrdup(path);

	if (str_ends(folder, "/"))
		folder[strlen(folder) - 1] = 0;
	return json_sprintf("%s%s%s/%s%s", folder, str_empty(extension) ? "" : "/", str_or(extension, ""), name,
			    ending);
}

static void copy_member(json_t *doc, const char *name, const json_t *in, const char *member)
{
	json_t *value = json_object_get(in, member);

	if (value)
		json_object_set(doc, name, value);
}

json_t *endpoint_async_put(struct engine *e, const struct document *doc, const json_t *in, const void *body, size_t n)
{
	struct endpoint *ep = endpoint_find(e, doc);
	const json_t *config = async_config(ep->current);
	const char *extension = json_get_str(in, "S3OutputPathExtension"), *name = json_get_str(in, "Filename");
	char key[37], id[37];

	uuid4(key);
	uuid4(id);
	const char *inference = str_or(json_get_str(in, "InferenceId"), id);
	json_t *d = json_pack("{s:s, s:s, s:I}", "Endpoint", ep->name, "InferenceId", inference, "ReceivedMs",
			      (json_int_t)engine_now_ms(e));
	static const char *const kept[][2] = {{"Input", "InputLocation"},    {"ContentType", "ContentType"},
					      {"Accept", "Accept"},	     {"CustomAttributes", "CustomAttributes"},
					      {"TtlS", "RequestTTLSeconds"}, {"TimeoutS", "InvocationTimeoutSeconds"}};
	json_t *failure = place(config, "S3FailurePath", extension, str_or(name, inference), name ? "" : "-error.out");

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		copy_member(d, kept[i][0], in, kept[i][1]);
	json_object_set_new(d, "Output",
			    place(config, "S3OutputPath", extension, str_or(name, inference), name ? "" : ".out"));
	if (failure)
		json_object_set_new(d, "Failure", failure);
	if (!json_object_get(d, "Input")) {
		AUTO(str) char *text = base64_encode(body, n);

		json_object_set_new(d, "Body", json_string(text));
	}
	struct document *one = document_new(ASYNC_KIND, key, "", d);

	document_add(e, one);
	document_save(e, one);
	if (!ep->async_wake)
		ep->async_wake = loop_after(e->loop, 0, run_later, ep);
	return json_incref(d);
}

void async_drop(struct endpoint *ep, bool with_queue)
{
	struct document *d;

	loop_cancel(ep->e->loop, ep->async_timer);
	loop_cancel(ep->e->loop, ep->async_wake);
	ep->async_timer = ep->async_wake = 0;
	for (struct async_call *call = ep->async, *next; call; call = next) {
		next = call->next;
		if (with_queue) {
			forget(ep->e, call->key);
			call->endpoint = NULL;
			call->next = NULL;
		}
	}
	if (with_queue)
		ep->async = NULL;
	while (with_queue && (d = next_waiting(ep)))
		document_remove(ep->e, d);
	for (struct fleet *f = ep->fleets; f; f = f->next) {
		for (struct model_server *s = async_config(f) ? f->servers : NULL; s; s = s->next)
			http_peer_done(&s->peer); /* they may take an hour, for nobody */
	}
}
