/* sagetop process SCRIPT|SPEC: a processing job of a local script, laid out as the SDK's
 * ScriptProcessor does it, or of a specification. */
#include <ctype.h>

#include "app/budgets.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/upload.h"
#include "aws/op.h"
#include "aws/s3.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "model/cost.h"
#include "sync/spec.h"

#define PLACE "/opt/ml/processing"
#define LOCAL_IMAGE "python:3"
#define LOCAL_ROLE "arn:aws:iam::000000000000:role/sagetop-process"
#define DEFAULT_INSTANCE "ml.m5.large"
#define MAX_RUNTIME_S 86400 /* the service's, where the specification says nothing */

struct process {
	struct app *a;
	char *name;
	char *base; /* s3://bucket/prefix/name: what is uploaded and what comes out lies below */
	json_t *spec;
	struct upload upload;
};

static void process_done(struct process *p)
{
	free(p->name);
	free(p->base);
	json_decref(p->spec);
	upload_done(&p->upload);
}

/* "split-20261121-054806" of split.py. */
static char *make_name(const char *script)
{
	const char *slash = strrchr(script, '/');
	AUTO(str) char *base = xstrdup(slash ? slash + 1 : script);

	base[strcspn(base, ".")] = '\0';
	for (char *p = base; *p; p++)
		*p = isalnum((unsigned char)*p) ? *p : '-';
	const char *text = base + strspn(base, "-");

	return timefmt_name(str_or(text, "process"), clock_now_ms());
}

/* "NAME=VALUE" apart; the name is a member of a path and of the request. */
static int split_pair(const char *option, const char *pair, bool wants_value, char **ret_name, const char **ret_value,
		      struct err *err)
{
	size_t n = strcspn(pair, "=");

	if (!n || n > 64 || (wants_value && !pair[n]))
		return err_set(err, ERR_USAGE, "--%s %s: say NAME=%s", option, pair,
			       wants_value ? "SOURCE" : "s3://...");
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)pair[i]) && pair[i] != '-' && pair[i] != '_')
			return err_set(err, ERR_USAGE, "--%s %s: a name has letters, digits, - and _", option, pair);
	}
	*ret_name = xstrndup(pair, n);
	*ret_value = pair[n] ? pair + n + 1 : NULL;
	return 0;
}

static void add_input(struct process *p, const char *name, const char *uri)
{
	AUTO(str) char *path = xasprintf(PLACE "/input/%s", name);

	json_array_append_new(json_object_get(p->spec, "ProcessingInputs"),
			      json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "InputName", name, "S3Input", "S3Uri", uri,
					"LocalPath", path, "S3DataType", "S3Prefix", "S3InputMode", "File"));
}

/* What lies on this machine is uploaded under the job's name. */
static int bring_input(struct process *p, const char *name, const char *source, struct err *err)
{
	AUTO(str) char *below = xasprintf("input/%s/", name);
	AUTO(str) char *uri = xasprintf("%s/input/%s", p->base, name);

	if (str_starts(source, "s3://")) {
		add_input(p, name, source);
		return 0;
	}
	add_input(p, name, uri);
	return upload_add_tree(&p->upload, source, below, err);
}

static int add_inputs(struct process *p, struct err *err)
{
	const struct strlist *list = &p->a->cli.lists[OPT_INPUT];
	int rc = bring_input(p, "code", p->a->cli.args.items[0], err);

	for (size_t i = 0; i < list->n && rc == 0; i++) {
		AUTO(str) char *name = NULL;
		const char *source = NULL;

		rc = split_pair("input", list->items[i], true, &name, &source, err);
		if (rc == 0 && str_eq(name, "code"))
			rc = err_set(err, ERR_USAGE, "--input code is the script's own; take another name");
		if (rc == 0)
			rc = bring_input(p, name, source, err);
	}
	return rc;
}

