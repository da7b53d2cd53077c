/* launch_members.c - the members in the launch form, and what is asked for by what was changed of them. */
#include <ctype.h>

#include "model/grid.h"
#include "tui/launch_internal.h"

#define HYPERPARAMETERS "HyperParameters."
#define ENVIRONMENT "Environment."

const struct job *launch_cloned(const struct view *v)
{
	const struct launch_state *st = v->state;

	return st->clone_of ? jobs_find(session_jobs(view_session(v)), st->clone_of) : NULL;
}

/* --- the members of the job --- */

void launch_show_members(struct launch_state *st, const struct job *j)
{
	job_members(j, &st->members);
	str_set(&st->image, j->cold->image);
	st->form.n = st->first_member;
	st->n_unfit = 0;
	for (size_t i = 0; i < st->members.n; i++) {
		const struct job_member *m = &st->members.items[i];

		if (str_is_line(m->text, LINEEDIT_MAX - 1))
			form_add(&st->form, m->label, "nothing", m->text)->was = m->text;
		else
			st->n_unfit++;
	}
	st->form.focus = MIN(st->form.focus, st->form.n - 1);
}

void launch_fill_members(struct view *v)
{
	struct launch_state *st = v->state;
	const struct job *j = launch_cloned(v);

	for (size_t i = st->first_member; i < st->form.n; i++)
		if (form_is_changed(&st->form.fields[i]))
			return;
	if (j && !j->trimmed)
		launch_show_members(st, j);
}

const struct job_member *launch_member_of(const struct launch_state *st, const struct form_field *field)
{
	for (size_t i = 0; i < st->members.n; i++)
		if (st->members.items[i].text == field->was)
			return &st->members.items[i];
	return NULL;
}

/* --- what is changed --- */

char *launch_path_of(const struct view *v, const char *text)
{
	const struct job *j = launch_cloned(v);
	size_t n = strcspn(text, "=.[");
	AUTO(str) char *name = xstrndup(text, n);
	bool hyperparameter = text[n] == '=' && n &&
			      (islower((unsigned char)*text) || *text == '_' || (j && job_hyperparameter(j, name)));

	return xasprintf("%s%.*s", hyperparameter ? HYPERPARAMETERS : "", (int)strcspn(text, "="), text);
}

/* As a grid has them: without the blanks that people type behind commas. The caller's. */
static char *without_blanks(const char *values)
{
	AUTO(buf) struct buf out = BUF_INIT(LINEEDIT_MAX);

	for (const char *p = values; *p; p++) {
		const char *next = p + strspn(p, " ");
		bool beside_comma = p > values && p[-1] == ',';

		if (*p == ' ' && (beside_comma || *next == ',' || !*next))
			p = next - 1;
		else
			(void)buf_add(&out, p, 1);
	}
	return buf_take(&out);
}

bool launch_is_varied(const char *path, const char *value)
{
	bool text = str_starts(path, ENVIRONMENT) || str_starts(path, "Tags.") || strchr(value, '/') != NULL;

	return (str_starts(path, HYPERPARAMETERS) || !text) && grid_is_values(value);
}

/* A hyperparameter, or another member, with several values is one of the sweep. */
static void add_value(struct launch_asked *a, const char *path, const char *value)
{
	bool hyperparameter = str_starts(path, HYPERPARAMETERS);

	if (launch_is_varied(path, value)) {
		AUTO(str) char *values = without_blanks(value);

		strlist_take(&a->grid,
			     xasprintf("%s=%s", path + (hyperparameter ? strlen(HYPERPARAMETERS) : 0), values));
	} else if (!hyperparameter) {
		strlist_take(&a->changes, xasprintf("%s=%s", path, value));
	} else {
		AUTO(str) char *one = grid_one_value(value);

		strlist_take(&a->changes, xasprintf("%s=%s", path, one));
	}
}

/* Those that are typed, and those of members; one that is emptied is taken out. */
static void add_changes(struct view *v, struct launch_asked *a, bool whole)
{
	const struct launch_state *st = v->state;

	for (size_t i = st->first_change; i < st->form.n; i++) {
		const struct form_field *f = &st->form.fields[i];
		const char *text = f->edit.text, *eq = strchr(text, '=');

		if (form_is_changed(f)) {
			add_value(a, launch_member_of(st, f)->path, *text ? text : "null");
		} else if (i < st->first_member && eq) {
			AUTO(str) char *path = launch_path_of(v, text);

			add_value(a, path, eq + 1);
		} else if (i < st->first_member && *text && !whole) {
			strlist_add(&a->changes, text);
		}
	}
}

void launch_asked_done(struct launch_asked *a)
{
	strlist_done(&a->changes);
	strlist_done(&a->grid);
}

void launch_ask(struct view *v, bool whole, struct launch_asked *ret)
{
	const struct launch_state *st = v->state;
	const struct form_field *f = st->form.fields;

	add_changes(v, ret, whole);
	ret->r = (struct host_launch_request){
		.changes = &ret->changes, .grid = &ret->grid, .clone_of = st->clone_of, .spec = st->spec};
	if (launch_is_of_file(st))
		ret->r.spec_path = f[0].edit.text;
	ret->r.clones = launch_is_of_many(st) ? &st->clones : NULL;
	ret->r.new_name = f[launch_is_of_file(st) ? 1 : 0].edit.text;
}

/* --- the estimate --- */

static void estimate_ready(struct view *v, const char *text, const struct err *err)
{
	struct launch_state *st = v->state;

	st->estimating = false;
	str_copy(st->estimate, sizeof(st->estimate), err ? "" : text);
	if (st->stale)
		launch_estimate(v);
}

static void count_jobs(struct launch_state *st, const struct strlist *texts)
{
	AUTO(grid) struct grid g = {0};
	struct err err = {0};
	size_t before = st->n_jobs;

	st->n_jobs = texts->n && grid_parse(texts, &g, &err) == 0 ? g.jobs : 0;
	if (launch_is_of_many(st) && texts->n)
		(void)err_set(&err, ERR_USAGE, "several values make a sweep of one job: these are %zu", st->clones.n);
	if (launch_is_of_many(st))
		st->n_jobs = st->clones.n;
	str_copy(st->sweep_problem, sizeof(st->sweep_problem), err.msg);
	if (st->n_jobs != before)
		st->estimate[0] = '\0'; /* it is about another number of jobs */
}

/* One question at a time, about all changes that are whole; a path that leads nowhere yet has no answer. */
void launch_estimate(struct view *v)
{
	struct launch_state *st = v->state;
	AUTO(launch_asked) struct launch_asked a = {0};

	launch_note(v);
	launch_ask(v, true, &a);
	count_jobs(st, &a.grid);
	st->stale = st->estimating;
	if (!st->estimating && !st->sweep_problem[0] && (!launch_is_of_file(st) || !str_empty(a.r.spec_path)))
		st->estimating = ui_ask_estimate(v, &a.r, estimate_ready);
}
