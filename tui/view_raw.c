/* view_raw.c - a thing as the service describes it: JSON that folds and is searched. */
#include "base/str.h"
#include "tui/doc_search.h"
#include "tui/json_view.h"
#include "tui/thing.h"

struct raw_state {
	struct json_view json;
	struct doc words; /* instead of it: that it is asked for, or why it is not there */
	char *name;
	char *pattern_before; /* what was searched for when another is typed */
	size_t at_before;
};

static void raw_arrived(struct view *v, const char *text, const struct err *err)
{
	struct raw_state *st = v->state;

	doc_clear(&st->words);
	if (err)
		doc_wrapped(&st->words, ST_BAD, 1, 78, err->msg);
	else
		json_view_set(&st->json, text);
	ui_redraw(v->ui);
}

static int raw_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct raw_state *st = v->state;

	if (!arg->kind->describe.operation)
		return err_set(err, ERR_USAGE, "the service has no description of %s", arg->kind->title);
	st->name = xstrdup(arg->names.items[0]);
	doc_clear(&st->words);
	doc_line(&st->words);
	doc_at(&st->words, 1);
	doc_add(&st->words, ST_DIM, "Asking the service …");
	return 0;
}

/* Asked after open, when the view has its place on the stack. */
static void raw_update(struct view *v)
{
	struct raw_state *st = v->state;

	if (st->words.n == 1 && !st->words.page)
		ui_ask_describe(v, v->kind, st->name, raw_arrived);
}

static void raw_close(struct view *v)
{
	struct raw_state *st = v->state;

	json_view_done(&st->json);
	doc_done(&st->words);
	free(st->pattern_before);
	free(st->name);
}

static void raw_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct raw_state *st = v->state;

	(void)buf_addf(left, "raw · %s", st->name);
	if (st->json.pattern)
		search_title(left, st->json.pattern, json_view_hit(&st->json), st->json.n_hits);
	(void)buf_adds(right, v->kind->describe.operation);
}

static void raw_draw(struct view *v, struct area a)
{
	struct raw_state *st = v->state;

	if (st->json.n)
		json_view_draw(&st->json, a);
	else
		doc_draw(&st->words, a);
}

static void raw_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct raw_state *st = v->state;

	doc_position(&st->json.doc, right);
}

/* --- searching --- */

static void search_changed(struct view *v, const char *text, struct err *err)
{
	struct raw_state *st = v->state;

	st->json.at = st->at_before;
	if (json_view_search(&st->json, text, err) < 0 || !*text)
		return;
	(void)json_view_step(&st->json, 1, true);
}

static void search_done(struct view *v, const char *text)
{
	struct raw_state *st = v->state;
	struct err err = {0};

	st->json.at = st->at_before;
	if (json_view_search(&st->json, text ? text : st->pattern_before, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
	else if (!str_empty(text) && !st->json.n_hits)
		ui_notice(v->ui, NOTICE_INFO, "no hit");
	else if (!str_empty(text))
		(void)json_view_step(&st->json, 1, true);
}

static void ask_search(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_SEARCH, search_changed, search_done};
	struct raw_state *st = v->state;

	str_set(&st->pattern_before, st->json.pattern ? pattern_text(st->json.pattern) : "");
	st->at_before = st->json.at;
	ui_prompt(v, &ops, "");
}

/* --- keys --- */

static bool json_action(struct view *v, enum action a)
{
	struct raw_state *st = v->state;
	const char *words;

	switch (a) {
	case ACT_SEARCH:
		ask_search(v);
		return true;
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		words = json_view_step(&st->json, a == ACT_SEARCH_NEXT ? 1 : -1, false);
		if (words)
			ui_notice(v->ui, NOTICE_INFO, "%s", words);
		return true;
	case ACT_BACK: /* first what is searched for */
		if (!st->json.pattern)
			return false;
		return json_view_search(&st->json, "", NULL) == 0;
	default:
		return json_view_action(&st->json, a);
	}
}

static bool raw_action(struct view *v, enum action a)
{
	struct raw_state *st = v->state;
	AUTO(strlist) struct strlist names = {0};

	if (st->json.n ? json_action(v, a) : doc_action(&st->words, a))
		return true;
	strlist_add(&names, st->name);
	return thing_screen_action(v, a, VIEW_RAW, &names);
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
	.contexts = {CTX_RAW, CTX_TEXT, CTX_JOB},
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
