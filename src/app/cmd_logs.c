/* sagetop logs NAME...: the log so far, and with -f what comes, line by line as it is
 * read: nothing of it is kept. Of several the lines are merged by their time, with the
 * name before each; they are kept until all have been read. What is followed comes in the
 * order of its arrival. */
#include "app/commands.h"
#include "app/logs_histogram.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/pattern.h"

#define OUT_BYTES ((size_t)64 << 10)

enum prefix { PREFIX_AUTO, PREFIX_ALWAYS, PREFIX_NEVER };

struct log_filter {
	int64_t since_ms;
	bool errors_only;
	enum prefix prefix;
	struct pattern **patterns; /* the first n_must must match, the others must not */
	size_t n, n_must;
};

static void log_filter_done(struct log_filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		pattern_free(f->patterns[i]);
	free(f->patterns);
}

static int read_prefix(const struct app *a, enum prefix *ret, struct err *err)
{
	static const char *const words[] = {"auto", "always", "never"};
	const char *word = str_or(app_value(a, OPT_PREFIX), app_value(a, OPT_PREFIX) ? "" : "auto");

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		*ret = (enum prefix)i;
		if (str_eq(word, words[i]))
			return 0;
	}
	return err_set(err, ERR_USAGE, "--prefix is auto, always or never, not \"%s\"", word);
}

static int read_since(const char *since, int64_t *ret, struct err *err)
{
	int64_t ms, now = clock_now_ms();

	*ret = INT64_MIN;
	if (!since)
		return 0;
	if (timefmt_parse_duration(since, &ms))
		*ret = now - ms;
	else if (!timefmt_parse_iso(since, ret) && !timefmt_parse_clock(since, now, ret))
		return err_set(err, ERR_USAGE,
			       "--since needs 15m, 2h, 3d, 1w, a time like 2026-11-21T05:48 or 15:00, not \"%s\"",
			       since);
	return 0;
}

static int add_patterns(struct log_filter *f, const char *option, const struct strlist *texts, struct err *err)
{
	struct err why = {0};

	for (size_t i = 0; i < texts->n; i++) {
		struct pattern *p = pattern_new(texts->items[i], PATTERN_CASE_COUNTS, &why);

		if (!p)
			return err_set(err, ERR_USAGE, "--%s \"%s\": %s", option, texts->items[i], why.msg);
		f->patterns[f->n++] = p;
	}
	return 0;
}

static int filter_init(struct log_filter *f, const struct app *a, struct err *err)
{
	const struct strlist *must = &a->cli.lists[OPT_GREP], *must_not = &a->cli.lists[OPT_NOT];

	f->errors_only = app_flag(a, OPT_ERRORS);
	if (read_since(app_value(a, OPT_SINCE), &f->since_ms, err) < 0 || read_prefix(a, &f->prefix, err) < 0)
		return -err->code;
	f->n_must = must->n;
	f->patterns = xcalloc(must->n + must_not->n + 1, sizeof(struct pattern *));
	if (add_patterns(f, "grep", must, err) < 0 || add_patterns(f, "not", must_not, err) < 0)
		return -err->code;
	return 0;
}

/* --- printing ------------------------------------------------------------------ */

/* What is told of the lines of all logs together. */
struct sums {
	bool any;
	int64_t first_ms; /* of the line that was printed first */
	struct log_seconds counts;
};

struct printer {
	struct app *a;
	struct sync *sync;
	struct log_filter filter;
	const struct kind *kind;
	const char *name;
	const char *shown;    /* its name as it was given, with its scope: of many */
	struct buf out;	      /* what is not written yet */
	char first_host[64];  /* the instance whose line came first */
	bool several;	      /* instances: lines say which */
	bool many;	      /* things: lines say of which */
	struct loglines *all; /* of many, where they are merged */
	size_t index;	      /* among the many */
	struct sums *sums;    /* of all of them together */
	size_t n_seen;	      /* lines looked at */
	size_t n_replaced;    /* characters of those printed that could not be read */
	char note[160];	      /* said last on standard error */
	int64_t live_minutes, live_usd_micro;
};

static void write_out(struct printer *p)
{
	fwrite(buf_str(&p->out), 1, p->out.len, p->a->out);
	buf_clear(&p->out);
}

