/* report_html.c - a report as one page: what was asked, the jobs with their sums, the hyperparameters that
 * differ, the charts, and the ends of logs. */
#include "app/html.h"
#include "app/reference.h"
#include "app/report.h"
#include "base/timefmt.h"
#include "model/compare.h"

#define HYPERPARAMETERS "hp."

#define COLUMNS_MAX 64

/* Of training jobs; things of the other kinds have the columns that a list has of them. */
static const struct {
	const char *field, *title;
} job_columns[] = {
	{"name", "Job"},       {"status", "Status"},   {"instance", "Instance"}, {"count", "Count"},
	{"train", "Training"}, {"billable", "Billed"}, {"cost", "Cost"},	 {"metric", "Objective"},
	{"objective", "Best"}, {"round", "Round"},     {"reason", "Reason"},
};

struct columns {
	struct field_ref refs[COLUMNS_MAX];
	struct strlist titles;
	size_t n;
};

static void columns_of(const struct report *r, struct columns *ret)
{
	char title[FIELD_HEADING_LEN];

	for (size_t i = 0; r->kind == TRAINING_KIND && i < ARRAY_LEN(job_columns); i++) {
		ret->refs[ret->n++].field = field_find(TRAINING_KIND, job_columns[i].field, NULL);
		strlist_add(&ret->titles, job_columns[i].title);
	}
	for (size_t i = 0; r->kind != TRAINING_KIND && i < MIN(r->columns->n, (size_t)COLUMNS_MAX); i++) {
		ret->refs[ret->n++] = r->columns->items[i];
		strlist_add(&ret->titles, field_title(&r->columns->items[i], title));
	}
}

static bool is_summed(const struct field *f)
{
	return f->type == FIELD_MONEY || f->type == FIELD_SECONDS;
}

/* --- heading ------------------------------------------------------------------ */

/* "account A, region R", or each scope. The caller's. */
static char *where_of(const struct session *s)
{
	AUTO(buf) struct buf scopes = BUF_INIT(BUF_MAX_TEXT);

	if (session_parts(s) == 1)
		return xasprintf("account %s, region %s", str_or(s->account, "not known"),
				 str_or(s->region, "not known"));
	for (size_t i = 0; i < session_parts(s); i++)
		(void)buf_addf(&scopes, "%s%s", i ? ", " : "", session_label(session_part(s, i)));
	return buf_take(&scopes);
}

static void add_heading(struct buf *out, const struct report *r)
{
	const struct session *s = r->x.session;
	char time[TIMEFMT_LEN], prices[SESSION_PRICES_LEN];
	AUTO(str) char *kind = reference_title(r->kind);
	AUTO(str) char *title = r->n == 1 ? xasprintf("1 %s", kind) : xasprintf("%zu %s", r->n, r->kind->title);
	AUTO(str) char *asked = xasprintf("sagetop report %s", r->asked);
	AUTO(str) char *where = where_of(s);
	AUTO(str)
	char *made = xasprintf("%s, %s; %s", timefmt_show(time, r->x.now_ms), where, session_prices_text(s, prices));

	html_element(out, "h1", title);
	html_element(out, "p class=\"dim\"", asked);
	html_element(out, "p class=\"dim\"", made);
	for (size_t i = 0; i < r->left_out.n; i++) {
		AUTO(str) char *text = xasprintf("Left out is %s", r->left_out.items[i]);
		html_element(out, "p", text);
	}
	if (r->n_found > r->n) {
		AUTO(str)
		char *text = xasprintf("%zu more match and are left out: a page has %d jobs at most.",
				       r->n_found - r->n, REPORT_JOBS_MAX);
		html_element(out, "p", text);
	}
	if (r->n > REPORT_READ_MAX) {
		AUTO(str)
		char *text = xasprintf("Curves and logs are those of the first %d jobs; of the other %zu they "
				       "are left out.",
				       REPORT_READ_MAX, r->n - REPORT_READ_MAX);
		html_element(out, "p", text);
	}
}

/* --- table -------------------------------------------------------------------- */

/* For people, and of a number its exact value where the pointer rests. */
static void add_value(struct buf *out, const struct field_ref *f, const struct resource *r,
		      const struct field_context *x)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT), exact = BUF_INIT(BUF_MAX_TEXT);
	struct field_value v = field_get(f, r, x);

	field_show(f->field, r, &v, FIELD_FOR_PEOPLE, &text);
	if (!text.len && f->field->type == FIELD_MONEY)
		(void)buf_adds(&text, "?");
	if (v.known && !v.text && field_is_number(f->field)) {
		field_show(f->field, r, &v, FIELD_FOR_PROGRAMS, &exact);
		AUTO(str) char *tag = xasprintf("td title=\"%s\"", buf_str(&exact));
		html_element(out, tag, buf_str(&text));
	} else {
		html_element(out, str_eq(f->field->name, "reason") ? "td class=\"text\"" : "td", buf_str(&text));
	}
}

/* A sum says by its mark that some of it is not known. */
static void add_sum(struct buf *out, const struct report *r, const struct field_ref *f, size_t *ret_unknown)
{
	bool money = f->field->type == FIELD_MONEY, estimate = false;
	char text[TIMEFMT_LEN + 2] = "";
	int64_t sum = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct field_value v = field_get(f, r->jobs[i].r, &r->x);
		*ret_unknown += !v.known;
		estimate |= v.known && v.estimate;
		if (v.known)
			sum = money ? money_sum(sum, (int64_t)v.number) : sum + (int64_t)v.number;
	}
	if (money)
		money_mark_sum(money_text(text, sum), sum, estimate, *ret_unknown);
	else
		money_mark_sum(timefmt_duration(text, sum * 1000), sum, estimate, *ret_unknown);
	html_cell(out, text);
}

