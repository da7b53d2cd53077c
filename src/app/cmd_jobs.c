/* sagetop jobs: the table. */
#include "app/columns.h"
#include "app/commands.h"
#include "app/output.h"
#include "model/query.h"

/* The words as one query; a word with a blank stands as it is. */
static char *join_words(const struct strlist *words)
{
	struct buf b = BUF_INIT(65536);

	for (size_t i = 0; i < words->n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", words->items[i]);
	return buf_take(&b);
}

static void print_table(struct app *a, struct job *const *jobs, size_t n, const struct column_list *columns,
			struct column_context *x)
{
	AUTO(table) struct table t = {0};
	AUTO(buf) struct buf cell = BUF_INIT(BUF_MAX_TEXT);

	x->for_person = output_format(a) == OUTPUT_TABLE;
	for (size_t k = 0; k < columns->n; k++)
		table_column(&t, columns->items[k].title, column_is_right(&columns->items[k]));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < columns->n; k++) {
			buf_clear(&cell);
			column_text(&columns->items[k], jobs[i], x, &cell);
			table_cell(&t, buf_str(&cell));
		}
	table_print(&t, a);
}

static void print_json(struct app *a, struct job *const *jobs, size_t n, const struct column_context *x)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, job_to_json(jobs[i], x));
	output_json(a, list);
}

static const char *jobs_columns(const struct app *a)
{
	return app_value(a, OPT_COLUMNS) ? app_value(a, OPT_COLUMNS) : a->config.set.columns;
}

static const char *jobs_order(const struct app *a)
{
	return str_or(app_value(a, OPT_SORT), str_or(a->config.set.sort, "-created"));
}

/* Jobs are trimmed in memory; JSON and some columns show what lies in the store. */
static void load_cold_parts(struct app *a, struct job *const *jobs, size_t n, const struct column_list *columns)
{
	const char *sort = jobs_order(a);
	bool needed = output_format(a) == OUTPUT_JSON || strstr(sort, "metric.") || strstr(sort, "image") ||
		      strstr(sort, "output");

	for (size_t k = 0; k < columns->n; k++)
		needed |= column_is_cold(&columns->items[k]);
	for (size_t i = 0; needed && i < n; i++)
		sync_job_full(a->sync, jobs[i]->name);
}

int cmd_jobs(struct app *a, struct err *err)
{
	AUTO(column_list) struct column_list columns = {0};
	AUTO(query) struct query *query = NULL;
	AUTO(str) char *words = join_words(&a->cli.args);
	struct app_reply reply = {0};
	size_t n = 0;

	if (columns_parse(jobs_columns(a), &columns, err) < 0 || query_parse(words, &query, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	sync_jobs(a->sync, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;

	struct session *s = sync_session(a->sync);
	struct column_context x = {.session = s, .now_ms = clock_now_ms()};
	struct job **jobs = xreallocarray(NULL, session_jobs(s)->n + 1, sizeof(*jobs));
	for (size_t i = 0; i < session_jobs(s)->n; i++)
		if (query_match(query, jobs_at(session_jobs(s), i), &s->prices, s->region, x.now_ms))
			jobs[n++] = jobs_at(session_jobs(s), i);
	load_cold_parts(a, jobs, n, &columns);
	int rc = columns_sort(jobs, n, jobs_order(a), &x, err);
	if (rc == 0) {
		if (app_value(a, OPT_LIMIT))
			n = MIN(n, (size_t)a->cli.numbers[OPT_LIMIT]);
		if (output_format(a) == OUTPUT_JSON)
			print_json(a, jobs, n, &x);
		else
			print_table(a, jobs, n, &columns, &x);
	}
	free(jobs);
	return rc;
}
