/* launch_offers.c - what can stand in a field of the launch form: what earlier jobs had there, instance types with
 * their prices, paths of files. */
#include "tui/launch_internal.h"

#include "model/member_values.h"

static const struct member_values *values_of(const struct view *v)
{
	static const struct member_values none;
	const struct ui_host *host = view_host(v);
	const struct member_values *known = host->member_values ? host->member_values(host->user) : NULL;

	return known ? known : &none;
}

static bool is_of_a_change(const struct launch_state *st, size_t field)
{
	return field >= st->first_change && field < st->first_member;
}

/* --- instance types --- */

static void add_priced_types(const struct session *s, const char *text, struct strlist *ret)
{
	AUTO(strlist) struct strlist types = {0};

	for (size_t i = 0; i < s->prices.n; i++) {
		const struct price *p = &s->prices.items[i];
		bool begins = str_starts(p->instance_type, text) ||
			      (str_starts(p->instance_type, "ml.") && str_starts(p->instance_type + 3, text));

		if (begins && str_eq(p->region, s->region) && !strlist_has(ret, p->instance_type) &&
		    !strlist_has(&types, p->instance_type) &&
		    price_training(&s->prices, p->instance_type, s->region, false))
			strlist_add(&types, p->instance_type);
	}
	strlist_sort(&types);
	for (size_t i = 0; i < types.n; i++)
		strlist_add(ret, types.items[i]);
}

static void rate_note(const struct session *s, const char *type, char note[48])
{
	const struct price *p = price_training(&s->prices, type, s->region, false);
	char rate[24];

	note[0] = '\0';
	if (p)
		snprintf(note, 48, "%s/h", money_rate_text(rate, p->usd_micro));
}

/* --- by field --- */

/* Whole lines: what stands before the value, and a value. */
static void add_choices(struct view *v, const char *before, const char *key, const struct strlist *values)
{
	struct launch_state *st = v->state;

	for (size_t i = 0; i < values->n; i++) {
		AUTO(str) char *line = xasprintf("%s%s", before, values->items[i]);
		char note[48] = "";

		if (str_eq(key, MEMBER_INSTANCE_TYPE))
			rate_note(view_session(v), values->items[i], note);
		choices_add(&st->choices, line, note);
	}
}

static void offer_values(struct view *v, const char *before, const char *key, const char *text)
{
	const struct launch_state *st = v->state;
	AUTO(strlist) struct strlist found = {0};

	member_values_offer(values_of(v), key, st->image, text, &found);
	if (str_eq(key, MEMBER_INSTANCE_TYPE))
		add_priced_types(view_session(v), text, &found);
	add_choices(v, before, key, &found);
}

/* "eta" leads to "eta=", and that to its values. */
static void offer_change(struct view *v, const char *text)
{
	struct launch_state *st = v->state;
	const char *eq = strchr(text, '=');
	AUTO(strlist) struct strlist names = {0};

	if (eq) {
		AUTO(str) char *key = launch_path_of(v, text), *before = xstrndup(text, (size_t)(eq + 1 - text));

		offer_values(v, before, key, eq + 1);
		return;
	}
	member_values_names(values_of(v), st->image, text, &names);
	for (size_t i = 0; i < names.n; i++) {
		AUTO(str) char *line = xasprintf("%s=", names.items[i]);

		choices_add(&st->choices, line, "");
	}
}

static void offer_files(struct view *v, const char *text)
{
	const struct ui_host *host = view_host(v);
	AUTO(strlist) struct strlist paths = {0};

	if (host->paths)
		host->paths(host->user, text, &paths);
	add_choices(v, "", "", &paths);
}

bool launch_complete(struct view *v, int by)
{
	struct launch_state *st = v->state;
	struct form_field *f = &st->form.fields[st->form.focus];
	const struct job_member *m = launch_member_of(st, f);
	AUTO(str) char *key = m ? job_member_key(m) : NULL;

	if (st->choices.texts.n) {
		choices_step(&st->choices, &f->edit, by);
		return true;
	}
	if (by < 0)
		return false;
	if (key)
		offer_values(v, "", key, f->edit.text);
	else if (is_of_a_change(st, st->form.focus))
		offer_change(v, f->edit.text);
	else if (launch_is_of_file(st) && st->form.focus == 0)
		offer_files(v, f->edit.text);
	return choices_begin(&st->choices, &f->edit);
}

bool launch_walk_earlier(struct view *v, int by)
{
	struct launch_state *st = v->state;
	struct form_field *f = &st->form.fields[st->form.focus];
	const struct job_member *m = launch_member_of(st, f);
	AUTO(str) char *key = m ? job_member_key(m) : NULL;
	AUTO(strlist) struct strlist earlier = {0};

	if (!st->choices.texts.n && key) {
		member_values_earlier(values_of(v), key, st->image, f->edit.text, &earlier);
		add_choices(v, "", key, &earlier);
		choices_open(&st->choices, &f->edit);
	}
	if (st->choices.texts.n)
		choices_step(&st->choices, &f->edit, by);
	return st->choices.texts.n > 0;
}
