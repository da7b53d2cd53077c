/* ui_paste.c - what is pasted is one line in the field that is being typed in; its newlines are no keys. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "base/utf8.h"

/* A dialog hides what is below it, the prompt its view. */
static struct lineedit *field_of(struct ui *ui)
{
	struct view *v = ui_top(ui);

	if (ui->dialog.on)
		return ui->dialog.focus < 0 ? &ui->dialog.typed : NULL;
	if (ui->prompt.on)
		return &ui->prompt.edit;
	return v->ops->field ? v->ops->field(v) : NULL;
}

/* Lines are joined by blanks; what ends the last one is nothing. */
static void join_lines(const char *text, struct buf *ret)
{
	AUTO(strlist) struct strlist lines = {0};

	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.items[i];

		if (*line && ret->len)
			(void)buf_addc(ret, ' ');
		(void)utf8_sanitize(ret, line, strlen(line), false);
	}
}

void ui_take_pasted(struct ui *ui)
{
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	struct lineedit *field = field_of(ui);

	if (!field) {
		ui_notice(ui, NOTICE_WARNING,
			  "what was pasted is left out: nothing is being typed here (%s opens a prompt)",
			  KEY_OF(GLOBAL, COMMAND));
		return;
	}
	join_lines(ui->pasted, &line);
	if (!lineedit_insert(field, buf_str(&line)))
		ui_notice(ui, NOTICE_WARNING, "what was pasted is left out: a line holds %d bytes", LINEEDIT_MAX - 1);
	else if (field == &ui->prompt.edit)
		ui_prompt_changed(ui);
}

void ui_paste(struct ui *ui, const char *text)
{
	ui->pasted = text;
	ui_key(ui, KEYC_PASTE);
	ui->pasted = NULL;
}
