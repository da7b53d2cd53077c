/* The lines around a view: header, title, status, keys. */
#include "tui/ui_internal.h"

#include "base/utf8.h"
#include "model/cost.h"
#include "tui/jobtext.h"

#define SILENCE_TOLD_MS 5000 /* most answers take less than a second */

/* --- header --- */

#define COUNT_AGAIN_MS 10000

/* Kept warm pools cost without anything running. */
static bool header_has_burn(const struct header_facts *f)
{
	return f->running || f->burn_micro > 0 || f->unpriced > 0;
}

static void add_burn(struct header_facts *f, const struct session *s, int64_t now_ms)
{
	size_t unpriced;

	f->burn_micro = money_sum(f->burn_micro, cost_burn_rate_micro(session_jobs(s), &s->prices,
								      str_or(s->region, ""), now_ms, &unpriced));
	f->unpriced += unpriced;
}

static void count_facts(struct ui *ui)
{
	const struct session *s = ui->session;
	const struct resources *jobs = session_jobs(s);
	struct header_facts *f = &ui->facts;

	/* A warm pool's time ends without a change of its job. */
	if (f->counted && f->generation == jobs->generation && ui->now_ms - f->counted_ms < COUNT_AGAIN_MS)
		return;
	*f = (struct header_facts){
		.generation = jobs->generation, .counted = true, .counted_ms = ui->now_ms, .running = jobs->n_running};
	for (size_t i = 0; i < jobs->n; i++)
		f->failed += jobs->items[i]->state == STATE_BAD;
	for (size_t i = 0; i < session_parts(s); i++)
		add_burn(f, session_part(s, i), ui->now_ms);
}

const char *ui_at_least(const struct ui *ui)
{
	return ui->surface.ascii ? ">=" : "≥";
}

bool ui_burn_is_partial(const struct ui *ui)
{
	return ui->facts.partial_shown;
}

#define LABELS_SHOWN 3 /* of several scopes */

struct piece {
	char text[80];
	enum style style;
	int drop; /* the highest goes first; 0 stays */
};

/* How many there are, then each by its name: those that fail stay longest. */
static void header_scopes(const struct session *s, struct piece *p, size_t *n)
{
	p[(*n)] = (struct piece){.style = ST_HEADER};
	snprintf(p[(*n)++].text, sizeof(p->text), "%.40s", session_label(s));
	for (size_t i = 0; i < session_parts(s) && i < LABELS_SHOWN; i++) {
		const struct session *part = session_part(s, i);
		bool fails = part->trouble[0];

		p[(*n)] = (struct piece){.style = fails ? ST_BAD : ST_HEADER, .drop = fails ? 2 : 7};
		snprintf(p[(*n)++].text, sizeof(p->text), "%.40s%s", session_label(part), fails ? " fails" : "");
	}
}

static void header_left(const struct ui *ui, struct piece *p, size_t *n)
{
	const struct session *s = view_session(ui_top(ui));

	if (session_parts(s) > 1) {
		header_scopes(s, p, n);
		return;
	}
	p[(*n)] = (struct piece){.style = ST_HEADER};
	snprintf(p[(*n)++].text, sizeof(p->text), "%.40s",
		 s->local     ? "local engine"
		 : s->profile ? s->profile
			      : "default");
	p[(*n)] = (struct piece){.style = ST_HEADER, .drop = 2};
	snprintf(p[(*n)++].text, sizeof(p->text), "%.40s", s->region ? s->region : "no region");
	if (s->account && !s->local) {
		p[(*n)] = (struct piece){.style = ST_HEADER, .drop = 7};
		snprintf(p[(*n)++].text, sizeof(p->text), "%.20s", s->account);
	}
	if (s->read_only)
		p[(*n)++] = (struct piece){.text = "read-only", .style = ST_WARN, .drop = 1};
}