static int add_outputs(struct process *p, struct err *err)
{
	const struct strlist *list = &p->a->cli.lists[OPT_OUTPUT];
	json_t *outputs = json_array();

	json_object_set_new(p->spec, "ProcessingOutputConfig", json_pack("{s:o}", "Outputs", outputs));
	for (size_t i = 0; i < list->n; i++) {
		AUTO(str) char *name = NULL;
		const char *given = NULL;

		if (split_pair("output", list->items[i], false, &name, &given, err) < 0)
			return -err->code;
		AUTO(str) char *path = xasprintf(PLACE "/output/%s", name);
		AUTO(str) char *uri = given ? xstrdup(given) : xasprintf("%s/output/%s", p->base, name);

		if (!str_starts(uri, "s3://"))
			return err_set(err, ERR_USAGE, "--output %s: say NAME=s3://BUCKET/PREFIX", list->items[i]);
		json_array_append_new(outputs, json_pack("{s:s, s:{s:s, s:s, s:s}}", "OutputName", name, "S3Output",
							 "S3Uri", uri, "LocalPath", path, "S3UploadMode", "EndOfJob"));
	}
	return 0;
}

/* python3 and the script; a shell script has its shell. */
static json_t *app_specification(struct process *p)
{
	const char *script = p->a->cli.args.items[0], *slash = strrchr(script, '/');
	AUTO(str) char *path = xasprintf(PLACE "/input/code/%s", slash ? slash + 1 : script);
	json_t *app = json_pack("{s:s, s:[s, s]}", "ImageUri", str_or(app_value(p->a, OPT_IMAGE), LOCAL_IMAGE),
				"ContainerEntrypoint", str_ends(script, ".sh") ? "/bin/sh" : "python3", path);
	json_t *arguments = json_array();

	for (size_t i = 1; i < p->a->cli.args.n; i++)
		json_array_append_new(arguments, json_string(p->a->cli.args.items[i]));
	if (json_array_size(arguments))
		json_object_set(app, "ContainerArguments", arguments);
	json_decref(arguments);
	return app;
}

/* Where the job's files lie. What is said to take them is wanted, but on the local engine. */
static int find_base(struct process *p, struct err *err)
{
	const enum option_id needed[] = {OPT_IMAGE, OPT_ROLE, OPT_TO};
	static const char *const words[] = {"--image-uri IMAGE", "--role ARN", "--to s3://BUCKET/PREFIX"};

	for (size_t i = 0; i < ARRAY_LEN(needed) && !p->a->local; i++) {
		if (!app_value(p->a, needed[i]))
			return err_set(err, ERR_USAGE, "a script that runs in an account needs %s", words[i]);
	}
	p->base = upload_place(p->a, p->name);
	return s3_uri_split(p->base, &p->upload.bucket, &p->upload.prefix, err);
}

static int of_script(struct process *p, struct err *err)
{
	const char *script = p->a->cli.args.items[0], *name = app_value(p->a, OPT_NAME);

	if (!fs_exists(script) || fs_is_dir(script))
		return err_set(err, ERR_NOTFOUND, "%s: there is no such script", script);
	p->name = name ? xstrdup(name) : make_name(script);
	if (find_base(p, err) < 0)
		return -err->code;
	p->spec = json_pack("{s:s, s:[], s:s, s:o}", "ProcessingJobName", p->name, "ProcessingInputs", "RoleArn",
			    str_or(app_value(p->a, OPT_ROLE), LOCAL_ROLE), "AppSpecification", app_specification(p));
	return add_inputs(p, err) < 0 || add_outputs(p, err) < 0 ? -err->code : 0;
}

static int of_spec(struct process *p, const char *path, struct err *err)
{
	int rc = spec_load(path, &p->spec, NULL, err);

	if (rc < 0)
		return rc;
	if (!json_object_get(p->spec, "AppSpecification"))
		return err_set(err, ERR_INVALID,
			       "%s is no specification of a processing job: it has no AppSpecification", path);
	if (p->a->cli.lists[OPT_INPUT].n || p->a->cli.lists[OPT_OUTPUT].n || p->a->cli.args.n > 1 ||
	    app_value(p->a, OPT_IMAGE) || app_value(p->a, OPT_ROLE) || app_value(p->a, OPT_TO))
		return err_set(err, ERR_USAGE,
			       "--input, --output, --image-uri, --role, --to and arguments go with a script; a "
			       "specification has its own");
	if (app_value(p->a, OPT_NAME))
		json_object_set_new(p->spec, "ProcessingJobName", json_string(app_value(p->a, OPT_NAME)));
	str_set(&p->name, json_get_str(p->spec, "ProcessingJobName"));
	return p->name ? 0 : err_set(err, ERR_INVALID, "%s: ProcessingJobName is missing", path);
}

