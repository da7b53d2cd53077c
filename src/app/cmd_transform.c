/* sagetop transform JOB|MODEL|ARTEFACT: a batch transform job of a model that is there or is made
 * first, over files of S3 or of this machine. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/model_source.h"
#include "app/output.h"
#include "app/reference.h"
#include "app/upload.h"
#include "aws/op.h"
#include "aws/s3.h"
#include "base/clock.h"
#include "base/timefmt.h"
#include "sync/spec.h"
#include "sync/transform_spec.h"

#define EXIT_FAILED 3

struct transform {
	struct app *a;
	struct model_source model;
	char *name, *input, *output;
	json_t *request;
	int64_t rate_micro;   /* dollars an hour */
	struct upload upload; /* what lies on this machine */
};

static void transform_done(struct transform *t)
{
	model_source_done(&t->model);
	free(t->name);
	free(t->input);
	free(t->output);
	json_decref(t->request);
	upload_done(&t->upload);
}
AUTO_EMBEDDED(transform, struct transform, transform_done)

/* --- the request ------------------------------------------------------------------------ */

/* The only one that was given; NULL where there is none. */
static int take_one(const struct transform *t, enum option_id id, const char **ret, struct err *err)
{
	const struct strlist *given = &t->a->cli.lists[id];

	if (given->n > 1)
		return err_set(err, ERR_USAGE, "--%s %s: a transform job has one", option_rows[id].name,
			       given->items[1]);
	*ret = given->n ? given->items[0] : NULL;
	return 0;
}

/* What lies on this machine is uploaded under the job's name. */
static int bring_input(struct transform *t, const char *source, const char *place, struct err *err)
{
	if (str_starts(source, "s3://")) {
		t->input = xstrdup(source);
		return 0;
	}
	if (!place)
		return err_set(err, ERR_USAGE, "%s is uploaded before: say --to s3://BUCKET/PREFIX", source);
	t->input = xasprintf("%s/input/", place);
	if (s3_uri_split(place, &t->upload.bucket, &t->upload.prefix, err) < 0 ||
	    upload_add_tree(&t->upload, source, "input/", err) < 0)
		return -err->code;
	return t->upload.n ? 0 : err_set(err, ERR_INVALID, "nothing to predict: %s holds no files", source);
}

static int find_files(struct transform *t, struct err *err)
{
	AUTO(str) char *place = upload_place(t->a, t->name);
	const char *input = NULL, *output = NULL;

	if (take_one(t, OPT_INPUT, &input, err) < 0 || take_one(t, OPT_OUTPUT, &output, err) < 0)
		return -err->code;
	if (!input)
		return err_set(err, ERR_USAGE,
			       "what is predicted? say --input s3://BUCKET/PREFIX, or a file or folder");
	if (!output && !place)
		return err_set(err, ERR_USAGE, "where do predictions go? say --output s3://BUCKET/PREFIX");
	t->output = output ? xstrdup(output) : xasprintf("%s/output", place);
	return bring_input(t, input, place, err);
}

static int build(struct transform *t, struct err *err)
{
	const struct app *a = t->a;
	struct transform_wish wish = {.name = t->name,
				      .model = t->model.name,
				      .input = t->input,
				      .output = t->output,
				      .sample = t->upload.n ? t->upload.files[0].path : NULL,
				      .content_type = app_value(a, OPT_CONTENT_TYPE),
				      .accept = app_value(a, OPT_ACCEPT),
				      .split = app_value(a, OPT_SPLIT),
				      .strategy = app_value(a, OPT_STRATEGY),
				      .input_filter = app_value(a, OPT_INPUT_FILTER),
				      .output_filter = app_value(a, OPT_OUTPUT_FILTER),
				      .join = app_flag(a, OPT_JOIN),
				      .instance_type = app_value(a, OPT_TYPE),
				      .instances = a->cli.numbers[OPT_INSTANCES]};

	if (app_value(a, OPT_INSTANCES) && !wish.instances)
		return err_set(err, ERR_USAGE, "--count 0: a transform job has at least one instance");
	int rc = transform_spec_new(&wish, &t->request, err);

	for (size_t i = 0; i < a->cli.lists[OPT_SET].n && rc == 0; i++)
		rc = spec_set_member(t->request, a->cli.lists[OPT_SET].items[i], err);
	return rc;
}

/* Such a job is never deleted, and its files lie under its name: a second one would write over them. */
static int check_name(const struct transform *t, struct err *err)
{
	AUTO(json) json_t *there = NULL;

	if (reference_look(t->a, &kind_table[KIND_TRANSFORM_JOB], t->name, &there, err) < 0)
		return -err->code;
	return there ? err_set(err, ERR_EXISTS, "the transform job %s is there already: say another --name", t->name)
		     : 0;
}

