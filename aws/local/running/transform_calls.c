/* Files, batches and calls of a transform job: what is done next. */
#include <sys/mman.h>
#include <unistd.h>

#include "aws/local/kept/log_store.h"
#include "aws/local/running/runner_impl.h"
#include "aws/local/running/transform_impl.h"
#include "base/timefmt.h"

#define RETRY_MS 200  /* before the first repetition; twice as long before each further one */
#define TOLD_LINES 20 /* of what the model said to a batch that it refused */
#define NO_RESPONSE "Unable to get response from algorithm"

/* --- the data-log ----------------------------------------------------------------------------------- */

void transform_say(struct transform_host *h, const char *fmt, ...)
{
	struct engine *e = h->t->e;
	char stamp[TIMEFMT_LEN];
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);
	va_end(ap);
	if (!h->data_log) {
		AUTO(str)
		char *stream = xasprintf("%s/%s-%lld/data-log", h->t->name, h->server ? h->server->id : "none",
					 (long long)engine_now_ms(e) / 1000);

		h->data_log = log_stream_create(e, TRANSFORM_GROUP, stream);
	}
	timefmt_iso_ms(stamp, engine_now_ms(e));
	stamp[strcspn(stamp, "Z")] = 0;
	AUTO(str) char *line = xasprintf("%s:[sagemaker logs]: %s", stamp, text);
	AUTO(buf) struct buf clean = BUF_INIT(LOG_MAX_EVENT + 64);

	log_clean(&clean, line, strlen(line));
	log_append(e, h->data_log, engine_now_ms(e), buf_str(&clean), clean.len);
}

static struct transform_host *host_of(const struct transform_file *f)
{
	return &f->t->hosts[f->host];
}

/* --- the end of a file -------------------------------------------------------------------------------- */

static void close_file(struct transform_file *f)
{
	if (f->bytes)
		munmap((void *)f->bytes, f->n);
	f->bytes = NULL;
	fd_close(&f->out_fd);
	if (f->scratch)
		unlink(f->scratch);
	while (f->batches) {
		struct transform_batch *b = f->batches;

		f->batches = b->next;
		transform_batch_free(b);
	}
	f->over = true;
}

/* reason: as the data-log tells it; fault: what it makes of the job, "ClientError" or "AlgorithmError". */
static void fail_file(struct transform_file *f, const char *fault, const char *reason)
{
	struct transform *t = f->t;

	if (f->failed)
		return;
	f->failed = true;
	transform_say(host_of(f), "%s: %s", f->name, reason);
	if (!t->file_failure)
		t->file_failure = xasprintf("%s: See job logs for more information", fault);
}

static void drop_output(struct transform_file *f)
{
	if (f->opened && !f->stored.md5[0])
		unlink(f->out_path);
}

static void file_done(struct transform_file *f)
{
	close_file(f);
	stored_register(f->t->e, &f->stored);
	state_commit(f->t->e->db);
}

void transform_forget_outputs(struct transform *t)
{
	for (size_t i = 0; i < t->n_files; i++) {
		const struct stored *s = &t->files[i].stored;
		AUTO(object) struct object o = {0};

		if (s->md5[0] && objects_find(t->e, s->bucket, s->key, &o) && str_eq(o.blob, s->blob))
			objects_delete(t->e, s->bucket, s->key);
	}
}

void transform_files_free(struct transform *t)
{
	for (size_t i = 0; i < t->n_files; i++) {
		struct transform_file *f = &t->files[i];

		close_file(f);
		drop_output(f);
		free(f->name);
		free(f->source);
		free(f->scratch);
		free(f->stored.bucket);
		free(f->stored.key);
		free(f->out_path);
	}
	free(t->files);
	t->files = NULL;
	t->n_files = 0;
}

/* --- threads ------------------------------------------------------------------------------------------- */

static void append(struct transform_file *f, struct transform_batch *b)
{
	struct transform_batch **tail = &f->batches;

	while (*tail)
		tail = &(*tail)->next;
	*tail = b;
}

