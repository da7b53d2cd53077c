/* Rows of the table of kinds: models, endpoint configurations, endpoints,
 * inference components. */
#include "aws/local/services/kinds_rows.h"

#include "aws/local/running/endpoint.h"
#include "aws/local/running/endpoint_policy.h"

#define HOSTING_FILTERS (LIST_NAME | LIST_CREATED)
#define ENDPOINT_STATUSES \
	"OutOfService|Creating|Updating|SystemUpdating|RollingBack|InService|Deleting|Failed|UpdateRollbackFailed"
#define VARIANTS                                                                                 \
	"[{VariantName!:name ModelName:model_name InitialInstanceCount:count InstanceType:text " \
	"InitialVariantWeight:number ServerlessConfig:{MemorySizeInMB!:serverless_mb "           \
	"MaxConcurrency!:concurrency ProvisionedConcurrency:concurrency} VolumeSizeInGB:count "  \
	"ModelDataDownloadTimeoutInSeconds:count "                                               \
	"ContainerStartupHealthCheckTimeoutInSeconds:count}]"
#define ENDPOINT_HIDDEN ENDPOINT_STATE " " ENDPOINT_CONFIG " " ENDPOINT_UPDATE

/* --- models and configurations --------------------------------------------------------- */

static int model_made(struct call *c, struct document *r)
{
	bool primary = json_object_get(c->in, "PrimaryContainer") != NULL;
	bool several = json_array_size(json_object_get(c->in, "Containers")) > 0;

	if (primary && several)
		return op_invalid(c, "You cannot specify both PrimaryContainer and Containers.");
	if (!primary && !several)
		return op_invalid(c, "You must specify either PrimaryContainer or Containers.");
	return 0;
}

/* What the service does not do without servers. */
static int check_serverless(struct call *c, const struct document *r, const json_t *variant)
{
	const json_t *config = json_object_get(variant, "ServerlessConfig");
	const char *name = json_get_str(variant, "VariantName");
	int64_t most = json_get_i64(config, "MaxConcurrency", 0);

	if (json_get_i64(config, "MemorySizeInMB", 0) % 1024)
		return op_invalid(
			c, "MemorySizeInMB of the variant %.63s must be 1024, 2048, 3072, 4096, 5120 or 6144.", name);
	if (json_get_i64(config, "ProvisionedConcurrency", 0) > most)
		return op_invalid(c, "ProvisionedConcurrency of the variant %.63s must not exceed its MaxConcurrency.",
				  name);
	if (json_object_get(variant, "InitialInstanceCount"))
		return op_invalid(c,
				  "InitialInstanceCount of the variant %.63s goes with InstanceType, not with "
				  "ServerlessConfig.",
				  name);
	if (json_array_size(json_object_get(r->doc, "ProductionVariants")) > 1)
		return op_invalid(c, "A serverless endpoint must have one variant only.");
	if (json_object_get(r->doc, "DataCaptureConfig") || json_object_get(r->doc, "AsyncInferenceConfig") ||
	    json_array_size(json_object_get(r->doc, "ShadowProductionVariants")))
		return op_invalid(c, "DataCaptureConfig, AsyncInferenceConfig and ShadowProductionVariants are not "
				     "supported for serverless endpoints.");
	return 0;
}

static int check_variants(struct call *c, const struct document *r, const json_t *variants)
{
	size_t i;
	json_t *variant;

	json_array_foreach((json_t *)variants, i, variant)
	{
		bool serverless = json_object_get(variant, "ServerlessConfig") != NULL;

		if (json_object_get(variant, "ModelName") && !kind_asked(c, kind_by_id("model"), variant))
			return -1;
		if (serverless == (json_object_get(variant, "InstanceType") != NULL))
			return op_invalid(c, "The variant %.63s must have either ServerlessConfig or InstanceType.",
					  json_get_str(variant, "VariantName"));
		if (!serverless && json_get_i64(variant, "InitialInstanceCount", 1) < 1)
			return op_invalid(c, "InitialInstanceCount of the variant %.63s must be at least 1.",
					  json_get_str(variant, "VariantName"));
		if (serverless && check_serverless(c, r, variant) < 0)
			return -1;
		if (!json_object_get(variant, "InitialVariantWeight"))
			json_object_set_new(variant, "InitialVariantWeight", json_real(1));
	}
	return 0;
}

