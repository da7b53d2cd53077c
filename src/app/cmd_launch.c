/* sagetop launch SPEC: prepare, show, ask, send. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/launch_sweep.h"
#include "app/output.h"

static char *describe_cost(const struct app *a, const struct launch_plan *p)
{
	char text[32], prices[SESSION_PRICES_LEN];

	if (p->training_plan)
		return xasprintf("no cost of its own (by the training plan %s)", p->training_plan);
	if (p->ceiling_micro == USD_UNKNOWN)
		return xstrdup("cost unknown (no price for this instance here)");
	return xasprintf("at most %s (%s)", money_text(text, p->ceiling_micro),
			 session_prices_text(sync_session(a->sync), prices));
}

static void print_preview(const struct app *a, const struct launch_plan *p)
{
	AUTO(str) char *cost = describe_cost(a, p), *name = app_scoped(a, p->name);

	if (!str_empty(p->diff))
		fprintf(stderr, "%s%s", p->diff, str_ends(p->diff, "\n") ? "" : "\n");
	if (!str_empty(p->warning))
		fprintf(stderr, "sagetop: %s: %s\n", p->name, p->warning);
	if (!a->local)
		fprintf(stderr, "%s: %s\n", name, cost);
}

static void print_result(const struct app *a, const struct launch_plan *p, const char *word)
{
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_object();
		json_put_str(o, "name", p->name);
		json_put_str(o, "result", word);
		json_put_usd(o, "ceiling_usd", p->ceiling_micro);
		json_put_prices(o, sync_session(a->sync));
		json_put_str(o, "warning", p->warning);
		output_json(a, o);
	} else {
		AUTO(str) char *name = app_scoped(a, p->name);
		fprintf(a->out, "%s\t%s\n", name, word);
	}
}

static int launch_one(struct app *a, const struct launch_plan *p, struct err *err)
{
	struct app_reply reply = {0};

	print_preview(a, p);
	if (app_flag(a, OPT_DRY_RUN)) {
		output_json(a, p->spec);
		return 0;
	}
	if (budgets_allow_request(a, TRAINING_KIND, p->name, p->spec, p->ceiling_micro, err) < 0 ||
	    app_confirm_launch(a, p->name, err) < 0)
		return -err->code;
	launch_send(a->sync, p, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	print_result(a, p, "launched");
	return 0;
}

int launch_read_grid(const struct app *a, struct grid *ret, struct err *err)
{
	const struct strlist *texts = &a->cli.lists[OPT_GRID];

	return texts->n && grid_parse(texts, ret, err) < 0 ? err_prefix(err, "--grid") : 0;
}

int launch_finish(struct app *a, const struct launch_plan *p, const struct grid *grid, struct err *err)
{
	return p->n_jobs ? launch_sweep(a, p, grid, err) : launch_one(a, p, err);
}

int cmd_launch(struct app *a, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *plan = NULL;
	AUTO(grid) struct grid g = {0};
	AUTO(strlist) struct strlist changes = {0};

	app_collect_changes(a, &changes);
	if (launch_read_grid(a, &g, err) < 0 || app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 ||
	    launch_plan_from_file(a->sync, a->cli.args.items[0], &changes, g.n ? &g : NULL, &plan, err) < 0)
		return -err->code;
	return launch_finish(a, plan, &g, err);
}
