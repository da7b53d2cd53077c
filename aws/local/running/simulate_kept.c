/* The simulation from one start of the engine to the next: written down, taken up, forgotten. */
#include "aws/local/running/simulate_impl.h"

static void run_sql(struct engine *e, const char *sql)
{
	sqlite3_stmt *st = state_prepare(e->db, sql);

	state_exec(e->db, st);
}

static void remove_traces(struct engine *e)
{
	run_sql(e, "DELETE FROM log_events WHERE stream IN (SELECT id FROM log_streams WHERE name GLOB 'sim-c*')");
	run_sql(e, "DELETE FROM log_streams WHERE name GLOB 'sim-c*'");
	run_sql(e, "DELETE FROM metric_points WHERE series IN (SELECT id FROM metric_series WHERE dims GLOB "
		   "'*:\"sim-c*')");
	run_sql(e, "DELETE FROM metric_series WHERE dims GLOB '*:\"sim-c*'");
}

void simulation_forget(struct engine *e)
{
	for (size_t i = e->jobs->n; i > 0; i--) {
		if (e->jobs->items[i - 1]->simulated >= 0)
			training_jobs_remove(e, e->jobs->items[i - 1]);
	}
	remove_traces(e);
}

void simulation_write_down(struct engine *e)
{
	const struct simulation *s = e->simulation;
	json_t *courses = json_array(), *early = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct course *c = &s->heap[i];

		json_array_append_new(courses,
				      json_pack("[I, I, i, i, I, I, b]", (json_int_t)c->index, (json_int_t)c->due_ms,
						c->step, c->round, (json_int_t)c->began_ms, (json_int_t)c->stream_id,
						c->interrupted));
	}
	for (int64_t i = 0; i < s->backfilled; i++) {
		if (s->early[i])
			json_array_append_new(early, json_integer(i));
	}
	AUTO(json)
	json_t *doc = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "total", (json_int_t)s->total, "seed",
				(json_int_t)s->seed, "hours", (json_int_t)s->hours, "base", (json_int_t)s->base_ms,
				"now", (json_int_t)engine_now_ms(e), "next", (json_int_t)s->next_index, "backfilled",
				(json_int_t)s->backfilled, "courses", courses, "early", early);
	AUTO(str) char *text = json_text(doc);

	for (size_t i = 0; i < e->jobs->n; i++) {
		if (e->jobs->items[i]->simulated >= 0)
			training_job_write(e, e->jobs->items[i]);
	}
	state_meta_set(e->db, "simulation", text);
	state_commit(e->db);
}

static void take_up_course(struct engine *e, struct simulation *s, const json_t *row)
{
	struct course c = {.index = json_integer_value(json_array_get(row, 0)),
			   .due_ms = json_integer_value(json_array_get(row, 1)),
			   .step = (enum step)json_integer_value(json_array_get(row, 2)),
			   .round = (int)json_integer_value(json_array_get(row, 3)),
			   .began_ms = json_integer_value(json_array_get(row, 4)),
			   .stream_id = json_integer_value(json_array_get(row, 5)),
			   .interrupted = json_is_true(json_array_get(row, 6))};
	struct sim_plan p;

	simulation_plan(s, c.index, &p);
	c.job = training_jobs_find(e, p.name);
	if (c.job || c.step == STEP_CREATE)
		simulation_push(s, c);
}

bool simulation_take_up(struct engine *e, struct simulation *s)
{
	AUTO(str) char *text = state_meta_get(e->db, "simulation");
	AUTO(json) json_t *doc = NULL;
	size_t i;
	json_t *row;

	if (str_empty(text) || json_parse(text, strlen(text), "simulation", &doc, NULL) < 0)
		return false;
	if (e->opt.simulate &&
	    (json_get_i64(doc, "total", -1) != e->opt.simulate || json_get_i64(doc, "seed", -1) != e->opt.seed ||
	     json_get_i64(doc, "hours", -1) != e->opt.simulate_hours))
		return false;
	s->total = json_get_i64(doc, "total", 0);
	s->seed = json_get_i64(doc, "seed", 1);
	s->hours = json_get_i64(doc, "hours", 1);
	s->base_ms = json_get_i64(doc, "base", 0);
	s->next_index = json_get_i64(doc, "next", 0);
	s->backfilled = json_get_i64(doc, "backfilled", 0);
	s->early = xcalloc((size_t)MAX(s->backfilled, 1), sizeof(*s->early));
	json_array_foreach(json_object_get(doc, "early"), i, row)
	{
		int64_t index = json_integer_value(row);

		if (index >= 0 && index < s->backfilled)
			s->early[index] = true;
	}
	e->clock_base_ms = json_get_i64(doc, "now", e->clock_base_ms);
	json_array_foreach(json_object_get(doc, "courses"), i, row) take_up_course(e, s, row);
	return true;
}
