#!/usr/bin/python3
"""Every kind of stored document, through boto3: 250 of each from --load, listed by
pages of 100, sorted by each key both ways, filtered by name, status and time; one
that is not there; tags by ARN; delete. Then what only some kinds do. AWS's service
models judge every reply."""
import datetime
import gzip
import json
import os
import signal
import subprocess
import tempfile

from botocore import xform_name
from engine_support import *
from engine_judge import Judge

def newer_models(folder):
    """boto3 may be older than the models that judge: then it speaks by those."""
    for service, version in ("sagemaker", "2017-07-24"), ("application-autoscaling", "2016-02-06"):
        given = os.path.join(os.environ.get("SAGETOP_TEST_MODELS", ""), service, "service-2.json.gz")
        if not os.path.exists(given):
            continue
        into = os.path.join(folder, "models", service, version)
        os.makedirs(into)
        with gzip.open(given) as model, open(os.path.join(into, "service-2.json"), "wb") as plain:
            plain.write(model.read())
        os.environ["AWS_DATA_PATH"] = os.path.join(folder, "models")


def can(client, *operations):
    return all(hasattr(client, xform_name(o)) for o in operations if o)


N = 250
BASE = 1_790_000_000
ACCOUNT = "000000000000"
judge = Judge()


def arn(service, path, region="us-east-1"):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{path}"


class Kind:
    """A row of the test: how to make document i, and how the service speaks of the kind."""

    def __init__(self, word, document, list, rows, name=None, *, service="sagemaker", statuses=(), status=None,
                 describe=None, delete=None, key=None, missing=None, created="CreationTime", row_created=None,
                 modified=None, sorts=("Name", "CreationTime"), contains=True, status_filter="StatusEquals",
                 after="CreationTimeAfter", before="CreationTimeBefore", page="MaxResults", size=100, prefix=None,
                 fixed=None, arn=None, row_name=None, absent=None, tags=True,
                 orders=("Ascending", "Descending"), members={}):
        self.__dict__.update(locals())

    def index(self, i):
        """Names and times in another order each."""
        return f"{self.word.replace('-', '')}-{(i * 7) % N:03d}"

    def made(self, i):
        document = self.document(self.index(i), i)
        if self.created:
            document[self.created] = BASE + i * 60
        if self.modified:
            document[self.modified] = BASE + i * 60 + 30
        if self.status:
            document[self.status] = self.statuses[i % len(self.statuses)]
        return document


def job_parts(i):
    return {"RoleArn": ROLE, "Environment": {"I": str(i)}}


def model_package(name, i):
    return {"ModelPackageGroupName": "group", "ModelPackageVersion": i + 1, "ModelPackageName": "group",
            "ModelPackageArn": arn("sagemaker", f"model-package/group/{i + 1}"),
            "ModelApprovalStatus": ["Approved", "Rejected", "PendingManualApproval"][i % 3]}


