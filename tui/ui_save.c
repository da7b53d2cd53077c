/* ui_save.c - files of the user's choosing: tables, lines, the screen. */
#include "tui/ui_internal.h"

#include "base/clock.h"
#include "base/timefmt.h"

/* What is there is told with the command that writes over it. */
static int may_exist(const char *path, const char *over, int rc, struct err *err)
{
	if (rc != -ERR_EXISTS || !over)
		return rc;
	err_clear(err);
	return err_set(err, ERR_EXISTS, "'%s' is there already: %s writes over it", path, over);
}

void ui_save(struct ui *ui, const char *path, const char *over, const struct buf *text, const char *done)
{
	const struct ui_host *h = ui->host;
	struct err err = {0};

	if (!ui_offered(ui, h->save))
		return;
	if (text->overflow)
		ui_notice(ui, NOTICE_ERROR, "there is too much to be written at once: filter it");
	else if (may_exist(path, over, h->save(h->user, path, !over, buf_str(text), &err), &err) < 0)
		ui_notice(ui, NOTICE_ERROR, "%s", err.msg);
	else
		ui_notice(ui, NOTICE_INFO, "%s %s", done, path);
}

int ui_draft(struct ui *ui, const char *path, const char *over, struct fs_draft **ret, struct err *err)
{
	if (!ui->host->draft)
		return err_set(err, ERR_USAGE, "files are not written here");
	return may_exist(path, over, ui->host->draft(ui->host->user, path, !over, ret, err), err);
}

void ui_save_screen(struct ui *ui)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *stem = timefmt_name("sagetop-screen", clock_now_ms());
	AUTO(str) char *path = xasprintf("%s.txt", stem);

	surface_text(&ui->surface, &text);
	ui_save(ui, path, NULL, &text, "screen saved to");
}
