/* How a run stands: judged from the packs that are here while it runs, kept as standing.json
 * in its folder for whoever looks, and read from there. */
#include <math.h>

#include "app/backtest_drive.h"
#include "base/fs.h"
#include "base/utf8.h"

#define STANDING_MAX ((size_t)64 << 20)

static char *standing_path(const char *run)
{
	AUTO(str) char *folder = backtest_folder(run);

	return fs_join(folder, "standing.json");
}

/* --- made ---------------------------------------------------------------------------------- */

/* Cycles of which every pack is here. Where a cycle's prediction is learned from those before
 * it, none behind one that is missing can be told. */
static size_t find_cycles(const struct backtest_work *w, const bool *fetched, bool *whole)
{
	size_t n = 0;
	bool learns = str_eq(w->spec->blend, "learned") || !str_empty(w->spec->shrink_to), gap = false;

	for (size_t c = 0; c < w->asked.n; c++)
		whole[c] = true;
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		const struct backtest_job *job = &w->plan->jobs[i];

		for (size_t c = job->first_cycle; !fetched[i] && c <= job->last_cycle; c++)
			whole[c] = false;
	}
	for (size_t c = 0; c < w->asked.n; c++) {
		gap |= !whole[c];
		whole[c] &= !learns || !gap;
		n += whole[c];
	}
	return n;
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *backtest_standing_json(const struct backtest_standing *p, bool entities)
{
	json_t *o = json_pack("{s:I, s:I, s:s, s:I, s:I}", "cycles", (json_int_t)p->cycles, "cycles_all",
			      (json_int_t)p->cycles_all, "against", p->against, "rows", (json_int_t)p->skill.n,
			      "slates", (json_int_t)p->skill.slates);
	json_t *list = json_array();

	json_object_set_new(o, "mae", number(p->skill.mae));
	json_object_set_new(o, "baseline_mae", number(p->skill.other_mae));
	json_object_set_new(o, "skill", number(p->skill.skill));
	json_object_set_new(o, "low", number(p->skill.low));
	json_object_set_new(o, "high", number(p->skill.high));
	for (size_t i = 0; i < p->n_entities; i++) {
		const struct backtest_entity *e = &p->entities[i];
		json_t *one = json_pack("{s:s, s:I}", "entity", e->name, "rows", (json_int_t)e->n);

		json_object_set_new(one, "mae", number(e->mae));
		json_object_set_new(one, "baseline_mae", number(e->other_mae));
		json_object_set_new(one, "skill", number(e->skill));
		json_array_append_new(list, one);
	}
	if (entities)
		json_object_set(o, "entities", list);
	json_decref(list);
	return o;
}

int backtest_standing_make(const struct backtest_work *w, const bool *fetched, struct err *err)
{
	AUTO(str) char *path = standing_path(w->name);
	AUTO(backtest_rows) struct backtest_rows rows = {0};
	AUTO(backtest_standing) struct backtest_standing st = {0};
	bool *whole = xcalloc(w->asked.n + 1, sizeof(*whole));
	size_t n = find_cycles(w, fetched, whole);
	int rc = n ? backtest_merge_cycles(w, fetched, whole, &rows, err) : 0;

	free(whole);
	if (rc || !n || !rows.n)
		return rc;
	if (backtest_standing_judge(&rows, w->spec->headline, &st, err) < 0)
		return -err->code;
	st.cycles = n;
	st.cycles_all = w->asked.n;
	AUTO(json) json_t *o = backtest_standing_json(&st, true);
	AUTO(str) char *text = json_text(o);

	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

/* --- read ---------------------------------------------------------------------------------- */

/* null is what is not known. */
static double number_of(const json_t *o, const char *name)
{
	return json_get_f64(o, name, NAN);
}

static uint32_t count_of(const json_t *o, const char *name)
{
	return (uint32_t)MAX(0, MIN(json_get_i64(o, name, 0), UINT32_MAX));
}

static void take_entities(const json_t *list, struct backtest_standing *st)
{
	size_t i;
	json_t *o;

	st->entities = xcalloc(json_array_size(list) + 1, sizeof(*st->entities));
	json_array_foreach((json_t *)list, i, o)
	{
		st->entities[st->n_entities++] =
			(struct backtest_entity){.name = utf8_sanitize_dup(str_or(json_get_str(o, "entity"), "?")),
						 .n = count_of(o, "rows"),
						 .mae = number_of(o, "mae"),
						 .other_mae = number_of(o, "baseline_mae"),
						 .skill = number_of(o, "skill")};
	}
	backtest_standing_sort(st);
}

void backtest_standing_load(const char *run, struct backtest_standing *ret)
{
	AUTO(str) char *path = standing_path(run);
	AUTO(json) json_t *o = NULL;

	backtest_standing_done(ret);
	if (!fs_exists(path) || json_parse_file(path, STANDING_MAX, &o, NULL) < 0 || !json_get_str(o, "against"))
		return;
	*ret = (struct backtest_standing){.cycles = count_of(o, "cycles"),
					  .cycles_all = count_of(o, "cycles_all"),
					  .against = utf8_sanitize_dup(json_get_str(o, "against")),
					  .skill = {.n = count_of(o, "rows"),
						    .slates = count_of(o, "slates"),
						    .mae = number_of(o, "mae"),
						    .other_mae = number_of(o, "baseline_mae"),
						    .skill = number_of(o, "skill"),
						    .se = NAN,
						    .low = number_of(o, "low"),
						    .high = number_of(o, "high")}};
	take_entities(json_object_get(o, "entities"), ret);
}