def processing(name, i):
    return dict(job_parts(i), ProcessingJobName=name, AppSpecification={"ImageUri": "image"}, ProcessingResources={
        "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}})


def transform(name, i):
    return {"TransformJobName": name, "ModelName": "model-000", "TransformInput": {"DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}}}, "TransformOutput": {"S3OutputPath": "s3://b/out/"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}


RANGES = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]}
TUNING = {"Strategy": "Bayesian", "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 5},
          "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
          "ParameterRanges": RANGES}
DEFINITION = {"AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"}, "RoleArn": ROLE,
              "OutputDataConfig": {"S3OutputPath": "s3://b/o/"}, "StoppingCondition": {"MaxRuntimeInSeconds": 60},
              "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}}
JOB_STATES = ("Completed", "Failed", "Stopped", "InProgress")
NO_MODIFIED = {"after": "CreationTimeAfter"}

KINDS = [
    Kind("processing", processing, "ListProcessingJobs", "ProcessingJobSummaries", "ProcessingJobName",
         statuses=JOB_STATES, status="ProcessingJobStatus", describe="DescribeProcessingJob",
         delete="DeleteProcessingJob", modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         missing=("ValidationException", r"Could not find requested job"), arn="ProcessingJobArn"),
    Kind("transform", transform, "ListTransformJobs", "TransformJobSummaries", "TransformJobName",
         statuses=JOB_STATES, status="TransformJobStatus", describe="DescribeTransformJob",
         modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         missing=("ValidationException", r"Could not find requested job with name: absent-1"), arn="TransformJobArn"),
    Kind("tuning", lambda name, i: {"HyperParameterTuningJobName": name, "HyperParameterTuningJobConfig": TUNING,
                                    "TrainingJobDefinition": DEFINITION},
         "ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries", "HyperParameterTuningJobName",
         statuses=JOB_STATES, status="HyperParameterTuningJobStatus", describe="DescribeHyperParameterTuningJob",
         delete="DeleteHyperParameterTuningJob", modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         missing=("ResourceNotFound", r"can't find a tuning job"), arn="HyperParameterTuningJobArn"),
    Kind("model", lambda name, i: {"ModelName": name, "PrimaryContainer": {"Image": "i"}, "ExecutionRoleArn": ROLE},
         "ListModels", "Models", "ModelName", describe="DescribeModel", delete="DeleteModel",
         missing=("ValidationException", r'Could not find model "arn:aws:sagemaker:.*:model/absent-1"\.'),
         arn="ModelArn"),
    Kind("endpoint-config", lambda name, i: {"EndpointConfigName": name, "ProductionVariants": [
        {"VariantName": "v", "ModelName": "model-000", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]},
         "ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName", describe="DescribeEndpointConfig",
         delete="DeleteEndpointConfig", arn="EndpointConfigArn",
         missing=("ValidationException", r'Could not find endpoint configuration "arn:.*/absent-1"\.')),
    Kind("endpoint", lambda name, i: {"EndpointName": name, "EndpointConfigName": "endpointconfig-000",
                                      "ProductionVariants": [{"VariantName": "v", "CurrentWeight": 1.0,
                                                              "CurrentInstanceCount": 1}]},
         "ListEndpoints", "Endpoints", "EndpointName", statuses=("InService", "Failed", "OutOfService"),
         status="EndpointStatus", describe="DescribeEndpoint", delete="DeleteEndpoint", modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), arn="EndpointArn",
         missing=("ValidationException", r'Could not find endpoint "arn:.*:endpoint/absent-1"\.')),
    Kind("inference-component", lambda name, i: {
        "InferenceComponentName": name, "EndpointName": "endpoint-000", "VariantName": "v",
        "EndpointArn": arn("sagemaker", "endpoint/endpoint-000"), "RuntimeConfig": {"DesiredCopyCount": 1}},
         "ListInferenceComponents", "InferenceComponents", "InferenceComponentName",
         statuses=("InService", "Creating", "Failed"), status="InferenceComponentStatus",
         describe="DescribeInferenceComponent", delete="DeleteInferenceComponent", modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), arn="InferenceComponentArn",
         missing=("ValidationException", r"Could not find inference component")),
    Kind("model-package-group", lambda name, i: {"ModelPackageGroupName": name}, "ListModelPackageGroups",
         "ModelPackageGroupSummaryList", "ModelPackageGroupName", describe="DescribeModelPackageGroup",
         delete="DeleteModelPackageGroup", arn="ModelPackageGroupArn",
         missing=("ValidationException", r"does not exist")),
    Kind("model-package", model_package, "ListModelPackages", "ModelPackageSummaryList", "ModelPackageArn",
         describe="DescribeModelPackage", delete="DeleteModelPackage", key="ModelPackageName",
         statuses=("Completed", "Failed"), status="ModelPackageStatus", status_filter=None, sorts=("CreationTime",),
         contains=False, missing=("ValidationException", r"ModelPackage .* does not exist"), arn="ModelPackageArn",
         fixed={"ModelPackageGroupName": "group"}, absent=arn("sagemaker", "model-package/group/999")),
    Kind("pipeline", lambda name, i: {"PipelineName": name, "PipelineDefinition": '{"Steps": []}', "RoleArn": ROLE},
         "ListPipelines", "PipelineSummaries", "PipelineName", describe="DescribePipeline", delete="DeletePipeline",
         modified="LastModifiedTime", contains=False, prefix="PipelineNamePrefix", after="CreatedAfter",
         before="CreatedBefore", missing=("ResourceNotFound", r"Pipeline .* does not exist"), arn="PipelineArn"),
    Kind("pipeline-execution", lambda name, i: {
        "PipelineExecutionArn": arn("sagemaker", f"pipeline/pipeline-000/execution/{name.replace('-', '')}"),
        "PipelineArn": arn("sagemaker", "pipeline/pipeline-000"), "PipelineExecutionDisplayName": name,
        "PipelineParameters": [{"Name": "p", "Value": str(i)}]},
         "ListPipelineExecutions", "PipelineExecutionSummaries", "PipelineExecutionArn",
         statuses=("Succeeded", "Failed", "Stopped"), status="PipelineExecutionStatus", status_filter=None,
         describe="DescribePipelineExecution", row_created="StartTime", modified="LastModifiedTime",
         sorts=("CreationTime", "PipelineExecutionArn"), contains=False, after="CreatedAfter", before="CreatedBefore",
         missing=("ResourceNotFound", r"Pipeline execution .* does not exist"), arn="PipelineExecutionArn",
         fixed={"PipelineName": "pipeline-000"}),
    Kind("pipeline-step", lambda name, i: {
        "PipelineExecutionArn": arn("sagemaker", "pipeline/pipeline-000/execution/pipelineexecution000"),
        "StepName": name, "AttemptCount": 1, "Metadata": {"TrainingJob": {"Arn": arn("sagemaker", "training-job/t")}}},
         "ListPipelineExecutionSteps", "PipelineExecutionSteps", "StepName", statuses=("Succeeded", "Failed"),
         status="StepStatus", status_filter=None, created="StartTime", sorts=(), contains=False, after=None,
         fixed={"PipelineExecutionArn": arn("sagemaker", "pipeline/pipeline-000/execution/pipelineexecution000")}),
    Kind("monitoring", lambda name, i: {
        "MonitoringScheduleName": name, "MonitoringType": "DataQuality", "EndpointName": "endpoint-000",
        "MonitoringScheduleConfig": {"ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
                                     "MonitoringJobDefinitionName": "definition", "MonitoringType": "DataQuality"}},
         "ListMonitoringSchedules", "MonitoringScheduleSummaries", "MonitoringScheduleName",
         statuses=("Scheduled", "Stopped", "Failed"), status="MonitoringScheduleStatus",
         describe="DescribeMonitoringSchedule", delete="DeleteMonitoringSchedule", modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), missing=("ResourceNotFound", r"Monitoring Schedule .* not found"),
         arn="MonitoringScheduleArn"),
    Kind("monitoring-execution", lambda name, i: {"MonitoringScheduleName": "monitoring-000",
                                                  "ScheduledTime": BASE + (i * 7 % N) * 3600,
                                                  "EndpointName": "endpoint-000", "MonitoringType": "DataQuality"},
         "ListMonitoringExecutions", "MonitoringExecutionSummaries", "ScheduledTime",
         statuses=("Completed", "CompletedWithViolations", "Failed"), status="MonitoringExecutionStatus",
         modified="LastModifiedTime", sorts=("CreationTime", "ScheduledTime", "Status"), contains=False),
    Kind("mlflow-server", lambda name, i: {"TrackingServerName": name, "ArtifactStoreUri": "s3://b/m",
                                           "TrackingServerSize": "Small", "RoleArn": ROLE, "MlflowVersion": "3.0.0"},
         "ListMlflowTrackingServers", "TrackingServerSummaries", "TrackingServerName",
         statuses=("Created", "Stopped", "CreateFailed"), status="TrackingServerStatus",
         status_filter="TrackingServerStatus", describe="DescribeMlflowTrackingServer",
         delete="DeleteMlflowTrackingServer", modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         contains=False, after="CreatedAfter", before="CreatedBefore",
         missing=("ResourceNotFound", r"Tracking server absent-1 does not exist"), arn="TrackingServerArn"),
    Kind("mlflow-app", lambda name, i: {"Name": name, "Arn": arn("sagemaker", f"mlflow-app/{name}"),
                                        "ArtifactStoreUri": "s3://b/m", "RoleArn": ROLE, "MlflowVersion": "3.0.0"},
         "ListMlflowApps", "Summaries", "Arn", statuses=("Created", "CreateFailed"), status="Status",
         status_filter="Status", describe="DescribeMlflowApp", delete="DeleteMlflowApp", modified="LastModifiedTime",
         sorts=("CreationTime", "Status"), contains=False, after="CreatedAfter", before="CreatedBefore",
         missing=("ResourceNotFound", r"does not exist"), arn="Arn", absent=arn("sagemaker", "mlflow-app/none")),
    Kind("notebook", lambda name, i: {"NotebookInstanceName": name, "InstanceType": "ml.t3.medium", "RoleArn": ROLE},
         "ListNotebookInstances", "NotebookInstances", "NotebookInstanceName",
         statuses=("Stopped", "InService", "Failed"), status="NotebookInstanceStatus",
         describe="DescribeNotebookInstance", delete="DeleteNotebookInstance", modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), missing=("ValidationException", r"^RecordNotFound$"),
         arn="NotebookInstanceArn"),
    Kind("domain", lambda name, i: {"DomainId": f"d-{name.replace('-', '')}", "DomainName": name, "AuthMode": "IAM",
                                    "DefaultUserSettings": {}},
         "ListDomains", "Domains", "DomainId", statuses=("InService", "Failed"), status="Status", status_filter=None,
         describe="DescribeDomain", delete="DeleteDomain", modified="LastModifiedTime", sorts=(), contains=False,
         after=None, missing=("ResourceNotFound", r"Domain d-absent does not exist"), arn="DomainArn",
         absent="d-absent"),
    Kind("app", lambda name, i: {"DomainId": "d-domain000", "UserProfileName": "me", "AppType": "JupyterLab",
                                 "AppName": name, "ResourceSpec": {"InstanceType": "ml.t3.medium"}},
         "ListApps", "Apps", "AppName", statuses=("InService", "Deleted"), status="Status", status_filter=None,
         describe="DescribeApp", delete="DeleteApp", sorts=("CreationTime",), contains=False, after=None,
         missing=("ResourceNotFound", r"App .* does not exist"), arn="AppArn"),
    Kind("schedule", lambda name, i: {
        "Name": name, "GroupName": "default", "ScheduleExpression": "rate(1 days)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob", "RoleArn": ROLE}},
         "ListSchedules", "Schedules", "Name", service="scheduler", statuses=("ENABLED", "DISABLED"), status="State",
         status_filter="State", describe="GetSchedule", delete="DeleteSchedule", created="CreationDate",
         modified="LastModificationDate", sorts=(), contains=False, after=None, prefix="NamePrefix", arn="Arn",
         missing=("ResourceNotFoundException", r"Schedule absent-1 does not exist\."), tags=False),
    Kind("schedule-group", lambda name, i: {"Name": name}, "ListScheduleGroups", "ScheduleGroups", "Name",
         service="scheduler", describe="GetScheduleGroup", delete="DeleteScheduleGroup", created="CreationDate",
         modified="LastModificationDate", sorts=(), contains=False, after=None, prefix="NamePrefix", arn="Arn",
         missing=("ResourceNotFoundException", r"Schedule group absent-1 does not exist\.")),
    Kind("rule", lambda name, i: {"Name": name, "ScheduleExpression": "rate(1 day)"}, "ListRules", "Rules", "Name",
         service="events", statuses=("ENABLED", "DISABLED"), status="State", status_filter=None, created=None,
         describe="DescribeRule", delete="DeleteRule", sorts=(), contains=False, after=None, page="Limit",
         prefix="NamePrefix", arn="Arn", missing=("ResourceNotFoundException", r"Rule absent-1 does not exist")),
    Kind("alarm", lambda name, i: {
        "AlarmName": name, "MetricName": "ModelLatency", "Namespace": "AWS/SageMaker", "Statistic": "Average",
        "Period": 60, "EvaluationPeriods": 2, "Threshold": 1.5, "ComparisonOperator": "GreaterThanThreshold"},
         "DescribeAlarms", "MetricAlarms", "AlarmName", service="cloudwatch", statuses=("OK", "ALARM"),
         status="StateValue", status_filter="StateValue", created=None, sorts=(), contains=False, after=None,
         page="MaxRecords", prefix="AlarmNamePrefix", arn="AlarmArn"),
    Kind("dashboard", lambda name, i: {"DashboardName": name, "DashboardBody": '{"widgets": []}', "Size": 15},
         "ListDashboards", "DashboardEntries", "DashboardName", service="cloudwatch", created=None, describe=None,
         sorts=(), contains=False, after=None, page=None, prefix="DashboardNamePrefix", arn="DashboardArn"),
    Kind("scalable-target", lambda name, i: {
        "ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/v",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MinCapacity": 1, "MaxCapacity": 4,
        "RoleARN": ROLE},
         "DescribeScalableTargets", "ScalableTargets", "ResourceId", service="application-autoscaling", sorts=(),
         contains=False, after=None, size=50, arn="ScalableTargetARN", fixed={"ServiceNamespace": "sagemaker"}),
    Kind("project", lambda name, i: {"ProjectName": name, "ProjectId": f"p-{i:012d}"}, "ListProjects",
         "ProjectSummaryList", "ProjectName", describe="DescribeProject", status="ProjectStatus",
         statuses=("CreateCompleted", "CreateFailed", "DeleteCompleted"), status_filter=None,
         missing=("ValidationException", "does not exist"), arn="ProjectArn"),
    Kind("automl-job", lambda name, i: {
        "AutoMLJobName": name, "AutoMLJobSecondaryStatus": "ModelTuning", "RoleArn": ROLE,
        "AutoMLJobInputDataConfig": [
            {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i/"}}}],
        "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
        "AutoMLProblemTypeConfigName": "Tabular"},
         "ListAutoMLJobs", "AutoMLJobSummaries", "AutoMLJobName", describe="DescribeAutoMLJobV2",
         status="AutoMLJobStatus", statuses=JOB_STATES, modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), missing=("ResourceNotFound", "absent-1"), arn="AutoMLJobArn"),
    Kind("compilation-job", lambda name, i: {
        "CompilationJobName": name, "RoleArn": ROLE, "FailureReason": "",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/o.tar.gz"},
        "InputConfig": {"S3Uri": "s3://b/m.tar.gz", "Framework": "XGBOOST"},
        "OutputConfig": {"S3OutputLocation": "s3://b/o/", "TargetDevice": "ml_c5"}},
         "ListCompilationJobs", "CompilationJobSummaries", "CompilationJobName", describe="DescribeCompilationJob",
         delete="DeleteCompilationJob", status="CompilationJobStatus", statuses=("COMPLETED", "FAILED", "INPROGRESS"),
         modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         missing=("ResourceNotFound", "absent-1"), arn="CompilationJobArn"),
    Kind("labeling-job", lambda name, i: {
        "LabelingJobName": name, "RoleArn": ROLE,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://b/m"}}},
        "OutputConfig": {"S3OutputPath": "s3://b/o/"},
        "HumanTaskConfig": {"WorkteamArn": arn("sagemaker", "workteam/private-crowd/w"), "UiConfig": {},
                            "TaskTitle": "t", "TaskDescription": "d", "NumberOfHumanWorkersPerDataObject": 1,
                            "TaskTimeLimitInSeconds": 60}},
         "ListLabelingJobs", "LabelingJobSummaryList", "LabelingJobName", describe="DescribeLabelingJob",
         status="LabelingJobStatus", statuses=JOB_STATES, modified="LastModifiedTime",
         sorts=("Name", "CreationTime", "Status"), missing=("ResourceNotFound", "absent-1"), arn="LabelingJobArn"),
    Kind("recommendation-job", lambda name, i: {
        "JobName": name, "RoleArn": ROLE, "JobType": "Default", "InputConfig": {"ModelName": "model-000"}},
         "ListInferenceRecommendationsJobs", "InferenceRecommendationsJobs", "JobName",
         describe="DescribeInferenceRecommendationsJob", status="Status", statuses=("COMPLETED", "FAILED", "PENDING"),
         modified="LastModifiedTime", sorts=("Name", "CreationTime", "Status"),
         missing=("ResourceNotFound", "absent-1"), arn="JobArn"),
    Kind("feature-group", lambda name, i: {
        "FeatureGroupName": name, "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "String"}],
        "OfflineStoreStatus": {"Status": ("Active", "Blocked", "Disabled")[i % 3]}},
         "ListFeatureGroups", "FeatureGroupSummaries", "FeatureGroupName", describe="DescribeFeatureGroup",
         status="FeatureGroupStatus", statuses=("Created", "CreateFailed", "Deleting"),
         status_filter="FeatureGroupStatusEquals", sorts=("Name", "CreationTime", "FeatureGroupStatus"),
         missing=("ResourceNotFound", "absent-1"), arn="FeatureGroupArn"),
    Kind("model-card", lambda name, i: {"ModelCardName": name, "Content": "{}"}, "ListModelCards",
         "ModelCardSummaries", "ModelCardName", describe="DescribeModelCard", status="ModelCardStatus",
         statuses=("Draft", "Approved", "Archived"), status_filter="ModelCardStatus",
         missing=("ResourceNotFound", "absent-1"), arn="ModelCardArn"),
    Kind("image", lambda name, i: {"ImageName": name}, "ListImages", "Images", "ImageName", describe="DescribeImage",
         status="ImageStatus", statuses=("CREATED", "CREATE_FAILED", "CREATING"), status_filter=None,
         modified="LastModifiedTime", sorts=("IMAGE_NAME", "CREATION_TIME", "LAST_MODIFIED_TIME"),
         members={"IMAGE_NAME": "ImageName", "CREATION_TIME": "CreationTime", "LAST_MODIFIED_TIME": "LastModifiedTime"},
         orders=("ASCENDING", "DESCENDING"), missing=("ResourceNotFound", "absent-1"), arn="ImageArn"),
    Kind("cluster", lambda name, i: {"ClusterName": name, "ClusterArn": arn("sagemaker", f"cluster/{i:012d}")},
         "ListClusters", "ClusterSummaries", "ClusterName", describe="DescribeCluster", status="ClusterStatus", statuses=("InService", "Failed", "Creating"),
         status_filter=None, sorts=("NAME", "CREATION_TIME"),
         members={"NAME": "ClusterName", "CREATION_TIME": "CreationTime"},
         missing=("ResourceNotFound", "absent-1"), arn="ClusterArn"),
    Kind("training-plan", lambda name, i: {"TrainingPlanName": name, "TotalInstanceCount": i}, "ListTrainingPlans",
         "TrainingPlanSummaries", "TrainingPlanName", describe="DescribeTrainingPlan", status="Status",
         statuses=("Active", "Failed", "Expired"), status_filter=None, contains=False, created="StartTime",
         after="StartTimeAfter", before="StartTimeBefore", sorts=("TrainingPlanName", "StartTime", "Status"),
         missing=("ResourceNotFound", "absent-1"), arn="TrainingPlanArn"),
    Kind("experiment", lambda name, i: {"ExperimentName": name}, "ListExperiments", "ExperimentSummaries",
         "ExperimentName", describe="DescribeExperiment", contains=False, modified="LastModifiedTime",
         after="CreatedAfter", before="CreatedBefore", missing=("ResourceNotFound", "absent-1"), arn="ExperimentArn"),
    Kind("trial", lambda name, i: {"TrialName": name, "ExperimentName": "experiment-000"}, "ListTrials",
         "TrialSummaries", "TrialName", describe="DescribeTrial", contains=False, modified="LastModifiedTime",
         after="CreatedAfter", before="CreatedBefore", missing=("ResourceNotFound", "absent-1"), arn="TrialArn"),
]
EXTRA = [
    {"kind": "model-group", "document": {"ModelPackageGroupName": "group", "CreationTime": BASE - 9000}},
    {"kind": "model", "document": {"ModelName": "MixedCase", "PrimaryContainer": {"Image": "i"},
                                   "CreationTime": "2026-09-01T00:00:00Z"}, "tags": {"from": "load"}},
]
SKIP = {"model-package-group": {"group"}, "model": {"MixedCase"}, "schedule-group": {"default"}}


