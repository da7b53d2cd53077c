/* ui_scope.c - which of the scopes that are looked at together a screen is about.
 *
 * Lists have the things of all and call them SCOPE:NAME; a screen that shows one thing is in its scope, sees that
 * session, asks that host and calls it by its name alone, as if there were no other. What it opens is in the same
 * scope. */
#include "tui/ui_internal.h"

#include "base/str.h"

void scoped_done(struct scoped *s)
{
	strlist_done(&s->arg.names);
	free(s->parent);
	*s = (struct scoped){0};
}

void ui_scopes_init(struct ui *ui)
{
	size_t n = session_parts(ui->session);

	ui->scopes[0] = (struct ui_scope){ui->session, ui->host};
	for (size_t i = 0; i < n && n > 1; i++)
		ui->scopes[1 + i] =
			(struct ui_scope){session_part(ui->session, i), ui->host->of_scope(ui->host->user, i)};
	if (n > 1)
		ui->host = ui->scopes[1].host;
}

static bool is_all(const struct ui *ui, const struct ui_scope *s)
{
	return s == &ui->scopes[0];
}

static const struct ui_scope *below(const struct ui *ui)
{
	return ui->depth ? ui_top(ui)->scope : &ui->scopes[0];
}

/* The scope that the name says; else that of the screen from which it is opened; else the one that has such a thing. */
static int scope_of_name(const struct ui *ui, const struct kind *kind, const char *name, const struct ui_scope **ret,
			 const char **ret_name, struct err *err)
{
	size_t n = session_parts(ui->session), i = session_scope_of(ui->session, name, ret_name);

	*ret = below(ui);
	if (n == 1 || (i == n && !is_all(ui, *ret)))
		return 0;
	if (i == n) {
		const struct resource *r = resources_find(&ui->session->tables[kind->id], name);

		if (!r)
			return err_set(err, ERR_USAGE, "which scope is it in? %s:%s, for one",
				       session_label(session_part(ui->session, 0)), name);
		i = r->scope;
		*ret_name = r->name;
	}
	*ret = &ui->scopes[1 + i];
	return 0;
}

/* Names of one scope are what they are called there; else each has its scope with it. */
static int choose_by_names(const struct ui *ui, const struct view_arg *arg, struct scoped *ret, struct err *err)
{
	const struct ui_scope *scope;
	const char *name;

	for (size_t i = 0; i < arg->names.n; i++) {
		if (scope_of_name(ui, arg->kind, arg->names.items[i], &scope, &name, err) < 0)
			return -err->code;
		if (i == 0)
			ret->arg.scope = scope;
		else if (ret->arg.scope != scope)
			ret->arg.scope = &ui->scopes[0];
	}
	for (size_t i = 0; i < arg->names.n; i++) {
		(void)!scope_of_name(ui, arg->kind, arg->names.items[i], &scope, &name, NULL);
		if (ret->arg.scope == scope)
			strlist_add(&ret->arg.names, name);
		else
			strlist_take(&ret->arg.names, xasprintf("%s:%s", session_label(scope->session), name));
	}
	return 0;
}

static int choose_by_parent(const struct ui *ui, const struct view_arg *arg, struct scoped *ret, struct err *err)
{
	const char *name;

	if (scope_of_name(ui, kind_find(arg->kind->parent_kind), arg->parent, &ret->arg.scope, &name, err) < 0)
		return -err->code;
	ret->arg.parent = ret->parent = xstrdup(name);
	return 0;
}

int ui_scope_choose(struct ui *ui, const struct view_ops *ops, const struct view_arg *arg, struct scoped *ret,
		    struct err *err)
{
	ret->arg = *arg;
	ret->arg.names = (struct strlist){0};
	if (arg->scope) { /* gone back to: names are as they were */
		for (size_t i = 0; i < arg->names.n; i++)
			strlist_add(&ret->arg.names, arg->names.items[i]);
		return 0;
	}
	if (arg->names.n)
		return choose_by_names(ui, arg, ret, err);
	if (arg->parent)
		return choose_by_parent(ui, arg, ret, err);
	ret->arg.scope = ops->reach == REACH_ALL ? &ui->scopes[0] : below(ui);
	if (ops->reach == REACH_ONE && is_all(ui, ret->arg.scope) && session_parts(ui->session) > 1)
		ret->arg.scope = &ui->scopes[1];
	return 0;
}

const char *ui_name_for(const struct view *in, const struct view *from, const char *name, struct buf *buf)
{
	const struct ui *ui = in->ui;
	const char *plain = name;

	if (in->scope == from->scope)
		return name;
	buf_clear(buf);
	if (is_all(ui, from->scope))
		(void)session_scope_of(ui->session, name, &plain);
	else if (is_all(ui, in->scope))
		(void)buf_addf(buf, "%s:", session_label(view_session(from)));
	(void)buf_adds(buf, plain);
	return buf_str(buf);
}

const char *ui_scope_named(const struct view *v)
{
	return is_all(v->ui, v->scope) ? NULL : session_label(view_session(v));
}
