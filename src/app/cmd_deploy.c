/* sagetop deploy JOB|MODEL|ARTEFACT: a model, its configuration and its endpoint, made as far
 * as they are not there, priced and asked about; --update changes what an endpoint serves. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/model_source.h"
#include "app/output.h"
#include "app/reference.h"
#include "app/upload.h"
#include "aws/op.h"
#include "base/timefmt.h"
#include "sync/deploy_spec.h"
#include "sync/deploy_way.h"

#define DEFAULT_INSTANCE "ml.m5.large"
#define HOURS_A_MONTH 730
#define EXIT_FAILED 3

struct deploy {
	struct app *a;
	char *endpoint, *config_name, *place;
	struct deploy_machines machines;
	struct deploy_way way; /* of an update */
	struct model_source model;
	json_t *config; /* CreateEndpointConfig's */
	bool config_is_there;
	json_t *old, *old_config; /* the endpoint as it is told, and its configuration; NULL */
	bool unchanged;
	int64_t rate_micro;  /* dollars an hour */
	int64_t use_micro;   /* of what is serverless: an hour of use */
	struct strlist made; /* "model/x": what this run has made */
};

static void deploy_done(struct deploy *d)
{
	free(d->endpoint);
	free(d->config_name);
	free(d->place);
	model_source_done(&d->model);
	json_decref(d->config);
	json_decref(d->old);
	json_decref(d->old_config);
	strlist_done(&d->made);
}
AUTO_EMBEDDED(deploy, struct deploy, deploy_done)

/* --- where it is served --------------------------------------------------------------- */

static int read_machines(struct deploy *d, struct err *err)
{
	struct app *a = d->a;
	const char *serverless = app_value(a, OPT_SERVERLESS);

	d->machines.instance_type = app_value(a, OPT_TYPE);
	if (app_value(a, OPT_INSTANCES) && !a->cli.numbers[OPT_INSTANCES])
		return err_set(err, ERR_USAGE, "--count 0: an endpoint has at least one instance");
	d->machines.instances = a->cli.numbers[OPT_INSTANCES];
	if (serverless && (d->machines.instance_type || d->machines.instances))
		return err_set(err, ERR_USAGE, "--serverless has no instances: leave out --type and --count");
	if (serverless && app_flag(a, OPT_ASYNC))
		return err_set(err, ERR_USAGE, "an endpoint is --serverless or --async");
	if (app_value(a, OPT_TO) && !app_flag(a, OPT_ASYNC))
		return err_set(err, ERR_USAGE, "--to goes with --async: it is where the answers lie");
	return serverless ? deploy_parse_serverless(serverless, &d->machines, err) : 0;
}

static int read_way(struct deploy *d, struct err *err)
{
	static const enum option_id given[] = {OPT_CANARY, OPT_LINEAR, OPT_ROLLING, OPT_BAKE, OPT_ALARM};
	struct app *a = d->a;
	bool any = a->cli.lists[OPT_ALARM].n > 0;

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		any = any || app_value(a, given[i]);
	if (any && !app_flag(a, OPT_UPDATE))
		return err_set(err, ERR_USAGE,
			       "--canary, --linear, --rolling, --bake and --alarm go with --update: they say how the "
			       "traffic goes from the old instances to the new ones");
	for (size_t i = 0; i < 3; i++) {
		if (app_value(a, given[i]) && !a->cli.numbers[given[i]])
			return err_set(err, ERR_USAGE, "0 per cent would never come to an end");
	}
	d->way = (struct deploy_way){.canary = a->cli.numbers[OPT_CANARY],
				     .linear = a->cli.numbers[OPT_LINEAR],
				     .rolling = a->cli.numbers[OPT_ROLLING],
				     .bake_ms = a->cli.numbers[OPT_BAKE],
				     .alarms = &a->cli.lists[OPT_ALARM]};
	if (!app_value(a, OPT_BAKE) && !deploy_way_is_usual(&d->way))
		d->way.bake_ms = DEPLOY_BAKE_MS;
	return deploy_way_check(&d->way, err);
}

/* Of an asynchronous endpoint. */
static int find_answers(struct deploy *d, struct err *err)
{
	if (!app_flag(d->a, OPT_ASYNC))
		return 0;
	d->place = upload_place(d->a, d->endpoint);
	if (!d->place)
		return err_set(err, ERR_USAGE, "where do the answers go? say --to s3://BUCKET/PREFIX");
	d->machines.place = d->place;
	return 0;
}