def write_documents(path):
    """Children of tuning-000 besides: training jobs that carry its ARN."""
    with open(path, "w") as f:
        for kind in KINDS:
            for i in range(N):
                f.write(json.dumps({"kind": kind.word, "document": kind.made(i)}) + "\n")
        for line in EXTRA:
            f.write(json.dumps(line) + "\n")
        for i in range(12):
            job = {"TrainingJobName": f"tuning-000-{i + 1:03d}-abcdef{i:02d}", "CreationTime": BASE + i,
                   "TrainingJobStatus": ["Completed", "InProgress", "Failed"][i % 3], "RoleArn": ROLE,
                   "TuningJobArn": arn("sagemaker", "hyper-parameter-tuning-job/tuning-000"),
                   "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
                   "HyperParameters": {"eta": f"0.{i + 1}", "num_round": "10"},
                   "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
                   "StoppingCondition": {"MaxRuntimeInSeconds": 60}, "ResourceConfig": DEFINITION["ResourceConfig"]}
            if i % 3 == 0:
                job.update(TrainingStartTime=BASE + i + 1, TrainingEndTime=BASE + i + 61, FinalMetricDataList=[
                    {"MetricName": "validation:rmse", "Value": 5 - i / 10, "Timestamp": BASE + i + 60}])
            f.write(json.dumps({"kind": "training", "document": job}) + "\n")