static int config_made(struct call *c, struct document *r)
{
	const json_t *variants = json_object_get(r->doc, "ProductionVariants");

	if (!json_array_size(variants))
		return op_invalid(c, "ProductionVariants must have at least one variant.");
	if (check_variants(c, r, variants) < 0)
		return -1;
	return check_variants(c, r, json_object_get(r->doc, "ShadowProductionVariants"));
}

/* --- endpoints -------------------------------------------------------------------------- */

/* A variant as Describe tells it while nothing serves it yet. */
static json_t *variant_summary(const json_t *variant)
{
	double weight = json_get_f64(variant, "InitialVariantWeight", 1);
	const json_t *serverless = json_object_get(variant, "ServerlessConfig");
	json_t *row =
		json_pack("{s:s, s:f}", "VariantName", json_get_str(variant, "VariantName"), "DesiredWeight", weight);

	if (serverless)
		json_object_set_new(row, "DesiredServerlessConfig", json_deep_copy(serverless));
	else
		json_object_set_new(row, "DesiredInstanceCount",
				    json_integer(json_get_i64(variant, "InitialInstanceCount", 1)));
	return row;
}

static void take_variants(json_t *endpoint, const json_t *config, const char *member)
{
	const json_t *variants = json_object_get(config, member);
	json_t *rows = json_array();
	size_t i;
	json_t *variant;

	json_array_foreach((json_t *)variants, i, variant) json_array_append_new(rows, variant_summary(variant));
	if (json_array_size(rows))
		json_object_set(endpoint, member, rows);
	json_decref(rows);
}

static int endpoint_made(struct call *c, struct document *r)
{
	const struct document *config = kind_asked(c, kind_by_id("endpoint-config"), c->in);

	if (!config)
		return -1;
	struct err err = {0};

	if (endpoint_check(c->e, config->doc, &err) < 0)
		return op_invalid(c, "%s", err.msg);
	take_variants(r->doc, config->doc, "ProductionVariants");
	take_variants(r->doc, config->doc, "ShadowProductionVariants");
	return 0;
}

/* Alarms that are not there would never roll anything back. */
static int check_alarms(struct call *c, const json_t *policy)
{
	size_t i;
	json_t *alarm;

	json_array_foreach(json_path_get(policy, "AutoRollbackConfiguration.Alarms"), i, alarm)
	{
		const char *name = str_or(json_get_str(alarm, "AlarmName"), "");

		if (!document_find(c->e, "alarm", name))
			return op_invalid(c, "Could not find the alarm \"%.255s\" of AutoRollbackConfiguration.", name);
	}
	return 0;
}

/* How the update goes: as it says, or as the last one did. */
static int take_deployment(struct call *c, struct document *r)
{
	bool given = json_object_get(c->in, "DeploymentConfig") != NULL;
	bool retained = json_get_bool(c->in, "RetainDeploymentConfig", false);

	if (given && retained)
		return op_invalid(c, "DeploymentConfig must not be given where RetainDeploymentConfig is true.");
	if (!given && !retained)
		json_object_del(r->doc, "LastDeploymentConfig");
	return 0;
}

static int check_deployment(struct call *c, const struct document *r, const json_t *variants)
{
	const json_t *policy = json_object_get(r->doc, "LastDeploymentConfig");
	struct err err = {0};

	if (policy && deploy_policy_check(policy, variants, &err) < 0)
		return op_invalid(c, "%s", err.msg);
	return check_alarms(c, policy);
}

static bool is_excluded(const json_t *excluded, const char *member)
{
	size_t i;
	json_t *one;

	json_array_foreach((json_t *)excluded, i, one)
	{
		if (str_eq(json_get_str(one, "VariantPropertyType"), member))
			return true;
	}
	return false;
}

/* Weights and counts of before, where they are to be kept. */
static void retain(const struct call *c, json_t *variants, const json_t *before)
{
	const json_t *excluded = json_object_get(c->in, "ExcludeRetainedVariantProperties");
	static const char *const members[] = {"DesiredWeight", "DesiredInstanceCount"};
	size_t i;
	json_t *variant;

	json_array_foreach(variants, i, variant)
	{
		const json_t *old = endpoint_find_variant(before, json_get_str(variant, "VariantName"));

		for (size_t m = 0; m < ARRAY_LEN(members); m++) {
			json_t *value = json_object_get(old, members[m]);

			if (value && !is_excluded(excluded, members[m]))
				json_object_set(variant, members[m], value);
		}
	}
}

