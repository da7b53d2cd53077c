/* view_page.c - the page of one thing: its state, what is known of it, what it leads
 * to. A training job has its phases besides. */
#include <assert.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/cost.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/page.h"
#include "model/variants.h"
#include "tui/doc_search.h"
#include "tui/jobtext.h"
#include "tui/page_lines.h"
#include "tui/phases.h"
#include "tui/thing.h"

struct page_state {
	char *name;
	char *wish;	   /* weights and instances that were typed and are asked about; NULL */
	char *findings;	   /* what a check found, a line each; NULL: not known */
	char *findings_of; /* the processing job that was asked about */
	char *config;	   /* of an endpoint: its configuration, which tells the machines; watched as well */
	struct page page;
	struct doc doc;
	struct doc_search search;
	bool unfolded;	     /* it was laid out to be searched in */
	size_t *line_of;     /* of each line of the page: where it stands in the document */
	long link;	     /* the line of the page under the cursor: it leads on, or folds; -1 none */
	int width;	     /* it was laid out for */
	int64_t looked_ms;   /* when its traffic was last asked for, */
	int64_t surveyed_ms; /* and its state with what scales it */
	bool stale;
};

#define LOOK_MS 1000
#define SURVEY_MS 30000 /* also of what changes by itself: an update, the number of instances */
#define SURVEY_SOON_MS 5000

static const struct resource *thing_of(struct view *v)
{
	const struct page_state *st = v->state;

	return resources_lookup(&view_session(v)->tables[v->kind->id], st->name);
}

static int page_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct page_state *st = v->state;
	const char *name = arg->names.items[0];

	if (!resources_lookup(&view_session(v)->tables[arg->kind->id], name) &&
	    (arg->kind->id == KIND_TRAINING_JOB || !arg->kind->describe.operation))
		return thing_missing(v, arg->kind, name, err);
	st->name = xstrdup(name);
	st->link = -1;
	st->search.doc = &st->doc;
	view_watch(v, v->kind, st->name, true);
	return 0;
}

static void watch_config(struct view *v, const char *name)
{
	struct page_state *st = v->state;
	const struct kind *k = &kind_table[KIND_ENDPOINT_CONFIG];

	if (str_eq(st->config, name))
		return;
	if (st->config)
		view_watch(v, k, st->config, false);
	str_set(&st->config, name);
	if (name)
		view_watch(v, k, name, true);
}

static void page_close(struct view *v)
{
	struct page_state *st = v->state;

	if (st->name)
		view_watch(v, v->kind, st->name, false);
	watch_config(v, NULL);
	page_done(&st->page);
	doc_done(&st->doc);
	doc_search_done(&st->search);
	free(st->line_of);
	free(st->findings);
	free(st->findings_of);
	free(st->config);
	free(st->wish);
	free(st->name);
}

static uint64_t page_generation(struct view *v)
{
	const struct page_state *st = v->state;
	const struct feed *f = view_feed(v, v->kind, st->name);
	const struct resource *r = thing_of(v);
	uint64_t second = r && resource_is_running(r) ? (uint64_t)(ui_now_ms(v->ui) / 1000) : 0;

	const struct resources *t = view_session(v)->tables;
	uint64_t around = t[KIND_ENDPOINT_CONFIG].generation + t[KIND_SCALABLE_TARGET].generation +
			  t[KIND_SCALING_POLICY].generation + t[KIND_SCALING_ACTIVITY].generation;

	return (t[v->kind->id].generation + (v->kind->id == KIND_ENDPOINT ? around : 0) +
		(f ? f->metrics.generation + f->logs_loaded : 0)) *
		       1000003 +
	       second;
}

static void ignore_text(struct view *v, const char *text, const struct err *err)
{
}

/* Which of its variants are scaled; and of those that are, by what and how it went. */
static void ask_scaling(struct view *v, const struct resource *r)
{
	const struct ui_host *host = view_host(v);
	const struct resources *targets = &view_session(v)->tables[KIND_SCALABLE_TARGET];

	if (!host->refresh || targets->failed == ERR_DENIED)
		return;
	host->refresh(host->user, &kind_table[KIND_SCALABLE_TARGET], NULL);
	for (int i = 0; i < VARIANTS_MAX && variant_member(r, i, "VariantName"); i++) {
		AUTO(str) char *key = page_scaling_target(r, i);

		if (!key || !resources_find(targets, key))
			continue;
		host->refresh(host->user, &kind_table[KIND_SCALING_POLICY], key);
		host->refresh(host->user, &kind_table[KIND_SCALING_ACTIVITY], key);
	}
}