def pages(client, kind, **arguments):
    """All pages of a list, as rows; every page as long as asked for but the last."""
    call = getattr(client, xform_name(kind.list))
    arguments.update(kind.fixed or {})
    if kind.page:
        arguments[kind.page] = kind.size
    result = []
    while True:
        reply = call(**arguments)
        result.append(reply[kind.rows])
        if not reply.get("NextToken"):
            return result
        arguments["NextToken"] = reply["NextToken"]


def rows(client, kind, **arguments):
    skip = SKIP.get(kind.word, ())
    return [r for p in pages(client, kind, **arguments) for r in p if r[kind.name] not in skip]


def names(found, kind):
    return [r[kind.name] for r in found]


def epoch(value):
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def sort_value(kind, row, key):
    member = {"Name": kind.name, "CreationTime": kind.row_created or kind.created, "Status": kind.status,
              **kind.members}.get(key, key)
    return epoch(row[member])


def check_list(client, kind):
    documents = [kind.made(i) for i in range(N)]
    sizes = [len(p) for p in pages(client, kind)]
    extra = len(SKIP.get(kind.word, ()))
    if kind.page:
        whole, rest = divmod(N + extra, kind.size)
        equal(f"{kind.word}: {N} rows by pages of {kind.size}", sizes, [kind.size] * whole + [rest] * (rest > 0))
    found = rows(client, kind)
    equal(f"{kind.word}: all are there, once", sorted(map(str, (epoch(n) for n in names(found, kind)))),
          sorted(str(d[kind.name] if kind.name != "ScheduledTime" else float(d[kind.name])) for d in
                 with_names(kind, documents)))
    for key in kind.sorts:
        for order in kind.orders:
            got = rows(client, kind, SortBy=key, SortOrder=order)
            values = [sort_value(kind, r, key) for r in got]
            ok(f"{kind.word}: sorted by {key}, {order}", len(values) == N and values == sorted(
                values, reverse=order.lower() == "descending"), values[:5])


def with_names(kind, documents):
    return documents if kind.name in documents[0] else [dict(d, **{kind.name: None}) for d in documents]


def check_filters(client, kind):
    documents = [kind.made(i) for i in range(N)]
    if kind.contains:
        got = names(rows(client, kind, NameContains="-01"), kind)
        equal(f"{kind.word}: NameContains", sorted(got), sorted(kind.index(i) for i in range(N)
                                                                if "-01" in kind.index(i)))
    if kind.prefix:
        prefix = kind.index(0)[:-2]
        got = names(rows(client, kind, **{kind.prefix: prefix}), kind)
        equal(f"{kind.word}: {kind.prefix}", sorted(got), sorted(n for n in map(kind.index, range(N))
                                                                 if n.startswith(prefix)))
    if kind.status and kind.status_filter:
        for status in kind.statuses[:2]:
            got = rows(client, kind, **{kind.status_filter: status})
            equal(f"{kind.word}: {kind.status_filter} {status}", (len(got), {r[kind.status] for r in got}),
                  (sum(d[kind.status] == status for d in documents), {status}))
    if kind.after and kind.created:
        at = [datetime.datetime.fromtimestamp(BASE + m * 60, datetime.timezone.utc) for m in (9, 120)]
        got = rows(client, kind, **{kind.after: at[0], kind.before: at[1]})
        equal(f"{kind.word}: a window of time", len(got), 110)


def key_arguments(kind, document, name=None):
    """What names one for Describe and Delete."""
    key = kind.key or kind.name
    value = name or document[kind.name]
    if kind.word == "app":
        return {"DomainId": "d-domain000", "UserProfileName": "me", "AppType": "JupyterLab", "AppName": value}
    return {key: value}


def check_one(client, kind):
    document = kind.made(3)
    if not kind.describe:
        return document
    told = getattr(client, xform_name(kind.describe))(**key_arguments(kind, document))
    ok(f"{kind.word}: described as it was stored", all(
        epoch(told[k]) == v for k, v in document.items() if k not in ("PipelineParameters", "LastModifiedTime")),
        (told, document))
    if kind.missing:
        code, message, _ = failure(getattr(client, xform_name(kind.describe)),
                                   **key_arguments(kind, document, kind.absent or "absent-1"))
        equal(f"{kind.word}: the code of what is not there", code, kind.missing[0])
        match(f"{kind.word}: its text", message, kind.missing[1])
    return told


def the_arn(client, kind, told):
    if kind.arn in told:
        return told[kind.arn]
    return next(r for r in rows(client, kind) if r[kind.name] == told[kind.name]).get(kind.arn)


