/* ui.c - the stack of screens: opening, keys, drawing. */
#include "tui/ui_internal.h"

#include "base/clock.h"
#include "base/str.h"
#include "tui/key.h"

#define VIEW(id, name) extern const struct view_ops view_##name##_ops;
#include "tui/views.def"
#undef VIEW
const struct view_ops *const view_table[] = {
#define VIEW(id, name) &view_##name##_ops,
#include "tui/views.def"
#undef VIEW
};
const size_t n_view_table = ARRAY_LEN(view_table);

struct ui *ui_new(const struct session *s, const struct ui_host *host, const struct ui_options *opt)
{
	struct ui *ui = NEW(struct ui);

	ui->session = s;
	ui->host = host;
	ui_scopes_init(ui);
	ui->surface.ascii = opt->ascii;
	ui->mono = opt->mono;
	ui->theme = opt->theme;
	ui->marks = opt->marks;
	ui->mouse = opt->mouse;
	ui->notice_ms = opt->notice_ms;
	ui->log_gap_ms = opt->log_gap_ms;
	ui->columns = xstrdup(opt->columns);
	ui->order = xstrdup(opt->order);
	ui->now_ms = clock_now_ms();
	ui->next_view_id = 1;
	ui->dirty = true;
	surface_resize(&ui->surface, opt->rows, opt->cols);
	ui_theme_load(ui);
	ui_marks_load(ui);
	ui_mouse_load(ui);
	ui_push(ui, VIEW_JOBS, &(struct view_arg){.kind = &kind_table[KIND_TRAINING_JOB]});
	ui_history_load(ui);
	ui_look_begin(ui);
	if (!ui_tabs_restore(ui))
		ui_look_restore(ui);
	return ui;
}

static void view_close(struct view *v)
{
	place_leave(v);
	place_free(v->place);
	if (v->ops->close)
		v->ops->close(v);
	free(v->state);
	free(v);
}

void ui_free(struct ui *ui)
{
	if (!ui)
		return;
	ui_history_keep(ui);
	ui_tabs_keep(ui);
	ui_look_keep(ui);
	ui_tabs_free(ui->tabs);
	ui_trail_done(ui);
	while (ui->depth > 0)
		view_close(ui->stack[--ui->depth]);
	ui_calls_orphan(ui);
	ui_dialog_close(ui);
	ui_troubles_done(ui);
	ui_prompt_done(&ui->prompt);
	strlist_done(&ui->change.names);
	strmap_done(&ui->slots);
	strmap_done(&ui->folds);
	surface_done(&ui->surface);
	free(ui->columns);
	free(ui->order);
	free(ui->usual_order);
	free(ui);
}

struct view *ui_top(const struct ui *ui)
{
	return ui->stack[ui->depth - 1];
}

struct view *ui_find_view(const struct ui *ui, uint64_t id)
{
	for (size_t i = 0; i < ui->depth; i++)
		if (ui->stack[i]->id == id)
			return ui->stack[i];
	return NULL;
}

const struct feed *view_feed(const struct view *v, const struct kind *kind, const char *name)
{
	return session_find_feed(view_session(v), kind, name);
}

void view_watch(const struct view *v, const struct kind *kind, const char *name, bool on)
{
	if (view_host(v)->watch)
		view_host(v)->watch(view_host(v)->user, kind, name, on);
}

const char *ui_columns_of(const struct ui *ui, const struct kind *kind)
{
	AUTO(str) char *name = xasprintf("columns/%s", kind->name);
	const char *chosen = ui_kept(ui, name);

	return chosen ? chosen : kind == TRAINING_KIND ? ui->columns : NULL;
}

const char *ui_kept(const struct ui *ui, const char *name)
{
	return ui->host->kept ? ui->host->kept(ui->host->user, name) : NULL;
}

