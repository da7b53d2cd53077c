/* ui_templates.c - `:template`: what was filled into the launch form, under names of the user's. */
#include "tui/ui_internal.h"

#include "base/str.h"

#define NAMES_KEPT_AS "templates" /* a line each */

static const struct ui_named named;

void ui_templates_names(const struct ui *ui, struct strlist *ret)
{
	AUTO(strlist) struct strlist lines = {0};

	strlist_split(&lines, str_or(ui_kept(ui, NAMES_KEPT_AS), ""), '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (lines.items[i][0])
			strlist_add(ret, lines.items[i]);
	strlist_sort(ret);
}

static char *kept_as(const char *name)
{
	return xasprintf("template/%s", name);
}

const char *ui_template_text(const struct ui *ui, const char *name)
{
	AUTO(str) char *as = kept_as(name);

	return ui_kept(ui, as);
}

/* The name among the others, or not any more. */
static void keep_names(struct ui *ui, const char *name, bool is_there)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	ui_templates_names(ui, &names);
	for (size_t i = 0; i < names.n; i++)
		if (!str_eq(names.items[i], name))
			(void)buf_addf(&text, "%s\n", names.items[i]);
	if (is_there)
		(void)buf_adds(&text, name);
	ui_keep(ui, NAMES_KEPT_AS, text.len ? buf_str(&text) : NULL);
}

static void save(struct ui *ui, const char *name)
{
	struct view *v = ui_top(ui);
	AUTO(str) char *as = kept_as(name), *text = NULL;
	struct err err = {0};

	if (!v->ops->template || v->ops->template(v, &text, &err) < 0) {
		ui_notice(ui, NOTICE_WARNING, "%s",
			  err.code ? err.msg : "a template is made of a launch: :template save in its preview");
		return;
	}
	ui_keep(ui, as, text);
	keep_names(ui, name, true);
	ui_notice(ui, NOTICE_INFO, "template %s is saved: :template %s opens it", name, name);
}

static void forget(struct ui *ui, const char *name)
{
	AUTO(str) char *as = kept_as(name);

	if (!ui_template_text(ui, name)) {
		ui_named_unknown(ui, &named, name);
		return;
	}
	ui_keep(ui, as, NULL);
	keep_names(ui, name, false);
	ui_notice(ui, NOTICE_INFO, "template %s is deleted", name);
}

static void show(struct ui *ui, const char *name)
{
	if (ui_template_text(ui, name))
		ui_push_one(ui, VIEW_LAUNCH, TRAINING_KIND, name, MODE_TEMPLATE);
	else
		ui_named_unknown(ui, &named, name);
}

static const struct ui_named named = {"template", "in the preview of a launch", ui_templates_names, save, forget, show};

void ui_template_run(struct ui *ui, const char *text)
{
	ui_named_run(ui, &named, text);
}