def check_tags(client, kind, told):
    target = the_arn(client, kind, told)
    if not target:
        return skip(f"{kind.word}: tags by ARN", "this boto3 does not tell the ARN, and SAGETOP_TEST_MODELS is not set")
    if kind.service == "sagemaker":
        client.add_tags(ResourceArn=target, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        client.delete_tags(ResourceArn=target.upper().replace("ARN:AWS:SAGEMAKER:US-EAST-1", "arn:aws:sagemaker:us-east-1")
                           if kind.word == "model" else target, TagKeys=["a"])
        got = client.list_tags(ResourceArn=target)["Tags"]
    else:
        argument = {"ResourceArn" if kind.service == "scheduler" else "ResourceARN": target}
        as_map = kind.service == "application-autoscaling"
        client.tag_resource(**argument, Tags={"a": "1", "b": "2"} if as_map else
                            [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        client.untag_resource(**argument, TagKeys=["a"])
        got = client.list_tags_for_resource(**argument)["Tags"]
        got = [{"Key": k, "Value": v} for k, v in got.items()] if as_map else got
    equal(f"{kind.word}: tags by ARN", got, [{"Key": "b", "Value": "2"}])


def check_delete(client, kind):
    if not kind.delete:
        return
    done_states = {"processing": "Completed", "compilation-job": "COMPLETED", "tuning": "Completed",
                   "endpoint": "InService", "notebook": "Stopped"}
    i = next(i for i in range(5, N) if not kind.status or kind.made(i)[kind.status] ==
             done_states.get(kind.word, kind.made(i)[kind.status]))
    arguments = key_arguments(kind, kind.made(i))
    if kind.word == "pipeline":
        arguments["ClientRequestToken"] = "t" * 32
    getattr(client, xform_name(kind.delete))(**arguments)
    ok(f"{kind.word}: deleted", kind.made(i)[kind.name] not in names(rows(client, kind), kind))
    again = failure(getattr(client, xform_name(kind.delete)), **arguments)
    ok(f"{kind.word}: and not there a second time", again and (again[0] == kind.missing[0] or kind.word == "tuning"),
       again)


def check_kind(e, kind):
    client = judge.watch(e.client(kind.service))
    if not can(client, kind.list, kind.describe, kind.delete):
        return skip(kind.word, "this boto3 does not know it, and SAGETOP_TEST_MODELS is not set")
    check_list(client, kind)
    check_filters(client, kind)
    told = check_one(client, kind)
    if kind.arn and kind.tags:
        check_tags(client, kind, told)
    check_delete(client, kind)


# --- what only some kinds do ---------------------------------------------------------------

def tuning_children(e):
    sagemaker = judge.watch(e.client("sagemaker"))
    found = [c for p in sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName="tuning-000", SortBy="FinalObjectiveMetricValue", SortOrder="Ascending",
        PaginationConfig={"PageSize": 5}) for c in p["TrainingJobSummaries"]]
    values = [c["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for c in found if
              "FinalHyperParameterTuningJobObjectiveMetric" in c]
    equal("children of a tuning job, best first", (len(found), values), (12, [4.1, 4.4, 4.7, 5.0]))
    equal("what was tuned", (found[0]["TunedHyperParameters"], found[0]["ObjectiveStatus"]),
          ({"eta": "0.10"}, "Succeeded"))
    equal("their objective's states", sorted({(c["TrainingJobStatus"], c["ObjectiveStatus"]) for c in found}),
          [("Completed", "Succeeded"), ("Failed", "Failed"), ("InProgress", "Pending")])
    equal("children by status", len(sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="tuning-000", StatusEquals="Failed", MaxResults=100)["TrainingJobSummaries"]), 4)
    equal("children of a tuning job that is not there", failure(
        sagemaker.list_training_jobs_for_hyper_parameter_tuning_job, HyperParameterTuningJobName="absent-1")[0],
        "ResourceNotFound")


def search(e):
    sagemaker = judge.watch(e.client("sagemaker"))

    def hits(resource, name, value, operator="Equals", **more):
        return [r for p in sagemaker.get_paginator("search").paginate(
            Resource=resource, SearchExpression={"Filters": [{"Name": name, "Operator": operator, "Value": value}]},
            **more) for r in p["Results"]]

    sagemaker.add_tags(ResourceArn=arn("sagemaker", "endpoint/endpoint-010"), Tags=[{"Key": "team", "Value": "x"}])
    found = hits("Endpoint", "EndpointStatus", "Failed")
    equal("Search of endpoints", (len(found), {h["Endpoint"]["EndpointStatus"] for h in found}), (83, {"Failed"}))
    equal("Search by tag", [h["Endpoint"]["EndpointName"] for h in hits("Endpoint", "Tags.team", "x")],
          ["endpoint-010"])
    model = hits("Model", "ModelName", "model-000")[0]["Model"]
    ok("a model's record has the endpoints that use it, and its last transform job",
       model["Endpoints"] and model["LastBatchTransformJob"]["ModelName"] == "model-000", model)
    for source, detail in (("SageMakerProcessingJob", "ProcessingJob"), ("SageMakerTransformJob", "TransformJob"),
                           ("SageMakerTrainingJob", "TrainingJob")):
        found = hits("ExperimentTrialComponent", "Source.SourceType", source)
        ok(f"{detail}s through their trial components", len(found) in (N, N - 1, 12) and all(
            h["TrialComponent"]["SourceDetail"][detail][f"{detail}Name"] in h["TrialComponent"]["TrialComponentName"]
            for h in found), len(found))
    equal("trial components take several Contains", len(sagemaker.search(
        Resource="ExperimentTrialComponent", SearchExpression={"Filters": [
            {"Name": "Source.SourceType", "Operator": "Contains", "Value": "ProcessingJob"},
            {"Name": "TrialComponentName", "Operator": "Contains", "Value": "-001-"}]})["Results"]), 1)
    found = hits("PipelineExecution", "PipelineExecutionStatus", "Failed")
    ok("executions come with their parameters", found and all(
        h["PipelineExecution"]["PipelineParameters"] for h in found), found[:1])
    for resource, count in (("ModelPackage", N - 1), ("ModelPackageGroup", N), ("Pipeline", N - 1),
                            ("HyperParameterTuningJob", N - 1), ("TrainingJob", 12)):
        reply = sagemaker.search(Resource=resource, MaxResults=100)
        equal(f"Search of {resource}", (reply["TotalHits"]["Value"], len(reply["Results"])), (count, min(count, 100)))
    for resource, member in (("Project", "Project"), ("FeatureGroup", "FeatureGroup"), ("ModelCard", "ModelCard"),
                             ("Experiment", "Experiment"), ("ExperimentTrial", "Trial")):
        reply = sagemaker.search(Resource=resource, MaxResults=100)
        equal(f"Search of {resource}", (reply["TotalHits"]["Value"], [list(r) for r in reply["Results"]]),
              (N, [[member]] * 100))
    match("what is not kept is refused, not empty", failure(sagemaker.search, Resource="FeatureMetadata")[1], "keeps no")


def registry(e):
    sagemaker = judge.watch(e.client("sagemaker"))
    sagemaker.create_model_package_group(ModelPackageGroupName="Versions")
    made = [sagemaker.create_model_package(ModelPackageGroupName="Versions", ModelApprovalStatus="PendingManualApproval",
                                           SourceUri="s3://b/m.tar.gz")["ModelPackageArn"] for _ in range(3)]
    equal("versions are numbered, their ARNs in lower case", made, [
        arn("sagemaker", f"model-package/versions/{i}") for i in (1, 2, 3)])
    sagemaker.update_model_package(ModelPackageArn=made[1], ModelApprovalStatus="Approved", ApprovalDescription="fine")
    told = sagemaker.describe_model_package(ModelPackageName=made[1])
    equal("a version approved", (told["ModelApprovalStatus"], told["ApprovalDescription"], told["ModelPackageVersion"],
                                 told["ModelPackageGroupName"]), ("Approved", "fine", 2, "Versions"))
    sagemaker.delete_model_package(ModelPackageName=made[2])
    equal("a number is never given again", sagemaker.create_model_package(
        ModelPackageGroupName=arn("sagemaker", "model-package-group/versions"))["ModelPackageArn"][-2:], "/4")
    equal("a group that is used stays", failure(sagemaker.delete_model_package_group,
                                                ModelPackageGroupName="Versions")[0], "ConflictException")
    sagemaker.create_model_package(ModelPackageName="alone", SourceUri="s3://b/m.tar.gz")
    listed = sagemaker.list_model_packages()["ModelPackageSummaryList"]
    equal("without a group only what has no version is listed", [p["ModelPackageArn"] for p in listed],
          [arn("sagemaker", "model-package/alone")])
    equal("by approval", len(sagemaker.list_model_packages(
        ModelPackageGroupName="Versions", ModelApprovalStatus="Approved")["ModelPackageSummaryList"]), 1)
    match("neither group nor name", failure(sagemaker.create_model_package, SourceUri="s3://b/m")[1], "Missing ARN")


def pipelines(e):
    sagemaker = judge.watch(e.client("sagemaker"))
    token = "t" * 32
    definition = json.dumps({"Version": "2020-12-01", "Steps": []})
    sagemaker.create_pipeline(PipelineName="Mine", PipelineDefinition=definition, RoleArn=ROLE,
                              ClientRequestToken=token)
    one = sagemaker.start_pipeline_execution(PipelineName="Mine", ClientRequestToken=token, PipelineParameters=[
        {"Name": "depth", "Value": "3"}])["PipelineExecutionArn"]
    told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=one)
    equal("an execution begins", (told["PipelineExecutionStatus"], told["PipelineArn"]),
          ("Executing", arn("sagemaker", "pipeline/mine")))
    equal("its parameters and definition", (
        sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=one)["PipelineParameters"],
        sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=one)["PipelineDefinition"]),
        ([{"Name": "depth", "Value": "3"}], definition))
    equal("a pipeline that runs stays", failure(sagemaker.delete_pipeline, PipelineName="Mine",
                                                ClientRequestToken=token)[0], "ConflictException")
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=one, ClientRequestToken=token)
    equal("stopped", sagemaker.describe_pipeline_execution(PipelineExecutionArn=one)["PipelineExecutionStatus"],
          "Stopped")
    match("what needs a runner says so", failure(sagemaker.retry_pipeline_execution, PipelineExecutionArn=one,
                                                 ClientRequestToken=token)[1], "runs no pipelines")
    sagemaker.delete_pipeline(PipelineName="Mine", ClientRequestToken=token)
    equal("its executions go with it", failure(sagemaker.describe_pipeline_execution, PipelineExecutionArn=one)[0],
          "ResourceNotFound")
    match("a definition that is none", failure(
        sagemaker.create_pipeline, PipelineName="bad", PipelineDefinition="{", RoleArn=ROLE,
        ClientRequestToken=token)[1], "Unable to parse pipeline definition")


