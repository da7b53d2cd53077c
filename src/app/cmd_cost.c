/* sagetop cost [WORD]...: what was spent in a period, by groups. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/cost.h"
#include "app/listing.h"
#include "app/output.h"

#define DAYS_MAX 3660
#define DAY_MS ((int64_t)86400000)

static int parse_time(const struct app *a, enum option_id id, bool local, int64_t *ret, struct err *err)
{
	const char *text = app_value(a, id);

	if (!text || period_parse(text, local, ret))
		return 0;
	return err_set(err, ERR_USAGE,
		       "--%s needs a day such as 2026-11-01, or a time such as 2026-11-01T15:00, not \"%s\"",
		       option_rows[id].name, text);
}

/* The last 30 days, today among them; --to is the first instant that is not in it. */
static int parse_period(const struct app *a, struct spend_options *opt, struct err *err)
{
	int64_t days = app_value(a, OPT_DAYS) ? a->cli.numbers[OPT_DAYS] : 30;

	if (app_value(a, OPT_DAYS) && (app_value(a, OPT_FROM) || app_value(a, OPT_TO)))
		return err_set(err, ERR_USAGE, "--days, or --from and --to: leave one out");
	if (days < 1 || days > DAYS_MAX)
		return err_set(err, ERR_USAGE, "--days is from 1 to %d, not %s", DAYS_MAX, app_value(a, OPT_DAYS));
	opt->until_ms = opt->now_ms;
	opt->from_ms = period_start(opt->now_ms, PERIOD_DAY, (int)(1 - days), opt->local);
	if (parse_time(a, OPT_FROM, opt->local, &opt->from_ms, err) < 0 ||
	    parse_time(a, OPT_TO, opt->local, &opt->until_ms, err) < 0)
		return -err->code;
	if (app_value(a, OPT_TO) && !app_value(a, OPT_FROM))
		opt->from_ms = period_start(opt->until_ms - 1, PERIOD_DAY, -29, opt->local);
	if (opt->from_ms >= opt->until_ms)
		return err_set(err, ERR_USAGE, "the period ends before it begins: --from is earlier than --to, or now");
	if (opt->until_ms - opt->from_ms > DAYS_MAX * DAY_MS)
		return err_set(err, ERR_USAGE, "the period is longer than %d days", DAYS_MAX);
	return 0;
}

/* *ret: the words as a filter of jobs; other kinds may not know all of them. */
static int parse_options(struct app *a, struct cost_report *r, struct spend_options *opt, struct query **ret,
			 struct err *err)
{
	AUTO(str) char *words = listing_words(&a->cli.args, 0);
	const char *by = str_or(app_value(a, OPT_BY), "day");

	*opt = (struct spend_options){.now_ms = clock_now_ms(), .local = a->config.set.zone == SETTING_ZONE_LOCAL};
	r->by_text = by;
	r->top = app_value(a, OPT_TOP) ? (size_t)a->cli.numbers[OPT_TOP] : 0;
	if (app_value(a, OPT_TOP) && r->top < 1)
		return err_set(err, ERR_USAGE, "--top needs a number of rows from 1 on");
	if (a->config.set.currency && money_currency_parse(a->config.set.currency, &r->currency, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_CSV) + app_flag(a, OPT_MD) + app_flag(a, OPT_JSON) > 1)
		return err_set(err, ERR_USAGE, "--csv, --md, --json: one of them");
	if (spend_by_parse(by, &opt->by, &opt->tag, err) < 0 || parse_period(a, opt, err) < 0)
		return -err->code;
	return listing_query(TRAINING_KIND, words, ret, err);
}

static void print(struct app *a, const struct cost_report *r)
{
	if (app_flag(a, OPT_CSV))
		cost_print_csv(a, r);
	else if (app_flag(a, OPT_MD))
		cost_print_markdown(a, r);
	else if (output_format(a) == OUTPUT_JSON)
		cost_print_json(a, r);
	else
		cost_print_table(a, r);
}

/* Tags of all kinds cost calls: only where somebody reads them. */
static bool wants_tags(const struct app *a, const struct spend_options *opt, const struct query *q)
{
	return app_flag(a, OPT_CHECK) || opt->by == BY_TAG || opt->by == BY_USER || spend_wants_tuning(opt->by) ||
	       query_reads(q, "tag.");
}

/* Budgets are a profile's own, and Cost Explorer tells of an account. */
static int check_scopes(const struct app *a, struct err *err)
{
	enum option_id alone = app_flag(a, OPT_CHECK) ? OPT_CHECK : OPT_EXPLORER;

	if (!app_value(a, OPT_SCOPE) || !app_flag(a, alone))
		return 0;
	return err_set(err, ERR_USAGE, "cost --%s is about one profile and region: give --profile and --region",
		       option_rows[alone].name);
}

int cmd_cost(struct app *a, struct err *err)
{
	AUTO(cost_report) struct cost_report report = {0};
	AUTO(query) struct query *q = NULL;
	struct spend_options opt;

	if (parse_options(a, &report, &opt, &q, err) < 0 || check_scopes(a, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_EXPLORER) && !app_flag(a, OPT_CHECK) && cost_explorer_confirm(a, &opt, err) < 0)
		return -err->code;
	if (cost_fetch(a, wants_tags(a, &opt, q), &report.left_out, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_CHECK))
		return budgets_check(a, err);
	if (app_flag(a, OPT_EXPLORER))
		return cost_explorer(a, &opt, err);
	if (app_flag(a, OPT_NOW))
		return cost_running(a, &report.left_out, err);
	if (cost_sum(a, &opt, &report, err) < 0)
		return -err->code;
	if (app_value(a, OPT_HTML) && cost_write_html(a, &report, app_value(a, OPT_HTML), err) < 0)
		return -err->code;
	print(a, &report);
	return 0;
}
