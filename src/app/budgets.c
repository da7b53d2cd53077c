/* budgets.c - budgets held against what is spent. */
#include "app/budgets.h"

#include "app/output.h"
#include "aws/sagemaker.h"
#include "base/proc.h"

#define EXIT_SHARE 8
#define EXIT_OVER 9
#define NOTICE_TIMEOUT_MS 30000

/* --- how they stand ---------------------------------------------------------------- */

static void add_resources(const struct session *s, const struct budget *b, int64_t now_ms, struct budget_state *st)
{
	struct charges charges;

	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct resources *t = &s->tables[k];

		for (size_t i = 0; kind_table[k].price_component && i < t->n; i++) {
			if (!budget_counts(b, &kind_table[k], t->items[i]->name, t->items[i]))
				continue;
			charges_of_resource(t->items[i], s, now_ms, &charges);
			budget_add(b, st, &charges);
		}
	}
}

static const char *per_word(const struct budget *b)
{
	return b->per == PERIOD_DAY ? "day" : "month";
}

/* How a budget stands, for what the session knows now; no network. */
static int state_of(const struct config *config, struct sync *sync, const struct budget *b, struct budget_state *ret,
		    struct err *err)
{
	const struct session *s = sync_session(sync);
	AUTO(usages) struct usages all = {0};
	int64_t now_ms = clock_now_ms();
	struct charges charges;

	budget_begin(b, now_ms, config->set.zone == SETTING_ZONE_LOCAL, ret);
	if (store_usage_load(sync_store(sync), &all, err) < 0)
		return -err->code;
	add_resources(s, b, now_ms, ret);
	for (size_t i = 0; i < all.n; i++) {
		const struct usage *u = &all.items[i];

		if (!budget_counts(b, u->kind, u->name, resources_find(&s->tables[u->kind->id], u->name)))
			continue;
		charges_of_usage(u, s, now_ms, &charges);
		budget_add(b, ret, &charges);
	}
	budget_settle(b, ret);
	return 0;
}

/* --- before a launch ----------------------------------------------------------------- */

/* What is about to be launched: it costs so much at most, or so much an hour without end. */
struct wish {
	const struct kind *kind;
	const char *name;
	const struct strmap *tags; /* NULL: none */
	int64_t micro;		   /* USD_UNKNOWN */
	bool per_hour;
};

static int allow(const struct config *config, struct sync *sync, const struct budget *b, const struct wish *w,
		 struct err *err)
{
	struct budget_state st;
	char limit[24], spent[24], more[24];
	int64_t ceiling_micro = w->micro;

	/* A job of a training plan: no budget is broken by nothing, even one that is used up. */
	if (!w->per_hour && !w->micro)
		return 0;
	if (state_of(config, sync, b, &st, err) < 0)
		return -err->code;
	if (w->per_hour && w->micro != USD_UNKNOWN)
		ceiling_micro = cost_micro((st.until_ms - clock_now_ms()) / 1000, 1, w->micro);
	int64_t after = money_sum(st.spent_micro, ceiling_micro);

	if (after != USD_UNKNOWN && after <= b->usd_micro)
		return 0;
	return err_set(err, ERR_LIMIT,
		       "%s would break the budget %s of %s a %s: %s is spent and it can cost %s%s; --force launches it "
		       "all the same",
		       w->name, b->name, money_text(limit, b->usd_micro), per_word(b),
		       money_text(spent, st.spent_micro), money_text(more, ceiling_micro),
		       ceiling_micro == USD_UNKNOWN ? " (no price)"
		       : w->per_hour		    ? " until its end"
						    : " at most");
}

static int allow_wish(const struct config *config, struct sync *sync, const struct wish *w, struct err *err)
{
	const struct strmap *all = &config->set.budgets;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < all->n; i++) {
		AUTO(budget) struct budget b = {0};

		if (budget_parse(all->items[i].name, all->items[i].value, &b, NULL) == 0 && b.hard &&
		    budget_matches(&b, w->kind, w->name, w->tags))
			rc = allow(config, sync, &b, w, err);
	}
	return rc;
}

int budgets_allow(const struct config *config, struct sync *sync, const struct kind *kind, const char *name,
		  const struct strmap *tags, int64_t ceiling_micro, struct err *err)
{
	return allow_wish(config, sync, &(struct wish){kind, name, tags, ceiling_micro, false}, err);
}

static bool any_is_hard(const struct config *config)
{
	const struct strmap *all = &config->set.budgets;
	bool hard = false;

	for (size_t i = 0; i < all->n; i++)
		hard |= strstr(all->items[i].value, "hard") != NULL;
	return hard;
}