static int plan(struct transform *t, struct err *err)
{
	struct app *a = t->a;
	const char *name = app_value(a, OPT_NAME);

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 ||
	    model_source_find(a, a->cli.args.items[0], &t->model, err) < 0)
		return -err->code;
	if (t->model.many)
		return err_set(err, ERR_USAGE, "%s has many models: endpoints have them, a transform job has one",
			       a->cli.args.items[0]);
	t->name = name ? xstrdup(name) : timefmt_name(t->model.name, clock_now_ms());
	if (find_files(t, err) < 0 || build(t, err) < 0 || check_name(t, err) < 0)
		return -err->code;
	const struct session *s = sync_session(a->sync);

	t->rate_micro = transform_rate_micro(t->request, &s->prices, s->region);
	return 0;
}

/* --- price and question ------------------------------------------------------------------- */

static void print_preview(const struct transform *t)
{
	const json_t *resources = json_object_get(t->request, "TransformResources");
	char hour[24], prices[SESSION_PRICES_LEN];

	fprintf(stderr, "%s: %s over %s on %lld x %s", t->name, t->model.name, t->input,
		(long long)json_get_i64(resources, "InstanceCount", 1),
		str_or(json_get_str(resources, "InstanceType"), "?"));
	if (t->a->local)
		fprintf(stderr, "\n");
	else if (t->rate_micro == USD_UNKNOWN)
		fprintf(stderr, ", cost unknown (no price for this instance here)\n");
	else
		fprintf(stderr, ", %s an hour while it runs (%s)\n", money_rate_text(hour, t->rate_micro),
			session_prices_text(sync_session(t->a->sync), prices));
}

static void print_dry_run(const struct transform *t)
{
	AUTO(json) json_t *o = json_object();

	if (t->model.request)
		json_object_set(o, "CreateModel", t->model.request);
	json_object_set(o, "CreateTransformJob", t->request);
	output_json(t->a, o);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* The job comes last: where it is refused, files and model are left, which a repetition uses. */
static int send_all(struct transform *t, struct err *err)
{
	struct app *a = t->a;
	bool lines = output_format(a) != OUTPUT_JSON;

	if (t->upload.n && (upload_make_bucket(a, &t->upload, err) < 0 || upload_run(a, &t->upload, err) < 0))
		return -err->code;
	if (t->model.request) {
		if (app_call(a, AWS_OP_ROW(sagemaker, CreateModel), json_incref(t->model.request), err) < 0)
			return -err->code;
		if (lines)
			fprintf(a->out, "model/%s\tcreated\n", t->model.name);
		fflush(a->out);
	}
	if (app_call(a, AWS_OP_ROW(sagemaker, CreateTransformJob), json_incref(t->request), err) < 0)
		return -err->code;
	if (lines)
		fprintf(a->out, "transform-job/%s\tlaunched\t%s\n", t->name, t->output);
	fflush(a->out);
	return 0;
}

static void print_json(const struct transform *t)
{
	AUTO(json) json_t *o = json_object();

	json_put_str(o, "name", t->name);
	json_put_str(o, "model", t->model.name);
	json_put_str(o, "input", t->input);
	json_put_str(o, "output", t->output);
	json_put_str(o, "result", "launched");
	json_put_usd(o, "usd_per_hour", t->a->local ? 0 : t->rate_micro);
	output_json(t->a, o);
}

static int wait_for_end(const struct transform *t, struct err *err)
{
	AUTO(str) char *reference = xasprintf("transform-job/%s", t->name);

	if (app_wait_for(t->a, reference, err) < 0)
		return -err->code;
	if (t->a->exit_status == EXIT_FAILED)
		fprintf(stderr, "sagetop: its log: sagetop logs %s\n", reference);
	return 0;
}

int cmd_transform(struct app *a, struct err *err)
{
	AUTO(transform) struct transform t = {.a = a, .rate_micro = USD_UNKNOWN};

	if (plan(&t, err) < 0)
		return -err->code;
	print_preview(&t);
	if (app_flag(a, OPT_DRY_RUN)) {
		print_dry_run(&t);
		return 0;
	}
	if (budgets_allow_rate(a, &kind_table[KIND_TRANSFORM_JOB], t.name, t.request, t.rate_micro, err) < 0 ||
	    app_confirm_launch(a, t.name, err) < 0 || send_all(&t, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON)
		print_json(&t);
	return app_flag(a, OPT_WAIT) ? wait_for_end(&t, err) : 0;
}