static bool wants_line(void *user, const struct log_line *l)
{
	struct printer *p = user;
	const struct log_filter *f = &p->filter;

	p->n_seen++;
	if (f->errors_only && l->level != LINE_ERROR)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (pattern_matches(f->patterns[i], l->text, l->len) != (i < f->n_must))
			return false;
	return true;
}

/* JSON is one object a line here, so that a followed log can be piped. */
static void add_json(struct printer *p, const char *stream, const struct log_line *l)
{
	AUTO(json) json_t *o = json_object();

	json_put_time(o, "time", l->time_ms);
	if (p->many)
		json_put_str(o, "name", p->shown);
	json_put_str(o, "stream", stream);
	json_put_str(o, "text", l->text);
	AUTO(str) char *text = json_text(o);

	(void)buf_addf(&p->out, "%s\n", text);
}

/* Which instance wrote it, where that is to be said. */
static const char *prefix_of(struct printer *p, const char *stream, char host[64])
{
	const struct job *j = p->kind == TRAINING_KIND ? jobs_find(session_jobs(sync_session(p->sync)), p->name) : NULL;

	log_stream_host(host, 64, stream);
	if (!p->first_host[0])
		str_copy(p->first_host, sizeof(p->first_host), host);
	p->several |= (j && j->instance_count > 1) || strcmp(host, p->first_host);
	if (p->many)
		return p->filter.prefix == PREFIX_NEVER ? NULL : p->shown;
	/* A program that follows gets the lines as they were written. */
	if (p->filter.prefix == PREFIX_AUTO && app_flag(p->a, OPT_FOLLOW) && !p->a->out_tty)
		return NULL;
	return p->filter.prefix == PREFIX_ALWAYS || (p->filter.prefix == PREFIX_AUTO && p->several) ? host : NULL;
}

static void print_line(void *user, const char *stream, const struct log_line *l)
{
	struct printer *p = user;
	char time[TIMEFMT_LEN], host[64];

	p->n_replaced += utf8_replaced(l->text, l->len);
	if (app_flag(p->a, OPT_HISTOGRAM)) {
		log_seconds_add(&p->sums->counts, l->time_ms, l->level);
		return;
	}
	if (!p->sums->any)
		p->sums->first_ms = l->time_ms;
	p->sums->any = true;
	if (output_format(p->a) == OUTPUT_JSON) {
		add_json(p, stream, l);
	} else {
		const char *prefix = prefix_of(p, stream, host), *text = l->text;

		do { /* an event may have several lines */
			size_t n = strcspn(text, "\n");

			if (app_flag(p->a, OPT_TIMES))
				(void)buf_addf(&p->out, "%s ", timefmt_show_ms(time, l->time_ms));
			if (app_flag(p->a, OPT_ELAPSED))
				(void)buf_addf(&p->out, "%+.3fs ", (double)(l->time_ms - p->sums->first_ms) / 1000);
			if (prefix)
				(void)buf_addf(&p->out, "%s ", prefix);
			(void)buf_add(&p->out, text, n);
			(void)buf_addc(&p->out, '\n');
			text += n;
		} while (*text++ == '\n');
	}
	if (p->out.len >= OUT_BYTES)
		write_out(p);
}

/* --- what is said beside it, on standard error ----------------------------------- */

/* What a reader should know: the tail is open, the log is throttled ... */
static void print_notes(struct printer *p, const struct feed *f)
{
	if (f->live && !p->live_minutes)
		fputs("sagetop: the live tail is open and billed by the minute\n", stderr);
	if (f->live_minutes) {
		p->live_minutes = f->live_minutes;
		p->live_usd_micro = f->live_usd_micro;
	}
	if (strcmp(p->note, f->logs_note)) {
		str_copy(p->note, sizeof(p->note), f->logs_note);
		if (*p->note)
			fprintf(stderr, "sagetop: %s: %s\n", p->name, p->note);
	}
}

/* What was not as it was written, and what the live tail cost, however the reading ended. */
static void print_sums(const struct printer *p)
{
	char text[32];

	if (p->n_replaced)
		fprintf(stderr, "sagetop: %s: %zu character%s could not be read and %s replaced by U+FFFD\n", p->name,
			p->n_replaced, p->n_replaced == 1 ? "" : "s", p->n_replaced == 1 ? "was" : "were");
	if (p->live_minutes)
		fprintf(stderr, "sagetop: live tail for %lld min, about %s\n", (long long)p->live_minutes,
			money_text(text, p->live_usd_micro));
}

