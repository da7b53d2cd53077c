/* ui_history.c - what was typed at the prompts, kept from one start to the next; of several consoles all of it. */
#include "tui/ui_internal.h"

#include "base/str.h"

#define HISTORY_MAX 100 /* lines of each kind */

static const char *const names[UI_PROMPT_KINDS] = {[PROMPT_COMMAND] = "history/command",
						   [PROMPT_FILTER] = "history/filter",
						   [PROMPT_SEARCH] = "history/search",
						   [PROMPT_PART] = "history/part"};

static void drop_oldest(struct strlist *l)
{
	free(l->items[0]);
	memmove(l->items, l->items + 1, --l->n * sizeof(*l->items));
}

static void add(struct strlist *l, const char *text)
{
	if (!text[0] || (l->n && !strcmp(l->items[l->n - 1], text)))
		return;
	if (l->n == HISTORY_MAX)
		drop_oldest(l);
	strlist_add(l, text);
}

/* As it is kept now. */
static void load(const struct ui *ui, size_t kind, struct strlist *ret)
{
	AUTO(strlist) struct strlist lines = {0};

	strlist_split(&lines, names[kind] ? str_or(ui_kept(ui, names[kind]), "") : "", '\n');
	for (size_t i = 0; i < lines.n; i++)
		add(ret, lines.items[i]);
}

void ui_history_load(struct ui *ui)
{
	for (size_t i = 0; i < UI_PROMPT_KINDS; i++)
		load(ui, i, &ui->prompt.history[i]);
}

void ui_history_add(struct ui *ui, enum prompt_kind kind, const char *text)
{
	add(&ui->prompt.history[kind], text);
	add(&ui->prompt.typed_here[kind], text);
}

static void keep(struct ui *ui, size_t kind)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(strlist) struct strlist lines = {0};
	const struct strlist *here = &ui->prompt.typed_here[kind];

	load(ui, kind, &lines);
	for (size_t i = 0; i < here->n; i++)
		add(&lines, here->items[i]);
	for (size_t i = 0; i < lines.n; i++)
		(void)buf_addf(&text, "%s%s", i ? "\n" : "", lines.items[i]);
	if (here->n && names[kind] && !text.overflow)
		ui_keep(ui, names[kind], buf_str(&text));
}

void ui_history_keep(struct ui *ui)
{
	for (size_t i = 0; i < UI_PROMPT_KINDS; i++)
		keep(ui, i);
}