/* What is captured is a property of the endpoint as well. */
static void retain_capture(const struct call *c, json_t *config, const struct document *r)
{
	json_t *before = json_path_get(r->doc, ENDPOINT_CONFIG ".DataCaptureConfig");

	if (is_excluded(json_object_get(c->in, "ExcludeRetainedVariantProperties"), "DataCaptureConfig"))
		return;
	if (before)
		json_object_set(config, "DataCaptureConfig", before);
	else
		json_object_del(config, "DataCaptureConfig");
}

/* A stored document, which nothing serves, stays Updating. */
static int endpoint_updated(struct call *c, struct document *r)
{
	AUTO(json) json_t *next = json_object(), *with = NULL;
	const struct document *config = kind_asked(c, kind_by_id("endpoint-config"), c->in);

	if (!config || take_deployment(c, r) < 0)
		return -1;
	if (!endpoint_has_servers(c->e, r))
		return endpoint_made(c, r);
	struct err err = {0};

	if (endpoint_check(c->e, config->doc, &err) < 0)
		return op_invalid(c, "%s", err.msg);
	take_variants(next, config->doc, "ProductionVariants");
	json_t *told = json_object_get(next, "ProductionVariants");

	with = json_copy(config->doc);
	if (json_get_bool(c->in, "RetainAllVariantProperties", false)) {
		retain(c, told, json_object_get(r->doc, "ProductionVariants"));
		retain_capture(c, with, r);
	}
	if (check_deployment(c, r, told) < 0)
		return -1;
	endpoint_update(c->e, r, with, told);
	return 0;
}

static int endpoint_deleted(struct call *c, struct document *r)
{
	endpoint_delete(c->e, r);
	return 0;
}

/* Of one variant's wish: how many servers. */
static int change_capacity(struct call *c, json_t *variant, const json_t *wish, bool async)
{
	const char *name = json_get_str(variant, "VariantName");
	json_t *serverless = json_object_get(variant, "DesiredServerlessConfig");
	json_t *change = json_object_get(wish, "ServerlessUpdateConfig");
	json_t *count = json_object_get(wish, "DesiredInstanceCount");

	if (serverless ? count != NULL : change != NULL)
		return op_invalid(c, "%s of the variant %.63s cannot be changed: it is %s.",
				  serverless ? "DesiredInstanceCount" : "ServerlessUpdateConfig", name,
				  serverless ? "serverless" : "not serverless");
	if (json_get_i64(wish, "DesiredInstanceCount", 1) < (async ? 0 : 1))
		return op_invalid(c, "DesiredInstanceCount of the variant %.63s must be at least 1.", name);
	if (count)
		json_object_set(variant, "DesiredInstanceCount", count);
	if (change)
		json_object_update(serverless, change);
	if (json_get_i64(serverless, "ProvisionedConcurrency", 0) > json_get_i64(serverless, "MaxConcurrency", 0))
		return op_invalid(c, "ProvisionedConcurrency of the variant %.63s must not exceed its MaxConcurrency.",
				  name);
	return 0;
}

static int weights_changed(struct call *c, struct document *r)
{
	const json_t *wishes = json_object_get(c->in, "DesiredWeightsAndCapacities");
	size_t i;
	json_t *wish;

	json_array_foreach((json_t *)wishes, i, wish)
	{
		const char *name = json_get_str(wish, "VariantName");
		json_t *variant = endpoint_find_variant(json_object_get(r->doc, "ProductionVariants"), name);

		if (!variant)
			return op_invalid(c, "The endpoint %.63s has no variant named %.63s.", r->key, name);
		if (json_object_get(wish, "DesiredWeight"))
			json_object_set(variant, "DesiredWeight", json_object_get(wish, "DesiredWeight"));
		if (change_capacity(c, variant, wish, json_object_get(r->doc, "AsyncInferenceConfig") != NULL) < 0)
			return -1;
	}
	endpoint_resize(c->e, r);
	return 0;
}

/* --- inference components ------------------------------------------------------- */

static int component_made(struct call *c, struct document *r)
{
	const struct document *endpoint = kind_asked(c, kind_by_id("endpoint"), c->in);

	if (!endpoint)
		return -1;
	json_object_set_new(r->doc, "EndpointArn", json_string(endpoint->arn));
	return 0;
}

/* RuntimeConfig is told otherwise than it is asked for. */
static int component_runtime(struct call *c, struct document *r)
{
	json_t *copies = json_path_get(c->in, "RuntimeConfig.CopyCount");

	if (!json_object_get(c->in, "RuntimeConfig"))
		return 0;
	json_object_set_new(r->doc, "RuntimeConfig",
			    copies ? json_pack("{s:O}", "DesiredCopyCount", copies) : json_object());
	return 0;
}

