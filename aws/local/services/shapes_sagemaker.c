/* Input shapes of SageMaker: training jobs but for their creation, Search, tags. */
#include "aws/local/services/shapes.h"

static const char *const statuses[] = {"InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting", NULL};
static const char *const sort_by[] = {"Name", "CreationTime", "Status", NULL};
static const char *const sort_orders[] = {"Ascending", "Descending", NULL};
static const char *const pool_statuses[] = {"Available", "Terminated", "Reused", "InUse", NULL};
static const char *const resources[] = {"TrainingJob",
					"Experiment",
					"ExperimentTrial",
					"ExperimentTrialComponent",
					"Endpoint",
					"Model",
					"ModelPackage",
					"ModelPackageGroup",
					"Pipeline",
					"PipelineExecution",
					"FeatureGroup",
					"FeatureMetadata",
					"Image",
					"ImageVersion",
					"Project",
					"HyperParameterTuningJob",
					"ModelCard",
					"PipelineVersion",
					"Job",
					NULL};
static const char *const operators[] = {"Equals",      "NotEquals",
					"GreaterThan", "GreaterThanOrEqualTo",
					"LessThan",    "LessThanOrEqualTo",
					"Contains",    "Exists",
					"NotExists",   "In",
					NULL};
static const char *const booleans[] = {"And", "Or", NULL};

static const struct shape any = {.type = SHAPE_ANY};
static const struct shape timestamp = {.type = SHAPE_TIME};
static const struct shape next_token = STRING(0, 8192, ".*");

MEMBERS(name_members) = {{"TrainingJobName", true, &shape_training_job_name}, {NULL}};
const struct shape shape_job_name = STRUCT(name_members);

static const struct shape max_results = INTEGER(1, 100);
static const struct shape name_contains = STRING(0, 63, "[a-zA-Z0-9\\-]+");
static const struct shape status = ENUM(statuses);
static const struct shape sort_field = ENUM(sort_by);
static const struct shape sort_order = ENUM(sort_orders);
static const struct shape pool_status = ENUM(pool_statuses);
MEMBERS(list_members) = {{"NextToken", false, &next_token},
			 {"MaxResults", false, &max_results},
			 {"CreationTimeAfter", false, &timestamp},
			 {"CreationTimeBefore", false, &timestamp},
			 {"LastModifiedTimeAfter", false, &timestamp},
			 {"LastModifiedTimeBefore", false, &timestamp},
			 {"NameContains", false, &name_contains},
			 {"StatusEquals", false, &status},
			 {"SortBy", false, &sort_field},
			 {"SortOrder", false, &sort_order},
			 {"WarmPoolStatusEquals", false, &pool_status},
			 {"TrainingPlanArnEquals", false, &shape_training_plan_arn},
			 {NULL}};
const struct shape shape_list_training_jobs = STRUCT(list_members);

MEMBERS(resource_update_members) = {{"KeepAlivePeriodInSeconds", true, &shape_keep_alive}, {NULL}};
static const struct shape resource_update = STRUCT(resource_update_members);
MEMBERS(update_members) = {
	{"TrainingJobName", true, &shape_training_job_name}, {"ProfilerConfig", false, &any},
	{"ProfilerRuleConfigurations", false, &any},	     {"ResourceConfig", false, &resource_update},
	{"RemoteDebugConfig", false, &shape_remote_debug},   {NULL}};
const struct shape shape_update_training_job = STRUCT(update_members);

/* Search: expressions nest, so the shapes refer to each other. */
static const struct shape property_name = STRING(1, 255, ".+");
static const struct shape filter_value = STRING(1, 1024, ".+");
static const struct shape filter_operator = ENUM(operators);
MEMBERS(filter_members) = {
	{"Name", true, &property_name}, {"Operator", false, &filter_operator}, {"Value", false, &filter_value}, {NULL}};
static const struct shape filter = STRUCT(filter_members);
static const struct shape filters = LIST(1, 20, &filter);
MEMBERS(nested_members) = {{"NestedPropertyName", true, &property_name}, {"Filters", true, &filters}, {NULL}};
static const struct shape nested = STRUCT(nested_members);
static const struct shape nested_list = LIST(1, 20, &nested);
static const struct shape boolean_operator = ENUM(booleans);
static const struct shape expression;
static const struct shape expressions = LIST(1, 20, &expression);
MEMBERS(expression_members) = {{"Filters", false, &filters},
			       {"NestedFilters", false, &nested_list},
			       {"SubExpressions", false, &expressions},
			       {"Operator", false, &boolean_operator},
			       {NULL}};
static const struct shape expression = STRUCT(expression_members);
static const struct shape search_resource = ENUM(resources);
MEMBERS(search_members) = {{"Resource", true, &search_resource},
			   {"SearchExpression", false, &expression},
			   {"SortBy", false, &property_name},
			   {"SortOrder", false, &sort_order},
			   {"NextToken", false, &next_token},
			   {"MaxResults", false, &max_results},
			   {"CrossAccountFilterOption", false, &any},
			   {"VisibilityConditions", false, &any},
			   {NULL}};
const struct shape shape_search = STRUCT(search_members);

static const struct shape resource_arn = STRING(0, 256, "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+");
static const struct shape list_tags_max = INTEGER(50, NOLIM);
MEMBERS(list_tags_members) = {{"ResourceArn", true, &resource_arn},
			      {"NextToken", false, &next_token},
			      {"MaxResults", false, &list_tags_max},
			      {NULL}};
const struct shape shape_list_tags = STRUCT(list_tags_members);
MEMBERS(add_tags_members) = {{"ResourceArn", true, &resource_arn}, {"Tags", true, &shape_tags}, {NULL}};
const struct shape shape_add_tags = STRUCT(add_tags_members);
static const struct shape tag_keys = LIST(1, 50, &shape_tag_key);
MEMBERS(delete_tags_members) = {{"ResourceArn", true, &resource_arn}, {"TagKeys", true, &tag_keys}, {NULL}};
const struct shape shape_delete_tags = STRUCT(delete_tags_members);
