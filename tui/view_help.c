/* view_help.c - help: every key and command, from the tables that they are made of. */
#include "base/utf8.h"
#include "tui/doc.h"
#include "tui/view.h"

struct help_state {
	struct doc doc;
	char *filter;	   /* only what holds this; NULL: all */
	const char *title; /* of the section, until something of it was wanted */
	const struct view_ops *below;
	const struct kind *kind; /* of what is below */
};

#define KEYS_COLUMN 3
#define TEXT_COLUMN 22
#define PAGE_COLUMNS 80 /* the least cells of one of several columns; no line is longer */

/* What does not fit goes on below. */
static void add_help(struct doc *d, const char *text)
{
	for (;;) {
		doc_at(d, TEXT_COLUMN);
		size_t fits = utf8_fit(text, PAGE_COLUMNS - 1 - d->col), cut = fits;

		while (text[fits] && cut && text[cut] != ' ')
			cut--;
		AUTO(str) char *part = xstrndup(text, cut ? cut : fits);
		doc_add(d, ST_NORMAL, part);
		text += strlen(part);
		text += strspn(text, " ");
		if (!*text)
			return;
		doc_line(d);
	}
}

/* Whether it is to be seen, by one of its texts (label: of the footer); the first of a section brings its title. */
static bool begin_entry(struct help_state *st, const char *left, const char *label, const char *help)
{
	struct doc *d = &st->doc;

	if (st->filter && !strcasestr(left, st->filter) && !strcasestr(label, st->filter) &&
	    !strcasestr(help, st->filter))
		return false;
	if (st->title) {
		if (d->n)
			doc_line(d);
		doc_line(d);
		doc_at(d, 1);
		doc_add(d, ST_STRONG, TAKE(st->title));
	}
	doc_line(d);
	doc_at(d, KEYS_COLUMN);
	return true;
}

static void add_key(struct help_state *st, const char *keys, const char *label, const char *help)
{
	if (!begin_entry(st, keys, label, help))
		return;
	doc_add(&st->doc, ST_KEY, keys);
	add_help(&st->doc, help);
}

/* The fields of the kind that have a key of their own to sort by. */
static void add_sort_keys(struct help_state *st, const struct kind *kind)
{
	for (const struct field *f = kind->fields; f->name; f++) {
		AUTO(str) char *help = xasprintf("Sort by %s", f->name);
		if (f->key)
			add_key(st, f->key, "", help);
	}
}

/* On the screen below all of its keys do what a context before it says. */
static bool is_overridden(const struct view_ops *below, const struct key_binding *b)
{
	char name[KEY_NAME_LEN];

	for (size_t nth = 0; *keymap_nth_key_of(name, b->context, b->action, nth); nth++) {
		bool taken = false;

		for (int c = 0; c < VIEW_CONTEXTS_MAX && below->contexts[c] && below->contexts[c] != b->context; c++)
			taken |= keymap_find(below->contexts[c], keyc_parse(name)) != ACT_NONE;
		if (!taken)
			return false;
	}
	return true;
}

static bool is_of(const struct view_ops *below, enum key_context context)
{
	for (int c = 0; c < VIEW_CONTEXTS_MAX; c++)
		if (below->contexts[c] == context)
			return true;
	return context == CTX_GLOBAL;
}

static void add_context(struct help_state *st, enum key_context c, const struct kind *kind)
{
	char keys[KEYMAP_KEYS_LEN];
	bool here = is_of(st->below, c);

	st->title = keymap_context_title(c);
	for (size_t i = 0; i < n_key_bindings; i++) {
		const struct key_binding *b = &key_bindings[i];
		if (b->context != c || (here && is_overridden(st->below, b)))
			continue;
		add_key(st, keymap_keys_text(keys, b), b->label, b->help);
		if (b->action == ACT_SORT_REVERSE && (c == CTX_JOBS || kind))
			add_sort_keys(st, c == CTX_JOBS ? &kind_table[KIND_TRAINING_JOB] : kind);
	}
}

static void add_command(struct help_state *st, const char *name, const char *argument, const char *help)
{
	AUTO(str) char *left = xasprintf(":%s", name);

	if (!begin_entry(st, left, "", help))
		return;
	doc_add(&st->doc, ST_KEY, left);
	if (argument[0])
		doc_addf(&st->doc, ST_DIM, " %s", argument);
	add_help(&st->doc, help);
}

static void add_commands(struct help_state *st)
{
	st->title = "Commands";
	for (size_t i = 0; i < n_view_table; i++)
		add_command(st, view_table[i]->name, view_table[i]->argument, view_table[i]->help);
	for (size_t i = 0; i < n_ui_commands; i++)
		add_command(st, ui_commands[i].name, ui_commands[i].argument, ui_commands[i].help);
	for (size_t i = 0; i < KIND_COUNT; i++)
		add_command(st, kind_table[i].plural, "[EXPR]", kind_table[i].help);
}