/* The cluster, whoever says it, and the changes of --set. */
static int complete(struct process *p, struct err *err)
{
	const struct app *a = p->a;
	json_t *cluster = json_path_get(p->spec, "ProcessingResources.ClusterConfig");

	if (!cluster) {
		json_object_set_new(p->spec, "ProcessingResources",
				    json_pack("{s:{s:i, s:s, s:i}}", "ClusterConfig", "InstanceCount", 1,
					      "InstanceType", DEFAULT_INSTANCE, "VolumeSizeInGB", 30));
		cluster = json_path_get(p->spec, "ProcessingResources.ClusterConfig");
	}
	if (app_value(a, OPT_TYPE))
		json_object_set_new(cluster, "InstanceType", json_string(app_value(a, OPT_TYPE)));
	if (app_value(a, OPT_INSTANCES))
		json_object_set_new(cluster, "InstanceCount", json_integer(a->cli.numbers[OPT_INSTANCES]));
	for (size_t i = 0; i < a->cli.lists[OPT_SET].n; i++) {
		if (spec_set_member(p->spec, a->cli.lists[OPT_SET].items[i], err) < 0)
			return -err->code;
	}
	return 0;
}

/* --- price and question ----------------------------------------------------------------------- */

static int64_t ceiling(struct process *p)
{
	const json_t *cluster = json_path_get(p->spec, "ProcessingResources.ClusterConfig");
	const json_t *stopping = json_object_get(p->spec, "StoppingCondition");
	const struct session *s = sync_session(p->a->sync);
	const struct price *price =
		price_find(&s->prices, str_or(json_get_str(cluster, "InstanceType"), ""), s->region, "Processing");

	return price ? cost_micro(json_get_i64(stopping, "MaxRuntimeInSeconds", MAX_RUNTIME_S),
				  json_get_i64(cluster, "InstanceCount", 1), price->usd_micro)
		     : USD_UNKNOWN;
}

static int ask(struct process *p, struct err *err)
{
	struct app *a = p->a;
	int64_t micro = ceiling(p);
	char text[32], prices[SESSION_PRICES_LEN];

	if (a->local)
		return 0;
	if (micro == USD_UNKNOWN)
		fprintf(stderr, "%s: cost unknown (no price for this instance here)\n", p->name);
	else
		fprintf(stderr, "%s: at most %s (%s)\n", p->name, money_text(text, micro),
			session_prices_text(sync_session(a->sync), prices));
	return app_confirm_launch(a, p->name, err);
}

static int send_job(struct process *p, struct err *err)
{
	int rc = p->upload.n ? upload_make_bucket(p->a, &p->upload, err) : 0;

	if (rc == 0 && p->upload.n)
		rc = upload_run(p->a, &p->upload, err);
	if (rc < 0)
		return rc;
	return app_call(p->a, AWS_OP_ROW(sagemaker, CreateProcessingJob), json_incref(p->spec), err);
}

static int run(struct process *p, struct err *err)
{
	struct app *a = p->a;
	const char *what = a->cli.args.items[0];
	int rc = spec_names_file(what) ? of_spec(p, what, err) : of_script(p, err);

	if (rc == 0)
		rc = complete(p, err);
	if (rc == 0)
		rc = app_connect(a, err);
	if (rc == 0)
		rc = sync_load(a->sync, err);
	if (rc < 0)
		return rc;
	if (app_flag(a, OPT_DRY_RUN)) {
		output_json(a, p->spec);
		return 0;
	}
	if (budgets_allow_request(a, &kind_table[KIND_PROCESSING_JOB], p->name, p->spec, ceiling(p), err) < 0 ||
	    ask(p, err) < 0 || send_job(p, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_pack("{s:s, s:s}", "name", p->name, "result", "launched");

		json_put_usd(o, "ceiling_usd", a->local ? 0 : ceiling(p));
		output_json(a, o);
	} else {
		fprintf(a->out, "processing-job/%s\tlaunched\n", p->name);
	}
	return 0;
}

int cmd_process(struct app *a, struct err *err)
{
	struct process p = {.a = a};
	int rc = run(&p, err);

	process_done(&p);
	return rc;
}
