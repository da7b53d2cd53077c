/* sagetop failures [WORD]...: why jobs fail, equal causes counted. */
#include "app/commands.h"
#include "app/failure_log.h"
#include "app/listing.h"
#include "app/output.h"
#include "app/resource_json.h"
#include "base/timefmt.h"
#include "model/diagnosis.h"
#include "model/failure.h"

#define LOGS_MAX 24 /* logs that are read at most, of those that tell nothing but an exit code */

/* --- what logs say ------------------------------------------------------------------ */

static int learn_from_logs(struct app *a, struct failures *f, const struct query *q, const struct field_context *x,
			   struct err *err)
{
	bool mute[SCOPES_MAX] = {false}; /* nothing is to be had from its logs */
	int read = 0;

	for (bool more = true; more && read < LOGS_MAX;) {
		more = false;
		for (size_t i = 0; i < f->n && !more; i++) {
			const struct resource *r = f->items[i].newest;
			if (mute[r->scope] || !failure_is_bare(r->failure_reason) || failure_learnt(x->session, r))
				continue;
			more = true;
			read++;
			if (failure_log_learn(a, r, err) < 0)
				return -err->code;
			mute[r->scope] = !failure_learnt(x->session, r); /* the next ones are like it */
		}
		failures_build(f, session_jobs(x->session), q, x);
	}
	return 0;
}

/* --- printing ----------------------------------------------------------------------- */

static void print_json(const struct app *a, const struct failures *f, const struct field_context *x)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct failure *one = &f->items[i];
		AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
		json_t *o = json_object();

		json_object_set_new(o, "jobs", json_integer((json_int_t)one->n));
		json_put_usd(o, "cost_usd", one->usd_micro);
		json_put_prices(o, app_session(a));
		json_put_time(o, "last", one->last_ms);
		json_put_str(o, "cause", one->cause);
		json_put_str(o, "newest", session_name_of(app_session(a), one->newest, &name));
		json_object_set_new(o, "diagnosis", diagnosis_to_json(one->newest, x));
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

static void add_row(struct table *t, const struct app *a, const struct failure *f, const struct field_context *x)
{
	AUTO(diagnosis) struct diagnosis d = {0};
	bool people = output_format(a) == OUTPUT_TABLE;
	AUTO(str) char *n = xasprintf("%zu", f->n);
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	char money[32] = "", time[TIMEFMT_LEN] = "";

	if (f->usd_micro != USD_UNKNOWN && people)
		money_text(money, f->usd_micro);
	else if (f->usd_micro != USD_UNKNOWN)
		snprintf(money, sizeof(money), "%.6f", (double)f->usd_micro / 1e6);
	if (f->last_ms != TIME_UNKNOWN && people)
		timefmt_age(time, MAX(x->now_ms - f->last_ms, 0));
	else if (f->last_ms != TIME_UNKNOWN)
		timefmt_iso_ms(time, f->last_ms);
	table_cell(t, n);
	table_cell(t, money);
	table_cell(t, time);
	table_cell(t, session_name_of(app_session(a), f->newest, &name));
	table_cell(t, f->cause);
	table_cell(t, diagnosis_find(&d, f->newest, x) ? d.brief : "");
}

static int print(struct app *a, const struct failures *f, const struct field_context *x, struct err *err)
{
	enum { NEWEST = 3, CAUSE };
	static const char *const titles[] = {"JOBS", "COST", "LAST", [NEWEST] = "NEWEST", [CAUSE] = "CAUSE", "TRY"};
	AUTO(table) struct table t = {0};

	if (output_format(a) == OUTPUT_JSON) {
		print_json(a, f, x);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		table_column(&t, titles[i], i < NEWEST);
		table_column_fit(&t, i == CAUSE ? TABLE_MIDDLE : TABLE_WHOLE, i == NEWEST);
	}
	for (size_t i = 0; i < f->n; i++)
		add_row(&t, a, &f->items[i], x);
	if (table_choose(&t, app_value(a, OPT_COLUMNS), err) < 0)
		return -err->code;
	table_print(&t, a);
	if (f->n)
		output_prices(a);
	return 0;
}

int cmd_failures(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	AUTO(failures) struct failures f = {0};

	if (listing_parse_words(a, TRAINING_KIND, 0, &listing, err) < 0)
		return -err->code;
	if (app_each_jobs(a, err) < 0 || listing_fill_query(a, &listing, err) < 0)
		return -err->code;
	struct field_context x = {.session = app_session(a), .now_ms = clock_now_ms()};
	failures_build(&f, session_jobs(x.session), listing.query, &x);
	if (learn_from_logs(a, &f, listing.query, &x, err) < 0)
		return -err->code;
	if (app_value(a, OPT_LIMIT))
		f.n = MIN(f.n, (size_t)a->cli.numbers[OPT_LIMIT]);
	return print(a, &f, &x, err);
}