static void on_worked(void *file)
{
	struct transform_file *f = file;
	struct transform *t = f->t;
	struct transform_batch *b = TAKE(f->worked_on);
	enum transform_task task = f->task;

	f->task = TASK_NONE;
	f->opened |= task == TASK_OPEN;
	if (b && task == TASK_BATCH)
		append(f, b);
	else if (b)
		transform_batch_free(b);
	if (f->error[0])
		fail_file(f, "ClientError", f->error);
	else if (task == TASK_SEAL && !t->ended)
		file_done(f);
	else if (task == TASK_SEAL)
		f->stored.md5[0] = 0; /* it came too late */
	transform_go_on(t);
}

static void begin_task(struct transform_file *f, enum transform_task task)
{
	f->task = task;
	worker_run(f->t->e->runner->worker, transform_work, on_worked, f);
}

bool transform_working(const struct transform *t)
{
	for (size_t i = 0; i < t->n_files; i++) {
		if (t->files[i].task)
			return true;
	}
	return false;
}

/* --- calls ------------------------------------------------------------------------------------------------ */

static void repeat(void *user)
{
	struct transform *t = user;

	t->retry_timer = 0;
	for (size_t i = 0; i < t->n_files; i++) {
		for (struct transform_batch *b = t->files[i].batches; b; b = b->next)
			b->waits = false;
	}
	transform_go_on(t);
}

static void try_again(struct transform_batch *b)
{
	struct transform *t = b->file->t;

	b->sent = false;
	b->waits = true;
	if (!t->retry_timer)
		t->retry_timer = loop_after(t->e->loop, RETRY_MS << MIN(b->attempts - 1, 4), repeat, t);
}

/* What the model said is told line by line, as the service does. */
static void refused(struct transform_file *f, const struct http_answer *a)
{
	AUTO(str) char *reason = xasprintf("%s: %d", a->status < 500 ? "ClientError" : "AlgorithmError", a->status);
	AUTO(strlist) struct strlist lines = {0};
	AUTO(str) char *text = xstrndup(buf_str(&a->body), a->body.len);

	if (f->failed)
		return;
	fail_file(f, a->status < 500 ? "ClientError" : "AlgorithmError", reason);
	strlist_split(&lines, text, '\n');
	transform_say(host_of(f), "%s: ", f->name);
	transform_say(host_of(f), "%s: Message:", f->name);
	for (size_t i = 0; i < MIN(lines.n, (size_t)TOLD_LINES); i++)
		transform_say(host_of(f), "%s: %.2000s", f->name, lines.items[i]);
}

static void judge(struct transform_batch *b, struct http_answer *a)
{
	struct transform_file *f = b->file;

	if (a->status >= 200 && a->status < 300) {
		b->answered = true;
		b->answer_format = transform_format(strmap_get(&a->headers, "content-type"));
		b->answer = a->body;
		a->body = (struct buf){0};
	} else if ((!a->status || a->status >= 500) && b->attempts <= f->t->set.retries && !f->failed) {
		try_again(b);
	} else if (!a->status) {
		fail_file(f, "AlgorithmError", NO_RESPONSE);
	} else {
		refused(f, a);
	}
}

static void on_answer(void *user, struct http_answer *a)
{
	struct transform_batch *b = user;
	struct transform_file *f = b->file;
	struct transform_host *h = host_of(f);
	struct model_server *s = h->server;

	f->calls--;
	h->calls--;
	if (!f->t->ended)
		judge(b, a);
	model_server_called(s);
	transform_go_on(f->t);
}

static void send_batch(struct transform_batch *b)
{
	struct transform_file *f = b->file;
	const struct transform_settings *set = &f->t->set;
	struct transform_host *h = host_of(f);
	AUTO(strmap) struct strmap headers = {0};

	if (set->content_type)
		strmap_set(&headers, "Content-Type", set->content_type);
	if (set->accept)
		strmap_set(&headers, "Accept", set->accept);
	b->sent = true;
	b->attempts++;
	f->calls++;
	h->calls++;
	model_server_call(h->server, "POST", "/invocations", &headers, b->data, b->n, set->timeout_ms, on_answer, b);
}

/* --- what is next -------------------------------------------------------------------------------------------- */

static struct transform_batch *next_unsent(const struct transform_file *f)
{
	struct transform_batch *b = f->batches;

	while (b && b->sent)
		b = b->next;
	return b;
}

