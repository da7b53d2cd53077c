/* diagnosis.c - the table of causes, and the first that applies to a job. */
#include "model/diagnosis_impl.h"

#include <stdarg.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/failure.h"

#define SAID_CELLS 4096 /* of a reason, and of a log's line: more is no sentence, and screens ask again and again */

static const struct row {
	const char *name, *said;
	const char *words, *attempt, *brief;
	diagnosis_fn *fn;
} rows[DIAGNOSIS_COUNT] = {
#define DIAGNOSIS(id, name, said, words, attempt, brief, fn) [DIAGNOSIS_##id] = {name, said, words, attempt, brief, fn},
#include "model/diagnosis.def"
#undef DIAGNOSIS
};

void diagnosis_done(struct diagnosis *d)
{
	free(d->words);
	free(d->attempt);
	free(d->brief);
	free(d->remedy);
	*d = (struct diagnosis){0};
}

const char *diagnosis_name(enum diagnosis_id id)
{
	return rows[id].name;
}

const char *diagnosis_words(enum diagnosis_id id)
{
	return rows[id].words;
}

void diagnosis_tell(char **slot, const char *fmt, ...)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	va_list ap;

	va_start(ap, fmt);
	(void)buf_addfv(&text, fmt, ap);
	va_end(ap);
	free(*slot);
	*slot = buf_take(&text);
}

const char *diagnosis_hit(const char *said, const char *texts)
{
	for (const char *t = texts; *t;) {
		size_t n = strcspn(t, "|");

		for (const char *s = said; *s; s++)
			if (strncasecmp(s, t, n) == 0)
				return s;
		t += n + (t[n] == '|');
	}
	return NULL;
}

bool diagnosis_is_plain(const char *text)
{
	return text[0] && text[0] != '-' &&
	       !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789 -_./:@+=,*")];
}

/* The log's line of a bare reason: as it was noted, or as the log at hand has it. */
static const char *log_line(const struct diagnosis_look *look, const struct resource *r)
{
	const char *noted = failure_learnt(look->session, r);

	if (noted || !failure_is_bare(r->failure_reason) || !look->feed || !look->feed->logs_loaded)
		return noted;
	return failure_line(&look->feed->logs);
}

/* What the reason says, the log's line and the exit code, a line each or several; where there is no reason the last
 * message. */
static void gather(const struct job *j, const char *from_log, const char *message, struct buf *out)
{
	int code = failure_exit_code(j->failure_reason);
	size_t n = j->cold->n_transitions;

	(void)buf_addf(out, "%.*s\n", (int)utf8_fit(message, SAID_CELLS), message);
	if (from_log)
		(void)buf_addf(out, "%.*s\n", (int)utf8_fit(from_log, SAID_CELLS), from_log);
	if (code >= 0)
		(void)buf_addf(out, "exit code %d\n", code);
	if (n && str_empty(j->failure_reason))
		(void)buf_adds(out, str_or(j->cold->transitions[n - 1].message, ""));
}

static void fill(struct diagnosis *d, const struct row *row)
{
	d->cause = row->name;
	if (!d->words)
		d->words = xstrdup(row->words);
	if (!d->attempt)
		d->attempt = xstrdup(row->attempt);
	if (!d->brief)
		d->brief = xstrdup(row->brief);
}

bool diagnosis_find(struct diagnosis *ret, const struct resource *r, const struct field_context *x)
{
	const struct job *j = r->kind->id == KIND_TRAINING_JOB ? resource_job(r) : NULL;
	AUTO(buf) struct buf message = BUF_INIT(BUF_MAX_TEXT), said = BUF_INIT(BUF_MAX_TEXT);

	diagnosis_done(ret);
	if (!j || !x->session || (j->status != JOB_FAILED && !job_limit_exceeded(j)))
		return false;
	const struct session *own = session_own(x->session, r);
	struct diagnosis_look look = {
		.job = j, .session = own, .feed = session_find_feed(own, TRAINING_KIND, j->name), .now_ms = x->now_ms};
	const char *from_log = log_line(&look, r);

	failure_message(str_or(j->failure_reason, ""), &message);
	gather(j, from_log, buf_str(&message), &said);
	look.said = buf_str(&said);
	look.line = from_log ? from_log : str_last_line(buf_str(&message));
	for (size_t i = 0; i < DIAGNOSIS_COUNT; i++) {
		look.hit = rows[i].said ? diagnosis_hit(look.said, rows[i].said) : NULL;
		if ((rows[i].said && !look.hit) || !rows[i].fn(&look, ret))
			continue;
		fill(ret, &rows[i]);
		return true;
	}
	return false;
}
