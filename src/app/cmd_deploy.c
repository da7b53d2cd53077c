/* sagetop deploy JOB|MODEL|ARTEFACT: a model, its configuration and its endpoint, made as far
 * as they are not there, priced and asked about; --update changes what an endpoint serves. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/reference.h"
#include "aws/op.h"
#include "base/timefmt.h"
#include "sync/deploy_spec.h"

#define LOCAL_IMAGE "sagetop-trainer"
#define LOCAL_ROLE "arn:aws:iam::000000000000:role/sagetop-deploy"
#define DEFAULT_INSTANCE "ml.m5.large"
#define HOURS_A_MONTH 730
#define EXIT_FAILED 3

struct deploy {
	struct app *a;
	char *endpoint, *model_name, *config_name;
	struct deploy_machines machines;
	json_t *model;	/* CreateModel's input; NULL: it is there */
	json_t *config; /* CreateEndpointConfig's */
	bool config_is_there;
	json_t *old, *old_config; /* the endpoint as it is told, and its configuration; NULL */
	bool unchanged;
	int64_t rate_micro;  /* dollars an hour */
	struct strlist made; /* "model/x": what this run has made */
};

static void deploy_done(struct deploy *d)
{
	free(d->endpoint);
	free(d->model_name);
	free(d->config_name);
	json_decref(d->model);
	json_decref(d->config);
	json_decref(d->old);
	json_decref(d->old_config);
	strlist_done(&d->made);
}
AUTO_EMBEDDED(deploy, struct deploy, deploy_done)

/* --- what is served ------------------------------------------------------------------ */

/* *ret is NULL where there is no such thing. */
static int ask_for(struct deploy *d, enum kind_id id, const char *name, json_t **ret, struct err *err)
{
	struct resource *r;

	*ret = NULL;
	if (reference_describe(d->a, &kind_table[id], name, &r, ret, err) == 0 || err->code != ERR_NOTFOUND)
		return -err->code;
	err_clear(err);
	return 0;
}

static int of_artefact(struct deploy *d, const char *uri, struct err *err)
{
	struct app *a = d->a;
	const char *name = app_value(a, OPT_NAME);
	const char *image = str_or(app_value(a, OPT_IMAGE), a->local ? LOCAL_IMAGE : NULL);
	const char *role = str_or(app_value(a, OPT_ROLE), a->local ? LOCAL_ROLE : NULL);

	if (!str_ends(uri, ".tar.gz"))
		return err_set(err, ERR_USAGE, "%s: an artefact is an archive, s3://BUCKET/.../model.tar.gz", uri);
	if (!name || !image || !role)
		return err_set(err, ERR_USAGE, "an artefact needs %s as well",
			       !name	? "--name NAME"
			       : !image ? "--image-uri IMAGE"
					: "--role ARN");
	d->model = deploy_model_of_artefact(name, uri, image, role);
	return 0;
}

static int of_job(struct deploy *d, const char *name, struct err *err)
{
	AUTO(json) json_t *job = NULL;
	struct resource *r;

	if (reference_describe(d->a, TRAINING_KIND, name, &r, &job, err) < 0)
		return -err->code;
	return deploy_model_of_job(job, app_value(d->a, OPT_IMAGE), app_value(d->a, OPT_ROLE), &d->model, err);
}

static int of_tuning_job(struct deploy *d, const char *name, struct err *err)
{
	AUTO(json) json_t *search = NULL;
	struct resource *r;

	if (reference_describe(d->a, &kind_table[KIND_TUNING_JOB], name, &r, &search, err) < 0)
		return -err->code;
	const char *best = json_string_value(json_path_get(search, "BestTrainingJob.TrainingJobName"));

	if (!best)
		return err_set(err, ERR_INVALID, "%s has no best training job yet: sagetop wait tuning-job/%s", name,
			       name);
	return of_job(d, best, err);
}

static int of_model(struct deploy *d, const char *name, struct err *err)
{
	AUTO(json) json_t *model = NULL;
	struct resource *r;

	if (app_value(d->a, OPT_IMAGE) || app_value(d->a, OPT_ROLE))
		return err_set(err, ERR_USAGE, "%s is a model and has its image and role already", name);
	if (reference_describe(d->a, &kind_table[KIND_MODEL], name, &r, &model, err) < 0)
		return -err->code;
	d->model_name = xstrdup(str_or(json_get_str(model, "ModelName"), name));
	return 0;
}

/* A name alone is a training job's, or a model's. */
static int find_source(struct deploy *d, const char *what, struct err *err)
{
	const struct kind *k;
	const char *name;

	if (str_starts(what, "s3://"))
		return of_artefact(d, what, err);
	if (kind_parse_reference(what, &k, &name, err) < 0)
		return -err->code;
	if (k->id == KIND_MODEL)
		return of_model(d, name, err);
	if (k->id == KIND_TUNING_JOB)
		return of_tuning_job(d, name, err);
	if (k->id != KIND_TRAINING_JOB)
		return err_set(err, ERR_USAGE,
			       "%s are not served: name a training job, tuning-job/NAME, model/NAME or an "
			       "artefact in S3",
			       k->title);
	if (of_job(d, name, err) == 0)
		return 0;
	struct err of_a_model = {0};

	if (err->code != ERR_NOTFOUND || of_model(d, name, &of_a_model) < 0)
		return -err->code;
	err_clear(err);
	return 0;
}