static int allow_launch(struct app *a, const struct wish *w, struct err *err)
{
	struct app_reply reply = {0};

	if (a->local || app_flag(a, OPT_FORCE) || !any_is_hard(app_settings(a)))
		return 0;
	sync_jobs(a->sync, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	return allow_wish(app_settings(a), a->sync, w, err);
}

int budgets_allow_launch(struct app *a, const struct kind *kind, const char *name, const struct strmap *tags,
			 int64_t ceiling_micro, struct err *err)
{
	return allow_launch(a, &(struct wish){kind, name, tags, ceiling_micro, false}, err);
}

int budgets_allow_rate(struct app *a, const struct kind *kind, const char *name, const json_t *request,
		       int64_t rate_micro, struct err *err)
{
	AUTO(strmap) struct strmap tags = {0};

	sm_parse_tags(json_object_get(request, "Tags"), &tags);
	return allow_launch(a, &(struct wish){kind, name, &tags, rate_micro, true}, err);
}

int budgets_allow_request(struct app *a, const struct kind *kind, const char *name, const json_t *request,
			  int64_t ceiling_micro, struct err *err)
{
	AUTO(strmap) struct strmap tags = {0};

	sm_parse_tags(json_object_get(request, "Tags"), &tags);
	return budgets_allow_launch(a, kind, name, &tags, ceiling_micro, err);
}

/* --- the check ------------------------------------------------------------------------- */

/* Once for each share of a period: the greatest that was told is kept. A month's first day begins when it does. */
static bool is_new(struct app *a, const struct budget *b, const struct budget_state *st)
{
	AUTO(str) char *key = xasprintf("budget/%s/%s", b->name, per_word(b));
	AUTO(str) char *told = store_meta_get(sync_store(a->sync), key);
	AUTO(str) char *now = xasprintf("%lld %d", (long long)st->from_ms, st->passed);
	long long from = 0;
	int share = 0;

	if (told)
		(void)sscanf(told, "%lld %d", &from, &share);
	if (!st->passed || (from == st->from_ms && share >= st->passed))
		return false;
	return store_meta_set(sync_store(a->sync), key, now, NULL) == 0;
}

/* The command gets the text as its last argument; no shell reads it. */
static void tell(struct app *a, const char *text)
{
	AUTO(strlist) struct strlist words = {0};
	AUTO(buf) struct buf output = BUF_INIT(65536);
	struct err err = {0};
	int status = 0;

	if (proc_split_words(a->config.set.notice_command, &words, &err) == 0 && words.n) {
		const char **argv = proc_argv(&words, text);

		if (proc_run(argv, NOTICE_TIMEOUT_MS, &output, &status, &err) == 0 && status)
			(void)err_set(&err, ERR_IO, "it ended with status %d", status);
		free(argv);
	}
	if (err.code)
		fprintf(stderr, "sagetop: notice-command: %s\n", err.msg);
}

static int check_one(struct app *a, const struct budget *b, struct table *t, json_t *list, struct err *err)
{
	struct budget_state st;
	char spent[24], limit[24], from[16], percent[16];

	if (state_of(&a->config, a->sync, b, &st, err) < 0)
		return -err->code;
	AUTO(str)
	char *amount = xasprintf("%s/%s", money_text(limit, b->usd_micro), per_word(b));
	const char *state = st.spent_micro >= b->usd_micro ? "over" : st.passed ? "warning" : "ok";
	AUTO(str) char *unknown = st.unknown ? xasprintf("%zu not counted", st.unknown) : NULL;
	json_t *o = json_object();

	period_name(from, st.from_ms, b->per, a->config.set.zone == SETTING_ZONE_LOCAL);
	snprintf(percent, sizeof(percent), "%d%%", st.percent);
	table_cell(t, b->name);
	table_cell(t, from);
	table_cell(t, money_text(spent, st.spent_micro));
	table_cell(t, amount);
	table_cell(t, percent);
	table_cell(t, state);
	table_cell(t, unknown);
	json_put_str(o, "budget", b->name);
	json_put_time(o, "from", st.from_ms);
	json_object_set_new(o, "spent_usd_micro", json_integer(st.spent_micro));
	json_object_set_new(o, "budget_usd_micro", json_integer(b->usd_micro));
	json_object_set_new(o, "percent", json_integer(st.percent));
	json_put_str(o, "state", state);
	json_put_prices(o, sync_session(a->sync));
	json_object_set_new(o, "unknown", json_integer((json_int_t)st.unknown));
	json_array_append_new(list, o);
	a->exit_status = MAX(a->exit_status, str_eq(state, "over") ? EXIT_OVER : st.passed ? EXIT_SHARE : 0);
	if (!str_empty(a->config.set.notice_command) && is_new(a, b, &st)) {
		char prices[SESSION_PRICES_LEN];
		AUTO(str)
		char *text = xasprintf("sagetop: the budget %s: %s of %s is spent (%s; %s)", b->name, spent, amount,
				       percent, session_prices_text(sync_session(a->sync), prices));

		tell(a, text);
	}
	return 0;
}

int budgets_check(struct app *a, struct err *err)
{
	static const char *const titles[] = {"BUDGET", "SINCE", "SPENT", "OF", "SHARE", "STATE", "UNKNOWN"};
	const struct strmap *all = &a->config.set.budgets;
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();

	if (!all->n)
		return err_set(err, ERR_INVALID,
			       "there are no budgets to check: name some in %s, budgets: {total: 500/month}",
			       a->config.path);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i >= 2 && i <= 4);
	for (size_t i = 0; i < all->n; i++) {
		AUTO(budget) struct budget b = {0};

		if (budget_parse(all->items[i].name, all->items[i].value, &b, err) < 0 ||
		    check_one(a, &b, &t, list, err) < 0)
			return -err->code;
	}
	if (output_format(a) == OUTPUT_JSON) {
		output_json(a, list);
		return 0;
	}
	table_print(&t, a);
	output_prices(a);
	return 0;
}
