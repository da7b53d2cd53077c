/* view_launch.c - launching: a form, then what would be sent with its cost (launch_preview.c), then Enter. From a
 * specification file, or as a clone of a job, whose members stand in the form and are changed there; several values of
 * a member make a sweep. Of several jobs the first one's members stand there, and what is changed is changed in all. */
#include "tui/launch_internal.h"

#include "model/grid.h"
#include "model/job_name.h"
#include "tui/jobtext.h"
#include "tui/thing.h"

#define CHANGE_FIELDS 10
#define CHOICES_SHOWN 6
#define PROBLEM_ROWS 5

static void add_fields(struct launch_state *st, const char *name, const char *path)
{
	if (name) {
		form_add(&st->form, launch_is_of_many(st) ? "Suffix" : "New name", "", name);
	} else {
		form_add(&st->form, "Specification", "path of a JSON or YAML file", path);
		form_add(&st->form, "Name", "as the file says", "");
	}
	st->first_change = st->form.n;
	for (int i = 0; i < CHANGE_FIELDS; i++)
		form_add(&st->form, i ? "" : "Changes", i ? "" : "eta=0.1, or path=value", "")->more = i > 0;
	st->first_member = st->form.n;
}

static int open_clone(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct launch_state *st = v->state;
	const struct resources *jobs = session_jobs(view_session(v));

	if (arg->names.n > GRID_JOBS_MAX)
		return err_set(err, ERR_USAGE, "these are %zu jobs: %d are cloned at most", arg->names.n,
			       GRID_JOBS_MAX);
	if (arg->names.n > 1 && session_parts(view_session(v)) > 1)
		return err_set(err, ERR_USAGE, "these jobs lie in several scopes: clone those of one at a time");
	if (thing_open_names(v, arg, &st->clones, err) < 0)
		return -err->code;
	const char *job = st->clones.items[0];
	AUTO(str)
	char *name = launch_is_of_many(st) ? job_clone_suffix(jobs, &st->clones, ui_now_ms(v->ui))
					   : job_clone_name(jobs, job, ui_now_ms(v->ui));

	st->clone_of = xstrdup(job);
	add_fields(st, name, NULL);
	view_watch(v, v->kind, job, true); /* all of it is wanted */
	launch_fill_members(v);
	return 0;
}

static int open_again(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct launch_state *st = v->state;
	const struct ui_host *host = view_host(v);
	const char *name = arg->names.items[0];
	bool template = arg->mode == MODE_TEMPLATE;
	AUTO(str) char *text = template ? xstrdup(ui_template_text(v->ui, name)) : NULL;

	if (!template && !host->launched)
		return err_set(err, ERR_USAGE, "this is not offered here");
	if (!template && host->launched(host->user, name, &text, err) < 0)
		return -err->code;
	if (!text)
		return err_set(err, ERR_NOTFOUND, "there is no template %s", name);
	st->again = xasprintf("%s%s", template ? "template " : "", name);
	add_fields(st, "", NULL);
	return launch_again_open(v, text, err);
}

/* Names, changes and what members were changed to. The caller's. */
static char *typed(const struct launch_state *st)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < st->form.n; i++)
		if (i < st->first_member || form_is_changed(&st->form.fields[i]))
			(void)buf_addf(&out, "%zu=%s\n", i, st->form.fields[i].edit.text);
	return buf_take(&out);
}

static int launch_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct launch_state *st = v->state;
	const struct ui_host *host = view_host(v);
	int rc = session_may_change(view_session(v), err);

	if (rc)
		return rc;
	if (arg->mode == MODE_CLONE)
		rc = open_clone(v, arg, err);
	else if (arg->mode == MODE_SHOW)
		add_fields(st, NULL, arg->text);
	else
		rc = open_again(v, arg, err);
	if (rc)
		return rc;
	if (host->member_values)
		(void)host->member_values(host->user); /* begins to be read */
	st->opened = typed(st);
	launch_estimate(v);
	return 0;
}

static uint64_t launch_generation(struct view *v)
{
	const struct job *j = launch_cloned(v);

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
	choices_end(&st->choices);
	free(st->image);
	free(st->spec);
	free(st->opened);
	free(st->again);
	free(st->clone_of);
	strlist_done(&st->clones);
}

