/* failure.c - the masking of failure reasons, and equal ones counted. */
#include "model/failure.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/cost.h"
#include "model/session.h"

#define HEX_MIN 8 /* so many hexadecimal digits, some of them numbers, are an identity */

/* --- masking ---------------------------------------------------------------------- */

static bool is_token(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* "us-east-1", "ml.g5.xlarge": they say what it was about. */
static bool is_telling(const char *s, size_t n)
{
	return (n > 3 && strncmp(s, "ml.", 3) == 0) || str_is_region(s, n);
}

static bool is_identity(const char *s, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
		digits += isdigit((unsigned char)s[i]) != 0;
	}
	return n >= HEX_MIN && digits;
}

/* A word: its numbers, but those behind a letter ("fold3", "p3"). */
static void mask_token(const char *s, size_t n, struct buf *out)
{
	if (is_telling(s, n)) {
		(void)buf_add(out, s, n);
		return;
	}
	if (is_identity(s, n)) {
		(void)buf_adds(out, "‹n›");
		return;
	}
	for (size_t i = 0; i < n;) {
		if (!isdigit((unsigned char)s[i]) || (i && isalpha((unsigned char)s[i - 1]))) {
			(void)buf_addc(out, s[i++]);
			while (i < n && isdigit((unsigned char)s[i]) && isalnum((unsigned char)s[i - 1]))
				(void)buf_addc(out, s[i++]);
			continue;
		}
		while (i < n &&
		       (isdigit((unsigned char)s[i]) || (s[i] == '.' && i + 1 < n && isdigit((unsigned char)s[i + 1]))))
			i++;
		(void)buf_adds(out, "‹n›");
	}
}

/* Behind the bucket everything differs. */
static size_t mask_uri(const char *s, struct buf *out)
{
	size_t n = strcspn(s, " \t\n'\"),;"), scheme = (size_t)(strstr(s, "://") + 3 - s);
	size_t host = scheme + strcspn(s + scheme, "/ \t\n'\"),;");

	host = MIN(host, n);
	(void)buf_add(out, s, host);
	if (host < n)
		(void)buf_adds(out, "/‹…›");
	return n;
}

/* A quoted text of this line; 0 where the quote does not open one ("isn't"). */
static size_t quoted(const char *text, const char *s)
{
	const char *end;

	if ((*s != '\'' && *s != '"' && *s != '`') || (s > text && isalnum((unsigned char)s[-1])))
		return 0;
	end = strchr(s + 1, *s);
	return end ? (size_t)(end + 1 - s) : 0;
}

void failure_mask(const char *text, const char *name, struct buf *out)
{
	size_t name_len = name ? strlen(name) : 0;

	buf_clear(out);
	for (const char *s = text; *s && out->len < FAILURE_CAUSE_MAX + 4;) { /* a character more: cut between two */
		size_t n = quoted(text, s);

		if (n) {
			(void)buf_adds(out, "‹text›");
		} else if (name_len && strncmp(s, name, name_len) == 0) {
			(void)buf_adds(out, "‹name›");
			n = name_len;
		} else if (!strncmp(s, "s3://", 5) || !strncmp(s, "http://", 7) || !strncmp(s, "https://", 8)) {
			n = mask_uri(s, out);
		} else if (is_token(*s)) {
			while (is_token(s[n]))
				n++;
			mask_token(s, n, out);
		} else {
			(void)buf_addc(out, *s == '"' ? '\'' : *s);
			n = 1;
		}
		s += n;
	}
	if (out->len > FAILURE_CAUSE_MAX) {
		size_t n = FAILURE_CAUSE_MAX;
		while (n && ((unsigned char)out->data[n] & 0xc0) == 0x80)
			n--;
		buf_truncate(out, n);
	}
}

/* --- what says nothing ------------------------------------------------------------ */

bool failure_is_bare(const char *reason)
{
	static const char *const nothing[] = {
		"algorithmerror", "clienterror", "internalservererror", "executeuserscripterror",
		"exit code",	  "exitcode",	 "errormessage"};
	const char *s = str_or(reason, "");
	bool code = false;

	while (*s) {
		size_t n = 0;
		for (size_t i = 0; !n && i < ARRAY_LEN(nothing); i++)
			if (strncasecmp(s, nothing[i], strlen(nothing[i])) == 0) {
				n = strlen(nothing[i]);
				code |= str_starts(nothing[i], "exit");
			}
		if (!n && isalpha((unsigned char)*s))
			return false;
		s += MAX(n, (size_t)1);
	}
	return code;
}