/* Sooner while it changes, and on the local engine, which costs nothing. */
static void survey(struct view *v)
{
	struct page_state *st = v->state;
	const struct resource *r = thing_of(v);
	bool soon = view_session(v)->local || (r && resource_is_running(r));

	if (!r || ui_now_ms(v->ui) - st->surveyed_ms < (soon ? SURVEY_SOON_MS : SURVEY_MS))
		return;
	if (st->surveyed_ms) /* it was described as the page was opened */
		ui_ask_describe(v, v->kind, st->name, ignore_text);
	st->surveyed_ms = ui_now_ms(v->ui);
	ask_scaling(v, r);
}

/* How far a transform job has come, until it is over. */
static void ask_files(struct view *v)
{
	struct page_state *st = v->state;
	const struct ui_host *host = view_host(v);
	const struct resource *r = thing_of(v);
	const struct files *f = r ? session_find_files(view_session(v), v->kind, r->name) : NULL;
	bool known = f && f->asked_ms != TIME_UNKNOWN && r && !resource_is_running(r) && f->asked_ms > r->end_ms;

	if (!r || r->detail == DETAIL_SUMMARY || !host->files || known ||
	    ui_now_ms(v->ui) - st->surveyed_ms < (view_session(v)->local ? SURVEY_SOON_MS : SURVEY_MS))
		return;
	st->surveyed_ms = ui_now_ms(v->ui);
	host->files(host->user, v->kind, r->name);
}

/* What CloudWatch counts of an endpoint, and what changes without us, as long as its page is seen. */
static bool page_work(struct view *v, int64_t budget_us)
{
	struct page_state *st = v->state;
	const struct ui_host *host = view_host(v);
	AUTO(strlist) struct strlist names = {0};

	if (v->kind->id == KIND_TRANSFORM_JOB && !view_session(v)->offline)
		ask_files(v);
	if (v->kind->id != KIND_ENDPOINT || view_session(v)->offline)
		return false;
	survey(v);
	if (!host->traffic || ui_now_ms(v->ui) - st->looked_ms < LOOK_MS)
		return false;
	st->looked_ms = ui_now_ms(v->ui);
	strlist_add(&names, st->name);
	host->traffic(host->user, &names);
	return false;
}

static void findings_arrived(struct view *v, const char *text, const struct err *err)
{
	struct page_state *st = v->state;

	if (err)
		ui_notice(v->ui, NOTICE_WARNING, "what was found: %s", err->msg);
	str_set(&st->findings, text);
	st->stale = true;
	ui_redraw(v->ui);
}

static void ask_findings(struct view *v, const struct resource *r)
{
	struct page_state *st = v->state;
	const char *job = page_findings_job(r);

	if (str_eq(job, st->findings_of))
		return;
	str_set(&st->findings_of, job);
	str_set(&st->findings, NULL);
	if (job)
		ui_ask_findings(v, v->kind, st->name, findings_arrived);
}

static void page_update(struct view *v)
{
	struct page_state *st = v->state;
	const struct resource *r = thing_of(v);

	st->stale = true;
	if (r)
		ask_findings(v, r);
	if (r && v->kind->id == KIND_ENDPOINT)
		watch_config(v, strmap_get(&resource_record(r)->members, "EndpointConfigName"));
}

/* --- the document --- */

