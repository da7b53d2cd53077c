/* ui_look.c - how the jobs were looked at, from one start to the next: filter and order. */
#include "tui/ui_internal.h"

#include "base/str.h"

#define KEPT_FILTER "filter/training-job"
#define KEPT_ORDER "order/training-job"

void ui_look_begin(struct ui *ui)
{
	AUTO(view_shape) struct view_shape shape = {0};

	ui->stack[0]->ops->shape(ui->stack[0], &shape);
	ui->usual_order = TAKE(shape.order);
}

void ui_look_restore(struct ui *ui)
{
	struct view *v = ui->stack[0];
	const char *filter = ui_kept(ui, KEPT_FILTER), *order = ui_kept(ui, KEPT_ORDER);
	AUTO(view_shape) struct view_shape shape = {0};
	struct err err = {0};

	if (!filter && !order)
		return;
	v->ops->shape(v, &shape);
	str_set(&shape.filter, filter ? filter : shape.filter);
	str_set(&shape.order, order ? order : shape.order);
	if (v->ops->reshape(v, &shape, &err) < 0) /* kept by a release that had other fields */
		ui_notice(ui, NOTICE_WARNING, "not filtered and sorted as before: %s", err.msg);
	else if (filter)
		ui_notice(ui, NOTICE_INFO, "filtered as at the end of the last time; %s shows all",
			  KEY_OF(GLOBAL, BACK));
}

static void keep(struct ui *ui, const char *name, const char *text)
{
	if (!str_eq(text, ui_kept(ui, name)))
		ui_keep(ui, name, text);
}

void ui_look_keep(struct ui *ui)
{
	struct view *v = ui->stack[0];
	AUTO(view_shape) struct view_shape shape = {0};

	v->ops->shape(v, &shape);
	keep(ui, KEPT_FILTER, str_empty(shape.filter) ? NULL : shape.filter);
	keep(ui, KEPT_ORDER, str_eq(shape.order, ui->usual_order) ? NULL : shape.order); /* the settings may change */
}