def hosting(e):
    sagemaker = judge.watch(e.client("sagemaker"))
    variant = {"VariantName": "v", "ModelName": "Mixed", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2,
               "InitialVariantWeight": 9.0}
    container = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}
    sagemaker.create_model(ModelName="Mixed", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    told = sagemaker.describe_model(ModelName="Mixed")
    equal("names keep their case, ARNs do not", (told["ModelName"], told["ModelArn"]),
          ("Mixed", arn("sagemaker", "model/mixed")))
    match("a model that is there already", failure(sagemaker.create_model, ModelName="Mixed",
                                                   PrimaryContainer=container)[1], "Cannot create already existing model")
    match("a configuration of a model that is not there", failure(
        sagemaker.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[dict(variant, ModelName="no")])[1],
        "Could not find model")
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="E", EndpointConfigName="c")
    told = sagemaker.describe_endpoint(EndpointName="E")
    equal("an endpoint's variants are told at once", told["ProductionVariants"], [
        {"VariantName": "v", "DesiredWeight": 9.0, "DesiredInstanceCount": 2}])
    until(lambda: sagemaker.describe_endpoint(EndpointName="E")["EndpointStatus"] == "Failed")
    match("one whose artefact is nowhere fails", sagemaker.describe_endpoint(EndpointName="E")["FailureReason"],
          "Could not find model data at s3://b/m.tar.gz")
    sagemaker.update_endpoint(EndpointName="endpoint-000", EndpointConfigName="c")
    equal("a stored one that was in service stays Updating", sagemaker.describe_endpoint(
        EndpointName="endpoint-000")["EndpointStatus"], "Updating")
    match("and cannot be deleted so", failure(sagemaker.delete_endpoint, EndpointName="endpoint-000")[1],
          r'^Cannot update in-progress endpoint "arn:.*"\.$')
    match("but once", failure(sagemaker.update_endpoint_weights_and_capacities, EndpointName="endpoint-000",
                              DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredWeight": 1}])[1], "in-progress")
    sagemaker.create_processing_job(ProcessingJobName="p", RoleArn=ROLE,
                                    AppSpecification={"ImageUri": "i", "ContainerEntrypoint": ["sleep", "600"]},
                                    ProcessingResources=processing("p", 0)["ProcessingResources"])
    equal("a processing job is in progress", sagemaker.describe_processing_job(
        ProcessingJobName="p")["ProcessingJobStatus"], "InProgress")
    sagemaker.stop_processing_job(ProcessingJobName="p")
    told = until(lambda: (lambda d: d if d["ProcessingJobStatus"] == "Stopped" else None)(
        sagemaker.describe_processing_job(ProcessingJobName="p")))
    ok("until it is stopped", told["ProcessingJobStatus"] == "Stopped" and told["ProcessingEndTime"], told)
    match("which works once", failure(sagemaker.stop_processing_job, ProcessingJobName="p")[1], "is in status Stopped")


def schedules(e):
    scheduler, events = judge.watch(e.client("scheduler")), judge.watch(e.client("events"))
    request = dict(Name="Mine", ScheduleExpression="rate(2 hours)", FlexibleTimeWindow={"Mode": "OFF"}, State="DISABLED",
                   ScheduleExpressionTimezone="Europe/Berlin", Target={
                       "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob", "RoleArn": ROLE})
    scheduler.create_schedule_group(Name="group")
    scheduler.create_schedule(**request, GroupName="group")
    equal("schedules of a group", [s["Name"] for s in scheduler.list_schedules(GroupName="group")["Schedules"]],
          ["Mine"])
    equal("the same name in the default group is another", failure(scheduler.get_schedule, Name="Mine")[0:3:2],
          ("ResourceNotFoundException", 404))
    del request["State"], request["ScheduleExpressionTimezone"]
    scheduler.update_schedule(**request, GroupName="group")
    told = scheduler.get_schedule(Name="Mine", GroupName="group")
    equal("an update that forgets state and zone resets them", (told["State"], told["ScheduleExpressionTimezone"]),
          ("ENABLED", "UTC"))
    equal("a name taken", failure(scheduler.create_schedule, **request, GroupName="group")[0:3:2],
          ("ConflictException", 409))
    scheduler.delete_schedule_group(Name="group")
    equal("a group takes its schedules with it", failure(scheduler.get_schedule, Name="Mine", GroupName="group")[0],
          "ResourceNotFoundException")
    equal("rules are another service's", failure(events.describe_rule, Name="Mine")[0], "ResourceNotFoundException")
    events.put_rule(Name="Mine", EventPattern='{"source": ["aws.sagemaker"]}')
    events.put_targets(Rule="Mine", Targets=[{"Id": str(i), "Arn": arn("sagemaker", f"pipeline/p{i}")} for i in range(3)])
    equal("a rule's targets", [t["Id"] for t in events.list_targets_by_rule(Rule="Mine")["Targets"]], ["0", "1", "2"])
    match("a rule with targets stays", failure(events.delete_rule, Name="Mine")[1], "has targets")
    reply = events.remove_targets(Rule="Mine", Ids=["0", "1", "2", "9"])
    equal("targets removed, and one that is not there", (reply["FailedEntryCount"], reply["FailedEntries"][0]["TargetId"]),
          (1, "9"))
    events.disable_rule(Name="Mine")
    equal("a rule switched off", events.describe_rule(Name="Mine")["State"], "DISABLED")
    events.delete_rule(Name="Mine")


def alarms(e):
    watched = judge.watch(e.client("cloudwatch"))
    alarm = dict(AlarmName="A/b c", MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1,
                 Threshold=1.0, ComparisonOperator="GreaterThanThreshold", AlarmActions=["arn:aws:sns:us-east-1:0:t"])
    watched.put_metric_alarm(**alarm)
    watched.set_alarm_state(AlarmName="A/b c", StateValue="ALARM", StateReason="a test")
    watched.put_metric_alarm(**dict(alarm, Threshold=2.0))
    told = watched.describe_alarms(AlarmNames=["A/b c"])["MetricAlarms"][0]
    equal("an alarm put again keeps its state", (told["Threshold"], told["StateValue"], told["StateReason"]),
          (2.0, "ALARM", "a test"))
    equal("alarms by action", [a["AlarmName"] for a in watched.describe_alarms(ActionPrefix="arn:aws:sns")["MetricAlarms"]],
          ["A/b c"])
    match("an alarm that means nothing", failure(watched.put_metric_alarm, **dict(alarm, Period=45))[1], "Period")
    watched.disable_alarm_actions(AlarmNames=["A/b c"])
    equal("its actions switched off", watched.describe_alarms(AlarmNames=["A/b c"])["MetricAlarms"][0]["ActionsEnabled"],
          False)
    watched.delete_alarms(AlarmNames=["A/b c", "alarm-001"])
    equal("alarms deleted", watched.describe_alarms(AlarmNames=["A/b c", "alarm-001"])["MetricAlarms"], [])
    equal("an alarm's state of none", failure(watched.set_alarm_state, AlarmName="no", StateValue="OK",
                                              StateReason="x")[0], "ResourceNotFound")
    watched.put_dashboard(DashboardName="d", DashboardBody='{"widgets": [{"type": "text"}]}')
    equal("a dashboard's body", watched.get_dashboard(DashboardName="d")["DashboardBody"],
          '{"widgets": [{"type": "text"}]}')
    code, message, status = failure(watched.put_dashboard, DashboardName="d", DashboardBody='{"widgets": [{}]}')
    equal("a dashboard that is none", (code, status), ("InvalidParameterInput", 400))
    equal("deleting one that is not there", failure(watched.delete_dashboards, DashboardNames=["d", "none"])[0:3:2],
          ("InvalidParameterValue", 400))
    equal("which deletes none", len(watched.list_dashboards(DashboardNamePrefix="d")["DashboardEntries"]), N + 1)
    watched.delete_dashboards(DashboardNames=["d"])


def targets(e):
    scaling = judge.watch(e.client("application-autoscaling"))
    one = dict(ServiceNamespace="sagemaker", ResourceId="endpoint/endpoint-000/variant/v",
               ScalableDimension="sagemaker:variant:DesiredInstanceCount")
    scaling.register_scalable_target(**one, MinCapacity=1, MaxCapacity=3)
    scaling.register_scalable_target(**one, MaxCapacity=5)
    told = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[one["ResourceId"]])
    equal("registered again, what is left out stays", [(t["MinCapacity"], t["MaxCapacity"]) for t in
                                                       told["ScalableTargets"]], [(1, 5)])
    match("a variant that is not there", failure(scaling.register_scalable_target, **dict(
        one, ResourceId="endpoint/no/variant/v"), MinCapacity=1, MaxCapacity=3)[1], "no endpoint variant")
    scaling.deregister_scalable_target(**one)
    equal("deregistered twice", failure(scaling.deregister_scalable_target, **one)[0], "ObjectNotFoundException")


def elsewhere(e):
    """Services and operations that the engine does not serve say so in a form their clients read."""
    for service, call in (("iam", "list_roles"), ("sns", "list_topics"), ("ecr", "describe_repositories")):
        code, _, status = failure(getattr(e.client(service), call))
        equal(f"{service} is told that it is not served", (code, status), ("UnknownOperationException", 400))
    runtime = judge.watch(e.client("sagemaker-runtime"))
    code, message, _ = failure(runtime.invoke_endpoint, EndpointName="endpoint-000", Body=b"1,2\n", ContentType="text/csv")
    equal("InvokeEndpoint's error", code, "UnknownOperationException")
    match("and its reason", message, "no server stands behind")


def studio(e):
    sagemaker = judge.watch(e.client("sagemaker"))
    sagemaker.create_notebook_instance(NotebookInstanceName="Book", InstanceType="ml.t3.medium", RoleArn=ROLE,
                                       LifecycleConfigName="life", SecurityGroupIds=["sg-1"])
    told = sagemaker.describe_notebook_instance(NotebookInstanceName="Book")
    equal("a notebook instance", (told["NotebookInstanceStatus"], told["NotebookInstanceLifecycleConfigName"],
                                  told["SecurityGroups"]), ("Pending", "life", ["sg-1"]))
    match("one that is not stopped is not changed", failure(
        sagemaker.update_notebook_instance, NotebookInstanceName="Book", InstanceType="ml.t3.large")[1], "status Pending")
    sagemaker.stop_notebook_instance(NotebookInstanceName="Book")
    sagemaker.update_notebook_instance(NotebookInstanceName="Book", InstanceType="ml.t3.large",
                                       DisassociateLifecycleConfig=True)
    told = sagemaker.describe_notebook_instance(NotebookInstanceName="Book")
    equal("stopped and changed", (told["NotebookInstanceStatus"], told["InstanceType"],
                                  "NotebookInstanceLifecycleConfigName" in told), ("Stopped", "ml.t3.large", False))
    domain = sagemaker.create_domain(DomainName="Mine", AuthMode="IAM", DefaultUserSettings={})["DomainId"]
    app = {"DomainId": domain, "UserProfileName": "me", "AppType": "JupyterLab", "AppName": "default"}
    sagemaker.create_app(**app)
    equal("a domain with apps stays", failure(sagemaker.delete_domain, DomainId=domain)[0], "ResourceInUse")
    equal("apps of a domain", [a["AppName"] for a in sagemaker.list_apps(DomainIdEquals=domain)["Apps"]], ["default"])
    sagemaker.delete_app(**app)
    sagemaker.update_domain(DomainId=domain, TagPropagation="ENABLED")
    equal("a domain changed", sagemaker.describe_domain(DomainId=domain)["TagPropagation"], "ENABLED")
    sagemaker.delete_domain(DomainId=domain)
    server = dict(TrackingServerName="Flow", ArtifactStoreUri="s3://b/m", RoleArn=ROLE)
    sagemaker.create_mlflow_tracking_server(**server)
    sagemaker.stop_mlflow_tracking_server(TrackingServerName="Flow")
    told = sagemaker.describe_mlflow_tracking_server(TrackingServerName="Flow")
    equal("a tracking server stopped", (told["TrackingServerStatus"], told["IsActive"]), ("Stopped", "Inactive"))
    equal("its name taken", failure(sagemaker.create_mlflow_tracking_server, **server)[0], "ValidationException")
    sagemaker.create_inference_component(InferenceComponentName="Part", EndpointName="endpoint-000", VariantName="v",
                                         Specification={"ModelName": "model-000"}, RuntimeConfig={"CopyCount": 2})
    sagemaker.update_inference_component_runtime_config(InferenceComponentName="Part",
                                                        DesiredRuntimeConfig={"CopyCount": 3})
    told = sagemaker.describe_inference_component(InferenceComponentName="Part")
    equal("an inference component", (told["RuntimeConfig"], told["EndpointArn"]), (
        {"DesiredCopyCount": 3}, arn("sagemaker", "endpoint/endpoint-000")))
    if not can(sagemaker, "CreateMlflowApp"):
        return skip("MLflow apps", "this boto3 does not know them")
    app = sagemaker.create_mlflow_app(Name="App", ArtifactStoreUri="s3://b/m", RoleArn=ROLE)["Arn"]
    sagemaker.update_mlflow_app(Arn=app, AccountDefaultStatus="ENABLED")
    told = sagemaker.describe_mlflow_app(Arn=app)
    equal("an MLflow app", (told["Name"], told["AccountDefaultStatus"], told["Status"]), ("App", "ENABLED", "Updating"))


def create_requires(e):
    """What a Create without any member is told is what the model requires."""
    sagemaker = e.session().client("sagemaker", endpoint_url=e.endpoint, config=botocore.config.Config(
        parameter_validation=False, retries={"total_max_attempts": 1}))
    model = judge.model("sagemaker")
    for operation in ("CreateProcessingJob", "CreateTransformJob", "CreateModel", "CreateEndpointConfig",
                      "CreateEndpoint", "CreateInferenceComponent", "CreateModelPackageGroup",
                      "CreateHyperParameterTuningJob", "CreatePipeline", "StartPipelineExecution",
                      "CreateMonitoringSchedule", "CreateMlflowTrackingServer", "CreateMlflowApp",
                      "CreateNotebookInstance", "CreateApp", "CreateDomain", "UpdateEndpoint", "DeletePipeline"):
        shape = model.shapes[model.operation(operation)["input"]["shape"]]
        # What boto3 fills in by itself it does not leave out.
        if not can(sagemaker, operation):
            continue
        required = [r for r in shape["required"] if not shape["members"][r].get("idempotencyToken")]
        message = failure(getattr(sagemaker, xform_name(operation)))[1]
        told = [part.split("'")[1] for part in message.split("Value null")[1:]]
        equal(f"{operation} requires what the model says", sorted(told), sorted(r[0].lower() + r[1:] for r in required))


def restart(e):
    """What was told is there after a kill."""
    sagemaker = e.client("sagemaker")
    before = sagemaker.describe_endpoint(EndpointName="E")
    e.stop(signal.SIGKILL)
    e.start()
    after = e.client("sagemaker").describe_endpoint(EndpointName="E")
    for reply in before, after:
        del reply["ResponseMetadata"]
    equal("documents outlive the engine", after, before)


def refused_files(folder):
    """--load says which line is wrong and why."""
    for text, pattern in (("{}\n", r":1: a line is"), ('\n{"kind": "nothing", "document": {}}', r":2: there is no kind"),
                          ('{"kind": "model", "document": {"ModelName": "m", "Colour": 1}}', "no member Colour"),
                          ('{"kind": "model", "document": {}}', "must have ModelName"),
                          ('{"kind": "endpoint", "document": {"EndpointName": "e", "EndpointStatus": "Fine"}}',
                           "enum value set"),
                          ('{"kind": "model", "document": {"ModelName": "m", "CreationTime": "soon"}}', "Timestamp")):
        path = os.path.join(folder, "bad.jsonl")
        with open(path, "w") as f:
            f.write(text)
        done = subprocess.run([ENGINE, "--port", "0", "--state", os.path.join(folder, "refused"), "--load", path],
                              capture_output=True, text=True, timeout=60)
        ok(f"refused: {pattern}", done.returncode == 2 or done.returncode == 1, done)
        match(f"and why", done.stderr, pattern)


def guards(folder):
    """--strict, --deny, --faults and --record work for kinds as for training jobs."""
    path, record = os.path.join(folder, "few.jsonl"), os.path.join(folder, "record")
    with open(path, "w") as f:
        for i in range(6):
            f.write(json.dumps({"kind": "endpoint", "document": {
                "EndpointName": f"e{i}", "EndpointConfigName": "c", "CreationTime": BASE + i,
                "EndpointStatus": "InService" if i < 3 else "Failed"}}) + "\n")
    with engine("--load", path, "--record", record, "--strict", "--faults", "empty=1@sagemaker:ListModels", "--deny",
                "sagemaker:CreateModel,scheduler:List*,sagemaker:AddTags,iam:PassRole") as e:
        sagemaker, scheduler = e.client("sagemaker"), e.client("scheduler")
        found, token = [], {}
        while True:
            page = sagemaker.list_endpoints(StatusEquals="Failed", MaxResults=2, SortBy="CreationTime",
                                            SortOrder="Ascending", **token)
            found.append([r["EndpointName"] for r in page["Endpoints"]])
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        equal("strict: a page with no rows and a token", found, [[], ["e3"], ["e4", "e5"]])
        container = {"PrimaryContainer": {"Image": "i"}}
        equal("deny: an operation of a kind", failure(sagemaker.create_model, ModelName="m", **container)[0],
              "AccessDeniedException")
        equal("deny: of a REST service", failure(scheduler.list_schedules)[0::2], ("AccessDeniedException", 400))
        equal("deny: tags at the making", failure(
            sagemaker.create_model_package_group, ModelPackageGroupName="g", Tags=[{"Key": "a", "Value": "b"}])[0],
            "AccessDeniedException")
        match("deny: a role handed on", failure(
            sagemaker.create_pipeline, PipelineName="p", PipelineDefinition='{"Steps": []}', RoleArn=ROLE,
            ClientRequestToken="t" * 32)[1], "iam:PassRole")
        page = sagemaker.list_models()
        ok("faults: an empty page of a kind, and on from there", page["Models"] == [] and page["NextToken"], page)
        scheduler.get_schedule_group(Name="default")
        failure(scheduler.get_schedule, Name="none", GroupName="default")
        lines = [json.loads(line) for line in open(record)]
        last = lines[-1]
        equal("record: a REST request", (last["action"], last["protocol"], last["input"], last["code"]), (
            "scheduler:GetSchedule", "rest-json", {"Name": "none", "GroupName": "default"}, "ResourceNotFoundException"))


def main():
    with tempfile.TemporaryDirectory(prefix="sagetop-kinds-") as folder:
        path = os.path.join(folder, "documents.jsonl")
        write_documents(path)
        newer_models(folder)
        with engine("--load", path) as e:
            for kind in KINDS:
                check_kind(e, kind)
            for part in (tuning_children, search, registry, pipelines, hosting, schedules, alarms, targets, studio,
                         elsewhere, create_requires, restart):
                part(e)
        refused_files(folder)
        guards(folder)
    equal("AWS's models find nothing wrong in any reply", judge.problems[:10], [])
    done()


if __name__ == "__main__":  # tests/e2e/kinds.py takes the documents
    main()
