/* sagetop job NAME: everything about one job, on one page. */
#include "app/commands.h"
#include "app/output.h"
#include "aws/sagemaker.h"
#include "base/timefmt.h"
#include "model/cost.h"

static void print_status(struct app *a, const struct job *j, int64_t now_ms)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char text[TIMEFMT_LEN];

	buf_adds(&b, job_state_text(j));
	if (job_is_active(j))
		buf_addf(&b, ", %s old", timefmt_duration(text, now_ms - j->created_ms));
	else if (j->end_ms != TIME_UNKNOWN)
		buf_addf(&b, " after %s", timefmt_duration(text, j->end_ms - j->created_ms));
	output_field(a, "Status", buf_str(&b));
	output_field(a, "Reason", j->failure_reason);
}

static void add_reckoning(struct buf *b, const struct job *j, const struct cost *c)
{
	char rate[24], kept[TIMEFMT_LEN];
	int64_t instances = j->n_groups ? 1 : MAX(j->instance_count, 1);
	int64_t rate_micro = j->n_groups ? c->rate_micro : c->price->usd_micro;

	if (c->seconds >= 0)
		buf_addf(b, "%s%lld s x %s/h", b->len ? ": " : "", (long long)(c->seconds * instances),
			 money_rate_text(rate, rate_micro));
	else
		buf_addf(b, "%s%s/h", b->len ? ": " : "nothing yet: ", money_rate_text(rate, c->rate_micro));
	if (c->retained_s > 0)
		buf_addf(b, " + %s of warm pool", timefmt_duration(kept, c->retained_s * 1000));
	buf_addf(b, ", price of %s", c->price->as_of);
}

static void print_cost(struct app *a, const struct job *j, int64_t now_ms)
{
	const struct session *s = sync_session(a->sync);
	struct cost c = cost_of_job(j, &s->prices, s->region, now_ms);
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char text[TIMEFMT_LEN];

	if (c.kind != COST_UNKNOWN) {
		buf_addf(&b, "%s %s", money_text(text, c.usd_micro), c.kind == COST_BILLED ? "billed" : "so far");
		if (c.estimate)
			buf_adds(&b, " (estimate)");
		if (c.saved_micro > 0)
			buf_addf(&b, ", %s saved by spot", money_text(text, c.saved_micro));
	} else if (j->start_ms != TIME_UNKNOWN) {
		buf_adds(&b, "?");
	}
	if (c.price)
		add_reckoning(&b, j, &c);
	else if (c.unpriced)
		buf_addf(&b, "%sno price known for %s in %s", b.len ? ": " : "", c.unpriced, s->region);
	output_field(a, "Cost", buf_str(&b));
}

static void print_times(struct app *a, const struct job *j)
{
	char text[TIMEFMT_LEN];
	AUTO(buf) struct buf b = BUF_INIT(4096);

	output_field(a, "Created", j->created_ms ? timefmt_show(text, j->created_ms) : NULL);
	output_field(a, "Started", j->start_ms ? timefmt_show(text, j->start_ms) : NULL);
	output_field(a, "Ended", j->end_ms ? timefmt_show(text, j->end_ms) : NULL);
	if (j->training_s >= 0)
		buf_addf(&b, "%s trained", timefmt_duration(text, j->training_s * 1000));
	if (j->billable_s >= 0)
		buf_addf(&b, "%s%s billable", b.len ? ", " : "", timefmt_duration(text, j->billable_s * 1000));
	output_field(a, "Time", buf_str(&b));
	for (size_t i = 0; i < j->n_transitions; i++) {
		const struct job_transition *t = &j->transitions[i];
		char start[TIMEFMT_LEN], took[TIMEFMT_LEN] = "";
		if (t->end_ms != TIME_UNKNOWN)
			timefmt_duration(took, t->end_ms - t->start_ms);
		AUTO(str)
		char *line = xasprintf("%s %-12s %7s  %s", timefmt_clock(start, t->start_ms), t->status, took,
				       str_or(t->message, ""));
		output_field(a, i ? "" : "History", line);
	}
}

