/* Rows of the table of kinds: what the console only shows, and what can be done to it.
 * None of these is created here: --load brings them. */
#include "aws/local/services/kinds_rows.h"

#define JOB_SORT "CreationTime|Name|Status"
#define JOB_FILTERS (LIST_NAME | LIST_STATUS | LIST_CREATED | LIST_MODIFIED)
#define JOB_STATUSES "InProgress|Completed|Failed|Stopping|Stopped"
#define AUTOML_STEPS                                                                                       \
	"Starting|MaxCandidatesReached|Failed|Stopped|MaxAutoMLJobRuntimeReached|Stopping|"                \
	"CandidateDefinitionsGenerated|Completed|ExplainabilityError|DeployingModel|ModelDeploymentError|" \
	"GeneratingModelInsightsReport|ModelInsightsError|AnalyzingData|FeatureEngineering|ModelTuning|"   \
	"GeneratingExplainabilityReport|TrainingModels|PreTraining"
#define MADE_BY "CreatedBy LastModifiedBy "

/* Filters: [{Name: Status, Value: Active}]; all must hold. */
static bool plan_matches(struct call *c, const struct document *r)
{
	size_t i;
	json_t *filter;

	json_array_foreach(json_object_get(c->in, "Filters"), i, filter)
	{
		if (!str_eq(json_get_str(filter, "Value"), json_get_str(r->doc, "Status")))
			return false;
	}
	return true;
}