static void header_right(const struct ui *ui, struct piece *p, size_t *n)
{
	const struct session *s = ui->session;
	const struct header_facts *f = &ui->facts;
	const char *more = session_jobs(s)->partial || session_lacks_some(s) ? "+" : "";
	char money[24], count[32];

	p[(*n)] = (struct piece){.style = f->running ? ST_RUNNING : ST_HEADER, .drop = 1};
	if (resources_is_unread(session_jobs(s)))
		str_copy(p[(*n)++].text, sizeof(p->text), "? running");
	else
		snprintf(p[(*n)++].text, sizeof(p->text), "%s%s running", jobtext_count(count, f->running), more);
	if (f->failed) {
		p[(*n)] = (struct piece){.style = ST_BAD, .drop = 3};
		snprintf(p[(*n)++].text, sizeof(p->text), "%s%s failed", jobtext_count(count, f->failed), more);
	}
	if (header_has_burn(f)) {
		p[(*n)] = (struct piece){.style = ST_HEADER, .drop = 4};
		if (f->burn_micro == 0 && f->unpriced)
			str_copy(money, sizeof(money), "?");
		else
			money_text(money, f->burn_micro);
		snprintf(p[(*n)++].text, sizeof(p->text), "%s%s/h",
			 money[0] != '?' && (f->unpriced || *more) ? ui_at_least(ui) : "", money);
	}
	if (ui_troubles_last(ui)) {
		p[(*n)] = (struct piece){.style = ST_WARN, .drop = 1};
		snprintf(p[(*n)++].text, sizeof(p->text), "%s %zu", KEY_OF(GLOBAL, REQUESTS), ui_troubles_last(ui));
	}
	if (s->budget.throttled_until_ms > ui->now_ms) {
		p[(*n)] = (struct piece){.style = ST_WARN, .drop = 1};
		snprintf(p[(*n)++].text, sizeof(p->text), "throttled %llds",
			 (long long)((s->budget.throttled_until_ms - ui->now_ms + 999) / 1000));
	} else if (s->budget.silent_ms >= SILENCE_TOLD_MS) {
		p[(*n)] = (struct piece){.style = ST_WARN, .drop = 1};
		snprintf(p[(*n)++].text, sizeof(p->text), "no answer for %llds",
			 (long long)(s->budget.silent_ms / 1000));
	} else if (s->offline) {
		p[(*n)++] = (struct piece){.text = "offline", .style = ST_WARN, .drop = 1};
	} else {
		p[(*n)] = (struct piece){.style = ST_DIM, .drop = 6};
		snprintf(p[(*n)++].text, sizeof(p->text), "API %.1f/s", s->budget.calls_per_s);
	}
}

static void draw_header(struct ui *ui, struct area a)
{
	struct piece p[12];
	size_t n_left = 0, n = 0;

	count_facts(ui);
	header_left(ui, p, &n);
	n_left = n;
	header_right(ui, p, &n);
	for (;;) { /* " sagetop", three blanks, " · " between on the left, two blanks on the right */
		int width = 1 + 7 + 3, worst = 0;
		size_t drop = n;
		for (size_t i = 0; i < n; i++) {
			if (!p[i].text[0])
				continue;
			width += utf8_width(p[i].text) + 3;
			if (p[i].drop > worst) {
				worst = p[i].drop;
				drop = i;
			}
		}
		if (width <= a.cols || drop == n)
			break;
		p[drop].text[0] = '\0';
	}
	area_fill(a, 0, 0, a.cols, ST_HEADER, ' ');
	int col = area_put(a, 0, 1, ST_STRONG, "sagetop") + 3;
	bool first = true;
	for (size_t i = 0; i < n_left; i++) {
		if (!p[i].text[0])
			continue;
		if (!first)
			col = area_put(a, 0, col, ST_HEADER, " · ");
		col = area_put(a, 0, col, p[i].style, p[i].text);
		first = false;
	}
	int end = a.cols - 1;
	ui->facts.partial_shown = false;
	for (size_t i = n; i-- > n_left;)
		ui->facts.partial_shown |= str_starts(p[i].text, ui_at_least(ui));
	for (size_t i = n; i-- > n_left;)
		if (p[i].text[0])
			end = area_put_right(a, 0, end, p[i].style, p[i].text) - 2;
}

/* --- title, status, keys --- */

static void draw_title(struct view *v, struct area a)
{
	AUTO(buf) struct buf left = BUF_INIT(4096);
	AUTO(buf) struct buf right = BUF_INIT(1024);

	v->ops->title(v, &left, &right);
	int right_width = utf8_width(buf_str(&right));
	if (right_width && right_width + 12 > a.cols - 2)
		right_width = 0;
	area_put_cut(a, 0, 1, a.cols - 2 - (right_width ? right_width + 2 : 0), ST_TITLE, buf_str(&left));
	if (right_width)
		area_put_right(a, 0, a.cols - 1, ST_DIM, buf_str(&right));
}

static void draw_status(struct ui *ui, struct view *v, struct area a)
{
	static const enum style styles[] = {
		[NOTICE_INFO] = ST_NORMAL, [NOTICE_WARNING] = ST_WARN, [NOTICE_ERROR] = ST_BAD};
	AUTO(buf) struct buf left = BUF_INIT(4096);
	AUTO(buf) struct buf right = BUF_INIT(1024);

	if (v->ops->status)
		v->ops->status(v, &left, &right);
	bool notice = ui_notice_showing(ui);
	const char *text = notice ? ui->notice.text : buf_str(&left);
	int right_width = utf8_width(buf_str(&right));
	/* A notice is worth more than the position beside it. */
	if (right_width && utf8_width(text) + right_width + 4 > a.cols && (notice || right_width + 10 > a.cols))
		right_width = 0;
	area_put_cut(a, 0, 1, a.cols - 2 - (right_width ? right_width + 2 : 0),
		     notice ? styles[ui->notice.level] : ST_DIM, text);
	if (right_width)
		area_put_right(a, 0, a.cols - 1, ST_DIM, buf_str(&right));
}

