/* sagetop logs NAME: the log so far, and with -f what comes. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"

struct log_filter {
	int64_t since_ms;
	bool errors_only;
	pcre2_code *pattern;
	pcre2_match_data *match;
};

static void log_filter_done(struct log_filter *f)
{
	pcre2_match_data_free(f->match);
	pcre2_code_free(f->pattern);
}
AUTO_EMBEDDED(log_filter, struct log_filter, log_filter_done)

static int filter_init(struct log_filter *f, const struct app *a, struct err *err)
{
	const char *since = app_value(a, OPT_SINCE), *grep = app_value(a, OPT_GREP);
	int64_t ms;

	f->since_ms = INT64_MIN;
	f->errors_only = app_flag(a, OPT_ERRORS);
	if (since && timefmt_parse_duration(since, &ms))
		f->since_ms = clock_now_ms() - ms;
	else if (since && timefmt_parse_iso(since, &ms))
		f->since_ms = ms;
	else if (since)
		return err_set(err, ERR_USAGE, "--since needs 15m, 2h, 3d or a time like 2026-11-21T05:48, not \"%s\"",
			       since);
	if (grep) {
		int code;
		size_t at;
		unsigned char text[200];
		f->pattern = pcre2_compile((PCRE2_SPTR)grep, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF,
					   &code, &at, NULL);
		if (!f->pattern) {
			pcre2_get_error_message(code, text, sizeof(text));
			return err_set(err, ERR_USAGE, "--grep \"%s\": %s at character %zu", grep, (char *)text,
				       at + 1);
		}
		pcre2_jit_compile(f->pattern, PCRE2_JIT_COMPLETE);
		f->match = pcre2_match_data_create_from_pattern(f->pattern, NULL);
	}
	return 0;
}

static bool filter_passes(const struct log_filter *f, const struct log_line *l)
{
	if (l->time_ms < f->since_ms || (f->errors_only && l->level != LINE_ERROR))
		return false;
	return !f->pattern || pcre2_match(f->pattern, (PCRE2_SPTR)l->text, l->len, 0, 0, f->match, NULL) >= 0;
}

/* CloudWatch shows a tab as "#011", as syslog does; XGBoost's metric lines are full
 * of them. For reading they are tabs again; JSON keeps what the service said. */
static void print_text(FILE *out, const char *text)
{
	for (const char *tab; (tab = strstr(text, "#011")); text = tab + 4)
		fprintf(out, "%.*s\t", (int)(tab - text), text);
	fprintf(out, "%s\n", text);
}

/* JSON is one object a line here, so that a followed log can be piped. */
static void print_line(const struct app *a, const struct loglines *logs, const struct log_line *l)
{
	char time[TIMEFMT_LEN];

	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_object();
		json_put_time(o, "time", l->time_ms);
		json_put_str(o, "stream", l->stream < logs->streams.n ? logs->streams.items[l->stream] : NULL);
		json_put_str(o, "text", l->text);
		AUTO(str) char *text = json_text(o);
		fprintf(a->out, "%s\n", text);
		return;
	}
	if (app_flag(a, OPT_TIMES))
		fprintf(a->out, "%s ", timefmt_show_ms(time, l->time_ms));
	print_text(a->out, l->text);
}

/* What has been printed, by the lines' addresses in their arena, in order: a
 * line that came late stands before others that were printed already. */
struct printed {
	const char **texts;
	size_t n, cap;
};

static void remember(struct printed *p, const struct loglines *logs)
{
	GROW(p->texts, p->cap, logs->n);
	for (size_t i = 0; i < logs->n; i++)
		p->texts[i] = logs->lines[i].text;
	p->n = logs->n;
}

static void print_new(const struct app *a, const struct loglines *logs, const struct log_filter *f, struct printed *p)
{
	size_t old = 0, i = 0;

	/* Usually everything new is at the end. */
	if (p->n && p->n <= logs->n && logs->lines[p->n - 1].text == p->texts[p->n - 1])
		old = i = p->n;
	for (; i < logs->n; i++) {
		if (old < p->n && logs->lines[i].text == p->texts[old]) {
			old++;
			continue;
		}
		if (filter_passes(f, &logs->lines[i]))
			print_line(a, logs, &logs->lines[i]);
	}
	remember(p, logs);
}

static void print_all(const struct app *a, const struct loglines *logs, const struct log_filter *f)
{
	size_t first = 0, n = 0;

	if (app_value(a, OPT_LIMIT)) {
		size_t limit = (size_t)a->cli.numbers[OPT_LIMIT];
		for (first = logs->n; first > 0 && n < limit; first--)
			n += filter_passes(f, &logs->lines[first - 1]);
	}
	for (size_t i = first; i < logs->n; i++)
		if (filter_passes(f, &logs->lines[i]))
			print_line(a, logs, &logs->lines[i]);
}

/* What a follower should know: the tail is open, the log is throttled ... */
static void print_notes(const struct job_feed *feed, bool *live, char *note, size_t size)
{
	if (feed->live && !*live)
		fputs("sagetop: the live tail is open and billed by the minute\n", stderr);
	*live = feed->live;
	if (strcmp(note, feed->logs_note)) {
		str_copy(note, size, feed->logs_note);
		if (*note)
			fprintf(stderr, "sagetop: %s\n", note);
	}
}

static int follow(struct app *a, const char *name, const struct log_filter *f, struct err *err)
{
	const struct session *s = sync_session(a->sync);
	struct printed printed = {0};
	int rc = 0;

	const struct job_feed *feed = session_find_feed(s, name);
	if (feed)
		remember(&printed, &feed->logs);
	sync_watch(a->sync, name);
	if (app_flag(a, OPT_LIVE))
		sync_live(a->sync, name, true);
	char note[sizeof(feed->logs_note)] = "";
	bool live = false;
	for (uint64_t seen = 0; rc == 0;) {
		feed = session_find_feed(s, name);
		if (feed)
			print_notes(feed, &live, note, sizeof(note));
		if (feed && feed->logs.generation != seen) {
			seen = feed->logs.generation;
			print_new(a, &feed->logs, f, &printed);
			fflush(a->out);
		}
		if (ferror(a->out) || (feed && feed->logs.complete))
			break;
		rc = app_turn(a, 1000, err);
	}
	feed = session_find_feed(s, name);
	if (feed && feed->live_minutes) {
		char text[32];
		fprintf(stderr, "sagetop: live tail for %lld min, about %s\n", (long long)feed->live_minutes,
			money_text(text, feed->live_usd_micro));
	}
	sync_unwatch(a->sync, name);
	free(printed.texts);
	return rc;
}

int cmd_logs(struct app *a, struct err *err)
{
	AUTO(log_filter) struct log_filter filter = {0};
	const char *name = a->cli.args.items[0];
	struct app_reply job = {0}, logs = {0};

	if (app_flag(a, OPT_LIVE) && !app_flag(a, OPT_FOLLOW))
		return err_set(err, ERR_USAGE, "--live goes with -f: sagetop logs %s -f --live", name);
	if (filter_init(&filter, a, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	sync_job(a->sync, name, app_reply_done, &job);
	if (app_wait(a, &job, err) < 0)
		return -err->code;
	sync_logs(a->sync, name, app_reply_done, &logs);
	if (app_wait(a, &logs, err) < 0)
		return -err->code;
	const struct job_feed *feed = session_find_feed(sync_session(a->sync), name);
	if (feed)
		print_all(a, &feed->logs, &filter);
	fflush(a->out);
	return app_flag(a, OPT_FOLLOW) ? follow(a, name, &filter, err) : 0;
}
