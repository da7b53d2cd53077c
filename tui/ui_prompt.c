/* The prompt (: and /) with history, and the `:` commands. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "base/utf8.h"
#include "tui/thing.h"

/* --- commands --- */

static void run_quit(struct ui *ui, const char *arg)
{
	ui_quit(ui, true);
}

static void run_suspend(struct ui *ui, const char *arg)
{
	ui_action(ui, ACT_SUSPEND);
}

static void run_refresh(struct ui *ui, const char *arg)
{
	ui_action(ui, ACT_REFRESH);
}

/* "[SCOPE:]NAME..." or "[SCOPE:]KIND/NAME...", all of one kind; nothing at all is an error that
 * says what is wanted. */
static int parse_names(const struct ui *ui, const char *command, const char *text, const struct kind *kind,
		       struct view_arg *arg, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, text ? text : "", ' ');
	if (!words.n)
		return err_set(err, ERR_USAGE, "%s needs the name of a %s: :%s NAME", command,
			       kind ? "thing of that kind" : "job", command);
	for (size_t i = 0; i < words.n; i++) {
		const struct kind *k = kind;
		const char *word = words.items[i], *rest, *name;
		(void)session_scope_of(ui->session, word, &rest);
		name = rest;
		if (!kind && kind_parse_reference(rest, &k, &name, err) < 0)
			return -err->code;
		if (arg->kind && k != arg->kind)
			return err_set(err, ERR_USAGE, "%s takes things of one kind: %s and %s are two", command,
				       arg->kind->name, k->name);
		arg->kind = k;
		strlist_take(&arg->names, xasprintf("%.*s%s", (int)(rest - word), word, name));
	}
	return 0;
}