const struct document_kind kinds_of_others[] = {
	{
		.id = "project",
		.noun = "project",
		.key = "ProjectName",
		.key_input = "ProjectName!:name32",
		.arn = "ProjectArn",
		.arn_path = "project/{key}",
		.created = "CreationTime",
		.status = "ProjectStatus",
		.statuses = "Pending|CreateInProgress|CreateCompleted|CreateFailed|DeleteInProgress|DeleteFailed|"
			    "DeleteCompleted|UpdateInProgress|UpdateCompleted|UpdateFailed",
		.begin = JSON({"ProjectStatus" : "CreateCompleted", "ProjectId" : "p-000000000000"}),
		.more = "ProjectName!:name32 ProjectId:text ProjectDescription:text ServiceCatalogProvisioningDetails "
			"ServiceCatalogProvisionedProductDetails TemplateProviderDetails " MADE_BY
			"LastModifiedTime:time",
		.search = "Project",
		.missing = {"ValidationException", "Project {name} does not exist."},
		.list = {"ListProjects", "ProjectSummaryList",
			 "ProjectName ProjectDescription ProjectArn ProjectId CreationTime ProjectStatus",
			 LIST_NAME | LIST_CREATED, .sort = "CreationTime|Name"},
		.ops = {{VERB_DESCRIBE, "DescribeProject"}},
	},
	{
		.id = "automl-job",
		.noun = "AutoML job",
		.key = "AutoMLJobName",
		.key_input = "AutoMLJobName!:name32",
		.arn = "AutoMLJobArn",
		.arn_path = "automl-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "AutoMLJobStatus",
		.statuses = JOB_STATUSES,
		.begin = JSON({"AutoMLJobStatus" : "InProgress", "AutoMLJobSecondaryStatus" : "Starting"}),
		.more = "AutoMLJobName!:name32 AutoMLJobSecondaryStatus:" AUTOML_STEPS
			" AutoMLJobInputDataConfig!:[{DataSource:{S3DataSource!}}] "
			"OutputDataConfig!:{S3OutputPath!:s3_uri KmsKeyId:text} "
			"RoleArn!:role "
			"AutoMLJobObjective:{MetricName!:text} AutoMLProblemTypeConfig AutoMLProblemTypeConfigName:"
			"ImageClassification|TextClassification|TimeSeriesForecasting|Tabular|TextGeneration "
			"EndTime:time FailureReason:text PartialFailureReasons BestCandidate AutoMLJobArtifacts "
			"ResolvedAttributes ModelDeployConfig ModelDeployResult DataSplitConfig SecurityConfig "
			"AutoMLComputeConfig",
		.missing = {"ResourceNotFound", "Could not find requested AutoML job with name: {name}"},
		.list = {"ListAutoMLJobs", "AutoMLJobSummaries",
			 "AutoMLJobName AutoMLJobArn AutoMLJobStatus AutoMLJobSecondaryStatus CreationTime EndTime "
			 "LastModifiedTime FailureReason PartialFailureReasons",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_DESCRIBE, "DescribeAutoMLJobV2"},
			{VERB_CHANGE, "StopAutoMLJob", .from = "InProgress Stopping", .to = "Stopped",
			 .stamp = "EndTime", .refused = NOT_STOPPED}},
	},
	{
		.id = "compilation-job",
		.noun = "compilation job",
		.key = "CompilationJobName",
		.key_input = "CompilationJobName!:name",
		.arn = "CompilationJobArn",
		.arn_path = "compilation-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "CompilationJobStatus",
		.statuses = "INPROGRESS|COMPLETED|FAILED|STARTING|STOPPING|STOPPED",
		.begin = JSON({
			"CompilationJobStatus" : "INPROGRESS",
			"FailureReason" : "",
			"StoppingCondition" : {"MaxRuntimeInSeconds" : 900}
		}),
		.more = "CompilationJobName!:name CompilationStartTime:time CompilationEndTime:time StoppingCondition "
			"InferenceImage:text ModelPackageVersionArn:text FailureReason:text "
			"ModelArtifacts!:{S3ModelArtifacts!:s3_uri} "
			"ModelDigests "
			"RoleArn!:role InputConfig!:{S3Uri!:s3_uri DataInputConfig:text "
			"Framework!:TENSORFLOW|KERAS|MXNET|"
			"ONNX|PYTORCH|XGBOOST|TFLITE|DARKNET|SKLEARN FrameworkVersion:text} "
			"OutputConfig!:{S3OutputLocation!:s3_uri TargetDevice:text TargetPlatform CompilerOptions:text "
			"KmsKeyId:text} VpcConfig DerivedInformation",
		.missing = {"ResourceNotFound", "Could not find requested compilation job with name: {name}"},
		.list = {"ListCompilationJobs", "CompilationJobSummaries",
			 "CompilationJobName CompilationJobArn CreationTime CompilationStartTime CompilationEndTime "
			 "CompilationTargetDevice=OutputConfig.TargetDevice LastModifiedTime CompilationJobStatus",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_DESCRIBE, "DescribeCompilationJob"},
			{VERB_CHANGE, "StopCompilationJob", .from = "STARTING INPROGRESS STOPPING", .to = "STOPPED",
			 .stamp = "CompilationEndTime", .refused = NOT_STOPPED},
			{VERB_DELETE, "DeleteCompilationJob", .from = "COMPLETED FAILED STOPPED",
			 .refused = NOT_DELETED}},
	},
	{
		.id = "labeling-job",
		.noun = "labeling job",
		.key = "LabelingJobName",
		.key_input = "LabelingJobName!:name",
		.arn = "LabelingJobArn",
		.arn_path = "labeling-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "LabelingJobStatus",
		.statuses = "Initializing|InProgress|Completed|Failed|Stopping|Stopped",
		.begin = JSON({
			"LabelingJobStatus" : "Initializing",
			"LabelCounters" :
				{"TotalLabeled" : 0, "HumanLabeled" : 0, "MachineLabeled" : 0, "Unlabeled" : 0},
			"JobReferenceCode" : "0"
		}),
		.more = "LabelingJobName!:name LabelCounters FailureReason:text JobReferenceCode:text "
			"LabelAttributeName:text InputConfig!:{DataSource! DataAttributes} "
			"OutputConfig!:{S3OutputPath!:s3_uri KmsKeyId:text SnsTopicArn:text} RoleArn!:role "
			"LabelCategoryConfigS3Uri:text StoppingConditions LabelingJobAlgorithmsConfig "
			"HumanTaskConfig!:{WorkteamArn!:text UiConfig! PreHumanTaskLambdaArn:text TaskKeywords "
			"TaskTitle!:text TaskDescription!:text NumberOfHumanWorkersPerDataObject!:count "
			"TaskTimeLimitInSeconds!:count TaskAvailabilityLifetimeInSeconds:count "
			"MaxConcurrentTaskCount:count AnnotationConsolidationConfig PublicWorkforceTaskPrice} "
			"LabelingJobOutput",
		.missing = {"ResourceNotFound", "Could not find requested labeling job with name: {name}"},
		.list = {"ListLabelingJobs", "LabelingJobSummaryList",
			 "LabelingJobName LabelingJobArn CreationTime LastModifiedTime LabelingJobStatus LabelCounters "
			 "WorkteamArn=HumanTaskConfig.WorkteamArn "
			 "PreHumanTaskLambdaArn=HumanTaskConfig.PreHumanTaskLambdaArn FailureReason LabelingJobOutput "
			 "InputConfig",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_DESCRIBE, "DescribeLabelingJob"},
			{VERB_CHANGE, "StopLabelingJob", .from = "Initializing InProgress Stopping", .to = "Stopped",
			 .refused = NOT_STOPPED}},
	},
	{
		.id = "recommendation-job",
		.noun = "inference recommendations job",
		.key = "JobName",
		.key_input = "JobName!:name",
		.arn = "JobArn",
		.arn_path = "inference-recommendations-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "Status",
		.statuses = "PENDING|IN_PROGRESS|COMPLETED|FAILED|STOPPING|STOPPED|DELETING|DELETED",
		.begin = JSON({"Status" : "PENDING", "JobDescription" : "", "JobType" : "Default"}),
		.more = "JobName!:name JobDescription:text JobType:Default|Advanced RoleArn!:role CompletionTime:time "
			"FailureReason:text InputConfig!:{ModelPackageVersionArn:text ModelName:text "
			"JobDurationInSeconds:count TrafficPattern ResourceLimit EndpointConfigurations "
			"VolumeKmsKeyId:text "
			"ContainerConfig Endpoints VpcConfig} StoppingConditions InferenceRecommendations "
			"EndpointPerformances",
		.missing = {"ResourceNotFound",
			    "Could not find requested inference recommendations job with name: {name}"},
		.list = {"ListInferenceRecommendationsJobs", "InferenceRecommendationsJobs",
			 "JobName JobDescription JobType JobArn Status CreationTime CompletionTime RoleArn "
			 "LastModifiedTime FailureReason ModelName=InputConfig.ModelName "
			 "ModelPackageVersionArn=InputConfig.ModelPackageVersionArn",
			 JOB_FILTERS, "ModelNameEquals:text ModelPackageVersionArnEquals:text",
			 "ModelNameEquals=InputConfig.ModelName "
			 "ModelPackageVersionArnEquals=InputConfig.ModelPackageVersionArn",
			 .sort = JOB_SORT},
		.ops = {{VERB_DESCRIBE, "DescribeInferenceRecommendationsJob"},
			{VERB_CHANGE, "StopInferenceRecommendationsJob", .from = "PENDING IN_PROGRESS STOPPING",
			 .to = "STOPPED", .stamp = "CompletionTime", .refused = NOT_STOPPED}},
	},
	{
		.id = "feature-group",
		.noun = "feature group",
		.key = "FeatureGroupName",
		.key_input = "FeatureGroupName!:word",
		.by_arn = true,
		.arn = "FeatureGroupArn",
		.arn_path = "feature-group/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "FeatureGroupStatus",
		.statuses = "Creating|Created|CreateFailed|Deleting|DeleteFailed",
		.begin = JSON({"FeatureGroupStatus" : "Creating", "NextToken" : ""}),
		.more = "FeatureGroupName!:text RecordIdentifierFeatureName!:text EventTimeFeatureName!:text "
			"FeatureDefinitions!:[{FeatureName:text FeatureType:Integral|Fractional|String "
			"CollectionType:List|Set|Vector CollectionConfig}] OnlineStoreConfig OfflineStoreConfig "
			"ThroughputConfig RoleArn:role OfflineStoreStatus:{Status!:Active|Blocked|Disabled "
			"BlockedReason:text} LastUpdateStatus FailureReason:text Description:text NextToken:text "
			"OnlineStoreTotalSizeBytes:count",
		.search = "FeatureGroup",
		.search_drop = "NextToken OnlineStoreTotalSizeBytes ThroughputConfig",
		.missing = {"ResourceNotFound",
			    "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name "
			    "{name}"},
		.list = {"ListFeatureGroups", "FeatureGroupSummaries",
			 "FeatureGroupName FeatureGroupArn CreationTime FeatureGroupStatus OfflineStoreStatus",
			 LIST_NAME | LIST_CREATED,
			 "FeatureGroupStatusEquals:Creating|Created|CreateFailed|Deleting|DeleteFailed "
			 "OfflineStoreStatusEquals:Active|Blocked|Disabled",
			 "FeatureGroupStatusEquals=FeatureGroupStatus "
			 "OfflineStoreStatusEquals=OfflineStoreStatus.Status",
			 .sort = "CreationTime|Name|FeatureGroupStatus|OfflineStoreStatus",
			 .sort_members = "OfflineStoreStatus=OfflineStoreStatus.Status"},
		.ops = {{VERB_DESCRIBE, "DescribeFeatureGroup", "NextToken:token"}},
	},
	{
		.id = "model-card",
		.noun = "model card",
		.key = "ModelCardName",
		.key_input = "ModelCardName!:name_or_arn",
		.by_arn = true,
		.arn = "ModelCardArn",
		.arn_path = "model-card/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "ModelCardStatus",
		.statuses = "Draft|PendingReview|Approved|Archived",
		.begin =
			JSON({"ModelCardStatus" : "Draft", "ModelCardVersion" : 1, "Content" : "{}", "CreatedBy" : {}}),
		.more = "ModelCardName!:name ModelCardVersion:count Content:text SecurityConfig " MADE_BY
			"ModelCardProcessingStatus:text",
		.search = "ModelCard",
		.search_drop = "ModelCardProcessingStatus",
		.missing = {"ResourceNotFound", "Model card {name} does not exist."},
		.list = {"ListModelCards", "ModelCardSummaries",
			 "ModelCardName ModelCardArn ModelCardStatus CreationTime LastModifiedTime",
			 LIST_NAME | LIST_CREATED, "ModelCardStatus:Draft|PendingReview|Approved|Archived",
			 "ModelCardStatus=ModelCardStatus", .sort = "CreationTime|Name"},
		.ops = {{VERB_DESCRIBE, "DescribeModelCard",
			 "ModelCardVersion:count IncludedData:AllData|MetadataOnly"}},
	},
	{
		.id = "image",
		.noun = "image",
		.key = "ImageName",
		.key_input = "ImageName!:name",
		.arn = "ImageArn",
		.arn_path = "image/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "ImageStatus",
		.statuses = "CREATING|CREATED|CREATE_FAILED|UPDATING|UPDATE_FAILED|DELETING|DELETE_FAILED",
		.begin = JSON({"ImageStatus" : "CREATING"}),
		.more = "ImageName!:name Description:text DisplayName:text FailureReason:text RoleArn:role",
		.missing = {"ResourceNotFound", "No Image with the name {name} found."},
		.list = {"ListImages", "Images",
			 "CreationTime Description DisplayName FailureReason ImageArn ImageName ImageStatus "
			 "LastModifiedTime",
			 LIST_NAME | LIST_CREATED | LIST_MODIFIED,
			 .sort = "CREATION_TIME|LAST_MODIFIED_TIME|IMAGE_NAME",
			 .sort_members = "CREATION_TIME=CreationTime LAST_MODIFIED_TIME=LastModifiedTime "
					 "IMAGE_NAME=ImageName",
			 .order = "ASCENDING|DESCENDING"},
		.ops = {{VERB_DESCRIBE, "DescribeImage"}},
	},
	{
		.id = "cluster",
		.noun = "cluster",
		.key = "ClusterName",
		.key_input = "ClusterName!:name_or_arn",
		.by_arn = true,
		.arn = "ClusterArn",
		.created = "CreationTime",
		.status = "ClusterStatus",
		.statuses = "Creating|Deleting|Failed|InService|RollingBack|SystemUpdating|Updating",
		.begin = JSON({"ClusterStatus" : "Creating", "InstanceGroups" : []}),
		.more = "ClusterName!:name ClusterArn!:arn FailureMessage:text InstanceGroups RestrictedInstanceGroups "
			"RestrictedInstanceGroupsConfig VpcConfig Orchestrator TieredStorageConfig "
			"NodeRecovery:Automatic|None NodeProvisioningMode:text ClusterRole:role AutoScaling "
			"TrainingPlanArns:[text]",
		.hidden = "TrainingPlanArns",
		.missing = {"ResourceNotFound", "Cluster {name} does not exist."},
		.list = {"ListClusters", "ClusterSummaries",
			 "ClusterArn ClusterName CreationTime ClusterStatus TrainingPlanArns", LIST_NAME | LIST_CREATED,
			 "TrainingPlanArn:arn", "TrainingPlanArn=TrainingPlanArns.0", .sort = "CREATION_TIME|NAME",
			 .sort_members = "CREATION_TIME=CreationTime NAME=ClusterName"},
		.ops = {{VERB_DESCRIBE, "DescribeCluster"}},
	},
	{
		.id = "training-plan",
		.noun = "training plan",
		.key = "TrainingPlanName",
		.key_input = "TrainingPlanName!:name",
		.arn = "TrainingPlanArn",
		.arn_path = "training-plan/{key}",
		.status = "Status",
		.statuses = "Pending|Active|Scheduled|Expired|Failed",
		.begin = JSON({"Status" : "Pending"}),
		.more = "TrainingPlanName!:name StatusMessage:text DurationHours:count DurationMinutes:count "
			"StartTime:time EndTime:time UpfrontFee:text CurrencyCode:text TotalInstanceCount:count "
			"AvailableInstanceCount:count InUseInstanceCount:count UnhealthyInstanceCount:count "
			"AvailableSpareInstanceCount:count TotalUltraServerCount:count "
			"TargetResources:[training-job|hyperpod-cluster|endpoint|studio-apps] "
			"ReservedCapacitySummaries",
		.missing = {"ResourceNotFound", "Training plan {name} does not exist."},
		.list = {"ListTrainingPlans", "TrainingPlanSummaries",
			 "TrainingPlanArn TrainingPlanName Status StatusMessage DurationHours DurationMinutes "
			 "StartTime "
			 "EndTime UpfrontFee CurrencyCode TotalInstanceCount AvailableInstanceCount InUseInstanceCount "
			 "TotalUltraServerCount TargetResources ReservedCapacitySummaries",
			 0, "StartTimeAfter:time StartTimeBefore:time Filters:[{Name!:Status Value!:text}]",
			 "StartTimeAfter>StartTime StartTimeBefore<StartTime",
			 .sort = "StartTime|TrainingPlanName|Status", .match = plan_matches},
		.ops = {{VERB_DESCRIBE, "DescribeTrainingPlan"}},
	},
	{
		.id = "experiment",
		.noun = "experiment",
		.key = "ExperimentName",
		.key_input = "ExperimentName!:name256",
		.arn = "ExperimentArn",
		.arn_path = "experiment/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.more = "ExperimentName!:name256 DisplayName:text Source:{SourceArn!:arn SourceType:text} "
			"Description:text " MADE_BY,
		.search = "Experiment",
		.missing = {"ResourceNotFound", "Experiment {name} does not exist."},
		.list = {"ListExperiments", "ExperimentSummaries",
			 "ExperimentArn ExperimentName DisplayName ExperimentSource=Source CreationTime "
			 "LastModifiedTime",
			 LIST_CREATED2, .sort = "CreationTime|Name"},
		.ops = {{VERB_DESCRIBE, "DescribeExperiment"}},
	},
	{
		.id = "trial",
		.noun = "trial",
		.key = "TrialName",
		.key_input = "TrialName!:name256",
		.arn = "TrialArn",
		.arn_path = "experiment-trial/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.more = "TrialName!:name256 DisplayName:text ExperimentName!:name256 "
			"Source:{SourceArn!:arn SourceType:text} MetadataProperties " MADE_BY,
		.search = "ExperimentTrial",
		.missing = {"ResourceNotFound", "Trial {name} does not exist."},
		/* Which components a trial has is not kept: none has the one that is asked for. */
		.list = {"ListTrials", "TrialSummaries",
			 "TrialArn TrialName DisplayName TrialSource=Source CreationTime LastModifiedTime",
			 LIST_CREATED2, "ExperimentName:name256 TrialComponentName:name256",
			 "ExperimentName=ExperimentName TrialComponentName=TrialComponentName",
			 .sort = "CreationTime|Name"},
		.ops = {{VERB_DESCRIBE, "DescribeTrial"}},
	},
	{.id = NULL},
};
