/* deploy_spec.c - the requests that serve a model. */
#include "sync/deploy_spec.h"

#include <ctype.h>

#include "base/digest.h"
#include "model/price.h"
#include "sync/deploy_way.h"

#define MEMORY_STEP 1024
#define MEMORY_MAX 6144
#define CONCURRENCY_MAX 200
#define HASH_LEN 8

char *deploy_name(const char *text)
{
	char name[DEPLOY_NAME_MAX + 1];
	size_t n = 0;

	for (const char *p = text; *p && n < DEPLOY_NAME_MAX; p++) {
		bool plain = isalnum((unsigned char)*p);

		if (plain || (n && name[n - 1] != '-'))
			name[n++] = plain ? *p : '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	return n ? xstrndup(name, n) : NULL;
}

/* "name-1a2b3c4d": the content without its own name tells the digits. */
static char *name_of_content(const char *stem, const json_t *content, const char *name_member)
{
	AUTO(json) json_t *copy = json_copy((json_t *)content);
	char hex[SHA256_HEX_LEN];

	json_object_del(copy, name_member);
	AUTO(str) char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);

	sha256_hex(text, strlen(text), hex);
	AUTO(str) char *cut = xstrndup(stem, DEPLOY_NAME_MAX - HASH_LEN - 1);
	AUTO(str) char *clean = deploy_name(cut);

	return xasprintf("%s-%.*s", str_or(clean, "x"), HASH_LEN, hex);
}

int deploy_parse_serverless(const char *text, struct deploy_machines *m, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, text, ',');
	if (parts.n != 2 || !str_to_i64(parts.items[0], &m->memory_mb) || !str_to_i64(parts.items[1], &m->concurrency))
		return err_set(err, ERR_USAGE, "--serverless %s: say MEMORY,CONCURRENCY, as in 2048,5", text);
	if (m->memory_mb < MEMORY_STEP || m->memory_mb > MEMORY_MAX || m->memory_mb % MEMORY_STEP)
		return err_set(err, ERR_USAGE, "--serverless %s: memory is 1024, 2048 ... 6144 MB", text);
	if (m->concurrency < 1 || m->concurrency > CONCURRENCY_MAX)
		return err_set(err, ERR_USAGE, "--serverless %s: 1 to %d requests at a time", text, CONCURRENCY_MAX);
	return 0;
}

/* --- models ----------------------------------------------------------------------------- */

/* Images of the framework containers come in pairs: one trains, the other serves. */
static char *serving_image(const char *image)
{
	static const char training[] = "-training:";
	const char *at = strstr(image, training);

	if (!at)
		return xstrdup(image);
	return xasprintf("%.*s-inference:%s", (int)(at - image), image, at + strlen(training));
}

/* A script's own name and place, which its job has as JSON texts among its hyperparameters. */
static json_t *script_environment(const json_t *job)
{
	static const char *const names[][2] = {{"sagemaker_program", "SAGEMAKER_PROGRAM"},
					       {"sagemaker_submit_directory", "SAGEMAKER_SUBMIT_DIRECTORY"}};
	const json_t *parameters = json_object_get(job, "HyperParameters");
	json_t *environment = json_object();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *text = json_get_str(parameters, names[i][0]);
		AUTO(json) json_t *decoded = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

		if (text)
			json_object_set_new(environment, names[i][1],
					    json_string(str_or(json_string_value(decoded), text)));
	}
	return environment;
}

json_t *deploy_model_of_artefact(const char *name, const char *uri, const char *image, const char *role)
{
	return json_pack("{s:s, s:{s:s, s:s}, s:s}", "ModelName", name, "PrimaryContainer", "Image", image,
			 "ModelDataUrl", uri, "ExecutionRoleArn", role);
}

