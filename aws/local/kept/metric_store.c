/* Metric series and their points in the database. */
#include "aws/local/kept/metric_store.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct strpair *)a)->name, ((const struct strpair *)b)->name);
}

/* The dimensions in one form: a JSON object, sorted by name. */
static char *dims_text(const struct strmap *dims)
{
	AUTO(strmap) struct strmap sorted = {0};

	strmap_copy(&sorted, dims);
	if (sorted.n)
		qsort(sorted.items, sorted.n, sizeof(*sorted.items), by_name);
	AUTO(json) json_t *j = json_from_strmap(&sorted);

	return json_text(j);
}

int64_t metric_series(struct engine *e, const char *ns, const char *name, const struct strmap *dims, bool create)
{
	AUTO(str) char *text = dims_text(dims);
	sqlite3_stmt *st = state_prepare(e->db, "SELECT id FROM metric_series WHERE ns = ? AND name = ? AND dims = ?");
	int64_t id = 0;

	state_bind_text(st, 1, ns);
	state_bind_text(st, 2, name);
	state_bind_text(st, 3, text);
	if (state_step(e->db, st))
		id = sqlite3_column_int64(st, 0);
	state_done(st);
	if (id || !create)
		return id;
	st = state_prepare(e->db, "INSERT INTO metric_series (ns, name, dims) VALUES (?, ?, ?)");
	state_bind_text(st, 1, ns);
	state_bind_text(st, 2, name);
	state_bind_text(st, 3, text);
	state_exec(e->db, st);
	return state_last_id(e->db);
}

void metric_add_set(struct engine *e, int64_t series, const struct metric_point *p)
{
	/* Points of one millisecond are told apart by seq. */
	sqlite3_stmt *st =
		state_prepare(e->db, "INSERT INTO metric_points (series, time, seq, value, n, low, high) SELECT ?1,"
				     " ?2, COALESCE(MAX(seq), 0) + 1, ?3, ?4, ?5, ?6 FROM metric_points"
				     " WHERE series = ?1 AND time = ?2");

	state_bind_i64(st, 1, series);
	state_bind_i64(st, 2, p->time_ms);
	state_bind_f64(st, 3, p->sum);
	state_bind_f64(st, 4, p->n);
	state_bind_f64(st, 5, p->low);
	state_bind_f64(st, 6, p->high);
	state_exec(e->db, st);
}

void metric_add(struct engine *e, int64_t series, int64_t time_ms, double value)
{
	struct metric_point p = {.time_ms = time_ms, .sum = value, .n = 1, .low = value, .high = value};

	metric_add_set(e, series, &p);
}

void metric_read(struct engine *e, int64_t series, int64_t from_ms, int64_t to_ms, struct metric_point **ret,
		 size_t *ret_n)
{
	sqlite3_stmt *st =
		state_prepare(e->db, "SELECT time, value, n, low, high FROM metric_points WHERE series = ? AND"
				     " time >= ? AND time < ? ORDER BY time, seq");
	struct metric_point *points = NULL;
	size_t n = 0, cap = 0;

	state_bind_i64(st, 1, series);
	state_bind_i64(st, 2, from_ms);
	state_bind_i64(st, 3, to_ms);
	while (state_step(e->db, st)) {
		GROW(points, cap, n + 1);
		points[n++] = (struct metric_point){.time_ms = sqlite3_column_int64(st, 0),
						    .sum = sqlite3_column_double(st, 1),
						    .n = sqlite3_column_double(st, 2),
						    .low = sqlite3_column_double(st, 3),
						    .high = sqlite3_column_double(st, 4)};
	}
	state_done(st);
	*ret = points;
	*ret_n = n;
}