void ui_keep(struct ui *ui, const char *name, const char *text)
{
	struct err err = {0};

	if (ui->host->keep && ui->host->keep(ui->host->user, name, text, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "not kept for the next start: %s", err.msg);
}

const char *ui_order_of(const struct ui *ui, const struct kind *kind)
{
	return kind == TRAINING_KIND ? ui->order : NULL;
}

void ui_want_columns(struct view *v, const struct kind *kind, const struct field_list *fields)
{
	if (view_host(v)->columns)
		view_host(v)->columns(view_host(v)->user, kind, fields);
}

void ui_copy_as(struct ui *ui, const char *text, const char *what)
{
	if (!ui_offered(ui, ui->host->copy))
		return;
	ui->host->copy(ui->host->user, text);
	ui_notice(ui, NOTICE_INFO, "sent to the terminal's clipboard: %s", what);
}

void ui_copy(struct ui *ui, const char *text)
{
	ui_copy_as(ui, text, text);
}

const char *ui_kind_word(const struct kind *kind)
{
	static char words[KIND_COUNT][48]; /* made once: the names with blanks */
	char *word = words[kind->id];

	if (kind->id == KIND_TRAINING_JOB)
		return "job";
	if (!word[0]) {
		str_copy(word, sizeof(words[0]), kind->name);
		for (char *p = word; *p; p++)
			*p = *p == '-' ? ' ' : *p;
	}
	return word;
}

int64_t ui_log_gap_ms(const struct ui *ui)
{
	return ui->log_gap_ms;
}

int64_t ui_now_ms(const struct ui *ui)
{
	return ui->now_ms;
}

bool ui_quit_wanted(const struct ui *ui)
{
	return ui->quit;
}

bool ui_repaint_wanted(struct ui *ui)
{
	bool wanted = ui->repaint;

	ui->repaint = false;
	return wanted;
}

void ui_redraw(struct ui *ui)
{
	ui->dirty = true;
}

const struct surface *ui_surface(const struct ui *ui)
{
	return &ui->surface;
}

/* --- the stack of views --- */

void ui_push(struct ui *ui, enum view_id view, const struct view_arg *arg)
{
	static const struct view_arg none;
	const struct view_ops *ops = view_table[view];
	struct err err = {0};

	if (!arg)
		arg = &none;
	if (view == VIEW_JOBS && ui->depth && arg->mode != MODE_OVER) { /* there is one, at the bottom */
		ui_pop_all(ui);
		if (arg->text && ops->filter(ui_top(ui), arg->text, &err) < 0)
			ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
		return;
	}
	AUTO(scoped) struct scoped scoped = {0};

	if (ui_scope_choose(ui, ops, arg, &scoped, &err) < 0) {
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
		return;
	}
	arg = &scoped.arg;
	if (ui->depth > 1 && ops == ui_top(ui)->ops && arg->kind == ui_top(ui)->kind)
		ui_pop(ui); /* the same screen again takes its place */
	if (ui->depth == UI_STACK_MAX) {
		ui_notice(ui, NOTICE_WARNING, "too many screens are open: go back with %s", KEY_OF(GLOBAL, BACK));
		return;
	}
	struct view *v = NEW(struct view);
	v->ops = ops;
	v->ui = ui;
	v->scope = arg->scope;
	v->kind = arg->kind;
	v->place = place_new(view, arg);
	v->id = ui->next_view_id++;
	v->state = xcalloc(1, MAX(ops->state_size, (size_t)1));
	if (ops->open && ops->open(v, arg, &err) < 0) {
		ui_notice(ui, NOTICE_ERROR, "%s", err.msg);
		view_close(v);
		return;
	}
	ui->stack[ui->depth++] = v;
	ui->dirty = true;
}

void ui_push_one(struct ui *ui, enum view_id view, const struct kind *kind, const char *name, enum view_mode mode)
{
	AUTO(str) char *copy = xstrdup(name); /* its owner may be the view that goes */
	struct view_arg arg = {.kind = kind, .names = {.items = &copy, .n = 1}, .mode = mode};

	ui_push(ui, view, &arg);
}

enum view_id ui_list_of(const struct kind *kind)
{
	return kind->id == KIND_TRAINING_JOB ? VIEW_JOBS : VIEW_LIST;
}

enum view_id ui_page_of(const struct kind *kind)
{
	return kind->id == KIND_TRAINING_JOB ? VIEW_JOB : kind->id == KIND_TUNING_JOB ? VIEW_TUNING : VIEW_PAGE;
}

/* Views may hold pointers into the session until its generation changes: nothing
 * is asked of them before they have heard of it. */
static void bring_up_to_date(struct ui *ui, struct view *v)
{
	uint64_t gen = v->ops->generation ? v->ops->generation(v) : 0;

	if (v->updated && gen == v->drawn_generation)
		return;
	if (v->ops->update)
		v->ops->update(v);
	v->drawn_generation = v->ops->generation ? v->ops->generation(v) : 0;
	v->updated = true;
	ui->dirty = true;
}

const struct view_ops *ui_top_ops(const struct ui *ui)
{
	return ui_top(ui)->ops;
}

struct view *ui_log(struct ui *ui)
{
	for (size_t i = ui->depth; i-- > 0;) {
		struct view *v = ui->stack[i];

		if (v->ops->pager || !v->ops->passing)
			return v->ops->pager ? v : NULL;
	}
	return NULL;
}

struct pager *ui_pager(struct ui *ui)
{
	struct view *v = ui_log(ui);

	if (!v)
		return NULL;
	bring_up_to_date(ui, v);
	return v->ops->pager(v);
}

const struct kind *ui_top_kind(const struct ui *ui)
{
	return ui_kind_of(ui_top(ui));
}

const struct kind *ui_kind_of(const struct view *v)
{
	return v->rows ? v->rows : v->kind;
}

void ui_shown_columns(const struct ui *ui, struct field_list *ret)
{
	ui_top_ops(ui)->shown(ui_top(ui), ret);
}

void ui_pop(struct ui *ui)
{
	if (ui->depth <= 1)
		return;
	view_close(ui->stack[--ui->depth]);
	ui_top(ui)->updated = false;
	ui->dirty = true;
}

void ui_pop_all(struct ui *ui)
{
	ui->trail.jumped |= ui->depth > 1;
	while (ui->depth > 1)
		ui_pop(ui);
}

void ui_close(struct view *v)
{
	struct ui *ui = v->ui;

	for (size_t i = 1; i < ui->depth; i++)
		if (ui->stack[i] == v) {
			memmove(&ui->stack[i], &ui->stack[i + 1], (--ui->depth - i) * sizeof(ui->stack[0]));
			view_close(v);
			break;
		}
	ui_top(ui)->updated = false;
	ui->dirty = true;
}

/* --- keys --- */

static void quit_confirmed(struct view *v)
{
	ui_quit(v->ui, false);
}

void ui_quit(struct ui *ui, bool ask)
{
	if (ask && ui_changes_under_way(ui))
		ui_confirm(ui_top(ui), "Quit", "A request to stop or launch a job is still under way.", "Quit", NULL,
			   quit_confirmed);
	else
		ui->quit = true;
}

static void refresh(const struct view *v)
{
	ui_troubles_tell(v->ui);
	if (view_host(v)->refresh)
		view_host(v)->refresh(view_host(v)->user, v->kind, NULL);
}

bool ui_action(struct ui *ui, enum action a)
{
	switch (a) {
	case ACT_COMMAND:
		ui_open_command_line(ui);
		return true;
	case ACT_HELP:
		ui_push(ui, VIEW_HELP, NULL);
		return true;
	case ACT_BACK:
		ui_pop(ui);
		return true;
	case ACT_QUIT:
		if (ui->depth > 1)
			ui_pop(ui);
		else
			ui_quit(ui, true);
		return true;
	case ACT_QUIT_NOW:
		ui_quit(ui, false);
		return true;
	case ACT_TRAIL_BACK:
	case ACT_TRAIL_FORWARD:
		ui_trail_go(ui, a == ACT_TRAIL_BACK ? -1 : 1);
		return true;
	case ACT_SEARCH:
		ui_ask_nothing(ui);
		return true;
	case ACT_REQUESTS:
		ui_push(ui, VIEW_REQUESTS, NULL);
		return true;
	case ACT_REFRESH:
		refresh(ui_top(ui));
		return true;
	case ACT_SAVE_SCREEN:
		ui_save_screen(ui);
		return true;
	case ACT_REDRAW:
		ui->repaint = true;
		return true;
	case ACT_SUSPEND:
		if (ui_offered(ui, ui->host->suspend))
			ui->host->suspend(ui->host->user);
		return true;
	default:
		return false;
	}
}

const char *ui_neighbour(struct view *v, const char *name, int by)
{
	struct ui *ui = v->ui;
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = ui->depth; i-- > 0;) {
		struct view *list = ui->stack[i];
		if (!list->ops->neighbour || ui_kind_of(list) != v->kind)
			continue;
		bring_up_to_date(ui, list);
		return list->ops->neighbour(list, ui_name_for(list, v, name, &buf), by);
	}
	return NULL;
}

