/* ui_theme.c - the colours: those of the settings, or the theme that was chosen here and is kept. */
#include "tui/ui_internal.h"

static void show(struct ui *ui, enum theme theme)
{
	ui->surface.mono = ui->mono || theme == THEME_MONO;
	ui->dirty = true;
}

static int change(struct ui *ui, enum theme theme, struct err *err)
{
	int rc = ui->host->theme ? ui->host->theme(ui->host->user, theme, err)
				 : err_set(err, ERR_USAGE, "colours are not offered here");

	if (rc == 0)
		show(ui, theme);
	return rc;
}

void ui_theme_load(struct ui *ui)
{
	const char *kept = ui_kept(ui, "theme");
	enum theme theme;
	struct err err = {0};

	show(ui, ui->theme);
	/* One of a later release, or no colours here: as the settings have it. */
	if (kept && theme_parse(kept, &theme, &err) == 0)
		(void)!change(ui, theme, &err);
}

void ui_theme_run(struct ui *ui, const char *text)
{
	enum theme theme = ui->theme;
	struct err err = {0};

	if ((text && theme_parse(text, &theme, &err) < 0) || change(ui, theme, &err) < 0) {
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
		return;
	}
	ui_notice(ui, NOTICE_INFO, "theme %s%s", theme_name(theme), text ? "" : ", as the settings have it");
	ui_keep(ui, "theme", text);
}