static void launch_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct launch_state *st = v->state;
	char money[24];

	if (launch_is_of_many(st))
		(void)buf_addf(left, "clone · %zu jobs", st->clones.n);
	else if (st->clone_of)
		(void)buf_addf(left, "clone · %s", st->clone_of);
	else if (st->again)
		(void)buf_addf(left, "launch · %s", st->again);
	else
		(void)buf_adds(left, "launch");
	if (ui_scope_named(v))
		(void)buf_addf(left, " · into %s", ui_scope_named(v));
	if (st->preview && st->preview->training_plan)
		(void)buf_addf(right, "by a training plan");
	else if (st->preview)
		(void)buf_addf(right, "at most %s", money_text(money, st->preview->ceiling_micro));
}

/* --- the form --- */

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
	launch_show_preview(st, p);
}

/* The first field that cannot be as it is gets the cursor. False: there is one. */
static bool fields_are_right(struct launch_state *st)
{
	for (size_t i = 0; i < st->form.n; i++) {
		const struct form_field *f = &st->form.fields[i];
		bool change = i >= st->first_change && i < st->first_member;

		if (launch_is_of_file(st) && i == 0 && !f->edit.len)
			str_copy(st->problem, sizeof(st->problem), "name the specification file first");
		else if (change && f->edit.len && !strchr(f->edit.text, '='))
			snprintf(st->problem, sizeof(st->problem), "a change reads path=value: %.400s", f->edit.text);
		else if (!f->wrong)
			continue;
		st->form.focus = i;
		return false;
	}
	return true;
}

static void submit(struct view *v)
{
	struct launch_state *st = v->state;
	AUTO(launch_asked) struct launch_asked a = {0};

	launch_ask(v, false, &a);
	str_copy(st->problem, sizeof(st->problem), st->sweep_problem);
	if (!fields_are_right(st) || st->problem[0])
		return;
	st->stage = STAGE_ASKING;
	st->edited = st->untaken = false;
	ui_ask_preview(v, &a.r, preview_ready);
}

/* What it will take and cost, with the number of jobs where there are several. */
static void draw_estimate(const struct launch_state *st, struct area line)
{
	const char *between = st->estimate[0] ? ": " : "";

	if (st->sweep_problem[0])
		area_put_cut(line, 0, 0, line.cols, ST_WARN, st->sweep_problem);
	else if (st->n_jobs) {
		int col = area_putf(line, 0, 0, ST_STRONG, "%s%zu job%s", launch_is_of_many(st) ? "" : "sweep of ",
				    st->n_jobs, st->n_jobs == 1 ? "" : "s");

		col = area_put(line, 0, col, ST_DIM, between);
		area_put_cut(line, 0, col, line.cols - col, ST_DIM, st->estimate);
	} else {
		area_put_cut(line, 0, 0, line.cols, ST_DIM, st->estimate);
	}
}

/* What went wrong, else what is said of the field that has the cursor. */
static const char *bottom_text(const struct launch_state *st, enum style *ret)
{
	const struct form_field *f = &st->form.fields[st->form.focus];

	*ret = st->problem[0] || f->wrong ? ST_BAD : ST_WARN;
	return st->problem[0] || st->stage != STAGE_FORM || st->choices.texts.n ? st->problem : f->note;
}

int launch_draw_problem(const struct launch_state *st, struct area a)
{
	enum style style;
	const char *text = bottom_text(st, &style);
	int cells = a.cols - 2, rows = MIN(text_wrapped_rows(cells, text), MIN(PROBLEM_ROWS, a.rows / 2));

	if (st->stage == STAGE_ASKING || st->stage == STAGE_SENDING) {
		area_put(a, a.rows - 1, 1, ST_DIM, st->stage == STAGE_ASKING ? "Checking …" : "Launching …");
		return 1;
	}
	if (!*text)
		return 0;
	area_put_wrapped(a, a.rows - rows, 1, cells, rows, style, text);
	return rows;
}

