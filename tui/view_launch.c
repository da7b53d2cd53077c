/* view_launch.c - launching: a form, then what would be sent with its cost, then
 * Enter. From a specification file, or as a clone of a job, whose members stand in the
 * form and are changed there. */
#include <ctype.h>

#include "base/utf8.h"
#include "model/job_members.h"
#include "tui/doc.h"
#include "tui/form.h"
#include "tui/jobtext.h"
#include "tui/view.h"

#define CHANGE_FIELDS 10

enum stage { STAGE_FORM = 0, STAGE_ASKING, STAGE_PREVIEW, STAGE_EDITING, STAGE_SENDING };

struct launch_state {
	char *clone_of;	  /* NULL: from a file */
	struct form form; /* names, changes, then the members of the job that is cloned */
	size_t first_change, first_member;
	struct job_members members;
	size_t n_unfit; /* of them that do not fit into a line */
	enum stage stage;
	struct host_preview *preview;
	bool edited; /* the preview is what came from the editor */
	struct doc doc;
	int doc_width;
	char problem[512];
	char estimate[256];	/* what it will take and cost, as far as the form says; "" */
	bool estimating, stale; /* an answer is under way; what was asked has changed since */
};

static const struct job *cloned(const struct view *v)
{
	const struct launch_state *st = v->state;

	return st->clone_of ? jobs_find(session_jobs(view_session(v)), st->clone_of) : NULL;
}

/* --- the members of the job --- */

static bool fits_a_line(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || p - text >= LINEEDIT_MAX - 1)
			return false;
	return true;
}

/* As far as they are known; again once more is, unless the user has begun to change them. */
static void fill_members(struct view *v)
{
	struct launch_state *st = v->state;
	const struct job *j = cloned(v);

	for (size_t i = st->first_member; i < st->form.n; i++)
		if (form_is_changed(&st->form.fields[i]))
			return;
	if (!j || j->trimmed)
		return;
	job_members(j, &st->members);
	st->form.n = st->first_member;
	st->n_unfit = 0;
	for (size_t i = 0; i < st->members.n; i++) {
		const struct job_member *m = &st->members.items[i];

		if (fits_a_line(m->text))
			form_add(&st->form, m->label, "nothing", m->text)->was = m->text;
		else
			st->n_unfit++;
	}
	st->form.focus = MIN(st->form.focus, st->form.n - 1);
}

static const char *path_of(const struct launch_state *st, const struct form_field *field)
{
	for (size_t i = 0; i < st->members.n; i++)
		if (st->members.items[i].text == field->was)
			return st->members.items[i].path;
	return "";
}

/* --- what is changed --- */

/* "eta=0.1" means the hyperparameter: members of a job begin with a capital. */
static void add_change(struct view *v, struct strlist *changes, const char *text)
{
	const struct job *j = cloned(v);
	size_t n = strcspn(text, "=.[");
	AUTO(str) char *name = xstrndup(text, n);
	bool hyperparameter = text[n] == '=' && n &&
			      (islower((unsigned char)*text) || *text == '_' || (j && job_hyperparameter(j, name)));

	strlist_take(changes, xasprintf("%s%s", hyperparameter ? "HyperParameters." : "", text));
}

/* Those that are typed, and those of members; one that is emptied is taken out. */
static void add_changes(struct view *v, struct strlist *changes, bool whole)
{
	const struct launch_state *st = v->state;

	for (size_t i = st->first_change; i < st->form.n; i++) {
		const struct form_field *f = &st->form.fields[i];
		const char *text = f->edit.text;

		if (form_is_changed(f))
			strlist_take(changes, xasprintf("%s=%s", path_of(st, f), *text ? text : "null"));
		else if (i < st->first_member && (whole ? strchr(text, '=') != NULL : *text != '\0'))
			add_change(v, changes, text);
	}
}

/* --- the estimate --- */

static void ask_estimate(struct view *v);

static void estimate_ready(struct view *v, const char *text, const struct err *err)
{
	struct launch_state *st = v->state;

	st->estimating = false;
	str_copy(st->estimate, sizeof(st->estimate), err ? "" : text);
	if (st->stale)
		ask_estimate(v);
}

/* One question at a time, about all changes that are whole; a path that leads nowhere yet has no answer. */
static void ask_estimate(struct view *v)
{
	struct launch_state *st = v->state;
	AUTO(strlist) struct strlist changes = {0};
	struct host_launch_request r = {.changes = &changes, .clone_of = st->clone_of};

	st->stale = st->estimating;
	if (st->estimating)
		return;
	add_changes(v, &changes, true);
	if (!st->clone_of)
		r.spec_path = st->form.fields[0].edit.text;
	if (st->clone_of || r.spec_path[0])
		st->estimating = ui_ask_estimate(v, &r, estimate_ready);
}

