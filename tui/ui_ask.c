/* Requests to the host and stopping jobs. A call outlives its view and, where
 * the program ends first, the ui: late answers find nobody and are dropped. */
#include "tui/ui_internal.h"

#include "base/str.h"

/* One stop of many jobs: counted down as the answers come. */
struct stop_batch {
	size_t n, left, failed;
	char first_error[256];
};

static struct ui_call *call_new(struct ui *ui, struct view *v, const char *name)
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
static struct view *call_end(struct ui_call *c)
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

static void call_free(struct ui_call *c)
{
	free(c->name);
	free(c);
}

/* Batches are freed with their last call. */
static void batch_release(struct stop_batch *b)
{
	if (b && --b->left == 0)
		free(b);
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
	struct view *v = call_end(c);

	if (v)
		c->text_fn(v, text, err);
	call_free(c);
}

static void preview_done(void *user, struct host_preview *p, const struct err *err)
{
	struct ui_call *c = user;
	struct view *v = call_end(c);

	if (v)
		c->preview_fn(v, p, err);
	else
		host_preview_free(p);
	call_free(c);
}

static void launch_done(void *user, const struct err *err)
{
	struct ui_call *c = user;
	struct view *v = call_end(c);

	if (v)
		c->text_fn(v, c->name, err);
	else if (c->ui && err)
		ui_notice(c->ui, NOTICE_ERROR, "launching %s: %s", c->name, err->msg);
	call_free(c);
}

static bool offered(struct ui *ui, bool is)
{
	if (!is)
		ui_notice(ui, NOTICE_WARNING, "this is not offered here");
	return is;
}

void ui_ask_describe(struct view *v, const char *job, view_text_fn *fn)
{
	struct ui *ui = v->ui;

	if (!offered(ui, ui->host->describe))
		return;
	struct ui_call *c = call_new(ui, v, job);
	c->text_fn = fn;
	ui->host->describe(ui->host->user, job, text_done, c);
}

void ui_ask_preview(struct view *v, const struct host_launch_request *r, view_preview_fn *fn)
{
	struct ui *ui = v->ui;

	if (!offered(ui, ui->host->prepare_launch))
		return;
	struct ui_call *c = call_new(ui, v, "");
	c->preview_fn = fn;
	ui->host->prepare_launch(ui->host->user, r, preview_done, c);
}

static bool may_change(struct ui *ui)
{
	if (ui->session->read_only)
		ui_notice(ui, NOTICE_WARNING, "started with --read-only: nothing is changed");
	return !ui->session->read_only;
}

bool ui_ask_launch(struct view *v, const char *name, view_text_fn *fn)
{
	struct ui *ui = v->ui;

	if (!may_change(ui) || !offered(ui, ui->host->launch))
		return false;
	struct ui_call *c = call_new(ui, v, name);
	c->text_fn = fn;
	c->changes = true;
	ui->host->launch(ui->host->user, name, launch_done, c);
	return true;
}

/* --- stopping --- */

static void stop_done(void *user, const struct err *err)
{
	struct ui_call *c = user;
	struct stop_batch *b = c->batch;
	struct ui *ui = c->ui;

	call_end(c);
	if (err && b->failed++ == 0)
		str_copy(b->first_error, sizeof(b->first_error), err->msg);
	if (ui) {
		if (b->failed && b->n == 1)
			ui_notice(ui, NOTICE_ERROR, "not stopped: %s", b->first_error);
		else if (b->failed)
			ui_notice(ui, NOTICE_ERROR, "%zu of %zu not stopped: %s", b->failed, b->n, b->first_error);
		else if (b->n == 1)
			ui_notice(ui, NOTICE_INFO, "stopping %s", c->name);
		else
			ui_notice(ui, NOTICE_INFO, "stopping %zu jobs%s", b->n, b->left > 1 ? " …" : ": all asked");
	}
	batch_release(b);
	call_free(c);
}

static void stop_confirmed(struct view *v)
{
	struct ui *ui = v->ui;
	struct stop_batch *b = NEW(struct stop_batch);
	AUTO(strlist) struct strlist names = ui->stopping;

	memset(&ui->stopping, 0, sizeof(ui->stopping));
	b->n = b->left = names.n;
	for (size_t i = 0; i < names.n; i++) {
		struct ui_call *c = call_new(ui, v, names.items[i]);
		c->batch = b;
		c->changes = true;
		ui->host->stop(ui->host->user, names.items[i], stop_done, c);
	}
}

void ui_stop_jobs(struct view *v, const struct strlist *names)
{
	struct ui *ui = v->ui;
	AUTO(buf) struct buf text = BUF_INIT(8192);
	size_t over = 0;

	if (!may_change(ui) || !offered(ui, ui->host->stop))
		return;
	strlist_done(&ui->stopping);
	for (size_t i = 0; i < names->n; i++) {
		const struct job *j = jobs_find(session_jobs(ui->session), names->items[i]);
		if (j && job_is_active(j) && j->status != JOB_STOPPING)
			strlist_add(&ui->stopping, names->items[i]);
		else
			over++;
	}
	if (!ui->stopping.n) {
		if (names->n == 1 && !jobs_find(session_jobs(ui->session), names->items[0]))
			ui_notice(ui, NOTICE_WARNING, "there is no job %s", names->items[0]);
		else
			ui_notice(ui, NOTICE_WARNING, "%s is not running",
				  names->n == 1 ? names->items[0] : "none of them");
		return;
	}
	for (size_t i = 0; i < ui->stopping.n && i < 6; i++)
		(void)buf_addf(&text, "%s\n", ui->stopping.items[i]);
	if (ui->stopping.n > 6)
		(void)buf_addf(&text, "… and %zu more\n", ui->stopping.n - 6);
	if (over)
		(void)buf_addf(&text, "(%zu of the marked are not running)\n", over);
	(void)buf_adds(&text, "\nA stopped job cannot be resumed; what it saved is kept.");
	char title[48], count[24];
	snprintf(count, sizeof(count), "%zu", ui->stopping.n);
	if (ui->stopping.n == 1)
		str_copy(title, sizeof(title), "Stop this job?");
	else
		snprintf(title, sizeof(title), "Stop these %s jobs?", count);
	ui_confirm(v, title, buf_str(&text), "Stop", ui->stopping.n > 5 ? count : NULL, stop_confirmed);
}