static int of_existing(struct deploy *d, struct err *err)
{
	const char *status = str_or(json_get_str(d->old, "EndpointStatus"), "?");
	const char *config = str_or(json_get_str(d->old, "EndpointConfigName"), "");

	if (str_eq(status, "Failed"))
		return err_set(err, ERR_EXISTS,
			       "%s is there and Failed, which only a deletion mends: sagetop delete "
			       "endpoint/%s --all",
			       d->endpoint, d->endpoint);
	if (reference_look(d->a, &kind_table[KIND_ENDPOINT_CONFIG], config, &d->old_config, err) < 0)
		return -err->code;
	if (app_flag(d->a, OPT_UPDATE) && !d->old_config)
		return err_set(err, ERR_NOTFOUND,
			       "the configuration %s of %s is gone, nothing tells what it runs on: say "
			       "another --name",
			       config, d->endpoint);
	return 0;
}

/* The configuration that is wanted, and what becomes of an endpoint that is there. */
static int find_config(struct deploy *d, struct err *err)
{
	AUTO(json) json_t *there = NULL;
	bool update = app_flag(d->a, OPT_UPDATE);

	if (reference_look(d->a, &kind_table[KIND_ENDPOINT], d->endpoint, &d->old, err) < 0 ||
	    (d->old && of_existing(d, err) < 0))
		return -err->code;
	if (update && !d->old)
		return err_set(err, ERR_NOTFOUND, "there is no endpoint %s to update: leave out --update", d->endpoint);
	if (!update && app_value(d->a, OPT_VARIANT))
		return err_set(err, ERR_USAGE, "--variant goes with --update: a new endpoint has one, " DEPLOY_VARIANT);
	if (!update && !d->machines.instance_type && !d->machines.memory_mb)
		d->machines.instance_type = DEFAULT_INSTANCE;
	if (update) {
		if (deploy_config_changed(d->old_config, d->endpoint, d->model.name, app_value(d->a, OPT_VARIANT),
					  &d->machines, &d->config, err) < 0)
			return -err->code;
	} else {
		d->config = deploy_config_new(d->endpoint, d->model.name, &d->machines);
	}
	d->config_name = xstrdup(json_get_str(d->config, "EndpointConfigName"));
	d->unchanged = d->old && str_eq(json_get_str(d->old, "EndpointConfigName"), d->config_name);
	if (d->old && !update && !d->unchanged)
		return err_set(err, ERR_EXISTS,
			       "the endpoint %s is there and serves otherwise: --update changes it without "
			       "a break, --name NAME makes another",
			       d->endpoint);
	if (reference_look(d->a, &kind_table[KIND_ENDPOINT_CONFIG], d->config_name, &there, err) < 0)
		return -err->code;
	d->config_is_there = there != NULL;
	return 0;
}

static json_t *last_request(const struct deploy *d)
{
	if (d->old)
		return deploy_update(d->endpoint, d->config_name, d->machines.instances > 0, &d->way);
	return json_pack("{s:s, s:s}", "EndpointName", d->endpoint, "EndpointConfigName", d->config_name);
}

/* --- price and question --------------------------------------------------------------------- */

static void print_variants(const struct deploy *d)
{
	size_t i;
	json_t *variant;

	json_array_foreach(json_object_get(d->config, "ProductionVariants"), i, variant)
	{
		const json_t *serverless = json_object_get(variant, "ServerlessConfig");

		fprintf(stderr, "%s%s on ", i ? ", " : "", json_get_str(variant, "ModelName"));
		if (serverless)
			fprintf(stderr, "%lld MB without servers, %lld at a time",
				(long long)json_get_i64(serverless, "MemorySizeInMB", 0),
				(long long)json_get_i64(serverless, "MaxConcurrency", 0));
		else
			fprintf(stderr, "%lld x %s", (long long)json_get_i64(variant, "InitialInstanceCount", 1),
				json_get_str(variant, "InstanceType"));
	}
}

static void print_use(const struct deploy *d)
{
	char second[24];

	if (d->use_micro == USD_UNKNOWN)
		fprintf(stderr, ", $? a second of use (no price for serverless: own-rates may tell it)\n");
	else
		fprintf(stderr, ", %s a second of use\n", money_rate_text(second, (d->use_micro + 1800) / 3600));
}

