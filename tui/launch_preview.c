/* launch_preview.c - what would be sent: its name and cost, what differs, the whole of it; then Enter, or the editor.
 */
#include "tui/launch_internal.h"

#include "model/grid.h"
#include "tui/jobtext.h"

void launch_show_preview(struct launch_state *st, struct host_preview *p)
{
	host_preview_free(st->preview);
	st->preview = p;
	st->stage = STAGE_PREVIEW;
	st->doc_width = 0;
	st->doc.top = 0;
}

/* --- what it shows --- */

static void add_label(struct doc *d, const char *label)
{
	doc_line(d);
	doc_at(d, 1);
	doc_addf(d, ST_DIM, "%-7s", label);
}

static void add_cost(struct doc *d, const struct host_preview *p)
{
	char money[24];

	add_label(d, "Cost");
	if (p->training_plan)
		doc_addf(d, ST_NORMAL, "none of its own: the training plan %s is paid for as a whole",
			 p->training_plan);
	else if (p->ceiling_micro == USD_UNKNOWN)
		doc_add(d, ST_WARN, "? no price known for this instance type and region");
	else
		doc_addf(d, ST_NORMAL, "at most %s%s: %s longest run time, price of %s",
			 money_text(money, p->ceiling_micro), p->n_jobs ? " in all" : "", p->n_jobs ? "their" : "its",
			 str_or(p->price_as_of, "an unknown day"));
}

static void add_diff(struct doc *d, const char *diff)
{
	while (*diff) {
		size_t n = strcspn(diff, "\n");
		AUTO(str) char *line = xstrndup(diff, n);
		doc_line(d);
		doc_at(d, 3);
		doc_add(d, line[0] == '+' ? ST_ADDED : line[0] == '-' ? ST_REMOVED : ST_DIM, line);
		diff += n + (diff[n] == '\n');
	}
}

static void lay_out(struct launch_state *st, int width)
{
	struct doc *d = &st->doc;
	const struct host_preview *p = st->preview;

	doc_clear(d);
	st->doc_width = width;
	add_label(d, launch_is_of_many(st) ? "Suffix" : "Name");
	doc_add(d, ST_STRONG, p->name);
	if (p->n_jobs) {
		add_label(d, "Jobs");
		doc_addf(d, ST_STRONG, "%zu", p->n_jobs);
		doc_addf(d, ST_NORMAL, ": %s", p->first);
		add_label(d, "");
		doc_addf(d, ST_NORMAL, "to %s", p->last);
	}
	add_cost(d, p);
	if (p->warning[0]) {
		doc_line(d);
		doc_wrapped(d, ST_WARN, 1, width - 2, p->warning);
	}
	if (p->diff[0]) {
		doc_line(d);
		doc_line(d);
		doc_at(d, 1);
		if (st->edited)
			doc_add(d, ST_DIM, "What was changed in the editor");
		else
			doc_addf(d, ST_DIM, "What differs from %s%s",
				 str_or(st->clone_of, str_or(st->again, "the file")),
				 launch_is_of_many(st) ? ", the first of them" : "");
		add_diff(d, p->diff);
	}
	doc_line(d);
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, p->n_jobs ? "What is sent, for the first job" : "What is sent");
	doc_lines(d, ST_NORMAL, p->text);
}

void launch_preview_draw(struct view *v, struct area a)
{
	struct launch_state *st = v->state;

	if (st->doc_width != a.cols)
		lay_out(st, a.cols);
	doc_draw(&st->doc, area_part(a, 0, 0, a.rows - launch_draw_problem(st, a), a.cols));
}

/* --- the editor --- */

/* From the editor: what is there now, which the form does not know of. */
static void edited(struct view *v, struct host_preview *p, const struct err *err)
{
	struct launch_state *st = v->state;

	st->stage = STAGE_PREVIEW;
	st->untaken = err != NULL;
	if (err) {
		str_copy(st->problem, sizeof(st->problem), err->msg);
	} else if (!p) {
		str_copy(st->problem, sizeof(st->problem), "nothing was changed in the editor");
	} else {
		st->edited = true;
		launch_show_preview(st, p);
	}
}