/* q leaves a screen; only from the first one it leaves the program. */
static const char *label_of(const struct ui *ui, const struct key_binding *b)
{
	struct view *v = ui_top(ui);
	const char *other = v->ops->label ? v->ops->label(v, b->action) : NULL;

	return other ? other : b->action == ACT_QUIT && ui->depth > 1 ? "back" : b->label;
}

static int put_key_hint(const struct ui *ui, struct area a, int col, const struct key_binding *b)
{
	char name[KEY_NAME_LEN];

	keymap_key_of(name, b->context, b->action);
	int from = col;

	col = area_put(a, 0, col, ST_KEY, name);
	col = area_put(a, 0, col + 1, ST_DIM, label_of(ui, b));
	area_spot(a, 0, from, col - from, SPOT_KEY, keyc_parse(name), NULL);
	return col + 2;
}

static int key_hint_width(const struct ui *ui, const struct key_binding *b)
{
	char name[KEY_NAME_LEN];

	return utf8_width(keymap_key_of(name, b->context, b->action)) + 1 + utf8_width(label_of(ui, b)) + 2;
}

/* What --read-only refuses. */
static bool is_change(enum action a)
{
	return a == ACT_STOP || a == ACT_STOP_ALL || a == ACT_DELETE || a == ACT_CLONE || a == ACT_NEW ||
	       a == ACT_VARY || a == ACT_INVOKE;
}

/* Its key does what the row says: the view offers it, and no context before takes the key. */
static bool works(struct view *v, int context, const struct key_binding *b)
{
	if (v->ui->session->read_only && is_change(b->action))
		return false;

	char name[KEY_NAME_LEN];
	int key = keyc_parse(keymap_key_of(name, b->context, b->action));

	for (int c = 0; c < context; c++)
		if (keymap_find(v->ops->contexts[c], key))
			return false;
	return !v->ops->offers || v->ops->offers(v, b->action);
}

/* The keys of the view, as many as fit beside the ways to help and out. */
static void draw_keys(struct ui *ui, struct view *v, struct area a)
{
	static const enum action always[] = {ACT_HELP, ACT_QUIT};
	const char *hint = ui->dialog.on ? ui_dialog_hint(ui) : v->ops->hint ? v->ops->hint(v) : NULL;
	int col = 1, reserved = 0;

	if (hint) {
		area_put_cut(a, 0, 1, a.cols - 2, ST_DIM, hint);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		reserved += key_hint_width(ui, keymap_row(CTX_GLOBAL, always[i]));
	for (int c = 0; c < VIEW_CONTEXTS_MAX; c++) {
		enum key_context context = v->ops->contexts[c];
		for (size_t i = 0; context && i < n_key_bindings; i++) {
			const struct key_binding *b = &key_bindings[i];
			if (b->context == context && b->label[0] &&
			    col + key_hint_width(ui, b) + reserved <= a.cols + 1 && works(v, c, b))
				col = put_key_hint(ui, a, col, b);
		}
	}
	const struct key_binding *command = keymap_row(CTX_GLOBAL, ACT_COMMAND);
	if (col + key_hint_width(ui, command) + reserved <= a.cols + 1)
		col = put_key_hint(ui, a, col, command);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		col = put_key_hint(ui, a, col, keymap_row(CTX_GLOBAL, always[i]));
}

#define TABS_ROWS 10 /* a lower screen has no row for them */

void ui_frame_draw(struct ui *ui, struct view *v)
{
	struct area all = surface_area(&ui->surface);
	bool tabs = all.rows >= TABS_ROWS && ui_tabs_are_seen(ui, v);
	int top = 2, rows = all.rows - 4;

	draw_header(ui, area_part(all, 0, 0, 1, all.cols));
	draw_title(v, area_part(all, 1, 0, 1, all.cols));
	if (tabs)
		ui_tabs_draw(ui, v, area_part(all, 2, 0, 1, all.cols));
	if (tabs || all.rows >= 16) { /* room to breathe */
		top++;
		rows--;
	}
	struct area body = area_part(all, top, 0, rows, all.cols);
	v->ops->draw(v, body);
	struct area status = area_part(all, all.rows - 2, 0, 1, all.cols);
	struct area keys = area_part(all, all.rows - 1, 0, 1, all.cols);
	if (ui->prompt.on) {
		ui_prompt_draw(ui, status, keys);
	} else {
		draw_status(ui, v, status);
		draw_keys(ui, v, keys);
	}
	if (ui->dialog.on) {
		surface_forget_spots(&ui->surface); /* what is below it is not clicked */
		ui_dialog_draw(ui, area_part(all, 1, 0, all.rows - 2, all.cols));
	}
}
