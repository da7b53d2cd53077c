/* ui_log.c - filters of the log that is seen and jumps in it, from a prompt or a command. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "tui/pager.h"

void ui_log_filter(struct ui *ui, const char *pattern, bool must_not)
{
	struct pager *p = ui_pager(ui);
	struct err err = {0};

	if (!p)
		ui_notice(ui, NOTICE_WARNING, "lines are those of a log: open one first");
	else if (str_empty(pattern))
		ui_notice(ui, NOTICE_WARNING, "which lines? :%s REGEX", must_not ? "not" : "match");
	else if (pager_filter_add(p, pattern, must_not, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

void ui_log_go_to(struct ui *ui, const char *text)
{
	struct view *v = ui_top(ui);
	struct err err = {0};

	if (!v->ops->go_to)
		ui_notice(ui, NOTICE_WARNING, "lines are those of a log: open one first");
	else if (v->ops->go_to(v, str_or(text, ""), &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

/* What does not compile is said beside the text as it is typed. */
static void typing(struct view *v, const char *text, struct err *err)
{
	if (text[0])
		pattern_free(pattern_new(text, PATTERN_CASE_SMART, err));
}

static void must_done(struct view *v, const char *text)
{
	if (!str_empty(text))
		ui_log_filter(v->ui, text, false);
}

static void must_not_done(struct view *v, const char *text)
{
	if (!str_empty(text))
		ui_log_filter(v->ui, text, true);
}

void ui_ask_filter(struct view *v, bool must_not)
{
	static const struct prompt_ops must = {PROMPT_SEARCH, typing, must_done, "&"},
				       without = {PROMPT_SEARCH, typing, must_not_done, "!"};

	ui_prompt(v, must_not ? &without : &must, "");
}