static void print_end(struct printer *p, const struct feed *f)
{
	const char *since = app_value(p->a, OPT_SINCE);
	bool none = app_value(p->a, OPT_LIMIT) && !p->a->cli.numbers[OPT_LIMIT];

	if (p->n_seen == 0 && !*p->note && since)
		fprintf(stderr, "sagetop: %s: no line since %s\n", p->name, since);
	else if (p->n_seen == 0 && !*p->note && !none)
		fprintf(stderr, "sagetop: %s: there is no line\n", p->name);
	if (f && f->n_foreign)
		fprintf(stderr, "sagetop: %zu line%s of other streams left out\n", f->n_foreign,
			f->n_foreign == 1 ? "" : "s");
	print_sums(p);
}

/* --- the command ------------------------------------------------------------------- */

/* Until the log's end; what was read is written at every turn. */
static int print_log(struct printer *p, struct app_reply *reply, struct err *err)
{
	struct app *a = p->a;
	int rc = 0;

	while (!reply->done && rc == 0 && !app_reader_gone(a)) {
		rc = app_turn(a, 1000, err);
		write_out(p);
		fflush(a->out);
		const struct feed *f = session_find_feed(sync_session(p->sync), p->kind, p->name);

		if (f)
			print_notes(p, f);
	}
	if (!reply->done) { /* nothing may refer to it any more */
		print_sums(p);
		app_disconnect(a);
		return rc;
	}
	if (reply->err.code) {
		*err = reply->err;
		return -err->code;
	}
	print_end(p, session_find_feed(sync_session(p->sync), p->kind, p->name));
	return 0;
}

static struct sync_reading reading_of(struct printer *p,
				      void (*line)(void *user, const char *stream, const struct log_line *l))
{
	size_t last = (size_t)p->a->cli.numbers[OPT_LIMIT];

	return (struct sync_reading){.since_ms = p->filter.since_ms,
				     .last = last,
				     .none = app_value(p->a, OPT_LIMIT) && !last,
				     .follow = app_flag(p->a, OPT_FOLLOW),
				     .wants = wants_line,
				     .line = line,
				     .user = p};
}

static int open_log(struct printer *p, const char *reference, struct err *err)
{
	if (app_enter(p->a, reference, &p->kind, &p->name, err) < 0)
		return -err->code;
	p->sync = p->a->sync;
	p->shown = p->a->scopes.n > 1 ? reference : p->name;
	if (!p->kind->log_group)
		return err_set(err, ERR_USAGE, "%s have no log of their own", p->kind->title);
	return 0;
}

static int run(struct printer *p, struct err *err)
{
	struct app *a = p->a;
	struct app_reply reply = {0};
	struct sync_reading reading = reading_of(p, print_line);

	sync_read_log(p->sync, p->kind, p->name, &reading, app_reply_done, &reply);
	if (app_flag(a, OPT_LIVE))
		sync_live(p->sync, p->kind, p->name, true);
	return print_log(p, &reply, err);
}

/* --- several logs ------------------------------------------------------------------ */

/* Their streams may have the same names: the thing's number stands before it. */
static void collect_line(void *user, const char *stream, const struct log_line *l)
{
	struct printer *p = user;
	AUTO(str) char *key = xasprintf("%zu\t%s", p->index, stream);

	loglines_add(p->all, key, NULL, l->time_ms, l->text, l->len);
}

/* Each line by the printer of its thing, which knows the name and counts. */
static void print_merged(struct printer *printers, struct loglines *all, size_t last)
{
	struct printer *before = printers;
	size_t from;

	loglines_settle(all);
	from = last && all->n > last ? all->n - last : 0;
	for (size_t i = from; i < all->n && !app_reader_gone(before->a); i++) {
		char *stream = NULL;
		size_t index = strtoul(all->streams.items[all->lines[i].stream], &stream, 10);

		if (&printers[index] != before)
			write_out(before);
		before = &printers[index];
		print_line(before, stream + 1, &all->lines[i]);
	}
	write_out(before);
}