/* Below the fields the choices, then what it takes, then what is wrong. */
static void draw_form(struct launch_state *st, struct area a)
{
	int top = a.rows > 6 ? 1 : 0, choices = choices_rows(&st->choices, MIN(CHOICES_SHOWN, a.rows / 3));
	int last = launch_draw_problem(st, a), estimate = a.rows - 1 - MAX(last, 1), below = estimate - choices;

	form_draw(&st->form, area_part(a, top, 1, below - top, a.cols - 2));
	choices_draw(&st->choices, area_part(a, below, 1, choices, a.cols - 2));
	draw_estimate(st, area_part(a, estimate, 1, 1, a.cols - 2));
	if (!last && launch_is_of_many(st))
		area_putf(a, a.rows - 1, 1, ST_DIM, "as %s has it: what is changed here is changed in all of them",
			  st->clone_of);
	else if (!last && st->n_jobs)
		area_put_cut(a, a.rows - 1, 1, a.cols - 2, ST_DIM, "a comma that is part of a value is written \\,");
}

static void launch_draw(struct view *v, struct area a)
{
	struct launch_state *st = v->state;

	if (st->stage < STAGE_PREVIEW)
		draw_form(st, a);
	else
		launch_preview_draw(v, a);
}

/* Keys that are about the choices. A key that is not ends them: what stands in the line is taken. */
static bool choices_key(struct view *v, int key)
{
	struct launch_state *st = v->state;
	struct choices *c = &st->choices;
	bool open = c->texts.n > 0;

	switch (key) {
	case KEYC_TAB:
	case KEYC_BACKTAB:
		return launch_complete(v, key == KEYC_TAB ? 1 : -1);
	case KEYC_CTRL('p'):
	case KEYC_CTRL('n'):
		if (!launch_walk_earlier(v, key == KEYC_CTRL('p') ? 1 : -1))
			ui_notice(v->ui, NOTICE_INFO, "no other value is known of earlier jobs");
		return true;
	case KEYC_ESC:
		if (open)
			choices_cancel(c, &st->form.fields[st->form.focus].edit);
		return open;
	case KEYC_ENTER:
		choices_end(c);
		return open;
	default:
		choices_end(c);
		return false;
	}
}

bool launch_may_lose(struct view *v, const char *lost)
{
	struct launch_state *st = v->state;

	st->leaving = !st->leaving;
	if (st->leaving)
		ui_notice(v->ui, NOTICE_WARNING, "%s: Esc again", lost);
	return !st->leaving;
}

static void cancel(struct view *v)
{
	struct launch_state *st = v->state;
	AUTO(str) char *now = typed(st);

	if (st->stage == STAGE_ASKING)
		st->stage = STAGE_FORM;
	else if (str_eq(now, st->opened) || launch_may_lose(v, "what was typed is dropped"))
		ui_pop(v->ui);
}

static bool form_stage_key(struct view *v, int key)
{
	struct launch_state *st = v->state;

	switch (form_key(&st->form, key)) {
	case FORM_SUBMIT:
		if (st->stage == STAGE_FORM)
			submit(v);
		return true;
	case FORM_CANCEL:
		cancel(v);
		return true;
	case FORM_USED:
		launch_estimate(v);
		return true;
	default:
		return key_is_text(key);
	}
}

static bool launch_key(struct view *v, int key)
{
	struct launch_state *st = v->state;

	st->leaving &= key == KEYC_ESC;
	if (st->stage >= STAGE_PREVIEW)
		return launch_preview_key(v, key);
	if (!choices_key(v, key))
		return form_stage_key(v, key);
	launch_estimate(v);
	return true;
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
		return "Esc leave: it has been sent  Up Down scroll";
	if (st->stage == STAGE_PREVIEW && st->untaken)
		return "Esc back to the form  e editor again, with what was typed";
	if (st->stage == STAGE_PREVIEW && launch_is_of_many(st))
		return "Esc back to the form  Enter launch";
	if (st->stage == STAGE_PREVIEW)
		return st->preview->n_jobs ? "Esc back to the form  Enter launch  :template save NAME"
					   : "Esc back to the form  Enter launch  e editor  :template save NAME";
	if (st->choices.texts.n)
		return "Esc as it was  Tab next  shift-Tab one back  Enter take it";
	return st->form.focus < st->first_member
		       ? "Esc cancel  Enter next, then preview  Tab complete  Up Down field"
		       : "Esc cancel  Enter preview  Tab complete  ctrl-p earlier  Up Down field";
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
	.update = launch_fill_members,
	.title = launch_title,
	.draw = launch_draw,
	.status = launch_status,
	.key = launch_key,
	.field = launch_field,
	.hint = launch_hint,
	.template = launch_again_text,
};
