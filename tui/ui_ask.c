/* ui_ask.c - requests to the host. A call outlives its view and, where the program
 * ends first, the ui: late answers find nobody and are dropped. */
#include "tui/ui_internal.h"

struct ui_call *ui_call_new(struct ui *ui, struct view *v, const char *name)
{
	struct ui_call *c = NEW(struct ui_call);

	c->ui = ui;
	c->view_id = v->id;
	c->name = xstrdup(name);
	c->next = ui->calls;
	ui->calls = c;
	return c;
}

/* Unlink and release; returns the view that asked, NULL where it is gone. */
struct view *ui_call_end(struct ui_call *c)
{
	struct ui *ui = c->ui;

	if (!ui)
		return NULL;
	for (struct ui_call **p = &ui->calls; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			break;
		}
	ui_redraw(ui);
	return ui_find_view(ui, c->view_id);
}

void ui_call_free(struct ui_call *c)
{
	free(c->name);
	free(c);
}

void ui_calls_orphan(struct ui *ui)
{
	for (struct ui_call *c = ui->calls; c; c = c->next)
		c->ui = NULL;
	ui->calls = NULL;
}

bool ui_changes_under_way(const struct ui *ui)
{
	for (const struct ui_call *c = ui->calls; c; c = c->next)
		if (c->changes)
			return true;
	return false;
}

static void text_done(void *user, const char *text, const struct err *err)
{
	struct ui_call *c = user;
	struct view *v = ui_call_end(c);

	if (v)
		c->text_fn(v, text, err);
	ui_call_free(c);
}

static void preview_done(void *user, struct host_preview *p, const struct err *err)
{
	struct ui_call *c = user;
	struct view *v = ui_call_end(c);

	if (v)
		c->preview_fn(v, p, err);
	else
		host_preview_free(p);
	ui_call_free(c);
}

static void launch_done(void *user, const struct err *err)
{
	struct ui_call *c = user;
	struct view *v = ui_call_end(c);

	if (v)
		c->text_fn(v, c->name, err);
	else if (c->ui && err)
		ui_notice(c->ui, NOTICE_ERROR, "launching %s: %s", c->name, err->msg);
	ui_call_free(c);
}

bool ui_offered(struct ui *ui, bool is)
{
	if (!is)
		ui_notice(ui, NOTICE_WARNING, "this is not offered here");
	return is;
}

void ui_ask_describe(struct view *v, const struct kind *kind, const char *name, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!ui_offered(ui, host->describe))
		return;
	struct ui_call *c = ui_call_new(ui, v, name);
	c->text_fn = fn;
	host->describe(host->user, kind, name, text_done, c);
}

void ui_ask_findings(struct view *v, const struct kind *kind, const char *name, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!host->findings)
		return;
	struct ui_call *c = ui_call_new(ui, v, name);
	c->text_fn = fn;
	host->findings(host->user, kind, name, text_done, c);
}

bool ui_ask_estimate(struct view *v, const struct host_launch_request *r, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!host->estimate)
		return false;
	struct ui_call *c = ui_call_new(ui, v, "");
	c->text_fn = fn;
	host->estimate(host->user, r, text_done, c);
	return true;
}

void ui_ask_preview(struct view *v, const struct host_launch_request *r, view_preview_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!ui_offered(ui, host->prepare_launch))
		return;
	struct ui_call *c = ui_call_new(ui, v, "");
	c->preview_fn = fn;
	host->prepare_launch(host->user, r, preview_done, c);
}

bool ui_ask_edit(struct view *v, view_preview_fn *fn)
{
	const struct ui_host *host = view_host(v);

	if (!ui_offered(v->ui, host->edit_launch))
		return false;
	struct ui_call *c = ui_call_new(v->ui, v, "");
	c->preview_fn = fn;
	host->edit_launch(host->user, preview_done, c);
	return true;
}

bool ui_may_change(struct view *v)
{
	struct err err = {0};

	if (session_may_change(view_session(v), &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
	return err.code == ERR_OK;
}

void ui_ask_peek(struct view *v, const char *bucket, const char *key, int64_t size, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!ui_offered(ui, host->peek))
		return;
	struct ui_call *c = ui_call_new(ui, v, key);
	c->text_fn = fn;
	host->peek(host->user, bucket, key, size, text_done, c);
}

int ui_download(struct view *v, const struct file_object *o, const char *path, bool replace, struct err *err)
{
	const struct ui_host *host = view_host(v);

	return host->download ? host->download(host->user, o, path, replace, err)
			      : err_set(err, ERR_INVALID, "nothing can be downloaded here");
}

bool ui_ask_invoke(struct view *v, const struct host_invoke_request *r, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!ui_may_change(v) || !ui_offered(ui, host->invoke))
		return false;
	struct ui_call *c = ui_call_new(ui, v, r->endpoint);
	c->text_fn = fn;
	host->invoke(host->user, r, text_done, c);
	return true;
}

bool ui_ask_launch(struct view *v, const char *name, view_text_fn *fn)
{
	struct ui *ui = v->ui;
	const struct ui_host *host = view_host(v);

	if (!ui_may_change(v) || !ui_offered(ui, host->launch))
		return false;
	struct ui_call *c = ui_call_new(ui, v, name);
	c->text_fn = fn;
	c->changes = true;
	host->launch(host->user, name, launch_done, c);
	return true;
}