static void edit(struct view *v)
{
	struct launch_state *st = v->state;

	st->problem[0] = '\0';
	if (st->stage != STAGE_PREVIEW)
		return;
	if (st->preview->n_jobs)
		str_copy(st->problem, sizeof(st->problem),
			 "a sweep is changed in the form: the editor has the specification of one job");
	else if (ui_ask_edit(v, edited))
		st->stage = STAGE_EDITING;
}

/* --- sending --- */

static void say_launched(struct view *v, const char *name)
{
	const struct host_preview *p = ((struct launch_state *)v->state)->preview;

	if (p->n_jobs)
		ui_notice(v->ui, NOTICE_INFO, "queued %zu jobs; :filter tag.%s=%s shows them", p->n_jobs, SWEEP_TAG,
			  name);
	else
		ui_notice(v->ui, NOTICE_INFO, "launched %s", name);
	ui_await_job(v, p->n_jobs ? p->first : name);
}

static void launched(struct view *v, const char *name, const struct err *err)
{
	struct launch_state *st = v->state;
	const struct ui_host *host = view_host(v);

	if (err) {
		st->stage = STAGE_PREVIEW;
		str_copy(st->problem, sizeof(st->problem), err->msg);
		return;
	}
	say_launched(v, name);
	if (host->refresh)
		host->refresh(host->user, &kind_table[KIND_TRAINING_JOB], NULL);
	ui_close(v);
}

static void send(struct view *v)
{
	struct launch_state *st = v->state;

	st->problem[0] = '\0';
	st->stage = STAGE_SENDING;
	if (!ui_ask_launch(v, st->preview->name, launched))
		st->stage = STAGE_PREVIEW;
}

/* Many jobs are asked about by their number. */
static void confirm(struct view *v)
{
	const struct host_preview *p = ((struct launch_state *)v->state)->preview;
	char count[24], title[64], money[24];
	AUTO(str)
	char *cost = p->training_plan ? xasprintf("By the training plan %s.", p->training_plan)
				      : xasprintf("At most %s in all.", money_text(money, p->ceiling_micro));
	AUTO(str) char *text = xasprintf("%s\nto %s\n\n%s", p->first, p->last, cost);

	snprintf(count, sizeof(count), "%zu", p->n_jobs);
	snprintf(title, sizeof(title), "Launch these %s jobs?", count);
	ui_confirm(v, title, text, "Launch", p->n_jobs > UI_TYPE_COUNT_ABOVE ? count : NULL, send);
}

static void enter(struct view *v)
{
	const struct launch_state *st = v->state;

	if (st->stage != STAGE_PREVIEW)
		return;
	if (st->untaken)
		ui_notice(v->ui, NOTICE_WARNING,
			  "not launched: what was edited is not in it; e goes on with that, Esc without");
	else if (st->preview->n_jobs > 1)
		confirm(v);
	else
		send(v);
}

/* A step back: what was typed in the form is still there. What was sent is not taken back. */
static void leave(struct view *v)
{
	struct launch_state *st = v->state;
	bool edits = st->edited || st->untaken;

	if (st->stage == STAGE_SENDING) {
		ui_pop(v->ui);
	} else if (st->stage == STAGE_PREVIEW &&
		   (!edits || launch_may_lose(v, "what was changed in the editor is dropped"))) {
		st->stage = STAGE_FORM;
		if (edits)
			str_copy(st->problem, sizeof(st->problem),
				 "the form has nothing of what was changed in the editor");
	}
}

bool launch_preview_key(struct view *v, int key)
{
	struct launch_state *st = v->state;

	switch (key) {
	case KEYC_ENTER:
		enter(v);
		return true;
	case 'e':
		edit(v);
		return true;
	case KEYC_ESC:
		leave(v);
		return true;
	default:
		return doc_action(&st->doc, keymap_find(CTX_TEXT, key));
	}
}