static int component_wish(struct call *c, struct document *r)
{
	json_object_set_new(
		r->doc, "RuntimeConfig",
		json_pack("{s:O}", "DesiredCopyCount", json_path_get(c->in, "DesiredRuntimeConfig.CopyCount")));
	return 0;
}

static int component_created(struct call *c, struct document *r)
{
	return component_made(c, r) < 0 ? -1 : component_runtime(c, r);
}

/* --- the rows ------------------------------------------------------------------------------ */

const struct document_kind kinds_of_hosting[] = {
	{
		.id = "model",
		.noun = "model",
		.key = "ModelName",
		.key_input = "ModelName!:model_name",
		.arn = "ModelArn",
		.arn_path = "model/{key}",
		.created = "CreationTime",
		.more = "DeploymentRecommendation",
		.begin = JSON({"EnableNetworkIsolation" : false}),
		.search = "Model",
		.missing = {"ValidationException", "Could not find model \"{arn}\"."},
		.taken = {"ValidationException", "Cannot create already existing model \"{arn}\"."},
		.list = {"ListModels", "Models", "ModelName ModelArn CreationTime", HOSTING_FILTERS,
			 .sort = "CreationTime|Name"},
		.ops = {{VERB_CREATE, "CreateModel",
			 "ModelName!:model_name PrimaryContainer:{Image:text Mode:SingleModel|MultiModel "
			 "ModelDataUrl:text "
			 "Environment:<text> ModelPackageName:text ContainerHostname:text} Containers:[{Image:text "
			 "Mode:SingleModel|MultiModel ModelDataUrl:text Environment:<text> ModelPackageName:text "
			 "ContainerHostname:text}] InferenceExecutionConfig:{Mode!:Serial|Direct} "
			 "ExecutionRoleArn:role Tags:tags VpcConfig EnableNetworkIsolation:bool",
			 "ModelArn", .hook = model_made},
			{VERB_DESCRIBE, "DescribeModel"},
			{VERB_DELETE, "DeleteModel"}},
	},
	{
		.id = "endpoint-config",
		.noun = "endpoint configuration",
		.key = "EndpointConfigName",
		.key_input = "EndpointConfigName!:name",
		.arn = "EndpointConfigArn",
		.arn_path = "endpoint-config/{key}",
		.created = "CreationTime",
		.missing = {"ValidationException", "Could not find endpoint configuration \"{arn}\"."},
		.taken = {"ValidationException", "Cannot create already existing endpoint configuration \"{arn}\"."},
		.list = {"ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName EndpointConfigArn CreationTime",
			 HOSTING_FILTERS, .sort = "CreationTime|Name"},
		.ops = {{VERB_CREATE, "CreateEndpointConfig",
			 "EndpointConfigName!:name ProductionVariants!:" VARIANTS " DataCaptureConfig Tags:tags "
			 "KmsKeyId:text "
			 "AsyncInferenceConfig:{ClientConfig:{MaxConcurrentInvocationsPerInstance:at_once} "
			 "OutputConfig!:{KmsKeyId:text S3OutputPath:s3_uri S3FailurePath:s3_uri NotificationConfig}} "
			 "ExplainerConfig "
			 "ShadowProductionVariants:" VARIANTS " ExecutionRoleArn:role VpcConfig "
			 "EnableNetworkIsolation:bool MetricsConfig",
			 "EndpointConfigArn", .hook = config_made},
			{VERB_DESCRIBE, "DescribeEndpointConfig"},
			{VERB_DELETE, "DeleteEndpointConfig"}},
	},
	{
		.id = "endpoint",
		.noun = "endpoint",
		.key = "EndpointName",
		.key_input = "EndpointName!:name",
		.arn = "EndpointArn",
		.arn_path = "endpoint/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "EndpointStatus",
		.statuses = ENDPOINT_STATUSES,
		.begin = JSON({"EndpointStatus" : "Creating"}),
		.more = "ProductionVariants ShadowProductionVariants DataCaptureConfig FailureReason:text "
			"AsyncInferenceConfig PendingDeploymentSummary ExplainerConfig MetricsConfig "
			"LastDeploymentConfig",
		.drop = "RetainAllVariantProperties ExcludeRetainedVariantProperties RetainDeploymentConfig "
			"DesiredWeightsAndCapacities",
		.rename = "LastDeploymentConfig=DeploymentConfig",
		.hidden = ENDPOINT_HIDDEN,
		.search = "Endpoint",
		.search_drop = ENDPOINT_HIDDEN
		" LastDeploymentConfig AsyncInferenceConfig PendingDeploymentSummary ExplainerConfig "
		"MetricsConfig",
		.missing = {"ValidationException", "Could not find endpoint \"{arn}\"."},
		.taken = {"ValidationException", "Cannot create already existing endpoint \"{arn}\"."},
		.list = {"ListEndpoints", "Endpoints",
			 "EndpointName EndpointArn CreationTime LastModifiedTime EndpointStatus",
			 HOSTING_FILTERS | LIST_STATUS | LIST_MODIFIED, .sort = "CreationTime|Name|Status"},
		.ops = {{VERB_CREATE, "CreateEndpoint",
			 "EndpointName!:name EndpointConfigName!:name DeploymentConfig:deployment Tags:tags",
			 "EndpointArn", .hook = endpoint_made, .after = endpoint_create},
			{VERB_DESCRIBE, "DescribeEndpoint"},
			{VERB_CHANGE, "UpdateEndpoint",
			 "EndpointConfigName!:name RetainAllVariantProperties:bool "
			 "ExcludeRetainedVariantProperties:[{VariantPropertyType!:DesiredInstanceCount|DesiredWeight|"
			 "DataCaptureConfig}] DeploymentConfig:deployment RetainDeploymentConfig:bool",
			 "EndpointArn", "InService", "Updating", .refused = IN_PROGRESS, .hook = endpoint_updated},
			{VERB_CHANGE, "UpdateEndpointWeightsAndCapacities",
			 "DesiredWeightsAndCapacities!:[{VariantName!:name DesiredWeight:number "
			 "DesiredInstanceCount:count ServerlessUpdateConfig:{MaxConcurrency:concurrency "
			 "ProvisionedConcurrency:concurrency}}]",
			 "EndpointArn", "InService", "Updating", .refused = IN_PROGRESS, .hook = weights_changed},
			{VERB_DELETE, "DeleteEndpoint",
			 .from = "InService OutOfService Failed UpdateRollbackFailed Deleting", .refused = IN_PROGRESS,
			 .hook = endpoint_deleted}},
	},
	{
		.id = "inference-component",
		.noun = "inference component",
		.key = "InferenceComponentName",
		.key_input = "InferenceComponentName!:model_name",
		.arn = "InferenceComponentArn",
		.arn_path = "inference-component/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "InferenceComponentStatus",
		.statuses = "InService|Creating|Updating|Failed|Deleting",
		.begin = JSON({"InferenceComponentStatus" : "Creating"}),
		.more = "EndpointArn:text FailureReason:text LastDeploymentConfig RuntimeConfig",
		.rename = "LastDeploymentConfig=DeploymentConfig",
		.drop = "DesiredRuntimeConfig",
		.missing = {"ValidationException", "Could not find inference component \"{arn}\"."},
		.taken = {"ValidationException", "Cannot create already existing inference component \"{arn}\"."},
		.list = {"ListInferenceComponents", "InferenceComponents",
			 "CreationTime InferenceComponentArn InferenceComponentName EndpointArn EndpointName "
			 "VariantName "
			 "InferenceComponentStatus LastModifiedTime",
			 HOSTING_FILTERS | LIST_STATUS | LIST_MODIFIED,
			 "EndpointNameEquals:name VariantNameEquals:name",
			 "EndpointNameEquals=EndpointName VariantNameEquals=VariantName",
			 .sort = "CreationTime|Name|Status"},
		.ops = {{VERB_CREATE, "CreateInferenceComponent",
			 "InferenceComponentName!:model_name EndpointName!:name VariantName:name Specification "
			 "Specifications RuntimeConfig:{CopyCount!:count} Tags:tags",
			 "InferenceComponentArn", .hook = component_created},
			{VERB_DESCRIBE, "DescribeInferenceComponent"},
			{VERB_CHANGE, "UpdateInferenceComponent",
			 "Specification Specifications RuntimeConfig:{CopyCount!:count} DeploymentConfig",
			 "InferenceComponentArn", .to = "Updating", .hook = component_runtime},
			{VERB_CHANGE, "UpdateInferenceComponentRuntimeConfig",
			 "DesiredRuntimeConfig!:{CopyCount!:count}", "InferenceComponentArn", .to = "Updating",
			 .hook = component_wish},
			{VERB_DELETE, "DeleteInferenceComponent"}},
	},
	{.id = NULL},
};
