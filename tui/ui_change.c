/* ui_change.c - stopping and deleting: what is asked before, and what came of it. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "tui/thing.h"

#define NAMES_SHOWN 6

/* One stop or deletion of many things: counted down as the answers come. */
struct change_batch {
	bool remove;
	size_t n, left, failed;
	char first_error[256];
	char things[48]; /* "jobs" */
};

/* Batches are freed with their last call. */
static void batch_release(struct change_batch *b)
{
	if (b && --b->left == 0)
		free(b);
}

/* What they are called in a sentence: "job", "processing jobs". */
static void things_text(char out[48], const struct kind *kind, size_t n)
{
	if (n == 1)
		str_copy(out, 48, ui_kind_word(kind));
	else
		str_copy(out, 48, kind_word(kind));
}

static void report(struct ui *ui, const struct change_batch *b, const char *name)
{
	const char *done = b->remove ? "deleted" : "stopped", *doing = b->remove ? "deleting" : "stopping";

	if (b->failed && b->n == 1)
		ui_notice(ui, NOTICE_ERROR, "not %s: %s", done, b->first_error);
	else if (b->failed)
		ui_notice(ui, NOTICE_ERROR, "%zu of %zu not %s: %s", b->failed, b->n, done, b->first_error);
	else if (b->n == 1)
		ui_notice(ui, NOTICE_INFO, "%s %s", doing, name);
	else
		ui_notice(ui, NOTICE_INFO, "%s %zu %s%s", doing, b->n, b->things, b->left > 1 ? " …" : ": all asked");
}

static void change_done(void *user, const struct err *err)
{
	struct ui_call *c = user;
	struct change_batch *b = c->batch;
	struct ui *ui = c->ui;

	ui_call_end(c);
	if (err && b->failed++ == 0)
		str_copy(b->first_error, sizeof(b->first_error), err->msg);
	if (ui)
		report(ui, b, c->name);
	batch_release(b);
	ui_call_free(c);
}

static void confirmed(struct view *v)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);
	const struct kind *kind = ui->change.kind;
	struct change_batch *b = NEW(struct change_batch);
	AUTO(strlist) struct strlist names = ui->change.names;

	memset(&ui->change.names, 0, sizeof(ui->change.names));
	b->remove = ui->change.remove;
	b->n = b->left = names.n;
	things_text(b->things, kind, b->n);
	for (size_t i = 0; i < names.n; i++) {
		struct ui_call *c = ui_call_new(ui, v, names.items[i]);
		c->batch = b;
		c->changes = true;
		(b->remove ? host->remove : host->stop)(host->user, kind, names.items[i], change_done, c);
	}
}

/* A thing that is stopping or being deleted already is not asked again. */
static bool may_stop(const struct resource *r)
{
	return r && resource_is_running(r) && !str_eq(r->status_text, "Stopping") &&
	       !str_eq(r->status_text, "Deleting");
}

/* Fill the list of what is asked about; returns how many were left out. */
static size_t choose(struct view *v, const struct kind *kind, const struct strlist *names, bool remove)
{
	struct ui *ui = v->ui;
	const struct resources *t = &view_session(v)->tables[kind->id];
	size_t over = 0;

	strlist_done(&ui->change.names);
	ui->change.kind = kind;
	ui->change.remove = remove;
	for (size_t i = 0; i < names->n; i++) {
		const struct resource *r = resources_find(t, names->items[i]);
		if (remove ? r != NULL : may_stop(r))
			strlist_add(&ui->change.names, names->items[i]);
		else
			over++;
	}
	return over;
}

