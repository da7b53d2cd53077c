/* peek.c - what an object holds: its first whole lines; of a capture each call with what was asked and answered beside
 * each other; of an archive its members. */
#include "app/peek.h"

#include "app/archive_members.h"
#include "aws/s3.h"
#include "base/digest.h"
#include "base/timefmt.h"
#include "base/utf8.h"

struct look {
	int64_t size;
	peek_fn *fn;
	void *user;
};

/* --- a call that was captured -------------------------------------------------------------------- */

/* A payload's lines, sanitised. */
static void payload_lines(const json_t *side, struct strlist *ret)
{
	const char *data = str_or(json_get_str(side, "data"), "");
	AUTO(buf) struct buf plain = BUF_INIT(PEEK_MAX), clean = BUF_INIT(4 * PEEK_MAX);

	if (str_ieq(str_or(json_get_str(side, "encoding"), ""), "BASE64") && base64_decode(data, &plain, NULL) == 0)
		(void)utf8_sanitize(&clean, buf_str(&plain), plain.len, true);
	else
		(void)utf8_sanitize(&clean, data, strlen(data), true);
	for (const char *p = buf_str(&clean); *p;) {
		size_t n = strcspn(p, "\n");

		strlist_take(ret, xstrndup(p, n));
		p += n + (p[n] == '\n');
	}
}

static void add_capture(const json_t *line, struct buf *out)
{
	const json_t *data = json_object_get(line, "captureData");
	AUTO(strlist) struct strlist asked = {0};
	AUTO(strlist) struct strlist answered = {0};
	AUTO(str)
	char *when =
		utf8_sanitize_dup(str_or(json_get_str(json_object_get(line, "eventMetadata"), "inferenceTime"), "?"));

	payload_lines(json_object_get(data, "endpointInput"), &asked);
	payload_lines(json_object_get(data, "endpointOutput"), &answered);
	(void)buf_addf(out, "%s%s\n", out->len ? "\n" : "", when);
	for (size_t i = 0; i < MAX(asked.n, answered.n); i++)
		(void)buf_addf(out, "%s%c%s\n", i < asked.n ? asked.items[i] : "", FILES_BESIDE,
			       i < answered.n ? answered.items[i] : "");
}

/* --- the text ---------------------------------------------------------------------------------------- */

void peek_text(const char *data, size_t n, bool cut, struct buf *out)
{
	const char *end = data + n;

	for (const char *p = data; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = newline ? (size_t)(newline - p) : (size_t)(end - p);
		AUTO(json) json_t *line = *p == '{' ? json_loadb(p, length, 0, NULL) : NULL;

		if (json_object_get(line, "captureData"))
			add_capture(line, out);
		else if (newline || !cut || p == data) { /* no half of a line */
			(void)utf8_sanitize(out, p, length, false);
			(void)buf_addc(out, '\n');
		}
		p += length + (newline ? 1 : 0);
	}
	if (cut)
		(void)buf_addf(out, "\nonly what its first %zu bytes hold\n", n);
}

static void on_data(void *user, const void *data, size_t n, const struct err *err)
{
	struct look *l = user;
	AUTO(buf) struct buf text = BUF_INIT(16 * PEEK_MAX);

	if (!err)
		peek_text(data, n, l->size < 0 ? n == PEEK_MAX : (int64_t)n < l->size, &text);
	l->fn(l->user, err ? NULL : buf_str(&text), err);
	free(l);
}

/* --- the members of an archive ------------------------------------------------------------------------- */

#define MEMBERS_TEXT_MAX ((size_t)8 << 20)

struct listing {
	struct archive_members *members;
	struct buf text;
	size_t n;
	int64_t read, bytes;
	bool enough; /* a bound was reached: the rest was not asked for */
	struct err err;
	peek_fn *fn;
	void *user;
};

static void on_member(void *user, const struct archive_member *m)
{
	struct listing *l = user;
	char size[FILES_SIZE_LEN], time[TIMEFMT_LEN] = "";

	if (l->n++ >= FILES_MAX)
		return;
	l->bytes += m->size;
	if (m->modified_ms != TIME_UNKNOWN)
		timefmt_show(time, m->modified_ms);
	(void)buf_addf(&l->text, "%8s  %-20s  %s\n", files_size_text(size, m->size), time, m->name);
}

static int on_packed(void *user, const void *data, size_t n)
{
	struct listing *l = user;

	if (archive_members_feed(l->members, data, n, &l->err) < 0)
		return -l->err.code;
	l->read += (int64_t)n;
	l->enough = l->read >= PEEK_ARCHIVE_MAX || l->n >= FILES_MAX;
	return l->enough ? -ERR_CANCELLED : 0;
}

static void on_archive(void *user, const struct err *err)
{
	struct listing *l = user;
	char size[FILES_SIZE_LEN];

	if (!err && archive_members_end(l->members, &l->err) == 0)
		(void)buf_addf(&l->text, "\n%zu file%s, %s unpacked\n", l->n, l->n == 1 ? "" : "s",
			       files_size_text(size, l->bytes));
	else if (l->enough)
		(void)buf_addf(&l->text, "\nonly what its first %s hold: downloaded it can be read whole\n",
			       files_size_text(size, l->read));
	else if (l->err.code)
		(void)buf_addf(&l->text, "%s%s\n", l->n ? "\n" : "", l->err.msg);
	bool failed = err && !l->enough && !l->err.code;

	l->fn(l->user, failed ? NULL : buf_str(&l->text), failed ? err : NULL);
	archive_members_free(l->members);
	buf_done(&l->text);
	free(l);
}

static void peek_archive(struct sync *s, const char *bucket, const char *key, peek_fn *fn, void *user)
{
	struct listing *l = NEW(struct listing);

	*l = (struct listing){.text = BUF_INIT(MEMBERS_TEXT_MAX), .fn = fn, .user = user};
	l->members = archive_members_new(on_member, l);
	(void)s3_get_pieces(sync_client(s), bucket, key, on_packed, on_archive, l);
}

/* --- of whatever it is ---------------------------------------------------------------------------------- */

static void empty(void *user)
{
	on_data(user, "", 0, NULL);
}

void peek(struct sync *s, const char *bucket, const char *key, int64_t size, peek_fn *fn, void *user)
{
	struct look *l;

	if (size != 0 && archive_is_named(key)) {
		peek_archive(s, bucket, key, fn, user);
		return;
	}
	l = NEW(struct look);
	*l = (struct look){.size = size, .fn = fn, .user = user};
	if (size == 0)
		(void)aws_client_after(sync_client(s), 0, empty, l);
	else
		(void)s3_get_first(sync_client(s), bucket, key, PEEK_MAX, on_data, l);
}