static void add_sums(struct buf *out, const struct report *r, const struct columns *columns)
{
	AUTO(buf) struct buf words = BUF_INIT(BUF_MAX_TEXT);

	buf_adds(out, "<tr class=\"sum\">");
	for (size_t k = 0; k < columns->n; k++) {
		size_t unknown = 0;
		if (is_summed(columns->refs[k].field))
			add_sum(out, r, &columns->refs[k], &unknown);
		else
			html_cell(out, k ? "" : "Sum");
		if (unknown)
			(void)buf_addf(&words, "%s%s of %zu job%s",
				       words.len ? ", " : "Not known: ", columns->titles.items[k], unknown,
				       unknown == 1 ? "" : "s");
	}
	buf_adds(out, "</tr>\n");
	html_table_close(out);
	if (words.len)
		html_element(out, "p", buf_str(&words));
	html_element(out, "p class=\"dim\"", "* is an estimate; ? is not known, and a sum with +? leaves it out.");
}

static void add_jobs(struct buf *out, const struct report *r)
{
	struct columns columns = {0};

	columns_of(r, &columns);
	html_table_open(out, NULL, (const char *const *)columns.titles.items, columns.n);
	for (size_t i = 0; i < r->n; i++) {
		buf_adds(out, "<tr>");
		for (size_t k = 0; k < columns.n; k++) {
			if (str_eq(columns.refs[k].field->name, "name"))
				html_cell(out, r->jobs[i].name);
			else
				add_value(out, &columns.refs[k], r->jobs[i].r, &r->x);
		}
		buf_adds(out, "</tr>\n");
	}
	add_sums(out, r, &columns);
	strlist_done(&columns.titles);
}

/* --- hyperparameters ---------------------------------------------------------- */

/* Of a lone job all of them. */
static bool is_shown(const struct report *r, const struct compare_row *row)
{
	return str_starts(row->label, HYPERPARAMETERS) && (row->differs || r->n == 1);
}

static void add_hyperparameters(struct buf *out, const struct report *r)
{
	AUTO(compare) struct compare c = {0};
	const struct resource **things = xcalloc(r->n, sizeof(*things));

	for (size_t i = 0; i < r->n; i++)
		things[i] = r->jobs[i].r;
	compare_build(&c, things, r->n, FIELD_FOR_PEOPLE, &r->x);
	const char **titles = xcalloc(c.n + 1, sizeof(*titles));
	size_t n = 0;
	titles[n++] = "Job";
	for (size_t k = 0; k < c.n; k++)
		if (is_shown(r, &c.rows[k]))
			titles[n++] = c.rows[k].label + strlen(HYPERPARAMETERS);
	if (n > 1) {
		html_element(out, "h2", r->n == 1 ? "Hyperparameters" : "Hyperparameters that differ");
		html_table_open(out, NULL, titles, n);
		for (size_t i = 0; i < r->n; i++) {
			buf_adds(out, "<tr>");
			html_cell(out, r->jobs[i].name);
			for (size_t k = 0; k < c.n; k++)
				if (is_shown(r, &c.rows[k]))
					html_element(out, "td class=\"value\"", str_or(c.rows[k].values[i], ""));
			buf_adds(out, "</tr>\n");
		}
		html_table_close(out);
	} else {
		html_element(out, "p class=\"dim\"",
			     r->n == 1 ? "It has no hyperparameters." : "No hyperparameter differs.");
	}
	free(titles);
	free(things);
}

/* --- charts, logs ------------------------------------------------------------- */

static void add_metrics(struct buf *out, const struct report *r)
{
	html_element(out, "h2", "Metrics");
	if (!r->n_curves)
		html_element(out, "p", r->kind == TRAINING_KIND ? "No job has a metric." : "There is no metric.");
	report_charts(out, r);
	for (size_t i = 0; i < r->n; i++) {
		if (!r->jobs[i].metrics_note)
			continue;
		AUTO(str) char *text = xasprintf("%s: %s", r->jobs[i].name, r->jobs[i].metrics_note);
		html_element(out, "p class=\"dim\"", text);
	}
}

/* Which instance wrote a line is said where several did. */
static void add_lines(struct buf *out, const struct loglines *log)
{
	char host[64];

	buf_adds(out, "<pre>");
	for (size_t i = 0; i < log->n; i++) {
		if (log->streams.n > 1) {
			html_text(out, log_stream_host(host, sizeof(host), log->streams.items[log->lines[i].stream]));
			buf_addc(out, ' ');
		}
		html_text(out, log->lines[i].text);
		buf_addc(out, '\n');
	}
	buf_adds(out, "</pre>\n");
}

static void add_logs(struct buf *out, const struct report *r)
{
	AUTO(str) char *title = xasprintf("Ends of logs (%zu line%s)", r->n_lines, r->n_lines == 1 ? "" : "s");

	html_element(out, "h2", title);
	for (size_t i = 0; i < r->n && r->jobs[i].read; i++) {
		const struct report_job *job = &r->jobs[i];
		html_element(out, "h3", job->name);
		if (job->log_note)
			html_element(out, "p class=\"dim\"", job->log_note);
		else if (!job->log.n)
			html_element(out, "p class=\"dim\"", "There is no line.");
		if (job->log.n)
			add_lines(out, &job->log);
	}
}

void report_page(struct buf *out, const struct report *r)
{
	AUTO(str) char *title = xasprintf("sagetop report %s", r->asked);

	html_open(out, title);
	add_heading(out, r);
	add_jobs(out, r);
	if (r->kind == TRAINING_KIND)
		add_hyperparameters(out, r);
	add_metrics(out, r);
	if (r->n_lines && r->kind->log_group)
		add_logs(out, r);
	html_close(out);
}
