/* What the console reads of a user's typing and of a job's output: a filter, a
 * price table, a metric definition with the line it is held against, log lines. The
 * first byte says which. */
#include "fuzz.h"
#include "model/query.h"
#include "model/session.h"
#include "model/series.h"

static void filter(const char *text)
{
	AUTO(query) struct query *q = NULL;
	AUTO(job) struct job *j = job_new("nba-dfs-1");
	AUTO(session) struct session *session = session_new();
	struct field_context x = {.session = session, .now_ms = 1000};
	struct err err = {0};

	job_set_status(j, "Failed");
	j->detail = DETAIL_SEARCHED;
	strmap_set(&j->tags, "run", "x");
	strmap_set(&j->cold->hyperparameters, "eta", "0.1");
	if (query_parse(&kind_table[KIND_TRAINING_JOB], text, &q, &err)) {
		FUZZ_CHECK(!q && err.code && err.msg[0]);
		return;
	}
	bool whole = query_match(q, job_resource(j), &x);

	job_trim(j); /* the packed form answers alike */
	FUZZ_CHECK(query_match(q, job_resource(j), &x) == whole);
}

static void prices(const char *text, size_t n)
{
	AUTO(price_table) struct price_table t = {0};

	(void)!price_table_parse(&t, text, n, "table", NULL);
	for (size_t i = 0; i < t.n; i++) {
		FUZZ_CHECK(t.items[i].usd_micro > 0);
		FUZZ_CHECK(price_find(&t, t.items[i].instance_type, t.items[i].region, t.items[i].component) ==
			   &t.items[i]);
	}
}

static void metrics(const char *text, size_t n)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(series_set) struct series_set own = {0}, defined = {0};
	const char *newline = memchr(text, '\n', n);
	size_t first = newline ? (size_t)(newline - text) : n;
	AUTO(str) char *regex = xstrndup(text, first);
	AUTO(str) char *line = newline ? xstrndup(newline + 1, n - first - 1) : xstrdup("");
	struct log_line l = {.time_ms = 1, .text = line, .len = strlen(line)};

	job_add_metric_definition(j, "m", regex);
	struct metric_rules *by_definition = metric_rules_new(j), *by_line = metric_rules_new(NULL);

	metric_rules_apply(by_definition, NULL, &l, &defined);
	metric_rules_apply(by_line, NULL, &l, &own);
	metric_rules_free(by_definition);
	metric_rules_free(by_line);
}

/* Each byte is an event: its time, its text and how it comes. */
static void lines(const uint8_t *data, size_t n)
{
	AUTO(loglines) struct loglines l = {0};
	size_t added = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		const char *stream = data[i] & 1 ? "s/1" : "s/2";
		size_t len = MIN((size_t)data[i] >> 4, n - i);
		int64_t time_ms = data[i + 1] >> 2;

		if (data[i] & 2)
			added += loglines_add_live(&l, stream, time_ms, (const char *)data + i, len);
		else
			added += loglines_add(&l, stream, NULL, time_ms, (const char *)data + i, len);
		if (data[i + 1] & 1)
			loglines_begin_pass(&l);
	}
	loglines_settle(&l);
	FUZZ_CHECK(l.n == added);
	for (size_t i = 1; i < l.n; i++)
		FUZZ_CHECK(l.lines[i - 1].time_ms <= l.lines[i].time_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	AUTO(str) char *text = xstrndup((const char *)data + 1, size - 1);

	switch (data[0] & 3) {
	case 0:
		filter(text);
		break;
	case 1:
		prices(text, strlen(text));
		break;
	case 2:
		metrics(text, strlen(text));
		break;
	default:
		lines(data + 1, size - 1);
	}
	return 0;
}
