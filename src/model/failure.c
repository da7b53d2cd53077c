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

/* "S3 403 Forbidden", "(404)": what the service answered, of text's number at s. */
static bool is_http_status(const char *text, const char *s, size_t n)
{
	static const char *const before[] = {"S3 ", "HTTP ", "status ", "status code ", "status code: ", "occurred ("};
	static const char *const behind[] = {" Forbidden",	     " Not Found",	  " Bad Request",
					     " Unauthorized",	     " Slow Down",	  " Internal Server Error",
					     " Service Unavailable", " Too Many Requests"};

	if (n != 3 || *s < '3' || *s > '5' || !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		size_t w = strlen(before[i]);
		if ((size_t)(s - text) >= w && strncasecmp(s - w, before[i], w) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(behind); i++)
		if (str_starts(s + n, behind[i]))
			return true;
	return false;
}

/* The region in the name of a host: "s3.us-east-1.amazonaws.com". */
static size_t region_label(const char *s, size_t n)
{
	size_t label = 0;

	while (label < n && s[label] != '.')
		label++;
	return str_is_region(s, label) ? label : 0;
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
		size_t region = i && s[i - 1] == '.' ? region_label(s + i, n - i) : 0;

		if (region) {
			(void)buf_add(out, s + i, region);
			i += region;
			continue;
		}
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

/* A quoted text of this line; 0 where the quote does not open one ("isn't"), or what it holds is the name of a
 * quota ('ml.g5.xlarge for training job usage'), which says what it was about. */
static size_t quoted(const char *text, const char *s)
{
	const char *end, *type;

	if ((*s != '\'' && *s != '"' && *s != '`') || (s > text && isalnum((unsigned char)s[-1])))
		return 0;
	end = strchr(s + 1, *s);
	type = strstr(s, "ml.");
	return end && (!type || type > end) ? (size_t)(end + 1 - s) : 0;
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
			if (is_http_status(text, s, n))
				(void)buf_add(out, s, n);
			else
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

/* --- what a reason says ----------------------------------------------------------- */

/* The command that AWS's containers name behind a script's failure; up to its last quote. */
static size_t command_len(const char *s)
{
	if (strncasecmp(s, "command \"", 9) != 0)
		return 0;
	const char *end = strrchr(s, '"');

	return end > s + 8 ? (size_t)(end + 1 - s) : strlen(s);
}

bool failure_is_bare(const char *reason)
{
	static const char *const nothing[] = {
		"algorithmerror", "clienterror", "internalservererror", "executeuserscripterror",
		"exit code",	  "exitcode",	 "errormessage",	"see job logs for more information"};
	const char *s = str_or(reason, "");
	bool code = false;

	while (*s) {
		size_t n = command_len(s);
		code |= n > 0;
		for (size_t i = 0; !n && i < ARRAY_LEN(nothing); i++)
			if (strncasecmp(s, nothing[i], strlen(nothing[i])) == 0) {
				n = strlen(nothing[i]);
				code |= str_starts(nothing[i], "exit") || str_starts(nothing[i], "see");
			}
		if (!n && isalpha((unsigned char)*s))
			return false;
		s += MAX(n, (size_t)1);
	}
	return code;
}

int failure_exit_code(const char *reason)
{
	static const char *const words[] = {"exit code", "exitcode"};

	for (const char *s = str_or(reason, ""); *s; s++)
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t n = strlen(words[i]);
			if (strncasecmp(s, words[i], n) != 0)
				continue;
			n += strspn(s + n, ": ");
			if (isdigit((unsigned char)s[n]) || (s[n] == '-' && isdigit((unsigned char)s[n + 1]))) {
				long code = strtol(s + n, NULL, 10);
				return code < 0 ? 128 - (int)MAX(code, -127) : (int)MIN(code, 255);
			}
		}
	return -1;
}

/* "ValueError: could not convert string": what a traceback ends with. */
static bool ends_traceback(const char *line)
{
	static const char *const words[] = {"Error", "Exception", "Interrupt", "Exit"};
	size_t n = 0;

	while (is_token(line[n]))
		n++;
	if (!n || (line[n] != ':' && line[n] != '\n' && line[n] != '\0'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t w = strlen(words[i]);
		if (n >= w && strncmp(line + n - w, words[i], w) == 0)
			return true;
	}
	return false;
}

/* Where the quote of an ErrorMessage ends: before the command, or where the service has cut it. */
static size_t message_len(const char *s)
{
	for (const char *q = strchr(s, '"'); q; q = strchr(q + 1, '"')) {
		const char *next = q + 1 + strspn(q + 1, " \n");
		if (!*next || command_len(next) || str_starts(next, ", exit code"))
			return (size_t)(q - s);
	}
	return strlen(s);
}

/* What a script has written behind its traceback (a bar of progress) is not why. */
static size_t traceback_len(const char *s, size_t n)
{
	size_t last = n;

	for (size_t i = 0; i < n;) {
		size_t blank = strspn(s + i, " "), len = strcspn(s + i, "\n");
		if (ends_traceback(s + i + blank))
			last = i + MIN(len, n - i);
		i += len + 1;
	}
	return last;
}

void failure_message(const char *reason, struct buf *out)
{
	const char *s = strstr(reason, "ErrorMessage \"");

	buf_clear(out);
	if (failure_is_bare(reason)) {
		int code = failure_exit_code(reason);
		(void)(code < 0 ? buf_adds(out, "the script failed") : buf_addf(out, "exit code %d", code));
	} else if (s) {
		s += strlen("ErrorMessage \"");
		s += strspn(s, ": ");
		(void)buf_add(out, s, traceback_len(s, message_len(s)));
	} else {
		(void)buf_adds(out, reason);
	}
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

#define LEARNT_CELLS 2000 /* of a log's line */

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
	free(map_put(s->causes, buf_str(&key), xstrndup(line, utf8_fit(line, LEARNT_CELLS))));
}

const char *failure_learnt(const struct session *s, const struct resource *r)
{
	AUTO(buf) struct buf key = BUF_INIT(4096);

	if (!failure_is_bare(r->failure_reason))
		return NULL;
	key_of(r, &key);
	return map_get(session_own(s, r)->causes, buf_str(&key));
}

const char *failure_says(const struct session *s, const struct resource *r, struct buf *out)
{
	const char *known = failure_learnt(s, r);

	if (known)
		return known;
	failure_message(r->failure_reason, out);
	return str_last_line(buf_str(out));
}

const char *failure_cause(const struct session *s, const struct resource *r)
{
	AUTO(buf) struct buf said = BUF_INIT(BUF_MAX_TEXT);

	if (!s || r->state != STATE_BAD || str_empty(r->failure_reason))
		return NULL;
	s = session_own(s, r);
	const char *noted = failure_learnt(s, r);

	if (noted)
		return masked(s, r, noted);
	failure_message(r->failure_reason, &said);
	/* A code is all that a bare one says. */
	return failure_is_bare(r->failure_reason) ? keep(s, buf_str(&said))
						  : masked(s, r, str_last_line(buf_str(&said)));
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

static int64_t ended_ms(const struct resource *r)
{
	return r->end_ms != TIME_UNKNOWN ? r->end_ms : r->created_ms;
}

/* Of one that has failed. */
static const char *cause_of(const struct resource *r, const struct field_context *x)
{
	return str_or(failure_cause(x->session, r), "no reason was given");
}

static void add(struct failures *f, struct map *at, const struct resource *r, const struct field_context *x)
{
	const struct session *s = x->session;
	const char *cause = cause_of(r, x);
	size_t i = (size_t)(uintptr_t)map_get(at, cause);
	int64_t ended = ended_ms(r);
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

static int newest_first(const void *pa, const void *pb)
{
	const struct resource *const *a = pa, *const *b = pb;
	int64_t ta = ended_ms(*a), tb = ended_ms(*b);

	return ta != tb ? (ta > tb ? -1 : 1) : strcmp((*a)->name, (*b)->name);
}

void failures_names(const struct failure *f, const struct resources *t, const struct query *q,
		    const struct field_context *x, struct strlist *ret)
{
	const struct resource **found = xcalloc(f->n, sizeof(*found));
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	size_t n = 0;

	for (size_t i = 0; i < t->n && n < f->n; i++) {
		const struct resource *r = t->items[i];

		if (r->state == STATE_BAD && query_match(q, r, x) && str_eq(cause_of(r, x), f->cause))
			found[n++] = r;
	}
	qsort(found, n, sizeof(*found), newest_first);
	for (size_t i = 0; i < n; i++)
		strlist_add(ret, session_name_of(x->session, found[i], &name));
	free(found);
}