static void ask(struct view *v, size_t over, const char *consequence)
{
	struct ui *ui = v->ui;
	AUTO(buf) struct buf text = BUF_INIT(8192);
	const struct strlist *names = &ui->change.names;
	const char *verb = ui->change.remove ? "Delete" : "Stop", *type_this = NULL;
	char title[96], count[24], things[48], hidden[64] = "";

	for (size_t i = 0; i < names->n && i < NAMES_SHOWN; i++)
		(void)buf_addf(&text, "%s\n", names->items[i]);
	if (names->n > NAMES_SHOWN)
		(void)buf_addf(&text, "… and %zu more\n", names->n - NAMES_SHOWN);
	if (over)
		(void)buf_addf(&text, "(%zu of %s %s not %s)\n", over, v->ops->among ? v->ops->among(v) : "them",
			       over == 1 ? "is" : "are", ui->change.remove ? "there" : "running");
	if (v->ops->hidden && ui->change.kind == ui_kind_of(v))
		v->ops->hidden(v, hidden, sizeof(hidden));
	if (hidden[0])
		(void)buf_addf(&text, "(%s)\n", hidden);
	(void)buf_addf(&text, "\n%s", consequence);
	snprintf(count, sizeof(count), "%zu", names->n);
	things_text(things, ui->change.kind, names->n);
	if (names->n == 1)
		snprintf(title, sizeof(title), "%s this %s?", verb, things);
	else
		snprintf(title, sizeof(title), "%s these %s %s?", verb, count, things);
	if (ui->change.remove)
		type_this = names->n == 1 ? names->items[0] : count;
	else if (names->n > UI_TYPE_COUNT_ABOVE)
		type_this = count;
	ui_confirm(v, title, buf_str(&text), verb, type_this, confirmed);
}

static void nothing_to_change(const struct view *v, const struct kind *kind, const struct strlist *names)
{
	struct ui *ui = v->ui;
	struct err err = {0};

	if (names->n == 1 && !resources_find(&view_session(v)->tables[kind->id], names->items[0]) &&
	    thing_missing(v, kind, names->items[0], &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else if (names->n == 1)
		ui_notice(ui, NOTICE_WARNING, "%s is not running", names->items[0]);
	else
		ui_notice(ui, NOTICE_WARNING, "none of the %zu marked %s is running", names->n, kind_word(kind));
}

void ui_stop(struct view *v, const struct kind *kind, const struct strlist *names)
{
	struct ui *ui = v->ui;

	if (!kind->stop.operation) {
		ui_notice(ui, NOTICE_WARNING, "%s cannot be stopped", kind->title);
		return;
	}
	if (!ui_may_change(v) || !ui_offered(ui, view_host(v)->stop))
		return;
	size_t over = choose(v, kind, names, false);
	if (!ui->change.names.n)
		nothing_to_change(v, kind, names);
	else
		ask(v, over,
		    kind->id == KIND_TRAINING_JOB ? "A stopped job cannot be resumed; what it saved is kept."
						  : "What it has made so far is kept.");
}

void ui_delete(struct view *v, const struct kind *kind, const struct strlist *names)
{
	struct ui *ui = v->ui;

	if (!kind->delete.operation) {
		ui_notice(ui, NOTICE_WARNING, "%s cannot be deleted", kind->title);
		return;
	}
	if (!ui_may_change(v) || !ui_offered(ui, view_host(v)->remove))
		return;
	size_t over = choose(v, kind, names, true);
	if (!ui->change.names.n)
		nothing_to_change(v, kind, names);
	else
		ask(v, over, "This cannot be undone.");
}

static void vary_done(void *user, const struct err *err)
{
	struct ui_call *c = user;
	struct ui *ui = c->ui;

	ui_call_end(c);
	if (ui && err)
		ui_notice(ui, NOTICE_ERROR, "not changed: %s", err->msg);
	else if (ui)
		ui_notice(ui, NOTICE_INFO, "changing %s", c->name);
	ui_call_free(c);
}

void ui_vary(struct view *v, const char *endpoint, const char *text)
{
	struct ui *ui = v->ui;

	if (!ui_may_change(v) || !ui_offered(ui, view_host(v)->vary))
		return;
	struct ui_call *c = ui_call_new(ui, v, endpoint);

	c->changes = true;
	view_host(v)->vary(view_host(v)->user, endpoint, text, vary_done, c);
}