static int launch_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct launch_state *st = v->state;

	if (arg->mode == MODE_CLONE) {
		if (!jobs_find(session_jobs(view_session(v)), arg->names.items[0]))
			return err_set(err, ERR_NOTFOUND, "there is no job %s", arg->names.items[0]);
		st->clone_of = xstrdup(arg->names.items[0]);
		AUTO(str) char *name = job_clone_name(session_jobs(view_session(v)), st->clone_of, ui_now_ms(v->ui));

		form_add(&st->form, "New name", "", name);
	} else {
		form_add(&st->form, "Specification", "path of a JSON or YAML file", arg->text);
		form_add(&st->form, "Name", "as the file says", "");
	}
	st->first_change = st->form.n;
	for (int i = 0; i < CHANGE_FIELDS; i++)
		form_add(&st->form, i ? "" : "Changes", i ? "" : "eta=0.1, or path=value", "")->more = i > 0;
	st->first_member = st->form.n;
	if (st->clone_of)
		view_watch(v, v->kind, st->clone_of, true); /* all of it is wanted */
	fill_members(v);
	ask_estimate(v);
	return 0;
}

static uint64_t launch_generation(struct view *v)
{
	const struct job *j = cloned(v);

	return j ? (uint64_t)j->detail * 4 + (uint64_t)j->tags_known * 2 + !j->trimmed : 0;
}

static void launch_close(struct view *v)
{
	struct launch_state *st = v->state;

	if (st->clone_of)
		view_watch(v, v->kind, st->clone_of, false);
	host_preview_free(st->preview);
	doc_done(&st->doc);
	form_done(&st->form);
	job_members_done(&st->members);
	free(st->clone_of);
}

static void launch_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct launch_state *st = v->state;
	char money[24];

	if (st->clone_of)
		(void)buf_addf(left, "clone · %s", st->clone_of);
	else
		(void)buf_adds(left, "launch");
	if (ui_scope_named(v))
		(void)buf_addf(left, " · into %s", ui_scope_named(v));
	if (st->preview)
		(void)buf_addf(right, "at most %s", money_text(money, st->preview->ceiling_micro));
}

/* --- the form --- */

static void show_preview(struct launch_state *st, struct host_preview *p)
{
	host_preview_free(st->preview);
	st->preview = p;
	st->stage = STAGE_PREVIEW;
	st->doc_width = 0;
	st->doc.top = 0;
}

static void preview_ready(struct view *v, struct host_preview *p, const struct err *err)
{
	struct launch_state *st = v->state;

	if (st->stage != STAGE_ASKING) { /* gone back meanwhile */
		host_preview_free(p);
		return;
	}
	if (err) {
		st->stage = STAGE_FORM;
		str_copy(st->problem, sizeof(st->problem), err->msg);
		return;
	}
	show_preview(st, p);
}

/* From the editor: what is there now, which the form does not know of. */
static void edited(struct view *v, struct host_preview *p, const struct err *err)
{
	struct launch_state *st = v->state;

	st->stage = STAGE_PREVIEW;
	if (err) {
		str_copy(st->problem, sizeof(st->problem), err->msg);
	} else if (!p) {
		str_copy(st->problem, sizeof(st->problem), "nothing was changed in the editor");
	} else {
		st->edited = true;
		show_preview(st, p);
	}
}

static void submit(struct view *v)
{
	struct launch_state *st = v->state;
	AUTO(strlist) struct strlist changes = {0};

	add_changes(v, &changes, false);
	struct host_launch_request r = {.changes = &changes, .clone_of = st->clone_of};
	st->problem[0] = '\0';
	if (st->clone_of) {
		r.new_name = st->form.fields[0].edit.text;
	} else {
		r.spec_path = st->form.fields[0].edit.text;
		r.new_name = st->form.fields[1].edit.text;
		if (!r.spec_path[0]) {
			str_copy(st->problem, sizeof(st->problem), "name the specification file first");
			st->form.focus = 0;
			return;
		}
	}
	for (size_t i = 0; i < changes.n; i++)
		if (!strchr(changes.items[i], '=')) {
			snprintf(st->problem, sizeof(st->problem), "a change reads path=value: %s", changes.items[i]);
			return;
		}
	st->stage = STAGE_ASKING;
	st->edited = false;
	ui_ask_preview(v, &r, preview_ready);
}

static void draw_form(struct launch_state *st, struct area a)
{
	int top = a.rows > 6 ? 1 : 0;

	form_draw(&st->form, area_part(a, top, 1, a.rows - top - 2, a.cols - 2));
	if (top && st->estimate[0]) /* below the fields: they take at most all but two rows */
		area_put_cut(a, a.rows - 2, 1, a.cols - 2, ST_DIM, st->estimate);
	if (st->stage == STAGE_ASKING)
		area_put(a, a.rows - 1, 1, ST_DIM, "Checking …");
	else if (st->problem[0])
		area_put_cut(a, a.rows - 1, 1, a.cols - 2, ST_BAD, st->problem);
}

/* --- the preview --- */

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

