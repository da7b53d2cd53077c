/* shapes_training_job.c - the request of CreateTrainingJob. */
#include "aws/shape.h"

#include "base/str.h"

const struct shape_member *shape_member_of(const struct shape *shape, const char *name)
{
	for (const struct shape_member *m = shape->members; m && m->name; m++) {
		if (str_eq(m->name, name))
			return m;
	}
	return NULL;
}

static const char *const instance_types[] = {
	"ml.m4.xlarge",	       "ml.m4.2xlarge",		"ml.m4.4xlarge",       "ml.m4.10xlarge",
	"ml.m4.16xlarge",      "ml.g4dn.xlarge",	"ml.g4dn.2xlarge",     "ml.g4dn.4xlarge",
	"ml.g4dn.8xlarge",     "ml.g4dn.12xlarge",	"ml.g4dn.16xlarge",    "ml.m5.large",
	"ml.m5.xlarge",	       "ml.m5.2xlarge",		"ml.m5.4xlarge",       "ml.m5.12xlarge",
	"ml.m5.24xlarge",      "ml.c4.xlarge",		"ml.c4.2xlarge",       "ml.c4.4xlarge",
	"ml.c4.8xlarge",       "ml.p2.xlarge",		"ml.p2.8xlarge",       "ml.p2.16xlarge",
	"ml.p3.2xlarge",       "ml.p3.8xlarge",		"ml.p3.16xlarge",      "ml.p3dn.24xlarge",
	"ml.p4d.24xlarge",     "ml.p4de.24xlarge",	"ml.p5.48xlarge",      "ml.p5.4xlarge",
	"ml.p5e.48xlarge",     "ml.p5en.48xlarge",	"ml.c5.xlarge",	       "ml.c5.2xlarge",
	"ml.c5.4xlarge",       "ml.c5.9xlarge",		"ml.c5.18xlarge",      "ml.c5n.xlarge",
	"ml.c5n.2xlarge",      "ml.c5n.4xlarge",	"ml.c5n.9xlarge",      "ml.c5n.18xlarge",
	"ml.g5.xlarge",	       "ml.g5.2xlarge",		"ml.g5.4xlarge",       "ml.g5.8xlarge",
	"ml.g5.16xlarge",      "ml.g5.12xlarge",	"ml.g5.24xlarge",      "ml.g5.48xlarge",
	"ml.g6.xlarge",	       "ml.g6.2xlarge",		"ml.g6.4xlarge",       "ml.g6.8xlarge",
	"ml.g6.16xlarge",      "ml.g6.12xlarge",	"ml.g6.24xlarge",      "ml.g6.48xlarge",
	"ml.g6e.xlarge",       "ml.g6e.2xlarge",	"ml.g6e.4xlarge",      "ml.g6e.8xlarge",
	"ml.g6e.16xlarge",     "ml.g6e.12xlarge",	"ml.g6e.24xlarge",     "ml.g6e.48xlarge",
	"ml.trn1.2xlarge",     "ml.trn1.32xlarge",	"ml.trn1n.32xlarge",   "ml.trn2.48xlarge",
	"ml.m6i.large",	       "ml.m6i.xlarge",		"ml.m6i.2xlarge",      "ml.m6i.4xlarge",
	"ml.m6i.8xlarge",      "ml.m6i.12xlarge",	"ml.m6i.16xlarge",     "ml.m6i.24xlarge",
	"ml.m6i.32xlarge",     "ml.c6i.xlarge",		"ml.c6i.2xlarge",      "ml.c6i.4xlarge",
	"ml.c6i.8xlarge",      "ml.c6i.12xlarge",	"ml.c6i.16xlarge",     "ml.c6i.24xlarge",
	"ml.c6i.32xlarge",     "ml.r5d.large",		"ml.r5d.xlarge",       "ml.r5d.2xlarge",
	"ml.r5d.4xlarge",      "ml.r5d.8xlarge",	"ml.r5d.12xlarge",     "ml.r5d.16xlarge",
	"ml.r5d.24xlarge",     "ml.t3.medium",		"ml.t3.large",	       "ml.t3.xlarge",
	"ml.t3.2xlarge",       "ml.r5.large",		"ml.r5.xlarge",	       "ml.r5.2xlarge",
	"ml.r5.4xlarge",       "ml.r5.8xlarge",		"ml.r5.12xlarge",      "ml.r5.16xlarge",
	"ml.r5.24xlarge",      "ml.m7i.large",		"ml.m7i.xlarge",       "ml.m7i.2xlarge",
	"ml.m7i.4xlarge",      "ml.m7i.8xlarge",	"ml.m7i.12xlarge",     "ml.m7i.16xlarge",
	"ml.m7i.24xlarge",     "ml.m7i.48xlarge",	"ml.c7i.large",	       "ml.c7i.xlarge",
	"ml.c7i.2xlarge",      "ml.c7i.4xlarge",	"ml.c7i.8xlarge",      "ml.c7i.12xlarge",
	"ml.c7i.16xlarge",     "ml.c7i.24xlarge",	"ml.c7i.48xlarge",     "ml.r7i.large",
	"ml.r7i.xlarge",       "ml.r7i.2xlarge",	"ml.r7i.4xlarge",      "ml.r7i.8xlarge",
	"ml.r7i.12xlarge",     "ml.r7i.16xlarge",	"ml.r7i.24xlarge",     "ml.r7i.48xlarge",
	"ml.p6-b200.48xlarge", "ml.p6e-gb200.36xlarge", "ml.p6-b300.48xlarge", "ml.g7e.2xlarge",
	"ml.g7e.4xlarge",      "ml.g7e.8xlarge",	"ml.g7e.12xlarge",     "ml.g7e.24xlarge",
	"ml.g7e.48xlarge",     "ml.g7.2xlarge",		"ml.g7.4xlarge",       "ml.g7.8xlarge",
	"ml.g7.12xlarge",      "ml.g7.24xlarge",	"ml.g7.48xlarge",      NULL,
};