static void print_warm_pool(struct app *a, const struct job *j)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char text[TIMEFMT_LEN];

	if (j->keep_alive_s <= 0 && !j->warm_pool_status)
		return;
	buf_adds(&b, str_or(j->warm_pool_status, "asked for"));
	if (j->keep_alive_s > 0)
		buf_addf(&b, ", kept for %s", timefmt_duration(text, j->keep_alive_s * 1000));
	if (j->retained_s >= 0)
		buf_addf(&b, ", %s billed", timefmt_duration(text, j->retained_s * 1000));
	output_field(a, "Warm pool", buf_str(&b));
}

static void print_machine(struct app *a, const struct job *j)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);

	AUTO(str) char *instances = job_instances_text(j);

	if (instances) {
		buf_adds(&b, instances);
		if (j->volume_gb > 0)
			buf_addf(&b, ", %d GB", j->volume_gb);
		if (j->spot)
			buf_adds(&b, ", spot");
		int saving = job_spot_saving_pct(j);
		if (saving >= 0)
			buf_addf(&b, " (%d%% saved)", saving);
	}
	output_field(a, "Instance", buf_str(&b));
	print_warm_pool(a, j);
	output_field(a, "Image", j->image);
	output_field(a, "Role", j->role_arn);
}

static void print_pairs(struct app *a, const char *title, const struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		AUTO(str) char *line = xasprintf("%s=%s", m->items[i].name, m->items[i].value);
		output_field(a, i ? "" : title, line);
	}
}

static void print_data(struct app *a, const struct job *j)
{
	for (size_t i = 0; i < j->n_channels; i++) {
		const struct job_channel *c = &j->channels[i];
		AUTO(str)
		char *line = xasprintf("%-11s %s  %s", c->name, str_or(c->uri, "?"), str_or(c->content_type, ""));
		output_field(a, i ? "" : "Input", line);
	}
	output_field(a, "Output", j->output_uri);
	output_field(a, "Model", j->model_uri);
	output_field(a, "Checkpoints", j->checkpoint_uri);
	for (size_t i = 0; i < j->n_final_metrics; i++) {
		AUTO(str) char *line = xasprintf("%s %.6g", j->final_metrics[i].name, j->final_metrics[i].value);
		output_field(a, i ? "" : "Metrics", line);
	}
}

static void print_page(struct app *a, const struct job *j)
{
	int64_t now_ms = clock_now_ms();

	output_field(a, "Name", j->name);
	print_status(a, j, now_ms);
	print_cost(a, j, now_ms);
	print_machine(a, j);
	print_times(a, j);
	print_data(a, j);
	print_pairs(a, "Parameters", &j->hyperparameters);
	print_pairs(a, "Environment", &j->environment);
	print_pairs(a, "Tags", &j->tags);
}

/* --json: the service's own reply, so that it can be fed to other tools. */
struct json_reply {
	struct app_reply base;
	struct app *a;
};

static void on_json(void *user, json_t *reply, const struct err *err)
{
	struct json_reply *r = user;

	if (!err)
		output_json(r->a, reply);
	app_reply_done(&r->base, err);
}

int cmd_job(struct app *a, struct err *err)
{
	const char *name = a->cli.args.items[0];
	struct app_reply reply = {0};

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	/* Also for --json: it names the nearest job where this one does not exist. */
	sync_job(a->sync, name, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON) {
		struct json_reply json = {.a = a};
		if (!sm_describe_job_json(sync_client(a->sync), name, AWS_USER_ACTION, on_json, &json))
			return err_set(err, ERR_INTERNAL, "the request could not be made");
		return app_wait(a, &json.base, err);
	}
	const struct job *j = sync_job_full(a->sync, name);
	if (!j)
		return err_set(err, ERR_NOTFOUND, "no training job \"%s\"", name);
	print_page(a, j);
	return 0;
}