const char *ui_beside(struct view *v, const struct kind *kind, const char *name, struct buf *buf)
{
	struct ui *ui = v->ui;

	for (size_t i = ui->depth; i-- > 0;) {
		struct view *list = ui->stack[i];
		const struct resource *r;

		if (!list->ops->beside || ui_kind_of(list) != kind)
			continue;
		bring_up_to_date(ui, list);
		r = list->ops->beside(list, ui_name_for(list, v, name, buf));
		return r ? session_name_of(view_session(list), r, buf) : NULL;
	}
	return NULL;
}

void ui_await_job(const struct view *v, const char *name)
{
	struct view *root = v->ui->stack[0];
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);

	root->ops->await(root, ui_name_for(root, v, name, &buf));
}

static void take_key(struct ui *ui, struct view *v, int key)
{
	if (key == KEYC_PASTE) {
		ui_take_pasted(ui);
		return;
	}
	if (key == KEYC_CTRL('c')) {
		ui_action(ui, ACT_QUIT_NOW);
		return;
	}
	if (ui->dialog.on) {
		ui_dialog_key(ui, key);
		return;
	}
	if (ui->prompt.on) {
		ui_prompt_key(ui, key);
		return;
	}
	if (v->ops->key && v->ops->key(v, key))
		return;
	for (int i = 0; i < VIEW_CONTEXTS_MAX && v->ops->contexts[i]; i++) {
		enum action a = keymap_find(v->ops->contexts[i], key);
		if (a && v->ops->action && v->ops->action(v, a))
			return;
	}
	enum action a = keymap_find(CTX_GLOBAL, key);
	if (!a)
		return;
	if (v->ops->action && v->ops->action(v, a))
		return;
	ui_action(ui, a);
}