/* How the update goes, and what its waits cost. */
static void print_way(const struct deploy *d)
{
	const struct session *s = sync_session(d->a->sync);
	int64_t now = d->old_config ? deploy_rate_micro(d->old_config, &s->prices, s->region) : USD_UNKNOWN;
	int64_t cost = d->a->local ? 0 : deploy_way_cost_micro(&d->way, now);
	AUTO(str) char *way = deploy_way_text(&d->way);
	char waits[TIMEFMT_LEN], money[24];

	if (d->unchanged || deploy_way_is_usual(&d->way))
		return;
	fprintf(stderr, "%s: %s", d->endpoint, way);
	for (size_t i = 0; d->way.alarms && i < d->way.alarms->n; i++)
		fprintf(stderr, "%s%s", i ? ", " : "; back where it rings: ", d->way.alarms->items[i]);
	fprintf(stderr, "; its waits take %s", timefmt_duration(waits, deploy_way_waits_ms(&d->way)));
	if (cost)
		fprintf(stderr, ", in which the additional instances cost %s%s", cost == USD_UNKNOWN ? "" : "about ",
			cost == USD_UNKNOWN ? "$?" : money_text(money, cost));
	fprintf(stderr, "\n");
}

static void print_preview(const struct deploy *d)
{
	char hour[24], month[24], prices[SESSION_PRICES_LEN];

	fprintf(stderr, "%s: ", d->endpoint);
	print_variants(d);
	if (d->a->local)
		fprintf(stderr, "\n");
	else if (d->rate_micro == USD_UNKNOWN)
		fprintf(stderr, ", cost unknown (no price for this instance here)\n");
	else if (!d->rate_micro)
		print_use(d);
	else
		fprintf(stderr, ", %s an hour, %s a month until it is deleted (%s)\n",
			money_rate_text(hour, d->rate_micro), money_text(month, d->rate_micro * HOURS_A_MONTH),
			session_prices_text(sync_session(d->a->sync), prices));
}

/* What it costs more an hour than what serves now. */
static int64_t more_micro(const struct deploy *d)
{
	const struct session *s = sync_session(d->a->sync);
	int64_t now = d->old_config ? deploy_rate_micro(d->old_config, &s->prices, s->region) : 0;

	return d->rate_micro == USD_UNKNOWN || now == USD_UNKNOWN ? d->rate_micro
								  : MAX(d->rate_micro - now, (int64_t)0);
}

static int confirm(const struct deploy *d, struct err *err)
{
	if (app_flag(d->a, OPT_YES) || d->a->local)
		return 0;
	if (!d->a->in_tty)
		return err_set(err, ERR_USAGE, "%s was not deployed: without a terminal to ask on, say --yes",
			       d->endpoint);
	return app_confirm(d->a, d->old ? "Update it?" : "Deploy it?")
		       ? 0
		       : err_set(err, ERR_INVALID, "%s was not deployed", d->endpoint);
}