int deploy_model_of_job(const json_t *job, const char *image, const char *role, json_t **ret, struct err *err)
{
	static const char *const kept[] = {"VpcConfig", "EnableNetworkIsolation"};
	const char *name = json_get_str(job, "TrainingJobName");
	const char *artefact = json_string_value(json_path_get(job, "ModelArtifacts.S3ModelArtifacts"));
	const char *trained = json_string_value(json_path_get(job, "AlgorithmSpecification.TrainingImage"));

	if (!artefact)
		return err_set(err, ERR_INVALID, "%s is %s and has no model artefact: sagetop wait %s",
			       str_or(name, "?"), str_or(json_get_str(job, "TrainingJobStatus"), "in an unknown state"),
			       str_or(name, "?"));
	if (!image && !trained)
		return err_set(err, ERR_INVALID, "%s was trained by an algorithm of its own: say --image-uri IMAGE",
			       name);
	AUTO(str) char *serves = serving_image(image ? image : trained);
	json_t *model = deploy_model_of_artefact(name, artefact, serves, role ? role : json_get_str(job, "RoleArn"));
	json_t *environment = script_environment(job);

	if (json_object_size(environment))
		json_object_set(json_object_get(model, "PrimaryContainer"), "Environment", environment);
	json_decref(environment);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (json_object_get(job, kept[i]) && !json_is_false(json_object_get(job, kept[i])))
			json_object_set(model, kept[i], json_object_get(job, kept[i]));
	*ret = model;
	return 0;
}

bool deploy_model_is(const json_t *model, const json_t *request)
{
	static const char *const members[] = {"PrimaryContainer.Image", "PrimaryContainer.ModelDataUrl",
					      "ExecutionRoleArn"};
	const json_t *has = json_path_get(model, "PrimaryContainer.Environment");
	const json_t *wants = json_path_get(request, "PrimaryContainer.Environment");

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!str_eq(json_string_value(json_path_get(model, members[i])),
			    json_string_value(json_path_get(request, members[i]))))
			return false;
	/* The service answers an empty object where there is none. */
	return json_object_size(has) == json_object_size(wants) &&
	       (!json_object_size(wants) || json_equal((json_t *)has, (json_t *)wants));
}

void deploy_model_rename(json_t *request)
{
	AUTO(str) char *name = name_of_content(json_get_str(request, "ModelName"), request, "ModelName");

	json_object_set_new(request, "ModelName", json_string(name));
}

/* --- configurations --------------------------------------------------------------------- */

static void name_config(json_t *config, const char *endpoint)
{
	AUTO(str) char *name = name_of_content(endpoint, config, "EndpointConfigName");

	json_object_set_new(config, "EndpointConfigName", json_string(name));
}

static void set_machines(json_t *variant, const struct deploy_machines *m)
{
	if (m->memory_mb) {
		json_object_del(variant, "InstanceType");
		json_object_del(variant, "InitialInstanceCount");
		json_object_set_new(variant, "ServerlessConfig",
				    json_pack("{s:I, s:I}", "MemorySizeInMB", (json_int_t)m->memory_mb,
					      "MaxConcurrency", (json_int_t)m->concurrency));
		return;
	}
	if (m->instance_type) {
		json_object_del(variant, "ServerlessConfig");
		json_object_set_new(variant, "InstanceType", json_string(m->instance_type));
	}
	if (m->instances || (m->instance_type && !json_object_get(variant, "InitialInstanceCount")))
		json_object_set_new(variant, "InitialInstanceCount", json_integer(m->instances ? m->instances : 1));
}

static void set_async(json_t *config, const struct deploy_machines *m)
{
	size_t n = m->place ? strlen(m->place) : 0;

	while (n && m->place[n - 1] == '/')
		n--;
	if (m->place)
		json_object_set_new(config, "AsyncInferenceConfig",
				    json_pack("{s:{s:o, s:o}}", "OutputConfig", "S3OutputPath",
					      json_sprintf("%.*s/answers", (int)n, m->place), "S3FailurePath",
					      json_sprintf("%.*s/failures", (int)n, m->place)));
}