/* "ValueError: could not convert string": what a traceback ends with. */
static bool ends_traceback(const char *line)
{
	static const char *const words[] = {"Error", "Exception", "Interrupt", "Exit"};
	size_t n = 0;

	while (is_token(line[n]))
		n++;
	if (!n || (line[n] != ':' && line[n] != '\0'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t w = strlen(words[i]);
		if (n >= w && strncmp(line + n - w, words[i], w) == 0)
			return true;
	}
	return false;
}

#define LINES_BACK 2000 /* a log's end says why; what is further up is of something else */

const char *failure_line(const struct loglines *log)
{
	const char *error = NULL;
	size_t to = log->n > LINES_BACK ? log->n - LINES_BACK : 0;

	for (size_t i = log->n; i-- > to;) {
		const char *line = str_last_line(log->lines[i].text);

		if (ends_traceback(line))
			return line;
		if (!error && log->lines[i].level == LINE_ERROR)
			error = line;
	}
	return error ? error : log->n ? str_last_line(log->lines[log->n - 1].text) : NULL;
}

#define TRACEBACK_BEGIN "Traceback (most recent call last):"
#define TRACEBACK_LINES 500 /* a longer one is not looked for */

bool failure_traceback(const struct loglines *log, size_t line, size_t *ret_from, size_t *ret_to)
{
	const unsigned stream = log->lines[line].stream;
	size_t from = line;
	bool begun = false;

	for (size_t i = line + 1; i-- > 0 && line - i < TRACEBACK_LINES && !begun;) {
		if (log->lines[i].stream != stream)
			continue;
		if (i < line && ends_traceback(log->lines[i].text))
			return false; /* this one is over */
		begun = str_ends(log->lines[i].text, TRACEBACK_BEGIN);
		from = i;
	}
	for (size_t i = from + 1; begun && i < log->n && i - from < TRACEBACK_LINES; i++) {
		if (log->lines[i].stream != stream || !ends_traceback(log->lines[i].text))
			continue;
		*ret_from = from;
		*ret_to = i;
		return line <= i;
	}
	return false;
}

/* --- causes ----------------------------------------------------------------------- */

/* One copy of each text, kept by the session. */
static const char *keep(const struct session *s, const char *text)
{
	char *kept = map_get(s->causes, text);

	if (kept)
		return kept;
	kept = xstrdup(text);
	(void)map_put(s->causes, text, kept);
	return kept;
}

static const char *masked(const struct session *s, const struct resource *r, const char *text)
{
	AUTO(buf) struct buf out = BUF_INIT(4 * FAILURE_CAUSE_MAX + 4096);

	failure_mask(text, r->name, &out);
	return keep(s, buf_str(&out));
}

/* The key of what was learnt of a thing; no cause looks like it. */
static void key_of(const struct resource *r, struct buf *out)
{
	(void)buf_addf(out, "\n%s/%s/%lld", r->kind->name, r->name, (long long)r->created_ms);
}

void failure_learn(const struct session *s, const struct resource *r, const char *line)
{
	AUTO(buf) struct buf key = BUF_INIT(4096);

	if (str_empty(line) || !failure_is_bare(r->failure_reason))
		return;
	s = session_own(s, r);
	key_of(r, &key);
	free(map_put(s->causes, buf_str(&key), xstrdup(masked(s, r, line))));
}

static const char *learnt(const struct session *s, const struct resource *r)
{
	AUTO(buf) struct buf key = BUF_INIT(4096);

	key_of(r, &key);
	return map_get(session_own(s, r)->causes, buf_str(&key));
}

bool failure_is_learnt(const struct session *s, const struct resource *r)
{
	return learnt(s, r) != NULL;
}

const char *failure_cause(const struct session *s, const struct resource *r)
{
	const char *known = NULL;

	if (!s || r->state != STATE_BAD || str_empty(r->failure_reason))
		return NULL;
	s = session_own(s, r);
	if (failure_is_bare(r->failure_reason))
		known = learnt(s, r);
	return known ? keep(s, known) : masked(s, r, str_last_line(r->failure_reason));
}

/* --- counting ---------------------------------------------------------------------- */

void failures_done(struct failures *f)
{
	free(f->items);
	*f = (struct failures){0};
}

static int by_number(const void *pa, const void *pb)
{
	const struct failure *a = pa, *b = pb;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	if (a->last_ms != b->last_ms)
		return a->last_ms > b->last_ms ? -1 : 1;
	return strcmp(a->cause, b->cause);
}

static void add_money(int64_t *sum, int64_t usd_micro)
{
	if (usd_micro != USD_UNKNOWN)
		*sum = *sum == USD_UNKNOWN ? usd_micro : money_sum(*sum, usd_micro);
}

static void add(struct failures *f, struct map *at, const struct resource *r, const struct field_context *x)
{
	const struct session *s = x->session;
	const char *cause = str_or(failure_cause(s, r), "no reason was given");
	size_t i = (size_t)(uintptr_t)map_get(at, cause);
	int64_t ended = r->end_ms != TIME_UNKNOWN ? r->end_ms : r->created_ms;
	int64_t cost = USD_UNKNOWN;

	if (!i) {
		GROW(f->items, f->cap, f->n + 1);
		f->items[f->n++] =
			(struct failure){.cause = cause, .usd_micro = USD_UNKNOWN, .last_ms = ended, .newest = r};
		i = f->n;
		(void)map_put(at, cause, (void *)(uintptr_t)i);
	}
	struct failure *one = &f->items[i - 1];
	const struct session *own = session_own(s, r);

	if (r->kind->id == KIND_TRAINING_JOB)
		cost = cost_of_job(resource_job(r), &own->prices, own->region, x->now_ms).usd_micro;
	one->n++;
	f->n_failed++;
	add_money(&one->usd_micro, cost);
	add_money(&f->usd_micro, cost);
	if (ended > one->last_ms) {
		one->last_ms = ended;
		one->newest = r;
	}
}

void failures_build(struct failures *f, const struct resources *t, const struct query *q, const struct field_context *x)
{
	AUTO(map) struct map at = {0};

	failures_done(f);
	f->usd_micro = USD_UNKNOWN;
	for (size_t i = 0; i < t->n; i++) {
		if (!query_match(q, t->items[i], x))
			continue;
		f->n_all++;
		if (t->items[i]->state == STATE_BAD)
			add(f, &at, t->items[i], x);
	}
	if (f->n > 1)
		qsort(f->items, f->n, sizeof(*f->items), by_number);
}