static void print_dry_run(const struct deploy *d)
{
	AUTO(json) json_t *o = json_object();

	if (d->model.request)
		json_object_set(o, "CreateModel", d->model.request);
	if (!d->config_is_there)
		json_object_set(o, "CreateEndpointConfig", d->config);
	if (!d->unchanged)
		json_object_set_new(o, d->old ? "UpdateEndpoint" : "CreateEndpoint", last_request(d));
	output_json(d->a, o);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void note_made(struct deploy *d, const char *kind, const char *name, const char *what)
{
	AUTO(str) char *reference = xasprintf("%s/%s", kind, name);

	strlist_add(&d->made, reference);
	if (output_format(d->a) != OUTPUT_JSON)
		fprintf(d->a->out, "%s\t%s\n", reference, what);
	fflush(d->a->out);
}

static int send_all(struct deploy *d, struct err *err)
{
	if (d->model.request) {
		if (app_call(d->a, AWS_OP_ROW(sagemaker, CreateModel), json_incref(d->model.request), err) < 0)
			return -err->code;
		note_made(d, "model", d->model.name, "created");
	}
	if (!d->config_is_there) {
		if (app_call(d->a, AWS_OP_ROW(sagemaker, CreateEndpointConfig), json_incref(d->config), err) < 0)
			return -err->code;
		note_made(d, "endpoint-config", d->config_name, "created");
	}
	if (d->unchanged) {
		if (output_format(d->a) != OUTPUT_JSON)
			fprintf(d->a->out, "endpoint/%s\tunchanged\n", d->endpoint);
		return 0;
	}
	const struct aws_op *op =
		d->old ? AWS_OP_ROW(sagemaker, UpdateEndpoint) : AWS_OP_ROW(sagemaker, CreateEndpoint);

	if (app_call(d->a, op, last_request(d), err) < 0)
		return -err->code;
	note_made(d, "endpoint", d->endpoint, d->old ? "updating" : "creating");
	return 0;
}

/* What a step that failed leaves behind; a repetition would use it. */
static void print_left(const struct deploy *d)
{
	if (!d->made.n)
		return;
	fprintf(stderr, "sagetop: made before it failed, and used when this is repeated; to remove it: sagetop delete");
	for (size_t i = d->made.n; i > 0; i--)
		fprintf(stderr, " %s", d->made.items[i - 1]);
	fprintf(stderr, "\n");
}

static void print_json(const struct deploy *d)
{
	AUTO(json) json_t *o = json_object();

	json_put_str(o, "endpoint", d->endpoint);
	json_put_str(o, "endpoint_config", d->config_name);
	json_put_str(o, "model", d->model.name);
	json_put_str(o, "result", d->unchanged ? "unchanged" : d->old ? "updating" : "creating");
	json_object_set_new(o, "made", json_from_strlist(&d->made));
	json_put_usd(o, "usd_per_hour", d->a->local ? 0 : d->rate_micro);
	output_json(d->a, o);
}

/* An update that failed is rolled back: then the endpoint serves as before. */
static int wait_for_end(struct deploy *d, struct err *err)
{
	struct app *a = d->a;
	AUTO(str) char *reference = xasprintf("endpoint/%s", d->endpoint);
	AUTO(json) json_t *now = NULL;

	if (app_wait_for(a, reference, err) < 0)
		return -err->code;
	if (a->exit_status == EXIT_FAILED)
		fprintf(stderr, "sagetop: its log: sagetop logs %s\n", reference);
	if (a->exit_status)
		return 0;
	if (app_connect(a, err) < 0 || reference_look(d->a, &kind_table[KIND_ENDPOINT], d->endpoint, &now, err) < 0)
		return -err->code;
	if (!str_eq(json_get_str(now, "EndpointConfigName"), d->config_name)) {
		AUTO(buf) struct buf reason = BUF_INIT(4096);

		field_one_line(str_or(json_get_str(now, "FailureReason"), "no reason is told"), &reason);
		fprintf(stderr, "sagetop: %s was rolled back and serves as before: %s\n", d->endpoint,
			buf_str(&reason));
		a->exit_status = EXIT_FAILED;
	}
	return 0;
}

static int plan(struct deploy *d, struct err *err)
{
	struct app *a = d->a;
	const struct session *s;

	if (read_machines(d, err) < 0 || read_way(d, err) < 0 || app_connect(a, err) < 0 ||
	    sync_load(a->sync, err) < 0 || model_source_find(a, a->cli.args.items[0], &d->model, err) < 0)
		return -err->code;
	d->endpoint = xstrdup(str_or(app_value(a, OPT_NAME), d->model.name));
	if (find_answers(d, err) < 0 || find_config(d, err) < 0)
		return -err->code;
	s = sync_session(a->sync);
	d->rate_micro = deploy_rate_micro(d->config, &s->prices, s->region);
	d->use_micro = deploy_use_micro(d->config, &s->prices, s->region);
	return 0;
}

int cmd_deploy(struct app *a, struct err *err)
{
	AUTO(deploy) struct deploy d = {.a = a};

	if (plan(&d, err) < 0)
		return -err->code;
	print_preview(&d);
	print_way(&d);
	if (app_flag(a, OPT_DRY_RUN)) {
		print_dry_run(&d);
		return 0;
	}
	if (!d.unchanged &&
	    (budgets_allow_rate(a, &kind_table[KIND_ENDPOINT], d.endpoint, NULL, more_micro(&d), err) < 0 ||
	     confirm(&d, err) < 0))
		return -err->code;
	if (send_all(&d, err) < 0) {
		print_left(&d);
		return -err->code;
	}
	if (output_format(a) == OUTPUT_JSON)
		print_json(&d);
	return app_flag(a, OPT_WAIT) ? wait_for_end(&d, err) : 0;
}