static void lay_out(struct launch_state *st, const char *prices_as_of, int width)
{
	struct doc *d = &st->doc;
	const struct host_preview *p = st->preview;
	char money[24];

	doc_clear(d);
	st->doc_width = width;
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, "Name   ");
	doc_add(d, ST_STRONG, p->name);
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, "Cost   ");
	if (p->ceiling_micro == USD_UNKNOWN)
		doc_add(d, ST_WARN, "? no price known for this instance type and region");
	else
		doc_addf(d, ST_NORMAL, "at most %s: its longest run time, prices of %s",
			 money_text(money, p->ceiling_micro), str_or(prices_as_of, "?"));
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
			doc_addf(d, ST_DIM, "What differs from %s", st->clone_of ? st->clone_of : "the file");
		add_diff(d, p->diff);
	}
	doc_line(d);
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, "What is sent");
	doc_lines(d, ST_NORMAL, p->text);
}

static void launch_draw(struct view *v, struct area a)
{
	struct launch_state *st = v->state;

	if (st->stage < STAGE_PREVIEW) {
		draw_form(st, a);
		return;
	}
	if (st->doc_width != a.cols)
		lay_out(st, view_session(v)->prices_as_of, a.cols);
	int rows = a.rows - (st->stage == STAGE_SENDING || st->problem[0] ? 1 : 0);
	doc_draw(&st->doc, area_part(a, 0, 0, rows, a.cols));
	if (st->stage == STAGE_SENDING)
		area_put(a, a.rows - 1, 1, ST_DIM, "Launching …");
	else if (st->problem[0])
		area_put_cut(a, a.rows - 1, 1, a.cols - 2, ST_BAD, st->problem);
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
	ui_notice(v->ui, NOTICE_INFO, "launched %s", name);
	ui_await_job(v, name);
	if (host->refresh)
		host->refresh(host->user, &kind_table[KIND_TRAINING_JOB], NULL);
	ui_close(v);
}

static bool preview_key(struct view *v, int key)
{
	struct launch_state *st = v->state;

	switch (key) {
	case KEYC_ENTER:
		if (st->stage == STAGE_PREVIEW) {
			st->problem[0] = '\0';
			st->stage = STAGE_SENDING;
			if (!ui_ask_launch(v, st->preview->name, launched))
				st->stage = STAGE_PREVIEW;
		}
		return true;
	case 'e':
		st->problem[0] = '\0';
		if (st->stage == STAGE_PREVIEW && ui_ask_edit(v, edited))
			st->stage = STAGE_EDITING;
		return true;
	case KEYC_ESC:
		if (st->stage == STAGE_PREVIEW) { /* a step back: what was typed is still there */
			st->stage = STAGE_FORM;
			str_copy(st->problem, sizeof(st->problem),
				 st->edited ? "the form has nothing of what was changed in the editor" : "");
		} else if (st->stage == STAGE_SENDING) { /* it was sent: that is not taken back */
			ui_pop(v->ui);
		}
		return true;
	default:
		return doc_action(&st->doc, keymap_find(CTX_TEXT, key));
	}
}

static bool launch_key(struct view *v, int key)
{
	struct launch_state *st = v->state;

	if (st->stage >= STAGE_PREVIEW)
		return preview_key(v, key);
	size_t focus = st->form.focus;
	enum form_event event = form_key(&st->form, key);

	if (event == FORM_USED && st->form.focus != focus)
		ask_estimate(v);
	switch (event) {
	case FORM_SUBMIT:
		if (st->stage == STAGE_FORM)
			submit(v);
		return true;
	case FORM_CANCEL:
		if (st->stage == STAGE_ASKING)
			st->stage = STAGE_FORM;
		else
			ui_pop(v->ui);
		return true;
	case FORM_USED:
		return true;
	default:
		return key_is_text(key);
	}
}

static struct lineedit *launch_field(struct view *v)
{
	struct launch_state *st = v->state;

	return st->stage < STAGE_PREVIEW ? &st->form.fields[st->form.focus].edit : NULL;
}

static const char *launch_hint(struct view *v)
{
	const struct launch_state *st = v->state;

	if (st->stage == STAGE_SENDING)
		return "Up Down scroll  Esc leave: it has been sent";
	if (st->stage == STAGE_PREVIEW)
		return "Enter launch  e editor  Esc back to the form  Up Down scroll";
	return st->form.focus < st->first_member ? "Enter next, then preview  Tab field  Esc cancel"
						 : "Enter preview  Tab Up Down field  Esc cancel";
}

static void launch_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct launch_state *st = v->state;

	if (st->stage == STAGE_PREVIEW)
		doc_position(&st->doc, right);
	else if (st->stage == STAGE_FORM)
		(void)buf_addf(left, "nothing is sent before you have seen it%s%s", st->n_unfit ? " · " : "",
			       st->n_unfit ? "some values are too long for a line" : "");
}

const struct view_ops view_launch_ops = {
	.name = "launch",
	.reach = REACH_ONE,
	.argument = "[FILE]",
	.takes = TAKES_TEXT,
	.help = "Launch a job from a specification file",
	.contexts = {CTX_TEXT},
	.passing = true,
	.state_size = sizeof(struct launch_state),
	.open = launch_open,
	.close = launch_close,
	.generation = launch_generation,
	.update = fill_members,
	.title = launch_title,
	.draw = launch_draw,
	.status = launch_status,
	.key = launch_key,
	.field = launch_field,
	.hint = launch_hint,
};
