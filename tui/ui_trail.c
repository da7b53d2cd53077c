/* ui_trail.c - back and forward through the screens that were painted, as a browser does it.
 *
 * A stop is the whole stack of screens at that time, so that Esc leaves what is gone back to as it
 * did then. A screen that was closed since is opened again with what it was opened with; a list with
 * its filter, order, columns and cursor. What is still open is the same screen. */
#include "tui/ui_internal.h"

#define STOPS_MAX 100

struct place {
	size_t refs; /* its view, and the stops */
	enum view_id view;
	const struct kind *kind;
	struct strlist names;
	char *parent, *text;
	enum view_mode mode;
	const struct ui_scope *scope;
	bool shaped;
	struct view_shape shape; /* of a list that was left */
};

struct place *place_new(enum view_id view, const struct view_arg *arg)
{
	struct place *p = NEW(struct place);

	p->refs = 1;
	p->view = view;
	p->kind = arg->kind;
	for (size_t i = 0; i < arg->names.n; i++)
		strlist_add(&p->names, arg->names.items[i]);
	p->parent = xstrdup(arg->parent);
	p->text = xstrdup(arg->text);
	p->mode = arg->mode;
	p->scope = arg->scope;
	return p;
}

static struct place *place_ref(struct place *p)
{
	p->refs++;
	return p;
}

void place_free(struct place *p)
{
	if (!p || --p->refs)
		return;
	strlist_done(&p->names);
	view_shape_done(&p->shape);
	free(p->parent);
	free(p->text);
	free(p);
}

void place_leave(const struct view *v)
{
	struct place *p = v->place;

	if (p->refs < 2 || !v->ops->shape)
		return; /* nobody comes back */
	view_shape_done(&p->shape);
	v->ops->shape(v, &p->shape);
	p->shaped = true;
}

static void stop_done(struct trail_stop *stop)
{
	for (size_t i = 0; i < stop->n; i++)
		place_free(stop->places[i]);
	stop->n = 0;
}

void ui_trail_done(struct ui *ui)
{
	while (ui->trail.n > 0)
		stop_done(&ui->trail.stops[--ui->trail.n]);
	free(ui->trail.stops);
}

static bool is_here(const struct ui *ui, const struct trail_stop *stop)
{
	bool same = stop->n == ui->depth;

	for (size_t i = 0; same && i < stop->n; i++)
		same = stop->places[i] == ui->stack[i]->place;
	return same;
}

static bool is_passing(const struct ui *ui)
{
	for (size_t i = 0; i < ui->depth; i++)
		if (ui->stack[i]->ops->passing)
			return true;
	return false;
}

static void append(struct ui *ui)
{
	struct trail *t = &ui->trail;

	while (t->n > t->at + 1) /* what was ahead */
		stop_done(&t->stops[--t->n]);
	if (t->n == STOPS_MAX) {
		stop_done(&t->stops[0]);
		memmove(t->stops, t->stops + 1, --t->n * sizeof(*t->stops));
	}
	GROW(t->stops, t->cap, t->n + 1);
	struct trail_stop *stop = &t->stops[t->n++];
	stop->n = ui->depth;
	for (size_t i = 0; i < ui->depth; i++)
		stop->places[i] = place_ref(ui->stack[i]->place);
	t->at = t->n - 1;
}

void ui_trail_note(struct ui *ui)
{
	struct trail *t = &ui->trail;

	if (is_passing(ui) || (t->n && is_here(ui, &t->stops[t->at])))
		return;
	if (!t->jumped && t->at > 0 && is_here(ui, &t->stops[t->at - 1]))
		t->at--; /* left by Esc: forward comes back */
	else
		append(ui);
	t->jumped = false;
}

static bool open_again(struct ui *ui, struct place *p)
{
	struct view_arg arg = {.kind = p->kind,
			       .names = p->names,
			       .parent = p->parent,
			       .text = p->text,
			       .mode = p->mode,
			       .scope = p->scope};
	size_t depth = ui->depth;
	struct err err = {0};

	ui_push(ui, p->view, &arg);
	if (ui->depth != depth + 1)
		return false; /* a notice says why */
	struct view *v = ui_top(ui);
	place_free(v->place);
	v->place = place_ref(p);
	if (p->shaped && v->ops->reshape(v, &p->shape, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	return true;
}

void ui_trail_go(struct ui *ui, int by)
{
	struct trail *t = &ui->trail;

	ui_trail_note(ui); /* not painted yet */
	long to = (long)t->at + (by < 0 && is_passing(ui) ? 0 : by);
	if (to < 0 || (size_t)to >= t->n) {
		ui_notice(ui, NOTICE_INFO, "there is no screen %s this one", by < 0 ? "before" : "after");
		return;
	}
	struct trail_stop *stop = &t->stops[to];
	size_t same = 0;

	while (same < ui->depth && same < stop->n && ui->stack[same]->place == stop->places[same])
		same++;
	while (ui->depth > same)
		ui_pop(ui);
	t->at = (size_t)to;
	while (same < stop->n && open_again(ui, stop->places[same]))
		same++;
}
