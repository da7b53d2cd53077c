/* view_raw.c - a thing as the service describes it. */
#include "base/str.h"
#include "tui/doc.h"
#include "tui/thing.h"

struct raw_state {
	struct doc doc;
	char *name;
};

static void raw_arrived(struct view *v, const char *text, const struct err *err)
{
	struct raw_state *st = v->state;

	doc_clear(&st->doc);
	if (err)
		doc_wrapped(&st->doc, ST_BAD, 1, 78, err->msg);
	else
		doc_lines(&st->doc, ST_NORMAL, text);
	ui_redraw(v->ui);
}

static int raw_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct raw_state *st = v->state;

	if (!arg->kind->describe.operation)
		return err_set(err, ERR_USAGE, "the service has no description of %s", arg->kind->title);
	st->name = xstrdup(arg->names.items[0]);
	doc_clear(&st->doc);
	doc_line(&st->doc);
	doc_at(&st->doc, 1);
	doc_add(&st->doc, ST_DIM, "Asking the service …");
	return 0;
}

/* Asked after open, when the view has its place on the stack. */
static void raw_update(struct view *v)
{
	struct raw_state *st = v->state;

	if (st->doc.n == 1 && !st->doc.page)
		ui_ask_describe(v, v->kind, st->name, raw_arrived);
}

static void raw_close(struct view *v)
{
	struct raw_state *st = v->state;

	doc_done(&st->doc);
	free(st->name);
}

static void raw_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct raw_state *st = v->state;

	(void)buf_addf(left, "raw · %s", st->name);
	(void)buf_adds(right, v->kind->describe.operation);
}

static void raw_draw(struct view *v, struct area a)
{
	struct raw_state *st = v->state;

	doc_draw(&st->doc, a);
}

static void raw_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct raw_state *st = v->state;

	doc_position(&st->doc, right);
}

static bool raw_action(struct view *v, enum action a)
{
	struct raw_state *st = v->state;

	AUTO(strlist) struct strlist names = {0};

	strlist_add(&names, st->name);
	return doc_action(&st->doc, a) || thing_screen_action(v, a, VIEW_RAW, &names);
}

static bool raw_offers(struct view *v, enum action a)
{
	const struct raw_state *st = v->state;

	return a != ACT_RAW &&
	       thing_offers_now(v->kind, resources_lookup(&view_session(v)->tables[v->kind->id], st->name), a);
}

const struct view_ops view_raw_ops = {
	.name = "raw",
	.argument = "NAME",
	.takes = TAKES_NAME,
	.help = "A thing as the service describes it (JSON)",
	.contexts = {CTX_TEXT, CTX_JOB},
	.state_size = sizeof(struct raw_state),
	.open = raw_open,
	.close = raw_close,
	.update = raw_update,
	.title = raw_title,
	.draw = raw_draw,
	.status = raw_status,
	.action = raw_action,
	.offers = raw_offers,
};
