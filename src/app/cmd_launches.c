/* sagetop launches: what was launched from here and what of it waits in the queue still; a specification of it again;
 * taking back what waits, or sending it now. */
#include "app/commands.h"

#include "app/output.h"
#include "base/timefmt.h"
#include "sync/sweep.h"

#define LISTED_MAX 10000
#define TURN_MS 200

static json_t *to_json(const struct launch_summary *l)
{
	json_t *o = json_object();
	char state[LAUNCH_STATE_LEN];

	json_put_str(o, "name", l->name);
	json_object_set_new(o, "sweep", json_boolean(l->is_sweep));
	json_put_str(o, "state", launch_summary_state(l, state));
	json_object_set_new(o, "queued", json_integer((json_int_t)l->queued));
	json_object_set_new(o, "sent", json_integer((json_int_t)l->sent));
	json_object_set_new(o, "launched", json_integer((json_int_t)l->accepted));
	json_object_set_new(o, "refused", json_integer((json_int_t)l->refused));
	json_put_time(o, "asked", l->asked_ms);
	json_put_str(o, "error", l->error);
	return o;
}

static void add_row(struct table *t, const struct app *a, const struct launch_summary *l, int64_t now_ms)
{
	char state[LAUNCH_STATE_LEN], time[TIMEFMT_LEN];
	AUTO(str) char *jobs = xasprintf("%zu", launch_summary_jobs(l));

	if (output_format(a) == OUTPUT_TABLE)
		timefmt_age(time, MAX(now_ms - l->asked_ms, 0));
	else
		timefmt_iso_ms(time, l->asked_ms);
	table_cell(t, l->name);
	table_cell(t, launch_summary_state(l, state));
	table_cell(t, jobs);
	table_cell(t, time);
	table_cell(t, l->error);
}

static int print_all(struct app *a, struct err *err)
{
	static const char *const titles[] = {"NAME", "STATE", "JOBS", "ASKED", "WHY"};
	AUTO(launch_summaries) struct launch_summaries l = {0};
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();
	size_t most = app_value(a, OPT_LIMIT) ? (size_t)a->cli.numbers[OPT_LIMIT] : LISTED_MAX;

	if (store_launch_summaries(sync_store(a->sync), most, &l, err) < 0)
		return -err->code;
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i == 2 || i == 3);
	for (size_t i = 0; i < l.n; i++) {
		add_row(&t, a, &l.items[i], clock_now_ms());
		json_array_append_new(list, to_json(&l.items[i]));
	}
	if (output_format(a) == OUTPUT_JSON) {
		output_json(a, list);
		return 0;
	}
	if (table_choose(&t, app_value(a, OPT_COLUMNS), err) < 0)
		return -err->code;
	table_print(&t, a);
	return 0;
}

static int print_spec(struct app *a, const char *name, struct err *err)
{
	AUTO(str) char *text = NULL;
	AUTO(json) json_t *spec = NULL;

	if (store_launch_spec(sync_store(a->sync), name, &text, err) < 0 ||
	    json_parse(text, strlen(text), name, &spec, err) < 0)
		return -err->code;
	output_json(a, spec);
	return 0;
}

static int take_back(struct app *a, const char *name, struct err *err)
{
	struct launch_discarded d;

	if (launch_discard(a->sync, name, &d, err) < 0)
		return -err->code;
	fprintf(a->out, "%s\t%zu taken back\n", name, d.queued);
	if (d.sent)
		fprintf(stderr,
			"sagetop: %zu of %s were being sent: what became of them is found out, nothing is sent again\n",
			d.sent, name);
	return 0;
}

/* Until none of its jobs waits any more. */
static int send(struct app *a, const char *name, struct err *err)
{
	AUTO(str) char *run = xasprintf(LAUNCH_SWEEP "%s", name);
	size_t n[LAUNCH_STATES] = {0};
	int rc = sweep_resume(a->sync, name, err);

	if (rc == 0)
		sync_start(a->sync);
	while (rc == 0) {
		rc = store_launch_count_run(sync_store(a->sync), run, n, err);
		if (rc || !(n[LAUNCH_QUEUED] + n[LAUNCH_SENT]))
			break;
		rc = app_turn(a, TURN_MS, err);
	}
	if (rc)
		return rc;
	fprintf(a->out, "%s\t%zu launched\t%zu refused\n", name, n[LAUNCH_ACCEPTED], n[LAUNCH_REFUSED]);
	return n[LAUNCH_REFUSED] ? err_set(err, ERR_INVALID, "%zu of the %zu jobs of %s were not launched",
					   n[LAUNCH_REFUSED], n[LAUNCH_REFUSED] + n[LAUNCH_ACCEPTED], name)
				 : 0;
}

typedef int named_fn(struct app *a, const char *name, struct err *err);

static int for_names(struct app *a, named_fn *fn, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->cli.args.n; i++)
		rc = fn(a, a->cli.args.items[i], err);
	return rc;
}

int cmd_launches(struct app *a, struct err *err)
{
	bool discard = app_flag(a, OPT_DISCARD), sending = app_flag(a, OPT_SEND);

	if (discard && sending)
		return err_set(err, ERR_USAGE, "--discard or --send, not both");
	if ((discard || sending) && !a->cli.args.n)
		return err_set(err, ERR_USAGE, "which? name the sweep or job; sagetop launches lists them");
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 || (sending && app_identify(a, err) < 0))
		return -err->code;
	if (!a->cli.args.n)
		return print_all(a, err);
	return for_names(a, discard ? take_back : sending ? send : print_spec, err);
}