json_t *deploy_config_new(const char *endpoint, const char *model, const struct deploy_machines *m)
{
	json_t *variant = json_pack("{s:s, s:s, s:f}", "VariantName", DEPLOY_VARIANT, "ModelName", model,
				    "InitialVariantWeight", 1.0);
	json_t *config = json_pack("{s:s, s:[o]}", "EndpointConfigName", "", "ProductionVariants", variant);

	set_machines(variant, m);
	set_async(config, m);
	name_config(config, endpoint);
	return config;
}

/* The variant that is meant; the error names those that there are. */
static json_t *find_variant(const json_t *config, const char *endpoint, const char *name, struct err *err)
{
	const json_t *variants = json_object_get(config, "ProductionVariants");
	AUTO(buf) struct buf names = BUF_INIT(4096);
	size_t i;
	json_t *one;

	if (!name && json_array_size(variants) == 1)
		return json_array_get(variants, 0);
	json_array_foreach((json_t *)variants, i, one)
	{
		const char *its = str_or(json_get_str(one, "VariantName"), "?");

		if (str_eq(its, name))
			return one;
		(void)buf_addf(&names, "%s%s", names.len ? ", " : "", its);
	}
	if (name)
		(void)err_set(err, ERR_USAGE, "%s has no variant %s: it has %s", endpoint, name, buf_str(&names));
	else
		(void)err_set(err, ERR_USAGE, "%s has several variants: say --variant, one of %s", endpoint,
			      buf_str(&names));
	return NULL;
}

int deploy_config_changed(const json_t *config, const char *endpoint, const char *model, const char *variant,
			  const struct deploy_machines *m, json_t **ret, struct err *err)
{
	static const char *const told[] = {"EndpointConfigArn", "CreationTime"};
	AUTO(json) json_t *changed = json_deep_copy(config);
	AUTO(json) json_t *before = NULL;
	json_t *one = find_variant(changed, endpoint, variant, err);

	if (!one)
		return -ERR_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		json_object_del(changed, told[i]);
	before = json_deep_copy(changed);
	json_object_set_new(one, "ModelName", json_string(model));
	set_machines(one, m);
	set_async(changed, m);
	if (!json_equal(changed, before))
		name_config(changed, endpoint);
	*ret = TAKE(changed);
	return 0;
}

json_t *deploy_update(const char *endpoint, const char *config, bool new_instances, const struct deploy_way *way)
{
	json_t *update = json_pack("{s:s, s:s, s:b, s:o*}", "EndpointName", endpoint, "EndpointConfigName", config,
				   "RetainAllVariantProperties", 1, "DeploymentConfig", deploy_way_config(way));

	if (new_instances)
		json_object_set_new(update, "ExcludeRetainedVariantProperties",
				    json_pack("[{s:s}]", "VariantPropertyType", "DesiredInstanceCount"));
	return update;
}

int64_t deploy_use_micro(const json_t *config, const struct price_table *prices, const char *region)
{
	int64_t sum = 0;
	size_t i;
	json_t *variant;

	json_array_foreach(json_object_get(config, "ProductionVariants"), i, variant)
	{
		int64_t mb = json_get_i64(json_object_get(variant, "ServerlessConfig"), "MemorySizeInMB", 0);
		AUTO(str) char *type = xasprintf(DEPLOY_SERVERLESS_TYPE "%lld", (long long)mb);
		const struct price *price = mb ? price_find(prices, type, region, "Hosting") : NULL;

		if (mb)
			sum = money_sum(sum, price ? price->usd_micro : USD_UNKNOWN);
	}
	return sum;
}

int64_t deploy_rate_micro(const json_t *config, const struct price_table *prices, const char *region)
{
	int64_t sum = 0;
	size_t i;
	json_t *variant;

	json_array_foreach(json_object_get(config, "ProductionVariants"), i, variant)
	{
		const char *type = json_get_str(variant, "InstanceType");
		const struct price *price = type ? price_find(prices, type, region, "Hosting") : NULL;
		int64_t n = json_get_i64(variant, "InitialInstanceCount", 1);

		if (!type && json_object_get(variant, "ServerlessConfig"))
			continue;
		sum = money_sum(sum, price && n < 100000 ? price->usd_micro * n : USD_UNKNOWN);
	}
	return sum;
}