/* What the reason says; of a job in words as well, and what to try. */
static void add_failure(struct doc *d, const struct resource *r, const struct field_context *x, int width)
{
	AUTO(diagnosis) struct diagnosis why = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	bool known = diagnosis_find(&why, r, x);
	char key[KEY_NAME_LEN];

	if (!known && str_empty(r->failure_reason))
		return;
	failure_message(str_or(r->failure_reason, ""), &text);
	if (text.len)
		doc_wrapped(d, ST_BAD, 1, width - 2, buf_str(&text));
	if (known) {
		buf_clear(&text);
		(void)buf_addf(&text, "Try: %s.", why.attempt);
		doc_wrapped(d, ST_STRONG, 1, width - 2, why.words);
		doc_wrapped(d, ST_NORMAL, 1, width - 2, buf_str(&text));
	}
	if (known && why.remedy) {
		buf_clear(&text);
		(void)buf_addf(&text, "%s copies: %s", keymap_key_of(key, CTX_JOB, ACT_COPY_REMEDY), why.remedy);
		doc_wrapped(d, ST_DIM, 1, width - 2, buf_str(&text));
	}
	doc_line(d);
}

static void add_findings(const struct page_state *st, bool is_schedule, struct doc *d, int width)
{
	AUTO(strlist) struct strlist lines = {0};

	if (str_empty(st->findings))
		return;
	strlist_split(&lines, st->findings, '\n');
	doc_line(d);
	doc_at(d, 1);
	doc_addf(d, ST_DIM, "%s %zu violation%s:", is_schedule ? "The last check found" : "This check found", lines.n,
		 lines.n == 1 ? "" : "s");
	for (size_t i = 0; i < lines.n; i++)
		doc_wrapped(d, ST_BAD, 1, width - 2, lines.items[i]);
	doc_line(d);
}

static struct cost cost_of(const struct view *v, const struct job *j)
{
	const struct session *s = view_session(v);

	return cost_of_job(j, &s->prices, s->region, ui_now_ms(v->ui));
}

static void add_phases(const struct view *v, const struct job *j, int width)
{
	struct page_state *st = v->state;
	const struct cost c = cost_of(v, j);

	phases_add(&st->doc, j, &c, width, ui_now_ms(v->ui));
}

static void lay_out(struct view *v, int width)
{
	struct page_state *st = v->state;
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	const struct resource *r = thing_of(v);
	struct doc *d = &st->doc;

	doc_clear(d);
	st->width = width;
	st->stale = false;
	st->unfolded = st->search.pattern;
	if (!r) {
		page_done(&st->page);
		doc_wrapped(d, ST_NORMAL, 1, width - 2,
			    v->kind->id == KIND_TRAINING_JOB ? "The service no longer knows this job."
							     : "Nothing is known of it yet.");
		return;
	}
	add_failure(d, r, &x, width);
	add_findings(st, v->kind->id == KIND_MONITORING_SCHEDULE, d, width);
	if (r->kind->id == KIND_TRAINING_JOB)
		add_phases(v, resource_job(r), width);
	page_build(&st->page, r, &x, PAGE_FOR_SCREEN);
	free(st->line_of);
	st->line_of = xcalloc(st->page.n + 1, sizeof(*st->line_of));
	page_lines_add(d, &st->page, &(struct page_look){v, width, st->link, st->unfolded}, st->line_of);
}

/* As it has to be now. */
static void settle(struct view *v, int width)
{
	const struct page_state *st = v->state;

	if (st->stale || st->width != width || st->unfolded != (st->search.pattern != NULL))
		lay_out(v, width);
}

static struct doc_search *page_doc_search(struct view *v)
{
	struct page_state *st = v->state;

	settle(v, st->width);
	return &st->search;
}

static void page_draw(struct view *v, struct area a)
{
	struct page_state *st = v->state;

	settle(v, a.cols);
	doc_draw(&st->doc, a);
	doc_search_draw(&st->search, a);
}

/* --- title and status --- */

static void add_job_title(struct view *v, const struct resource *r, struct buf *right)
{
	const struct job *j = resource_job(r);
	struct cost c = cost_of(v, j);
	int64_t elapsed = job_elapsed_s(j, ui_now_ms(v->ui));
	char text[TIMEFMT_LEN], money[24];

	if (elapsed >= 0)
		(void)buf_addf(right, " %s %s", job_is_terminal(j) ? "after" : "for",
			       timefmt_duration(text, elapsed * 1000));
	if (c.kind != COST_UNKNOWN && c.usd_micro != USD_UNKNOWN)
		(void)buf_addf(right, " · %s%s", money_text(money, c.usd_micro), c.estimate ? "*" : "");
}

