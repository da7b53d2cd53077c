/* The log of a job, or of several merged by time: follows while they run. */
#include "model/failure.h"
#include "tui/jobtext.h"
#include "tui/jsontext.h"
#include "tui/logs_internal.h"
#include "tui/thing.h"

#define MERGED_MAX 100
#define ZOOM_MAX ((size_t)32 << 20)

const struct feed *logs_feed(struct view *v)
{
	const struct logs_state *st = v->state;

	return view_feed(v, v->kind, st->name);
}

const struct resource *logs_thing(struct view *v)
{
	const struct logs_state *st = v->state;

	return resources_find(&view_session(v)->tables[v->kind->id], st->name);
}

bool logs_has_ended(const struct resource *r)
{
	return r && r->state != STATE_RUNNING && r->end_ms != TIME_UNKNOWN;
}

bool logs_is_merged(const struct logs_state *st)
{
	return st->names.n > 1;
}

static int logs_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct logs_state *st = v->state;

	if (!arg->kind->log_group)
		return err_set(err, ERR_USAGE, "%s have no log", arg->kind->title);
	if (arg->names.n > MERGED_MAX)
		return err_set(err, ERR_USAGE, "at most %d logs can be merged, not %zu", MERGED_MAX, arg->names.n);
	if (thing_open_names(v, arg, &st->names, err) < 0)
		return -err->code;
	st->name = st->names.items[0];
	st->taken = xcalloc(st->names.n, sizeof(*st->taken));
	pager_init(&st->pager);
	st->pager.tag_is_name = logs_is_merged(st);
	st->pager.gap_ms = ui_log_gap_ms(v->ui);
	logs_load_look(v);
	logs_load_filters(v);
	thing_watch(v, &st->names, true);
	return 0;
}

static void logs_close(struct view *v)
{
	struct logs_state *st = v->state;

	logs_keep_filters(v);
	logs_save_stop(v, "the log was closed before its end");
	thing_watch(v, &st->names, false);
	pager_done(&st->pager);
	doc_done(&st->zoom);
	loglines_done(&st->all);
	strlist_done(&st->names);
	free(st->taken);
	free(st->zoom_text);
	free(st->pattern_before);
}

static uint64_t logs_generation(struct view *v)
{
	const struct logs_state *st = v->state;
	uint64_t h = 1;

	for (size_t i = 0; i < st->names.n; i++) {
		const struct feed *f = view_feed(v, v->kind, st->names.items[i]);
		if (!f)
			continue;
		h = h * 1000003 + f->logs.generation * 4 + 2 + f->logs_loaded;
		h = h * 31 + (uint64_t)f->live + 2 * (uint64_t)f->live_sampled + 4 * (uint64_t)f->live_minutes;
		h = h * 31 + hash_bytes(f->logs_note, strlen(f->logs_note));
	}
	return h;
}

/* What one of the feeds has that is not yet among all. What is new at its front was read
 * later and is older: of equal times it goes first. */
static void take_lines(struct logs_state *st, size_t i, const struct loglines *from)
{
	size_t k = 0;

	if (st->taken[i] == from->last_seq)
		return;
	if (st->taken[i] > 0)
		for (; k < from->n && from->lines[k].seq > st->taken[i]; k++) {
			const struct log_line *l = &from->lines[k];
			(void)loglines_add_older(&st->all, st->names.items[i], l->time_ms, l->text, l->len, true);
		}
	loglines_settle_older(&st->all, INT64_MIN);
	for (; k < from->n; k++) {
		const struct log_line *l = &from->lines[k];
		if (l->seq > st->taken[i])
			loglines_add(&st->all, st->names.items[i], NULL, l->time_ms, l->text, l->len);
	}
	st->taken[i] = from->last_seq;
}

size_t logs_reading(struct view *v)
{
	const struct logs_state *st = v->state;
	size_t n = 0;

	for (size_t i = 0; i < st->names.n; i++) {
		const struct feed *f = view_feed(v, v->kind, st->names.items[i]);
		n += f && f->logs_reading;
	}
	return n;
}

static void add_missing(struct logs_state *st, const char *text)
{
	size_t n = strlen(st->missing);

	snprintf(st->missing + n, sizeof(st->missing) - n, "%s%s", n ? " · " : "", text);
}

/* What is not there of the log, or of one of several: that stands above the first line. */
static void find_missing(struct view *v)
{
	struct logs_state *st = v->state;
	size_t n_dropped = st->all.n_dropped;
	char text[480], count[32];

	st->missing[0] = '\0';
	if (logs_reading(v) > 0)
		add_missing(st, "older lines are being read");
	for (size_t i = 0; i < st->names.n; i++) {
		const struct feed *f = view_feed(v, v->kind, st->names.items[i]);

		if (!f)
			continue;
		n_dropped += f->logs.n_dropped;
		if (f->logs_cut && !f->logs_reading) {
			snprintf(text, sizeof(text), "older lines%s%s do not fit into log-memory",
				 logs_is_merged(st) ? " of " : "", logs_is_merged(st) ? f->name : "");
			add_missing(st, text);
		}
		if (logs_is_merged(st) && f->logs_note[0]) {
			snprintf(text, sizeof(text), "%s: %s", f->name, f->logs_note);
			add_missing(st, text);
		}
	}
	if (n_dropped) {
		snprintf(text, sizeof(text), "%s older lines were given up to save memory",
			 jobtext_count(count, n_dropped));
		add_missing(st, text);
	}
}

