/* A log over time as a table, or as JSON. */
#include "app/logs_histogram.h"

#include "app/output.h"
#include "base/timefmt.h"

#define BUCKETS_MAX 20
#define BAR_CELLS 30

static void add_bar(const struct app *a, const struct log_bucket *b, size_t most, struct buf *out)
{
	static const char *const signs[2][3] = {{LOG_BAR_ERROR, LOG_BAR_WARNING, LOG_BAR_OTHER}, {"#", ":", "."}};
	int cells[3];

	log_bucket_bar(b, most, BAR_CELLS, cells);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < cells[k]; i++)
			(void)buf_adds(out, signs[a->ascii][k]);
}

static void add_count(struct table *t, size_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", n);
	table_cell(t, text);
}

static void print_table(struct app *a, const struct log_bucket *buckets, size_t n)
{
	AUTO(table) struct table t = {0};
	bool bars = output_format(a) == OUTPUT_TABLE;
	size_t most = 0;

	table_column(&t, "FROM", false);
	table_column(&t, "LINES", true);
	table_column(&t, "ERRORS", true);
	table_column(&t, "WARNINGS", true);
	if (bars)
		table_column(&t, "", false);
	for (size_t i = 0; i < n; i++)
		most = MAX(most, buckets[i].lines);
	for (size_t i = 0; i < n; i++) {
		AUTO(buf) struct buf bar = BUF_INIT(BUF_MAX_TEXT);
		char time[TIMEFMT_LEN];

		table_cell(&t, timefmt_show(time, buckets[i].from_ms));
		add_count(&t, buckets[i].lines);
		add_count(&t, buckets[i].errors);
		add_count(&t, buckets[i].warnings);
		add_bar(a, &buckets[i], most, &bar);
		if (bars)
			table_cell(&t, bar.len ? buf_str(&bar) : " ");
	}
	table_print(&t, a);
}

static void print_json(struct app *a, const struct log_bucket *buckets, size_t n, int64_t width_ms)
{
	AUTO(json) json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();

		json_put_time(row, "from", buckets[i].from_ms);
		json_object_set_new(row, "lines", json_integer((json_int_t)buckets[i].lines));
		json_object_set_new(row, "errors", json_integer((json_int_t)buckets[i].errors));
		json_object_set_new(row, "warnings", json_integer((json_int_t)buckets[i].warnings));
		json_array_append_new(rows, row);
	}
	json_put_seconds(o, "seconds", width_ms / 1000);
	json_object_set(o, "buckets", rows);
	output_json(a, o);
}

void logs_histogram_print(struct app *a, const struct log_seconds *counts)
{
	int64_t width_ms = 0, offset = counts->n ? timefmt_offset(counts->seconds[0].from_ms) : 0;
	size_t n;
	struct log_bucket *buckets = log_seconds_sum(counts, &width_ms, offset, BUCKETS_MAX, &n);

	if (output_format(a) == OUTPUT_JSON)
		print_json(a, buckets, n, width_ms);
	else if (n)
		print_table(a, buckets, n);
	free(buckets);
}
