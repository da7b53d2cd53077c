/* launch_notes.c - what is said beside the fields of the launch form while they are typed: why a value cannot be so,
 * and what may be a slip. */
#include <ctype.h>

#include "model/grid.h"
#include "model/member_values.h"
#include "tui/launch_internal.h"

#define HYPERPARAMETERS "HyperParameters."

static void note(struct form_field *f, bool wrong, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void note(struct form_field *f, bool wrong, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->note, sizeof(f->note), fmt, ap);
	va_end(ap);
	f->wrong = wrong;
}

/* --- a member's value --- */

static void note_type(const struct view *v, struct form_field *f, const char *type)
{
	const struct session *s = view_session(v);

	if (s->prices.n && !price_training(&s->prices, type, s->region, false))
		note(f, false, "no price of %s is known: is it a type?", type);
}

/* By the member's own rule. What says so begins with the path, which stands beside it already. */
static void note_one_value(const struct view *v, struct form_field *f, const char *path, const char *value)
{
	const struct ui_host *host = view_host(v);
	AUTO(str) char *change = xasprintf("%s=%s", path, value);
	struct err err = {0};
	size_t n = strlen(path);

	if (host->check_change && host->check_change(host->user, change, &err) < 0)
		note(f, true, "%s",
		     str_starts(err.msg, path) && str_starts(err.msg + n, ": ") ? err.msg + n + 2 : err.msg);
	else if (str_eq(path, MEMBER_INSTANCE_TYPE))
		note_type(v, f, value);
}

/* Of several values each. What is wrong with the list itself is said of the sweep. */
static void note_value(const struct view *v, struct form_field *f, const char *path, const char *value)
{
	AUTO(strlist) struct strlist texts = {0};
	AUTO(grid) struct grid g = {0};
	struct err err = {0};

	if (!launch_is_varied(path, value)) {
		note_one_value(v, f, path, value);
		return;
	}
	strlist_take(&texts, xasprintf("%s=%s", path, value));
	if (grid_parse(&texts, &g, &err) < 0)
		return;
	for (size_t i = 0; i < g.jobs && !f->wrong; i++)
		note_one_value(v, f, path, grid_value(&g, i, 0));
}

/* --- what is typed as a change --- */

/* " max_depth=5" in "eta=0.1 max_depth=5": what is meant as another change; NULL. */
static const char *second_change(const char *value)
{
	for (const char *p = value; (p = strchr(p, ' ')) != NULL;) {
		p += strspn(p, " ");
		const char *end = p;

		while (isalnum((unsigned char)*end) || (*end && strchr("_.-", *end)))
			end++;
		if (*end == '=' && (isalpha((unsigned char)*p) || *p == '_'))
			return p;
	}
	return NULL;
}

/* Beside those of the job a name that it does not have may be a slip. */
static bool is_new(const struct launch_state *st, const char *path)
{
	bool any = false;

	for (size_t i = 0; i < st->members.n; i++) {
		if (str_eq(st->members.items[i].path, path))
			return false;
		any |= str_starts(st->members.items[i].path, HYPERPARAMETERS);
	}
	return any && str_starts(path, HYPERPARAMETERS);
}

static void note_change(const struct view *v, struct form_field *f)
{
	const struct launch_state *st = v->state;
	const char *text = f->edit.text, *eq = strchr(text, '=');

	if (!eq)
		return;
	AUTO(str) char *path = launch_path_of(v, text);
	const char *second = str_starts(text, path) ? NULL : second_change(eq + 1);

	if (second)
		note(f, true, "one change in a line: %s goes into the next one (or write %s=... where it is meant)",
		     second, path);
	else if (!str_eq(eq + 1, "null"))
		note_value(v, f, path, eq + 1);
	if (!f->note[0] && is_new(st, path))
		note(f, false, "%s is new among the hyperparameters", path + strlen(HYPERPARAMETERS));
}

void launch_note(struct view *v)
{
	struct launch_state *st = v->state;

	for (size_t i = 0; i < st->form.n; i++) {
		struct form_field *f = &st->form.fields[i];

		note(f, false, "%s", "");
		if (i >= st->first_member && form_is_changed(f) && f->edit.len)
			note_value(v, f, launch_member_of(st, f)->path, f->edit.text);
		else if (i >= st->first_change && i < st->first_member)
			note_change(v, f);
		else if (i + 1 == st->first_change && f->edit.len)
			note_value(v, f, "TrainingJobName", f->edit.text);
	}
}