static void logs_update(struct view *v)
{
	struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);

	for (size_t i = 0; logs_is_merged(st) && i < st->names.n; i++) {
		const struct feed *one = view_feed(v, v->kind, st->names.items[i]);
		if (one)
			take_lines(st, i, &one->logs);
	}
	loglines_settle(&st->all);
	find_missing(v);
	st->pager.before = st->missing[0] ? st->missing : NULL;
	pager_update(&st->pager, logs_is_merged(st) ? &st->all : f ? &f->logs : NULL);
}

const struct loglines *logs_lines(struct view *v)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);

	return logs_is_merged(st) ? &st->all : f ? &f->logs : NULL;
}

static void draw_zoom(struct logs_state *st, struct area a)
{
	if (st->zoom_width != a.cols) { /* lay it out for this width */
		AUTO(buf) struct buf text = BUF_INIT(ZOOM_MAX);
		doc_clear(&st->zoom);
		if (st->zoom_lines || !jsontext_indent(st->zoom_text, &text))
			pager_plain(&text, st->zoom_text, strlen(st->zoom_text));
		doc_wrapped(&st->zoom, ST_NORMAL, 1, a.cols - 2, buf_str(&text));
		st->zoom_width = a.cols;
	}
	doc_draw(&st->zoom, a);
}

/* There are lines, none of which is shown. */
static void put_nothing(struct area a, const struct pager *p)
{
	bool all_pass_known, all_hits_known;
	size_t n = pager_passing(p, &all_pass_known);

	(void)pager_hits(p, &all_hits_known);
	if (p->lines != PAGER_ALL && n)
		area_put(a, 0, 1, ST_DIM, all_hits_known ? "No line matches the search." : "Searching …");
	else if (all_pass_known)
		area_putf(a, 0, 1, ST_DIM, "No line passes the filters: %s lists them.", KEY_OF(LOGS, FILTERS));
	else
		area_put(a, 0, 1, ST_DIM, "Filtering …");
}

static void draw_nothing(struct view *v, struct area a)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);
	const struct resource *r = logs_thing(v);

	if (st->pager.log && st->pager.log->n)
		put_nothing(a, &st->pager);
	else if (f && f->logs_note[0])
		(void)area_put_wrapped(a, 0, 1, a.cols - 2, a.rows, ST_DIM, f->logs_note);
	else if (f && f->logs_loaded && logs_has_ended(r))
		area_putf(a, 0, 1, ST_DIM, "This %s has left no log.", ui_kind_word(v->kind));
	else if (f && f->logs_loaded)
		area_put(a, 0, 1, ST_DIM,
			 v->kind->id == KIND_TRAINING_JOB ? "No log yet: it begins with the training." : "No log yet.");
	else
		area_put(a, 0, 1, ST_DIM, "Reading the log …");
}

static void logs_draw(struct view *v, struct area a)
{
	struct logs_state *st = v->state;

	if (st->zoomed) {
		draw_zoom(st, a);
		return;
	}
	pager_draw(&st->pager, a);
	if (!pager_n(&st->pager))
		draw_nothing(v, a);
}

/* --- searching --- */

static void search_changed(struct view *v, const char *text, struct err *err)
{
	struct logs_state *st = v->state;

	(void)!pager_search_set(&st->pager, text, false, err);
}

static void search_done(struct view *v, const char *text)
{
	struct logs_state *st = v->state;
	struct err err = {0};

	if (pager_search_set(&st->pager, text ? text : str_or(st->pattern_before, ""), text != NULL, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void ask_search(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_SEARCH, search_changed, search_done};
	struct logs_state *st = v->state;

	str_set(&st->pattern_before, pager_search_pattern(&st->pager));
	ui_prompt(v, &ops, "");
}

/* --- live tail --- */

static void live_on(struct view *v)
{
	const struct logs_state *st = v->state;

	view_host(v)->live(view_host(v)->user, v->kind, st->name, true);
	ui_notice(v->ui, NOTICE_INFO, "asking for a live tail; L ends it");
}

static void toggle_live(struct view *v)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);
	char text[200], money[24];

	if (logs_is_merged(st)) {
		ui_notice(v->ui, NOTICE_WARNING, "a live tail is of one log: open it alone");
	} else if (!view_host(v)->live) {
		ui_notice(v->ui, NOTICE_WARNING, "a live tail is not offered here");
	} else if (f && f->live) {
		view_host(v)->live(view_host(v)->user, v->kind, st->name, false);
		ui_notice(v->ui, NOTICE_INFO, "the log is polled again");
	} else if (view_session(v)->local) {
		live_on(v);
	} else {
		snprintf(text, sizeof(text),
			 "CloudWatch pushes new lines at once and bills about %s a minute while this log is open. "
			 "Above 500 lines a second it samples; polling fills the gaps.",
			 money_text(money, view_host(v)->live_usd_micro));
		ui_confirm(v, "Live tail", text, "Start", NULL, live_on);
	}
}