static void page_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct page_state *st = v->state;
	const struct resource *r = thing_of(v);

	if (v->kind->id != KIND_TRAINING_JOB)
		(void)buf_addf(left, "%s · ", ui_kind_word(v->kind));
	(void)buf_adds(left, v->kind->key == KEY_BY_NAME ? st->name : kind_short_name(st->name));
	doc_search_title(&st->search, left);
	if (!r || (!r->status_text && v->kind->id != KIND_TRAINING_JOB))
		return;
	(void)buf_addf(right, "%s %s", state_symbol(r), resource_state_text(r));
	if (v->kind->id == KIND_TRAINING_JOB)
		add_job_title(v, r, right);
}

static void add_legend(struct view *v, const struct job *j, struct buf *left)
{
	struct cost c = cost_of(v, j);
	struct cost_legend legend = {.at_least = ui_burn_is_partial(v->ui) ? ui_at_least(v->ui) : NULL};

	jobtext_legend_add(&legend, &c);
	jobtext_legend(left, &legend, NULL);
}

static void page_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct page_state *st = v->state;
	const struct resource *r = thing_of(v);

	if (st->link >= 0 && (size_t)st->link < st->page.n)
		(void)buf_addf(left, "%s %s it", KEY_OF(PAGE, OPEN),
			       st->page.lines[st->link].kind			     ? "opens"
			       : page_line_is_folded(v, &st->page, (size_t)st->link) ? "unfolds"
										     : "folds");
	else if (r && v->kind->id == KIND_TRAINING_JOB)
		add_legend(v, resource_job(r), left);
	doc_position(&st->doc, right);
}

/* --- keys --- */

/* Where the cursor goes: to what leads on, and to parts that fold; where things lead on, to long ones only. */
static bool takes_cursor(const struct view *v, size_t line)
{
	const struct page *p = &((const struct page_state *)v->state)->page;

	return p->lines[line].kind ||
	       (v->kind->id == KIND_TRAINING_JOB ? page_line_folds(p, line) : page_line_is_long(p, line));
}

/* From one of them to the next; beyond the last one there is none. */
static bool move_link(struct view *v, int by)
{
	struct page_state *st = v->state;
	long n = (long)st->page.n, at = st->link;

	if (at < 0 && by < 0)
		at = n;
	do
		at += by;
	while (at >= 0 && at < n && !takes_cursor(v, (size_t)at));
	st->link = at >= 0 && at < n ? at : -1;
	st->stale = true;
	if (st->link >= 0 && st->line_of)
		doc_show(&st->doc, st->line_of[st->link]);
	return true;
}

/* Fold the part under the cursor, or unfold it; false where there is none, or it is so already. */
static bool fold_here(struct view *v, bool folded)
{
	struct page_state *st = v->state;

	if (st->link < 0 || (size_t)st->link >= st->page.n || !page_line_folds(&st->page, (size_t)st->link) ||
	    page_line_is_folded(v, &st->page, (size_t)st->link) == folded)
		return false;
	page_line_fold(v, &st->page, (size_t)st->link, folded);
	st->stale = true;
	return true;
}

/* Enter without a cursor opens the first list that the thing leads to. */
static bool open_link(struct view *v)
{
	struct page_state *st = v->state;

	assert(st->page.lines || !st->page.n);
	const struct page_line *l = st->link >= 0 && (size_t)st->link < st->page.n ? &st->page.lines[st->link] : NULL;

	for (size_t i = 0; !l && i < st->page.n; i++)
		if (st->page.lines[i].kind && !st->page.lines[i].link)
			l = &st->page.lines[i];
	if (!l || !l->kind)
		return false;
	if (l->link) {
		ui_push_one(v->ui, ui_page_of(l->kind), l->kind, l->link, MODE_SHOW);
	} else {
		const struct resource *r = thing_of(v);
		struct view_arg arg = {.kind = l->kind, .parent = r ? r->name : st->name};
		ui_push(v->ui, ui_list_of(l->kind), &arg);
	}
	return true;
}

/* --- weights of an endpoint --- */

