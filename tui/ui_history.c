/* ui_history.c - what was typed at the prompts, kept from one start to the next. */
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

void ui_history_load(struct ui *ui)
{
	for (size_t i = 0; i < UI_PROMPT_KINDS; i++) {
		AUTO(strlist) struct strlist lines = {0};

		strlist_split(&lines, str_or(ui_kept(ui, names[i]), ""), '\n');
		for (size_t k = 0; k < lines.n; k++)
			add(&ui->prompt.history[i], lines.items[k]);
	}
}

void ui_history_add(struct ui *ui, enum prompt_kind kind, const char *text)
{
	add(&ui->prompt.history[kind], text);
	ui->prompt.history_grew[kind] |= text[0] != '\0';
}

void ui_history_keep(struct ui *ui)
{
	for (size_t i = 0; i < UI_PROMPT_KINDS; i++) {
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
		const struct strlist *l = &ui->prompt.history[i];

		for (size_t k = 0; k < l->n; k++)
			(void)buf_addf(&text, "%s%s", k ? "\n" : "", l->items[k]);
		if (ui->prompt.history_grew[i] && !text.overflow)
			ui_keep(ui, names[i], buf_str(&text));
	}
}