static void add_symbols(struct help_state *st, const char *at_least)
{
	const struct {
		enum style style;
		const char *symbol, *text;
	} symbols[] = {
		{ST_PENDING, "◌", "getting ready: starting, downloading, waiting"},
		{ST_RUNNING, "●", "training, uploading"},
		{ST_GOOD, "✓", "completed"},
		{ST_BAD, "✗", "failed: the reason stands in the last column and on the job's screen"},
		{ST_STOPPED, "■", "stopped"},
		{ST_WARN, "◐", "stopping"},
		{ST_WARN, "↻", "interrupted by the spot market, starting again"},
		{ST_NORMAL, "*", "an estimate: a cost so far, or one by a neighbouring rate"},
		{ST_NORMAL, "?", "no price known; never shown as zero"},
		{ST_WARN, "!", "it calls for a look: with the cursor on it, and on its page, stands why"},
		{ST_MARK, "+", "a marked row, or a marked line of a log; * where the cursor is on such a line"},
		{ST_NORMAL, at_least, "before the rate: some that are billed have no price and are not in it"},
		{ST_NORMAL, at_least, "of a group: at least; one of its jobs has run longer than all that completed"},
	};

	st->title = "Symbols";
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		if (!begin_entry(st, symbols[i].symbol, "", symbols[i].text))
			continue;
		doc_add(&st->doc, symbols[i].style, symbols[i].symbol);
		add_help(&st->doc, symbols[i].text);
	}
}

/* What the screen below listens to comes first, then the rest. */
static void lay_out(struct view *v)
{
	struct help_state *st = v->state;
	const struct view_ops *below = st->below;
	bool shown[CTX_COUNT] = {false};

	doc_clear(&st->doc);
	st->doc.top = 0;
	for (int c = 0; c < VIEW_CONTEXTS_MAX && below->contexts[c]; c++) {
		add_context(st, below->contexts[c], st->kind);
		shown[below->contexts[c]] = true;
	}
	add_context(st, CTX_GLOBAL, NULL);
	shown[CTX_GLOBAL] = true;
	add_commands(st);
	add_symbols(st, ui_at_least(v->ui));
	for (int c = 1; c < CTX_COUNT; c++)
		if (!shown[c])
			add_context(st, (enum key_context)c, NULL);
	if (!st->doc.n) {
		doc_line(&st->doc);
		doc_at(&st->doc, 1);
		doc_addf(&st->doc, ST_DIM, "Nothing here has %s. %s shows all again.", st->filter,
			 KEY_OF(GLOBAL, BACK));
	}
}

static int help_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct help_state *st = v->state;

	st->below = ui_top_ops(v->ui);
	st->kind = ui_top_kind(v->ui);
	lay_out(v);
	return 0;
}

/* --- what is looked for --- */

static void filter(struct view *v, const char *text)
{
	struct help_state *st = v->state;

	str_set(&st->filter, str_empty(text) ? NULL : text);
	lay_out(v);
}

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	filter(v, text);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_PART, filter_changed, filter};
	const struct help_state *st = v->state;

	ui_prompt(v, &ops, st->filter);
}

static void help_close(struct view *v)
{
	struct help_state *st = v->state;

	doc_done(&st->doc);
	free(st->filter);
}

static void help_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct help_state *st = v->state;

	(void)buf_adds(left, "help");
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
	(void)buf_adds(right, "sagetop(1) has the rest");
}

static void help_draw(struct view *v, struct area a)
{
	struct help_state *st = v->state;

	doc_draw_columns(&st->doc, a, PAGE_COLUMNS);
}

static void help_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct help_state *st = v->state;

	doc_position(&st->doc, right);
}

static bool help_action(struct view *v, enum action a)
{
	struct help_state *st = v->state;

	if (a == ACT_HELP) { /* ? again closes */
		ui_pop(v->ui);
		return true;
	}
	if (a == ACT_FILTER) {
		ask_filter(v);
		return true;
	}
	if (a == ACT_BACK && st->filter) {
		filter(v, NULL);
		return true;
	}
	return doc_action(&st->doc, a);
}

const struct view_ops view_help_ops = {
	.name = "help",
	.argument = "",
	.help = "Keys, commands and symbols",
	.contexts = {CTX_HELP, CTX_TEXT},
	.passing = true,
	.state_size = sizeof(struct help_state),
	.open = help_open,
	.close = help_close,
	.title = help_title,
	.draw = help_draw,
	.status = help_status,
	.action = help_action,
};