static void wish_typing(struct view *v, const char *text, struct err *err)
{
	AUTO(variant_wishes) struct variant_wishes wishes = {0};
	const struct resource *r = thing_of(v);

	if (r && variants_parse(r, text, &wishes, err) < 0)
		return; /* err is shown beside the text */
}

static void wish_confirmed(struct view *v)
{
	const struct page_state *st = v->state;

	ui_vary(v, st->name, st->wish);
}

/* What it will cost is said before anything is sent. */
static void wish_done(struct view *v, const char *text)
{
	struct page_state *st = v->state;
	const struct session *s = view_session(v);
	const struct resource *r = thing_of(v);
	AUTO(variant_wishes) struct variant_wishes wishes = {0};
	struct err err = {0};
	char now[24], then[24];

	if (!text || !r)
		return;
	if (variants_parse(r, text, &wishes, &err) < 0) {
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
		return;
	}
	str_set(&st->wish, text);
	int64_t then_micro = variants_rate_micro(r, s, &wishes);
	AUTO(str)
	char *question = then_micro == USD_UNKNOWN
				 ? xasprintf("%s\nWhat it costs is not known.", text)
				 : xasprintf("%s\n%s an hour, now %s", text, money_rate_text(then, then_micro),
					     money_rate_text(now, variants_rate_micro(r, s, NULL)));

	ui_confirm(v, "Change the variants?", question, "Change", NULL, wish_confirmed);
}

static bool edit_wish(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_VALUE, wish_typing, wish_done};
	const struct resource *r = thing_of(v);
	AUTO(buf) struct buf text = BUF_INIT(4096);

	if (v->kind->id != KIND_ENDPOINT || !r)
		return false;
	variants_text(r, &text);
	ui_prompt(v, &ops, buf_str(&text));
	return true;
}

static bool page_action(struct view *v, enum action a)
{
	struct page_state *st = v->state;
	AUTO(strlist) struct strlist names = {0};

	switch (a) {
	case ACT_LINK_NEXT:
	case ACT_LINK_PREVIOUS:
		return move_link(v, a == ACT_LINK_NEXT ? 1 : -1);
	case ACT_OPEN:
		return fold_here(v, false) || fold_here(v, true) || open_link(v);
	case ACT_FOLD:
	case ACT_UNFOLD:
		return fold_here(v, a == ACT_FOLD);
	case ACT_FOLD_ALL:
		page_fold_all(v, &st->page);
		st->stale = true;
		return true;
	case ACT_INVOKE:
		if (v->kind->id == KIND_ENDPOINT)
			ui_push_one(v->ui, VIEW_INVOKE, v->kind, st->name, MODE_SHOW);
		return v->kind->id == KIND_ENDPOINT;
	case ACT_VARY:
		return edit_wish(v);
	case ACT_COPY_REMEDY:
		if (thing_of(v))
			thing_copy_remedy(v, thing_of(v));
		return true;
	default:
		strlist_add(&names, st->name);
		return doc_search_action(v, a) || doc_action(&st->doc, a) ||
		       thing_screen_action(v, a, ui_page_of(v->kind), &names);
	}
}

static bool page_offers(struct view *v, enum action a)
{
	return thing_of(v) && thing_offers_now(v->kind, thing_of(v), a) && (a != ACT_OPEN || v->kind->children);
}

#define PAGE_OPERATIONS                                                                                       \
	.takes = TAKES_NAME, .state_size = sizeof(struct page_state), .open = page_open, .close = page_close, \
	.generation = page_generation, .update = page_update, .title = page_title, .draw = page_draw,         \
	.status = page_status, .doc_search = page_doc_search, .action = page_action, .offers = page_offers,   \
	.work = page_work

const struct view_ops view_job_ops = {
	.name = "job",
	.argument = "NAME",
	.help = "One job: phases, cost, metrics, inputs, parameters",
	.contexts = {CTX_JOB, CTX_PARTS, CTX_TEXT},
	PAGE_OPERATIONS,
};

const struct view_ops view_page_ops = {
	.name = "show",
	.argument = "KIND/NAME",
	.help = "One thing of any kind: what is known of it, what it leads to",
	.contexts = {CTX_PAGE, CTX_PARTS, CTX_TEXT},
	PAGE_OPERATIONS,
};