static size_t count_batches(const struct transform_file *f)
{
	size_t n = 0;

	for (const struct transform_batch *b = f->batches; b; b = b->next)
		n++;
	return n;
}

static void next_task(struct transform_file *f)
{
	if (!f->opened)
		begin_task(f, TASK_OPEN);
	else if (f->batches && f->batches->answered) {
		f->worked_on = f->batches;
		f->batches = f->batches->next;
		begin_task(f, TASK_WRITE);
	} else if (!f->read && !next_unsent(f) && count_batches(f) < (size_t)f->t->set.concurrent + 2)
		begin_task(f, TASK_BATCH);
	else if (f->read && !f->batches)
		begin_task(f, TASK_SEAL);
}

/* All of it has been made into batches. */
static bool is_read(const struct transform_file *f)
{
	return f->over || (f->task != TASK_OPEN && f->task != TASK_BATCH && f->opened && f->read);
}

static void advance(struct transform_file *f)
{
	struct transform_host *h = host_of(f);
	struct transform_batch *b;

	if (f->failed) {
		if (f->calls || f->task)
			return;
		close_file(f);
		drop_output(f);
		return;
	}
	while (h->server->ready && h->calls < f->t->set.concurrent && (b = next_unsent(f)) && !b->waits)
		send_batch(b);
	/* After that: what was sent leaves room for the next batch to be made meanwhile. */
	if (!f->task)
		next_task(f);
}

/* A file is begun when the one before it has been read to its end. True where all are over. */
static bool advance_host(struct transform_host *h)
{
	struct transform *t = h->t;
	size_t step = (size_t)t->n_hosts;

	for (size_t k = h->first; k < t->n_files; k += step) {
		struct transform_file *f = &t->files[k];

		if (!f->over)
			advance(f);
		if (!is_read(f))
			return false;
		if (f->over && k == h->first)
			h->first += step;
	}
	return h->first >= t->n_files;
}

void transform_go_on(struct transform *t)
{
	bool over = true;

	for (int i = 0; i < t->n_hosts && !t->ended && t->serving; i++)
		over &= advance_host(&t->hosts[i]);
	if (!t->ended && t->serving && over)
		transform_end(t, t->file_failure);
	transform_settle(t);
}

/* --- the files ---------------------------------------------------------------------------------------------------- */

static void add_file(struct transform *t, const struct copy_item *item, const char *bucket, const char *prefix,
		     size_t i)
{
	struct transform_file *f = &t->files[i];

	*f = (struct transform_file){.t = t,
				     .host = (int)(i % (size_t)t->n_hosts),
				     .name = xstrdup(item->uri + strlen("s3://")),
				     .source = xstrdup(item->source),
				     .scratch = t->set.gzip ? xasprintf("%s/unpacked-%zu", t->dir, i) : NULL,
				     .out_fd = -1};
	f->stored.bucket = xstrdup(bucket);
	f->stored.key = xasprintf("%s%s.out", prefix, item->target + 1);
	f->out_path = objects_blob_new(t->e, f->stored.blob);
}

int transform_plan(struct transform *t, struct err *err)
{
	const json_t *s3 = json_path_get(t->doc->doc, "TransformInput.DataSource.S3DataSource");
	const char *out = json_get_str(json_object_get(t->doc->doc, "TransformOutput"), "S3OutputPath");
	struct copy_plan plan = {0};
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	int rc = layout_plan_data(t->e, json_get_str(s3, "S3Uri"), str_or(json_get_str(s3, "S3DataType"), ""), "", 0, 0,
				  &plan, err);

	if (rc >= 0 && (!s3_uri_parse(out, &bucket, &key) || !bucket_exists(t->e, bucket)))
		rc = err_set(err, ERR_NOTFOUND,
			     "ClientError: the bucket of S3OutputPath %.400s does not exist; create it first",
			     str_or(out, ""));
	if (rc >= 0) {
		AUTO(str) char *prefix = s3_folder_key(key);

		t->files = xcalloc(MAX(plan.n, (size_t)1), sizeof(*t->files));
		for (size_t i = 0; i < plan.n; i++)
			add_file(t, &plan.items[i], bucket, prefix, i);
		t->n_files = plan.n;
	}
	copy_plan_done(&plan);
	return rc < 0 ? rc : 0;
}