static bool all_done(const struct app_reply *replies, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!replies[i].done)
			return false;
	return true;
}

/* Until all have ended, or one could not be read. */
static int read_many(struct app *a, struct printer *p, struct app_reply *replies, size_t n, struct err *err)
{
	int rc = 0;

	while (!all_done(replies, n) && rc == 0 && !app_reader_gone(a)) {
		rc = app_turn(a, 1000, err);
		for (size_t i = 0; i < n; i++) {
			const struct feed *f = session_find_feed(sync_session(p[i].sync), p[i].kind, p[i].name);
			write_out(&p[i]);
			if (f)
				print_notes(&p[i], f);
			if (rc == 0 && replies[i].done && replies[i].err.code) {
				*err = replies[i].err;
				rc = -err->code;
			}
		}
		fflush(a->out);
	}
	if (!all_done(replies, n))
		app_disconnect(a);
	return rc;
}

static int run_many(struct app *a, const struct log_filter *filter, struct sums *sums, struct err *err)
{
	const struct strlist *args = &a->cli.args;
	size_t last = (size_t)a->cli.numbers[OPT_LIMIT];
	struct printer *p = xcalloc(args->n, sizeof(*p));
	struct app_reply *replies = xcalloc(args->n, sizeof(*replies));
	AUTO(loglines) struct loglines all = {.max_bytes = (size_t)4 << 30};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < args->n; i++) {
		p[i] = (struct printer){.a = a, .many = true, .filter = *filter, .all = &all, .index = i, .sums = sums};
		p[i].out = BUF_INIT((size_t)64 << 20);
		rc = open_log(&p[i], args->items[i], err);
	}
	for (size_t i = 0; rc == 0 && i < args->n; i++) {
		struct sync_reading reading = reading_of(&p[i], app_flag(a, OPT_FOLLOW) ? print_line : collect_line);

		sync_read_log(p[i].sync, p[i].kind, p[i].name, &reading, app_reply_done, &replies[i]);
	}
	if (rc == 0)
		rc = read_many(a, p, replies, args->n, err);
	if (rc == 0)
		print_merged(p, &all, last);
	for (size_t i = 0; i < args->n; i++) {
		if (rc == 0)
			print_sums(&p[i]);
		buf_done(&p[i].out);
	}
	free(replies);
	free(p);
	return rc;
}

static int cmd_logs_many(struct app *a, struct sums *sums, struct err *err)
{
	struct log_filter filter = {0};
	int rc = 0;

	if (app_flag(a, OPT_LIVE))
		rc = err_set(err, ERR_USAGE, "--live follows one log: sagetop logs %s -f --live", a->cli.args.items[0]);
	if (rc == 0)
		rc = filter_init(&filter, a, err);
	if (rc == 0)
		rc = run_many(a, &filter, sums, err);
	log_filter_done(&filter);
	return rc;
}

static int cmd_logs_one(struct app *a, struct sums *sums, struct err *err)
{
	struct printer p = {.a = a, .out = BUF_INIT((size_t)64 << 20), .sums = sums};
	int rc = filter_init(&p.filter, a, err);

	if (rc == 0 && app_flag(a, OPT_LIVE) && !app_flag(a, OPT_FOLLOW))
		rc = err_set(err, ERR_USAGE, "--live goes with -f: sagetop logs %s -f --live", a->cli.args.items[0]);
	if (rc == 0)
		rc = open_log(&p, a->cli.args.items[0], err);
	if (rc == 0)
		rc = run(&p, err);
	log_filter_done(&p.filter);
	buf_done(&p.out);
	return rc;
}

int cmd_logs(struct app *a, struct err *err)
{
	struct sums sums = {0};
	bool histogram = app_flag(a, OPT_HISTOGRAM);
	int rc;

	if (histogram && app_flag(a, OPT_FOLLOW))
		return err_set(err, ERR_USAGE, "--histogram counts what is there: it does not go with -f");
	rc = a->cli.args.n > 1 ? cmd_logs_many(a, &sums, err) : cmd_logs_one(a, &sums, err);
	if (rc == 0 && histogram)
		logs_histogram_print(a, &sums.counts);
	log_seconds_done(&sums.counts);
	return rc;
}