void ui_settle(struct ui *ui)
{
	bring_up_to_date(ui, ui_top(ui));
	ui->dirty = true;
	surface_forget_spots(&ui->surface);
	if (ui->notice.level == NOTICE_INFO || ui->notice_of_key) /* read, or at least in the way */
		ui->notice.text[0] = '\0';
}

void ui_key(struct ui *ui, int key)
{
	ui_settle(ui);
	ui->key = key;
	ui->in_key = true;
	take_key(ui, ui_top(ui), key);
	ui->in_key = false;
}

void ui_resize(struct ui *ui, int rows, int cols)
{
	surface_resize(&ui->surface, rows, cols);
	ui->dirty = true;
}

/* --- drawing --- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3u;
}

/* Everything of the session that the frame shows; a change means a redraw. Ages
 * and durations move on by the second while something runs. */
static uint64_t frame_signature(const struct ui *ui)
{
	const struct session *s = ui->session;
	uint64_t h = 14695981039346656037u;

	h = mix(h, session_jobs(s)->generation);
	h = mix(h, s->notice_generation);
	h = mix(h, (uint64_t)session_jobs(s)->synced_ms);
	h = mix(h, (uint64_t)session_jobs(s)->complete | (uint64_t)s->offline << 1);
	h = mix(h, (uint64_t)(ui->now_ms / (session_jobs(s)->n_running ? 1000 : 5000)));
	h = mix(h, (uint64_t)(s->budget.silent_ms / 1000));
	h = mix(h, ui_notice_showing(ui));
	return h;
}

static void draw_too_small(struct ui *ui)
{
	struct area a = surface_area(&ui->surface);

	area_put(a, 0, 0, ST_WARN, "too small");
	if (a.rows > 1)
		area_putf(a, 1, 0, ST_NORMAL, "%dx%d of %dx%d", a.cols, a.rows, UI_MIN_COLS, UI_MIN_ROWS);
	if (a.rows > 2)
		area_put(a, 2, 0, ST_DIM, "q quit");
}

bool ui_draw(struct ui *ui)
{
	struct view *v = ui_top(ui);

	ui->now_ms = clock_now_ms();
	ui_notice_collect(ui);
	bring_up_to_date(ui, v);
	ui_trail_note(ui);
	uint64_t signature = frame_signature(ui);
	if (!ui->dirty && signature == ui->drawn_signature)
		return false;
	ui->dirty = false;
	ui->drawn_signature = signature;
	surface_clear(&ui->surface);
	if (ui->surface.rows < UI_MIN_ROWS || ui->surface.cols < UI_MIN_COLS)
		draw_too_small(ui);
	else
		ui_frame_draw(ui, v);
	return true;
}

#define WORK_US 4000 /* of a turn */

bool ui_work(struct ui *ui)
{
	struct view *v = ui_top(ui);
	int64_t until_us = clock_mono_us() + WORK_US;
	bool more = v->ops->work && v->ops->work(v, WORK_US);

	ui->dirty |= more;
	return ui_tabs_work(ui, until_us) || more;
}

int ui_timeout_ms(const struct ui *ui)
{
	bool counts = session_jobs(ui->session)->n_running || ui->session->budget.silent_ms || ui_notice_showing(ui);
	int64_t period = counts ? 1000 : 5000;

	return (int)(period - clock_now_ms() % period) + 1;
}
