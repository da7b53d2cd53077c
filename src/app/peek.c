/* peek.c - the beginning of an object: its whole lines; of a capture each call with what was asked and answered beside
 * each other. */
#include "app/peek.h"

#include "aws/s3.h"
#include "base/digest.h"
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

static void empty(void *user)
{
	on_data(user, "", 0, NULL);
}

void peek(struct sync *s, const char *bucket, const char *key, int64_t size, peek_fn *fn, void *user)
{
	struct look *l = NEW(struct look);

	*l = (struct look){.size = size, .fn = fn, .user = user};
	if (size == 0)
		(void)aws_client_after(sync_client(s), 0, empty, l);
	else
		(void)s3_get_first(sync_client(s), bucket, key, PEEK_MAX, on_data, l);
}
