/* ui_marks.c - what charts are drawn with: as the settings have it, or as it was chosen here and is kept. */
#include "tui/ui_internal.h"

#include "base/str.h"

static const char *const names[MARKS_COUNT] = {
	[MARKS_BRAILLE] = "braille", [MARKS_BLOCKS] = "blocks", [MARKS_LETTERS] = "letters"};

const char *ui_marks_name(enum chart_marks marks)
{
	return names[marks];
}

/* MARKS_COUNT where there are none of that name. */
static enum chart_marks parse(const char *name)
{
	enum chart_marks marks = 0;

	while (marks < MARKS_COUNT && !str_eq(names[marks], name))
		marks++;
	return marks;
}

static void show(struct ui *ui, enum chart_marks marks)
{
	ui->surface.marks = marks;
	ui->dirty = true;
}

void ui_marks_load(struct ui *ui)
{
	enum chart_marks kept = parse(ui_kept(ui, "curves"));

	show(ui, kept < MARKS_COUNT ? kept : ui->marks); /* a later release may have others */
}

static void choose(struct ui *ui, enum chart_marks marks, const char *kept)
{
	show(ui, marks);
	ui_keep(ui, "curves", kept);
	if (ui->surface.ascii)
		ui_notice(ui, NOTICE_WARNING, "charts of %s: not here, where there is ASCII alone", names[marks]);
	else
		ui_notice(ui, NOTICE_INFO, "charts of %s%s", names[marks], kept ? "" : ", as the settings have it");
}

void ui_marks_run(struct ui *ui, const char *text)
{
	enum chart_marks marks = text ? parse(text) : ui->marks;

	if (marks == MARKS_COUNT)
		ui_notice(ui, NOTICE_WARNING, "what are charts drawn with? braille blocks letters");
	else
		choose(ui, marks, text);
}

void ui_marks_next(struct ui *ui)
{
	enum chart_marks next = (ui->surface.marks + 1) % MARKS_COUNT;

	choose(ui, next, names[next]);
}