static const char *const input_modes[] = {"Pipe", "File", "FastFile", NULL};
static const char *const s3_data_types[] = {"ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse", NULL};
static const char *const distributions[] = {"FullyReplicated", "ShardedByS3Key", NULL};
static const char *const compressions[] = {"None", "Gzip", NULL};
static const char *const output_compressions[] = {"GZIP", "NONE", NULL};
static const char *const wrappers[] = {"None", "RecordIO", NULL};
static const char *const access_modes[] = {"rw", "ro", NULL};
static const char *const file_systems[] = {"EFS", "FSxLustre", NULL};

static const struct shape any = {.type = SHAPE_ANY};
static const struct shape boolean = {.type = SHAPE_BOOLEAN};
const struct shape shape_training_job_name = STRING(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
static const struct shape role_arn = STRING(20, 2048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
static const struct shape s3_uri = STRING(0, 1024, "(https|s3)://([^/]+)/?(.*)");
static const struct shape kms_key = STRING(0, 2048, "[a-zA-Z0-9:/_-]*");
static const struct shape directory = STRING(0, 4096, ".*");
static const struct shape text_64 = STRING(1, 64, ".+");
static const struct shape text_256 = STRING(0, 256, ".*");
static const struct shape count = INTEGER(0, NOLIM);
/* Types come faster than programs: what looks like one is not refused before the
 * service has seen it. */
static const struct shape instance_type = {.type = SHAPE_STRING,
					   .min = NOLIM,
					   .max = NOLIM,
					   .values = instance_types,
					   .pattern = "ml\\.[a-z0-9-]+\\.[a-z0-9]+"};
static const struct shape input_mode = ENUM(input_modes);

/* Tags */
const struct shape shape_tag_key = STRING(1, 128, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
static const struct shape tag_value = STRING(0, 256, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
MEMBERS(tag_members) = {{"Key", true, &shape_tag_key}, {"Value", true, &tag_value}, {NULL}};
static const struct shape tag = STRUCT(tag_members);
const struct shape shape_tags = LIST(0, 50, &tag);

/* AlgorithmSpecification */
static const struct shape image = STRING(0, 255, ".*");
static const struct shape algorithm_name = STRING(
	1, 170,
	"(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)");
static const struct shape metric_name = STRING(1, 255, ".+");
static const struct shape metric_regex = STRING(1, 500, ".+");
MEMBERS(metric_members) = {{"Name", true, &metric_name}, {"Regex", true, &metric_regex}, {NULL}};
static const struct shape metric = STRUCT(metric_members);
static const struct shape metrics = LIST(0, 40, &metric);
static const struct shape arguments = LIST(1, 100, &text_256);
MEMBERS(algorithm_members) = {{"TrainingImage", false, &image},
			      {"AlgorithmName", false, &algorithm_name},
			      {"TrainingInputMode", true, &input_mode},
			      {"MetricDefinitions", false, &metrics},
			      {"EnableSageMakerMetricsTimeSeries", false, &boolean},
			      {"ContainerEntrypoint", false, &arguments},
			      {"ContainerArguments", false, &arguments},
			      {"TrainingImageConfig", false, &any},
			      {NULL}};
static const struct shape algorithm = STRUCT(algorithm_members);

/* InputDataConfig */
static const struct shape s3_data_type = ENUM(s3_data_types);
static const struct shape distribution = ENUM(distributions);
static const struct shape attribute_name = STRING(1, 256, ".+");
static const struct shape attribute_names = LIST(0, 16, &attribute_name);
static const struct shape group_names = LIST(0, 5, &text_64);
MEMBERS(s3_source_members) = {{"S3DataType", true, &s3_data_type},
			      {"S3Uri", true, &s3_uri},
			      {"S3DataDistributionType", false, &distribution},
			      {"AttributeNames", false, &attribute_names},
			      {"InstanceGroupNames", false, &group_names},
			      {"ModelAccessConfig", false, &any},
			      {"HubAccessConfig", false, &any},
			      {NULL}};
static const struct shape s3_source = STRUCT(s3_source_members);
static const struct shape file_system_id = STRING(11, 21, "(fs-[0-9a-f]{8,})");
static const struct shape access_mode = ENUM(access_modes);
static const struct shape file_system = ENUM(file_systems);
MEMBERS(fs_source_members) = {{"FileSystemId", true, &file_system_id},
			      {"FileSystemAccessMode", true, &access_mode},
			      {"FileSystemType", true, &file_system},
			      {"DirectoryPath", true, &directory},
			      {NULL}};
static const struct shape fs_source = STRUCT(fs_source_members);
MEMBERS(source_members) = {{"S3DataSource", false, &s3_source},
			   {"FileSystemDataSource", false, &fs_source},
			   {"DatasetSource", false, &any},
			   {NULL}};
static const struct shape source = STRUCT(source_members);
static const struct shape channel_name = STRING(1, 64, "[A-Za-z0-9\\.\\-_]+");
static const struct shape compression = ENUM(compressions);
static const struct shape wrapper = ENUM(wrappers);
static const struct shape seed = INTEGER(NOLIM, NOLIM);
MEMBERS(shuffle_members) = {{"Seed", true, &seed}, {NULL}};
static const struct shape shuffle = STRUCT(shuffle_members);
MEMBERS(channel_members) = {{"ChannelName", true, &channel_name},   {"DataSource", true, &source},
			    {"ContentType", false, &text_256},	    {"CompressionType", false, &compression},
			    {"RecordWrapperType", false, &wrapper}, {"InputMode", false, &input_mode},
			    {"ShuffleConfig", false, &shuffle},	    {NULL}};
static const struct shape channel = STRUCT(channel_members);
static const struct shape channels = LIST(1, 20, &channel);

/* The rest of CreateTrainingJob */
static const struct shape hyper_key = STRING(0, 256, ".*");
static const struct shape hyper_value = STRING(0, 2500, ".*");
static const struct shape hyper_parameters = MAP(0, 100, &hyper_key, &hyper_value);
static const struct shape env_key = STRING(0, 512, "[a-zA-Z_][a-zA-Z0-9_]*");
static const struct shape env_value = STRING(0, 512, "[\\S\\s]*");
static const struct shape environment = MAP(0, 100, &env_key, &env_value);
static const struct shape output_compression = ENUM(output_compressions);
MEMBERS(output_members) = {{"KmsKeyId", false, &kms_key},
			   {"S3OutputPath", true, &s3_uri},
			   {"CompressionType", false, &output_compression},
			   {NULL}};
static const struct shape output = STRUCT(output_members);
const struct shape shape_keep_alive = INTEGER(0, 21600);
MEMBERS(group_members) = {{"InstanceType", true, &instance_type},
			  {"InstanceCount", true, &count},
			  {"InstanceGroupName", true, &text_64},
			  {NULL}};
static const struct shape group = STRUCT(group_members);
static const struct shape groups = LIST(0, 5, &group);
const struct shape shape_training_plan_arn =
	STRING(50, 2048, "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:training-plan/.*");
MEMBERS(resource_members) = {{"InstanceType", false, &instance_type},
			     {"InstanceCount", false, &count},
			     {"VolumeSizeInGB", false, &count},
			     {"VolumeKmsKeyId", false, &kms_key},
			     {"KeepAlivePeriodInSeconds", false, &shape_keep_alive},
			     {"InstanceGroups", false, &groups},
			     {"TrainingPlanArn", false, &shape_training_plan_arn},
			     {"InstancePlacementConfig", false, &any},
			     {NULL}};
static const struct shape resource = STRUCT(resource_members);
static const struct shape vpc_id = STRING(0, 32, "[-0-9a-zA-Z]+");
static const struct shape security_groups = LIST(1, 5, &vpc_id);
static const struct shape subnets = LIST(1, 16, &vpc_id);
MEMBERS(vpc_members) = {{"SecurityGroupIds", true, &security_groups}, {"Subnets", true, &subnets}, {NULL}};
static const struct shape vpc = STRUCT(vpc_members);
static const struct shape seconds = INTEGER(1, NOLIM);
static const struct shape pending = INTEGER(7200, 2419200);
MEMBERS(stopping_members) = {{"MaxRuntimeInSeconds", false, &seconds},
			     {"MaxWaitTimeInSeconds", false, &seconds},
			     {"MaxPendingTimeInSeconds", false, &pending},
			     {NULL}};
static const struct shape stopping = STRUCT(stopping_members);
MEMBERS(checkpoint_members) = {{"S3Uri", true, &s3_uri}, {"LocalPath", false, &directory}, {NULL}};
static const struct shape checkpoint = STRUCT(checkpoint_members);
static const struct shape attempts = INTEGER(1, 30);
MEMBERS(retry_members) = {{"MaximumRetryAttempts", true, &attempts}, {NULL}};
static const struct shape retry = STRUCT(retry_members);
static const struct shape experiment_name = STRING(1, 120, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}");
MEMBERS(experiment_members) = {{"ExperimentName", false, &experiment_name},
			       {"TrialName", false, &experiment_name},
			       {"TrialComponentDisplayName", false, &experiment_name},
			       {"RunName", false, &experiment_name},
			       {NULL}};
static const struct shape experiment = STRUCT(experiment_members);
MEMBERS(board_members) = {{"LocalPath", false, &directory}, {"S3OutputPath", true, &s3_uri}, {NULL}};
static const struct shape board = STRUCT(board_members);
MEMBERS(remote_members) = {{"EnableRemoteDebug", false, &boolean}, {NULL}};
const struct shape shape_remote_debug = STRUCT(remote_members);
MEMBERS(infra_members) = {{"EnableInfraCheck", false, &boolean}, {NULL}};
static const struct shape infra = STRUCT(infra_members);

MEMBERS(create_members) = {{"TrainingJobName", true, &shape_training_job_name},
			   {"HyperParameters", false, &hyper_parameters},
			   {"AlgorithmSpecification", false, &algorithm},
			   {"RoleArn", true, &role_arn},
			   {"InputDataConfig", false, &channels},
			   {"OutputDataConfig", true, &output},
			   {"ResourceConfig", false, &resource},
			   {"VpcConfig", false, &vpc},
			   {"StoppingCondition", false, &stopping},
			   {"Tags", false, &shape_tags},
			   {"EnableNetworkIsolation", false, &boolean},
			   {"EnableInterContainerTrafficEncryption", false, &boolean},
			   {"EnableManagedSpotTraining", false, &boolean},
			   {"CheckpointConfig", false, &checkpoint},
			   {"DebugHookConfig", false, &any},
			   {"DebugRuleConfigurations", false, &any},
			   {"TensorBoardOutputConfig", false, &board},
			   {"ExperimentConfig", false, &experiment},
			   {"ProfilerConfig", false, &any},
			   {"ProfilerRuleConfigurations", false, &any},
			   {"Environment", false, &environment},
			   {"RetryStrategy", false, &retry},
			   {"RemoteDebugConfig", false, &shape_remote_debug},
			   {"InfraCheckConfig", false, &infra},
			   {"SessionChainingConfig", false, &any},
			   {"ServerlessJobConfig", false, &any},
			   {"MlflowConfig", false, &any},
			   {"ModelPackageConfig", false, &any},
			   {NULL}};
const struct shape shape_create_training_job = STRUCT(create_members);