static void run_on_names(struct ui *ui, const char *command, const char *text,
			 void (*fn)(struct view *v, const struct kind *kind, const struct strlist *names))
{
	struct view_arg arg = {0};
	struct err err = {0};

	if (parse_names(ui, command, text, NULL, &arg, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else
		fn(ui_top(ui), arg.kind, &arg.names);
	strlist_done(&arg.names);
}

static void run_stop(struct ui *ui, const char *text)
{
	run_on_names(ui, "stop", text, ui_stop);
}

static void run_delete(struct ui *ui, const char *text)
{
	run_on_names(ui, "delete", text, ui_delete);
}

static void run_clone(struct ui *ui, const char *text)
{
	if (text)
		ui_push_one(ui, VIEW_LAUNCH, &kind_table[KIND_TRAINING_JOB], text, MODE_CLONE);
	else
		ui_notice(ui, NOTICE_WARNING, "clone needs the name of a job: :clone NAME");
}

static void save_to(struct ui *ui, const char *path, bool replace)
{
	struct view *v = ui_top(ui);
	struct err err = {0};

	if (!v->ops->save)
		ui_notice(ui, NOTICE_WARNING, "lines are those of a log: open one; :save alone saves this screen");
	else if (v->ops->save(v, path, replace, &err) < 0)
		ui_notice(ui, NOTICE_ERROR, "%s", err.msg);
}

static void run_save(struct ui *ui, const char *text)
{
	if (text)
		save_to(ui, text, false);
	else
		ui_action(ui, ACT_SAVE_SCREEN);
}

static void run_save_over(struct ui *ui, const char *text)
{
	if (text)
		save_to(ui, text, true);
	else
		ui_notice(ui, NOTICE_WARNING, "which file? :save! FILE");
}

struct view *ui_list_in_reach(struct ui *ui)
{
	if (!ui_top(ui)->ops->filter)
		ui_pop_all(ui);
	return ui_top(ui);
}

static void run_filter(struct ui *ui, const char *text)
{
	struct view *v = ui_list_in_reach(ui);
	struct err err = {0};

	if (v->ops->filter(v, str_or(text, ""), &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

static void run_sort(struct ui *ui, const char *text)
{
	struct view *v = ui_list_in_reach(ui);
	AUTO(view_shape) struct view_shape shape = {0};
	bool reversed = text && *text == '-'; /* as --sort has it */
	struct err err = {0};

	if (reversed) {
		v->ops->shape(v, &shape);
		str_set(&shape.order, text);
	}
	if ((reversed ? v->ops->reshape(v, &shape, &err) : v->ops->sort(v, str_or(text, ""), &err)) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

static void run_columns(struct ui *ui, const char *text)
{
	struct view *v = ui_list_in_reach(ui);
	struct err err = {0};

	AUTO(str) char *name = xasprintf("columns/%s", ui_kind_of(v)->name);

	if (v->ops->columns(v, str_or(text, ""), &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else
		ui_keep(ui, name, text);
}

static void run_group(struct ui *ui, const char *text)
{
	struct view *v = ui_list_in_reach(ui);
	struct err err = {0};

	if (!v->ops->group)
		ui_notice(ui, NOTICE_WARNING, "only the jobs have groups: :jobs shows them");
	else if (v->ops->group(v, str_or(text, "none"), &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else
		ui_keep(ui, "group/training-job", str_eq(text, "none") ? NULL : text);
}

static void run_region(struct ui *ui, const char *text)
{
	if (!text)
		ui_notice(ui, NOTICE_WARNING, "which region? :region eu-west-1");
	else if (!str_is_region(text, strlen(text))) /* a slip would be told by a server that is not there */
		ui_notice(ui, NOTICE_WARNING, "%s is no region's name: as :region eu-west-1", text);
	else if (ui_changes_under_way(ui))
		ui_notice(ui, NOTICE_WARNING, "a request to stop or launch a job is still under way");
	else if (ui_offered(ui, ui->host->move))
		ui->host->move(ui->host->user, NULL, text);
}

static void run_profile(struct ui *ui, const char *text)
{
	if (!text)
		ui_notice(ui, NOTICE_WARNING, "which profile? :profile NAME");
	else if (ui->session->local)
		ui_notice(ui, NOTICE_WARNING, "the local engine has no profiles");
	else if (ui_changes_under_way(ui))
		ui_notice(ui, NOTICE_WARNING, "a request to stop or launch a job is still under way");
	else if (ui_offered(ui, ui->host->move))
		ui->host->move(ui->host->user, text, NULL);
}

static void say_scopes(struct ui *ui)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);
	size_t n = session_parts(ui->session);
	const char *first = session_label(session_part(ui->session, 0));

	for (size_t i = 0; i < n; i++)
		(void)buf_addf(&text, "%s%s", i ? ", " : "", session_label(session_part(ui->session, i)));
	if (n == 1)
		ui_notice(ui, NOTICE_INFO, "%s alone; :scope A/REGION,B/REGION shows several", first);
	else
		ui_notice(ui, NOTICE_INFO, "%s; :scope %s goes back to one", buf_str(&text), first);
}

static void run_scope(struct ui *ui, const char *text)
{
	struct err err = {0};

	if (!text)
		say_scopes(ui);
	else if (ui->session->local)
		ui_notice(ui, NOTICE_WARNING, "the local engine has no other scopes");
	else if (ui_changes_under_way(ui))
		ui_notice(ui, NOTICE_WARNING, "a request to stop or launch a job is still under way");
	else if (ui_offered(ui, ui->host->scopes) && ui->host->scopes(ui->host->user, text, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

/* "NAME" or "KIND/NAME"; nothing: none of the kind that is seen. */
static void run_baseline(struct ui *ui, const char *text)
{
	const struct kind *k = ui_top(ui)->kind;
	struct view_arg arg = {0};
	struct err err = {0};

	if (!text)
		ui_set_baseline(ui, k && k->metric_namespace ? k : TRAINING_KIND, NULL);
	else if (parse_names(ui, "baseline", text, NULL, &arg, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else if (arg.names.n != 1 || !arg.kind->metric_namespace)
		ui_notice(ui, NOTICE_WARNING, "a baseline is one thing that has metrics: :baseline NAME");
	else if (!resources_find(&view_session(ui_top(ui))->tables[arg.kind->id], arg.names.items[0]) &&
		 thing_missing(ui_top(ui), arg.kind, arg.names.items[0], &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	else
		ui_set_baseline(ui, arg.kind, arg.names.items[0]);
	strlist_done(&arg.names);
}

/* "csv FILE" of the list that is seen, or of the jobs. */
static void export_to(struct ui *ui, const char *text, const char *over)
{
	AUTO(strlist) struct strlist words = {0};
	AUTO(buf) struct buf out = BUF_INIT((size_t)512 << 20);
	AUTO(view_shape) struct view_shape shape = {0};

	strlist_split(&words, str_or(text, ""), ' ');
	if (words.n != 2 || strcmp(words.items[0], "csv")) {
		ui_notice(ui, NOTICE_WARNING, "export what, and where? :export csv FILE");
		return;
	}
	struct view *v = ui_list_in_reach(ui);
	v->ops->shape(v, &shape);
	v->ops->csv(v, &out);
	ui_save(ui, words.items[1], over, &out,
		shape.group ? "the jobs of the groups, one by one, written to" : "written to");
}

static void run_export(struct ui *ui, const char *text)
{
	export_to(ui, text, ":export!");
}

static void run_export_over(struct ui *ui, const char *text)
{
	export_to(ui, text, NULL);
}

static void run_match(struct ui *ui, const char *text)
{
	ui_log_filter(ui, text, false);
}

static void run_not(struct ui *ui, const char *text)
{
	ui_log_filter(ui, text, true);
}

const struct ui_command ui_commands[] = {
	{"quit", "", "Quit (also :q)", run_quit},
	{"refresh", "", "Ask the service now", run_refresh},
	{"suspend", "", "Stop for a while, back to the shell: fg goes on", run_suspend},
	{"stop", "NAME...", "Stop jobs, or KIND/NAME; asks first", run_stop},
	{"delete", "KIND/NAME...", "Delete things; asks for the name", run_delete},
	{"baseline", "[NAME]", "Curves of that job stay behind those of others, or KIND/NAME; without a name none do",
	 run_baseline},
	{"clone", "NAME", "Launch a job again with changes", run_clone},
	{"save", "[FILE]", "Of a log the marked lines, else all that are shown, into a file; without one this screen",
	 run_save},
	{"save!", "FILE", "The same, over a file that is there", run_save_over},
	{"filter", "EXPR", "Filter the list: status:failed cost>5 age<2h", run_filter},
	{"match", "REGEX", "Of a log only lines that match", run_match},
	{"not", "REGEX", "Of a log only lines that do not match", run_not},
	{"goto", "WHEN", "In a log to a time: 14:05, +90s since its first line, round 120", ui_log_go_to},
	{"columns", "[COLUMN,...]", "Columns of the list: name,status,hp.eta; +NAME adds, none is as usual",
	 run_columns},
	{"group", "GROUP",
	 "Jobs by prefix, tag:KEY, type, status, user, backtest, parent, sweep, profile, region; none: one by one",
	 run_group},
	{"export", "csv FILE", "Write the rows and columns of the list to a file; of groups their jobs one by one",
	 run_export},
	{"export!", "csv FILE", "The same, over a file that is there", run_export_over},
	{"theme", "[THEME]", "Colours: usual, basic, contrast, dark, light, mono, color-blind; none: the settings'",
	 ui_theme_run},
	{"curves", "[MARKS]", "What charts are drawn with: braille, blocks or letters; none: as the settings have it",
	 ui_marks_run},
	{"mouse", "[on|off]",
	 "Take clicks and the wheel, or leave the mouse to the terminal; none: as the settings have it", ui_mouse_run},
	{"view", "[save|delete] VIEW", "The list with the filter, order, columns and groups saved under a name",
	 ui_view_run},
	{"template", "[save|delete] TEMPLATE",
	 "The launch form with what was filled in and saved under a name, in the preview", ui_template_run},
	{"region", "REGION", "The same in another region", run_region},
	{"profile", "PROFILE", "The same with another profile of the AWS files", run_profile},
	{"scope", "[SCOPE,...]",
	 "Several profiles and regions as one: a/us-east-1,b/eu-west-1; a single one goes back to it", run_scope},
	{"sort", "COLUMN", "Sort the list by a column; again, or with a - before it: reversed", run_sort},
};
const size_t n_ui_commands = ARRAY_LEN(ui_commands);

static const struct ui_command *find_command(const char *name)
{
	for (size_t i = 0; i < n_ui_commands; i++)
		if (!strcmp(ui_commands[i].name, name))
			return &ui_commands[i];
	return NULL;
}

static void unknown_command(struct ui *ui, const char *name)
{
	const char *names[32 + 2 * KIND_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < n_ui_commands && n < ARRAY_LEN(names); i++)
		names[n++] = ui_commands[i].name;
	for (size_t i = 0; i < n_view_table && n < ARRAY_LEN(names); i++)
		names[n++] = view_table[i]->name;
	for (size_t i = 0; i < KIND_COUNT && n < ARRAY_LEN(names); i++)
		names[n++] = kind_table[i].plural;
	const char *nearest = str_nearest(name, names, n);
	if (nearest)
		ui_notice(ui, NOTICE_WARNING, "there is no command '%s'; did you mean :%s?", name, nearest);
	else
		ui_notice(ui, NOTICE_WARNING, "there is no command '%s'; %s lists them", name, KEY_OF(GLOBAL, HELP));
}

/* What the cursor of a list is on, as a command names it; NULL where that is nothing of the kind (NULL: any). */
static char *name_here(const struct ui *ui, const struct kind *kind)
{
	struct view *v = ui_top(ui);
	const struct resource *r = v->ops->current ? v->ops->current(v) : NULL;
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);

	if (!r || (kind && r->kind != kind))
		return NULL;
	const char *name = session_name_of(view_session(v), r, &buf), *rest;

	(void)session_scope_of(ui->session, name, &rest);
	if (kind || r->kind == TRAINING_KIND)
		return xstrdup(name);
	return xasprintf("%.*s%s/%s", (int)(rest - name), name, r->kind->name, rest);
}

static void open_view(struct ui *ui, enum view_id id, const struct kind *kind, const char *command, const char *text)
{
	struct view_arg arg = {.kind = kind};
	AUTO(str) char *here = text ? NULL : name_here(ui, kind);
	struct err err = {0};

	if (view_table[id]->takes < TAKES_NAME)
		arg.text = text;
	else if (parse_names(ui, command, text ? text : here, kind, &arg, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
	if (!err.code)
		ui_push(ui, view_table[id] == &view_job_ops ? ui_page_of(arg.kind) : id, &arg);
	strlist_done(&arg.names);
}

/* "processing-jobs EXPR" opens the list, "processing-job NAME" the page. */
static bool open_kind(struct ui *ui, const char *name, const char *text)
{
	const struct kind *k = kind_find(name);

	if (k && (!strcmp(name, k->plural) || str_empty(text))) /* ":processing" names none of them */
		open_view(ui, ui_list_of(k), k, name, text);
	else if (k)
		open_view(ui, ui_page_of(k), k, name, text);
	return k != NULL;
}

void ui_command(struct ui *ui, const char *line)
{
	AUTO(str) char *copy = xstrdup(line);
	char *name = str_trim(copy);
	size_t n = strcspn(name, " ");
	char *text = name[n] ? str_trim(name + n) : NULL;

	if (!name[0])
		return;
	if (text == name + n) /* nothing but blanks */
		text = NULL;
	name[n] = '\0';
	if (text && !text[0])
		text = NULL;
	const struct ui_command *c = find_command(!strcmp(name, "q") ? "quit" : name);
	if (c) {
		c->run(ui, text);
		return;
	}
	for (size_t i = 0; i < n_view_table; i++)
		if (!strcmp(view_table[i]->name, name)) {
			open_view(ui, (enum view_id)i, NULL, name, text);
			return;
		}
	if (!open_kind(ui, name, text))
		unknown_command(ui, name);
}

/* --- the prompt --- */

void ui_prompt(struct view *v, const struct prompt_ops *ops, const char *initial)
{
	struct prompt *p = &v->ui->prompt;

	p->on = true;
	p->ops = ops;
	p->view_id = v->id;
	p->err.code = ERR_OK;
	p->err.msg[0] = '\0';
	p->history_at = p->history[ops->kind].n;
	strlist_done(&p->candidates);
	lineedit_set(&p->edit, initial ? initial : "");
	ui_redraw(v->ui);
}

static void command_done(struct view *v, const char *text)
{
	if (text)
		ui_command(v->ui, text);
}

void ui_open_command_line(struct ui *ui)
{
	static const struct prompt_ops ops = {PROMPT_COMMAND, NULL, command_done};

	ui_prompt(ui_top(ui), &ops, "");
}

static void nothing_done(struct view *v, const char *text)
{
	if (!str_empty(text))
		ui_notice(v->ui, NOTICE_INFO, "this screen has no search");
}

void ui_ask_nothing(struct ui *ui)
{
	static const struct prompt_ops ops = {PROMPT_VALUE, NULL, nothing_done, "/",
					      "this screen has no search or filter; Esc goes on"};

	ui_prompt(ui_top(ui), &ops, "");
}

void ui_prompt_done(struct prompt *p)
{
	for (int i = 0; i < UI_PROMPT_KINDS; i++) {
		strlist_done(&p->history[i]);
		strlist_done(&p->typed_here[i]);
	}
	strlist_done(&p->candidates);
	free(p->typed);
	p->typed = NULL;
}

static void finish(struct ui *ui, bool accepted)
{
	struct prompt *p = &ui->prompt;
	struct view *v = ui_find_view(ui, p->view_id);
	char text[LINEEDIT_MAX];

	if (accepted && p->err.code) /* what is wrong stands beside it: let it be mended */
		return;
	str_copy(text, sizeof(text), p->edit.text);
	p->on = false;
	strlist_done(&p->candidates);
	if (accepted)
		ui_history_add(ui, p->ops->kind, text);
	if (v)
		p->ops->done(v, accepted ? text : NULL);
}

void ui_prompt_changed(struct ui *ui)
{
	struct prompt *p = &ui->prompt;
	struct view *v = ui_find_view(ui, p->view_id);

	strlist_done(&p->candidates);
	err_clear(&p->err);
	if (v && p->ops->changed)
		p->ops->changed(v, p->edit.text, &p->err);
}

static void walk_history(struct ui *ui, int by)
{
	struct prompt *p = &ui->prompt;
	struct strlist *h = &p->history[p->ops->kind];

	if ((by < 0 && p->history_at == 0) || (by > 0 && p->history_at >= h->n))
		return;
	if (p->history_at == h->n)
		str_set(&p->typed, p->edit.text);
	p->history_at = (size_t)((long)p->history_at + by);
	lineedit_set(&p->edit, p->history_at == h->n ? str_or(p->typed, "") : h->items[p->history_at]);
	ui_prompt_changed(ui);
}

bool ui_prompt_key(struct ui *ui, int key)
{
	struct prompt *p = &ui->prompt;

	switch (key) {
	case KEYC_ESC:
		finish(ui, false);
		return true;
	case KEYC_ENTER:
		finish(ui, true);
		return true;
	case KEYC_UP:
	case KEYC_CTRL('p'):
		walk_history(ui, -1);
		return true;
	case KEYC_DOWN:
	case KEYC_CTRL('n'):
		walk_history(ui, 1);
		return true;
	case KEYC_TAB:
		ui_prompt_complete(ui, 1);
		return true;
	case KEYC_BACKTAB:
		ui_prompt_complete(ui, -1);
		return true;
	case KEYC_BACKSPACE:
		if (!p->edit.len && p->ops->kind == PROMPT_COMMAND) { /* deleting the ':' itself */
			finish(ui, false);
			return true;
		}
		break;
	default:
		break;
	}
	if (lineedit_key(&p->edit, key))
		ui_prompt_changed(ui);
	return true;
}

static void draw_candidates(struct prompt *p, struct area a)
{
	int col = 1;

	for (size_t i = p->candidate >= 3 ? p->candidate - 3 : 0; i < p->candidates.n && col < a.cols; i++)
		col = area_put(a, 0, col, i == p->candidate ? ST_BUTTON_FOCUS : ST_DIM, p->candidates.items[i]) + 2;
}

void ui_prompt_draw(struct ui *ui, struct area line, struct area below)
{
	struct prompt *p = &ui->prompt;
	int col = area_put(line, 0, 1, ST_KEY,
			   p->ops->sign			    ? p->ops->sign
			   : p->ops->kind == PROMPT_COMMAND ? ":"
			   : p->ops->kind == PROMPT_VALUE   ? "="
							    : "/");
	int room = line.cols - col - 1;

	lineedit_draw(&p->edit, line, 0, col, room, !ui->dialog.on);
	if (p->candidates.n)
		draw_candidates(p, below);
	else if (p->err.code)
		area_put_cut(below, 0, 1, below.cols - 2, ST_WARN, p->err.msg);
	else if (p->ops->hint)
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM, p->ops->hint);
	else if (p->ops->kind == PROMPT_COMMAND)
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM, "Esc cancel  Enter run  Tab complete  Up earlier");
	else if (p->ops->kind == PROMPT_FILTER)
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM,
			     "Esc cancel  Enter keep  Tab complete  word  status:failed  cost>5  !a  b or c");
	else if (p->ops->kind == PROMPT_PART)
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM, "Esc cancel  Enter keep  part of a name or a value");
	else if (p->ops->kind == PROMPT_VALUE)
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM,
			     "Esc cancel  Enter go on  VARIANT=WEIGHT or VARIANT=WEIGHTxINSTANCES ...");
	else
		area_put_cut(below, 0, 1, below.cols - 2, ST_DIM,
			     p->ops->sign ? "Esc cancel  Enter take it  a regular expression; lower case ignores case"
					  : "Esc cancel  Enter find  a regular expression; lower case ignores case");
}