/* The model's name, and whether it is there. */
static int find_model(struct deploy *d, struct err *err)
{
	for (int i = 0; d->model && i < 2; i++) {
		AUTO(json) json_t *there = NULL;

		str_set(&d->model_name, json_get_str(d->model, "ModelName"));
		if (ask_for(d, KIND_MODEL, d->model_name, &there, err) < 0)
			return -err->code;
		if (there && deploy_model_is(there, d->model))
			json_decref(TAKE(d->model));
		else if (there && i == 0)
			deploy_model_rename(d->model);
		else
			break;
	}
	return 0;
}

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
	return serverless ? deploy_parse_serverless(serverless, &d->machines, err) : 0;
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
	if (ask_for(d, KIND_ENDPOINT_CONFIG, config, &d->old_config, err) < 0)
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

	if (ask_for(d, KIND_ENDPOINT, d->endpoint, &d->old, err) < 0 || (d->old && of_existing(d, err) < 0))
		return -err->code;
	if (update && !d->old)
		return err_set(err, ERR_NOTFOUND, "there is no endpoint %s to update: leave out --update", d->endpoint);
	if (!update && app_value(d->a, OPT_VARIANT))
		return err_set(err, ERR_USAGE, "--variant goes with --update: a new endpoint has one, " DEPLOY_VARIANT);
	if (!update && !d->machines.instance_type && !d->machines.memory_mb)
		d->machines.instance_type = DEFAULT_INSTANCE;
	if (update) {
		if (deploy_config_changed(d->old_config, d->endpoint, d->model_name, app_value(d->a, OPT_VARIANT),
					  &d->machines, &d->config, err) < 0)
			return -err->code;
	} else {
		d->config = deploy_config_new(d->endpoint, d->model_name, &d->machines);
	}
	d->config_name = xstrdup(json_get_str(d->config, "EndpointConfigName"));
	d->unchanged = d->old && str_eq(json_get_str(d->old, "EndpointConfigName"), d->config_name);
	if (d->old && !update && !d->unchanged)
		return err_set(err, ERR_EXISTS,
			       "the endpoint %s is there and serves otherwise: --update changes it without "
			       "a break, --name NAME makes another",
			       d->endpoint);
	if (ask_for(d, KIND_ENDPOINT_CONFIG, d->config_name, &there, err) < 0)
		return -err->code;
	d->config_is_there = there != NULL;
	return 0;
}

static json_t *last_request(const struct deploy *d)
{
	if (d->old)
		return deploy_update(d->endpoint, d->config_name, d->machines.instances > 0);
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

static void print_preview(const struct deploy *d)
{
	char hour[24], month[24];

	fprintf(stderr, "%s: ", d->endpoint);
	print_variants(d);
	if (d->a->local)
		fprintf(stderr, "\n");
	else if (d->rate_micro == USD_UNKNOWN)
		fprintf(stderr, ", cost unknown (no price for this instance here)\n");
	else if (!d->rate_micro)
		fprintf(stderr, ", billed by use\n");
	else
		fprintf(stderr, ", %s an hour, %s a month until it is deleted\n", money_rate_text(hour, d->rate_micro),
			money_text(month, d->rate_micro * HOURS_A_MONTH));
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

	if (d->model)
		json_object_set(o, "CreateModel", d->model);
	if (!d->config_is_there)
		json_object_set(o, "CreateEndpointConfig", d->config);
	if (!d->unchanged)
		json_object_set_new(o, d->old ? "UpdateEndpoint" : "CreateEndpoint", last_request(d));
	output_json(d->a, o);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void on_made(void *user, const struct aws_reply *reply, const struct err *err)
{
	app_reply_done(user, err);
}

static int send_one(struct deploy *d, const struct aws_op *op, json_t *request, struct err *err)
{
	struct app_reply reply = {0};

	aws_call_named(sync_client(d->a->sync), op, AWS_USER_ACTION, request, on_made, &reply);
	return app_wait(d->a, &reply, err);
}

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
	if (d->model) {
		if (send_one(d, AWS_OP_ROW(sagemaker, CreateModel), json_incref(d->model), err) < 0)
			return -err->code;
		note_made(d, "model", d->model_name, "created");
	}
	if (!d->config_is_there) {
		if (send_one(d, AWS_OP_ROW(sagemaker, CreateEndpointConfig), json_incref(d->config), err) < 0)
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

	if (send_one(d, op, last_request(d), err) < 0)
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
	json_put_str(o, "model", d->model_name);
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

	strlist_done(&a->cli.args);
	a->cli.args = (struct strlist){0};
	strlist_add(&a->cli.args, reference);
	if (cmd_wait(a, err) < 0)
		return -err->code;
	if (a->exit_status == EXIT_FAILED)
		fprintf(stderr, "sagetop: its log: sagetop logs %s\n", reference);
	if (a->exit_status)
		return 0;
	if (app_connect(a, err) < 0 || ask_for(d, KIND_ENDPOINT, d->endpoint, &now, err) < 0)
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

	if (read_machines(d, err) < 0 || app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 ||
	    find_source(d, a->cli.args.items[0], err) < 0 || find_model(d, err) < 0)
		return -err->code;
	d->endpoint = xstrdup(str_or(app_value(a, OPT_NAME), d->model_name));
	if (find_config(d, err) < 0)
		return -err->code;
	s = sync_session(a->sync);
	d->rate_micro = deploy_rate_micro(d->config, &s->prices, s->region);
	return 0;
}

int cmd_deploy(struct app *a, struct err *err)
{
	AUTO(deploy) struct deploy d = {.a = a};

	if (plan(&d, err) < 0)
		return -err->code;
	print_preview(&d);
	if (app_flag(a, OPT_DRY_RUN)) {
		print_dry_run(&d);
		return 0;
	}
	if (!d.unchanged && (budgets_allow_rate(a, &kind_table[KIND_ENDPOINT], d.endpoint, more_micro(&d), err) < 0 ||
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
