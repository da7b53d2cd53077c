/* A backtest's specification and data, read and counted. */
#include "app/backtest_work.h"

#include "app/backtest_drive.h"
#include "base/fs.h"
#include "trainer/panel/own_columns.h"
#include "trainer/panel/panel.h"

static const int32_t alternative_days[BACKTEST_ALTERNATIVES] = {1, 7, 14, 28, 0};

void backtest_work_done(struct backtest_work *w)
{
	free(w->name);
	backtest_spec_free(w->spec);
	strlist_done(&w->files);
	strlist_done(&w->earlier);
	strlist_done(&w->own_files);
	backtest_own_free(w->own);
	strlist_done(&w->notes);
	strlist_done(&w->learned);
	free(w->asked.cycles);
	for (size_t i = 0; i < BACKTEST_ALTERNATIVES; i++)
		free(w->alternatives[i].cycles);
	backtest_plan_free(w->plan);
	*w = (struct backtest_work){0};
}

/* --- the data's cycles ------------------------------------------------------------------- */

static struct backtest_cadence count_cadence(const struct panel *p, const struct backtest_spec *spec, int64_t days)
{
	struct backtest_spec other = *spec; /* borrows all but the days */
	struct cycle *cycles = NULL;
	struct backtest_cadence c = {.days = days};

	other.recalibrate_days = days ? days : (int64_t)spec->test_end - spec->test_start + 1;
	c.n = panel_cycles(p, &other, &cycles);
	c.cycles = xcalloc(MAX(c.n, 1), sizeof(*c.cycles));
	for (size_t i = 0; i < c.n; i++) {
		const struct cycle *from = &cycles[i];

		c.cycles[i] = (struct backtest_cycle){from->cutoff, from->last_day, from->slates,  from->rows,
						      from->scored, from->learnt,   from->entities};
	}
	free(cycles);
	return c;
}

static size_t count_entities(const struct panel *p)
{
	uint8_t *seen = xcalloc(p->entity_names.n + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!p->eligible[i] || seen[p->entity[i]])
			continue;
		seen[p->entity[i]] = 1;
		n++;
	}
	free(seen);
	return n;
}

/* The cycles of the data, as they are asked for and as they could be: into asked, alternatives, entities and
 * notes. */
static int count_cycles(struct backtest_work *w, struct err *err)
{
	AUTO(panel) struct panel *p = NULL;

	if (panel_load(w->spec, &w->files, &w->earlier, &p, err) < 0)
		return -err->code;
	w->asked = count_cadence(p, w->spec, w->spec->recalibrate_days);
	for (size_t i = 0; i < BACKTEST_ALTERNATIVES; i++)
		w->alternatives[i] = count_cadence(p, w->spec, alternative_days[i]);
	w->entities = count_entities(p);
	for (size_t i = 0; i < p->notes.n; i++)
		strlist_add(&w->notes, p->notes.items[i]);
	return 0;
}

static void copy_list(struct strlist *to, const struct strlist *from)
{
	strlist_done(to);
	strlist_add_all(to, from);
}

/* Jobs get the columns of data.program, not the program. */
static int write_own_columns(struct backtest_work *w, struct err *err)
{
	AUTO(str) char *below = xasprintf("backtests/%s", w->name);
	AUTO(str) char *folder = fs_cache_path(below);
	bool has_program = !str_empty(w->spec->program);

	if (own_columns_write(w->spec, &w->files, &w->earlier, folder, err) < 0)
		return -err->code;
	if (has_program) { /* a run that goes on has these, and no program */
		copy_list(&w->spec->files, &w->files);
		copy_list(&w->spec->earlier, &w->earlier);
	}
	return 0;
}

/* --- both ---------------------------------------------------------------------------------- */

int backtest_work_load(struct app *a, const char *spec_path, struct backtest_work *w, struct err *err)
{
	if (backtest_spec_load(spec_path, &w->spec, err) < 0)
		return -err->code;
	if (app_value(a, OPT_NAME))
		str_set(&w->spec->name, app_value(a, OPT_NAME));
	w->name = xstrdup(w->spec->name);
	if (backtest_data_files(a, "data.files", &w->spec->files, &w->files, err) < 0 ||
	    backtest_data_files(a, "data.earlier", &w->spec->earlier, &w->earlier, err) < 0 ||
	    backtest_data_files(a, "own.files", &w->spec->own_files, &w->own_files, err) < 0 ||
	    write_own_columns(w, err) < 0 || count_cycles(w, err) < 0 || backtest_work_price(a, w, err) < 0)
		return -err->code;
	return backtest_plan_make(&w->input, &w->plan, err);
}