/* The line at hand; of a traceback that came line by line all of it. */
static void zoom(struct logs_state *st)
{
	const struct log_line *l = pager_line_at_hand(&st->pager);
	const struct loglines *log = st->pager.log;
	AUTO(buf) struct buf text = BUF_INIT(ZOOM_MAX);
	size_t from, to;

	if (!l)
		return;
	st->zoom_lines = 0;
	if (failure_traceback(log, (size_t)(l - log->lines), &from, &to))
		for (size_t i = from; i <= to; i++)
			if (log->lines[i].stream == l->stream) {
				(void)buf_addf(&text, "%s%s", st->zoom_lines ? "\n" : "", log->lines[i].text);
				st->zoom_lines++;
			}
	str_set(&st->zoom_text, st->zoom_lines ? buf_str(&text) : l->text);
	st->zoomed = true;
	st->zoom_width = 0;
	st->zoom.top = 0;
}

static bool go_back(struct view *v)
{
	struct logs_state *st = v->state;

	if (st->zoomed) {
		st->zoomed = false;
		return true;
	}
	if (pager_search_pattern(&st->pager)[0]) {
		(void)!pager_search_set(&st->pager, "", false, NULL);
		return true;
	}
	if (pager_filters_off(&st->pager)) {
		ui_notice(v->ui, NOTICE_INFO, "the filters are off; %s lists them", KEY_OF(LOGS, FILTERS));
		return true;
	}
	return false;
}

static bool logs_action(struct view *v, enum action a)
{
	struct logs_state *st = v->state;
	const char *note = NULL;
	char key[KEY_NAME_LEN];

	if (a == ACT_BACK || (a == ACT_QUIT && st->zoomed))
		return go_back(v);
	if (st->zoomed && doc_action(&st->zoom, a == ACT_MARK ? ACT_PAGE_DOWN : a)) /* Space pages a text */
		return true;
	if (pager_action(&st->pager, a, &note)) {
		if (note)
			ui_notice(v->ui, NOTICE_INFO, "%s", note);
		if (a == ACT_TIME || a == ACT_WRAP)
			logs_keep_look(v);
		if (a == ACT_TOP && logs_reading(v))
			ui_notice(v->ui, NOTICE_INFO, "the beginning is not read yet: %s again",
				  keymap_key_of(key, CTX_LOGS, ACT_TOP));
		return true;
	}
	switch (a) {
	case ACT_SEARCH:
		ask_search(v);
		return true;
	case ACT_MUST:
	case ACT_MUST_NOT:
		ui_ask_filter(v, a == ACT_MUST_NOT);
		return true;
	case ACT_FILTERS:
		ui_push(v->ui, VIEW_FILTERS, NULL);
		return true;
	case ACT_HISTOGRAM:
		st->zoomed = false;
		ui_push(v->ui, VIEW_HISTOGRAM, NULL);
		return true;
	case ACT_ZOOM:
		if (st->zoomed)
			st->zoomed = false;
		else
			zoom(st);
		return true;
	case ACT_COPY:
		logs_copy(v);
		return true;
	case ACT_LIVE:
		toggle_live(v);
		return true;
	default:
		return thing_screen_action(v, a, VIEW_LOGS, &st->names);
	}
}

static bool logs_offers(struct view *v, enum action a)
{
	return a != ACT_LOGS && thing_offers_now(v->kind, logs_thing(v), a);
}

/* The keys of a log do nothing to one line of it. */
static const char *logs_hint(struct view *v)
{
	struct logs_state *st = v->state;

	if (!st->zoomed)
		return NULL;
	snprintf(st->hint, sizeof(st->hint), "%s %s scroll  %s %s the log again  %s help  %s back", KEY_OF(LOGS, UP),
		 KEY_OF(LOGS, DOWN), KEY_OF(LOGS, ZOOM), KEY_OF(GLOBAL, BACK), KEY_OF(GLOBAL, HELP),
		 KEY_OF(GLOBAL, QUIT));
	return st->hint;
}

static bool logs_work(struct view *v, int64_t budget_us)
{
	struct logs_state *st = v->state;

	return pager_work(&st->pager, budget_us) || logs_save_work(v, budget_us);
}

static struct pager *logs_pager(struct view *v)
{
	struct logs_state *st = v->state;

	return &st->pager;
}

const struct view_ops view_logs_ops = {
	.name = "logs",
	.argument = "NAME...",
	.takes = TAKES_NAMES,
	.help = "The log of a job, or of several merged by time",
	.contexts = {CTX_LOGS, CTX_JOB},
	.state_size = sizeof(struct logs_state),
	.open = logs_open,
	.close = logs_close,
	.generation = logs_generation,
	.update = logs_update,
	.title = logs_title,
	.draw = logs_draw,
	.status = logs_status,
	.action = logs_action,
	.offers = logs_offers,
	.hint = logs_hint,
	.work = logs_work,
	.go_to = logs_go_to,
	.save = logs_save,
	.pager = logs_pager,
};
