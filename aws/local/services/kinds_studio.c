/* Rows of the table of kinds: notebook instances, Studio's domains and apps, MLflow
 * servers and apps. */
#include "aws/local/services/kinds_rows.h"

#include "base/digest.h"

#define SERVER_STATUSES                                                                                       \
	"Creating|Created|CreateFailed|Updating|Updated|UpdateFailed|Deleting|DeleteFailed|Stopping|Stopped|" \
	"StopFailed|Starting|Started|StartFailed|MaintenanceInProgress|MaintenanceComplete|MaintenanceFailed"
#define APP_TYPES                                                                                          \
	"JupyterServer|KernelGateway|DetailedProfiler|TensorBoard|CodeEditor|JupyterLab|RStudioServerPro|" \
	"RSessionGateway|Canvas"

static int domain_made(struct call *c, struct document *r)
{
	char uuid[37], id[16];
	AUTO(str) char *url = NULL;

	uuid4(uuid);
	snprintf(id, sizeof(id), "d-%.8s%.4s", uuid, uuid + 9);
	url = xasprintf("https://%s.studio.%s.sagemaker.aws", id, str_or(c->rq->region, DEFAULT_REGION));
	str_set(&r->key, id);
	free(r->arn);
	r->arn = kind_arn(c->kind, c->rq->region, id);
	json_object_set_new(r->doc, "DomainId", json_string(id));
	json_object_set_new(r->doc, "DomainArn", json_string(r->arn));
	json_object_set_new(r->doc, "Url", json_string(url));
	return 0;
}

static int domain_unused(struct call *c, struct document *domain)
{
	const struct document_list *apps = documents_of(c->e, "app");

	for (size_t i = 0; i < apps->n; i++) {
		if (str_eq(json_get_str(apps->items[i]->doc, "DomainId"), domain->key))
			return fault_set(c->fault, 400, "ResourceInUse",
					 "Unable to delete Domain %s because it has Apps; delete them first.",
					 domain->key);
	}
	return 0;
}

static int app_made(struct call *c, struct document *r)
{
	bool user = json_object_get(c->in, "UserProfileName") != NULL;

	if (user == (json_object_get(c->in, "SpaceName") != NULL))
		return op_invalid(c, "Exactly one of UserProfileName and SpaceName must be given.");
	return kind_asked(c, kind_by_id("domain"), c->in) ? 0 : -1;
}

/* An MLflow app has a name that its ARN does not tell. */
static int mlflow_app_made(struct call *c, struct document *r)
{
	const struct document_list *all = documents_of(c->e, "mlflow-app");
	char uuid[37], id[17];

	for (size_t i = 0; i < all->n; i++) {
		if (str_eq(json_get_str(all->items[i]->doc, "Name"), json_get_str(c->in, "Name")))
			return kind_fault(c, c->kind, &c->kind->taken, json_get_str(c->in, "Name"), NULL);
	}
	uuid4(uuid);
	snprintf(id, sizeof(id), "app-%.8s%.4s", uuid, uuid + 9);
	free(r->arn);
	r->arn = kind_arn(c->kind, c->rq->region, id);
	str_set(&r->key, r->arn);
	json_object_set_new(r->doc, "Arn", json_string(r->arn));
	return 0;
}

static int server_stopped(struct call *c, struct document *r)
{
	json_object_set_new(r->doc, "IsActive", json_string("Inactive"));
	return 0;
}

static int notebook_made(struct call *c, struct document *r)
{
	if (!json_object_get(r->doc, "Url")) {
		AUTO(str)
		char *url = xasprintf("%s.notebook.%s.sagemaker.aws", r->key, str_or(c->rq->region, DEFAULT_REGION));

		str_lower(url);
		json_object_set_new(r->doc, "Url", json_string(url));
	}
	return 0;
}

/* What is to be let go. */
static int notebook_changed(struct call *c, struct document *r)
{
	static const struct {
		const char *wish, *member;
	} rows[] = {
		{"DisassociateLifecycleConfig", "NotebookInstanceLifecycleConfigName"},
		{"DisassociateAcceleratorTypes", "AcceleratorTypes"},
		{"DisassociateDefaultCodeRepository", "DefaultCodeRepository"},
		{"DisassociateAdditionalCodeRepositories", "AdditionalCodeRepositories"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (json_get_bool(c->in, rows[i].wish, false))
			json_object_del(r->doc, rows[i].member);
	}
	return 0;
}

const struct document_kind kinds_of_studio[] = {
	{
		.id = "notebook",
		.noun = "notebook instance",
		.key = "NotebookInstanceName",
		.key_input = "NotebookInstanceName!:name",
		.arn = "NotebookInstanceArn",
		.arn_path = "notebook-instance/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "NotebookInstanceStatus",
		.statuses =
			"Pending|InService|Stopping|Stopped|Failed|Deleting|Updating|PendingMaintenance|InMaintenance",
		.begin = JSON({
			"NotebookInstanceStatus" : "Pending",
			"DirectInternetAccess" : "Enabled",
			"VolumeSizeInGB" : 5,
			"RootAccess" : "Enabled"
		}),
		.more = "FailureReason:text Url:text SecurityGroups NetworkInterfaceId:text "
			"NotebookInstanceLifecycleConfigName:name",
		.rename = "SecurityGroups=SecurityGroupIds NotebookInstanceLifecycleConfigName=LifecycleConfigName",
		.drop = "DisassociateLifecycleConfig DisassociateAcceleratorTypes DisassociateDefaultCodeRepository "
			"DisassociateAdditionalCodeRepositories",
		.missing = {"ValidationException", "RecordNotFound"},
		.taken = {"ValidationException", "Notebook Instance {name} already exists ({arn})"},
		.list = {"ListNotebookInstances", "NotebookInstances",
			 "NotebookInstanceName NotebookInstanceArn NotebookInstanceStatus Url InstanceType "
			 "CreationTime "
			 "LastModifiedTime NotebookInstanceLifecycleConfigName DefaultCodeRepository "
			 "AdditionalCodeRepositories",
			 LIST_NAME | LIST_STATUS | LIST_CREATED | LIST_MODIFIED,
			 "NotebookInstanceLifecycleConfigNameContains:text DefaultCodeRepositoryContains:text "
			 "AdditionalCodeRepositoryEquals:text",
			 "NotebookInstanceLifecycleConfigNameContains~NotebookInstanceLifecycleConfigName "
			 "DefaultCodeRepositoryContains~DefaultCodeRepository "
			 "AdditionalCodeRepositoryEquals=AdditionalCodeRepositories.0",
			 .sort = "Name|CreationTime|Status", .ascending = true},
		.ops = {{VERB_CREATE, "CreateNotebookInstance",
			 "NotebookInstanceName!:name InstanceType!:text SubnetId:text SecurityGroupIds:[text] "
			 "IpAddressType:ipv4|dualstack RoleArn!:role KmsKeyId:text Tags:tags LifecycleConfigName:name "
			 "DirectInternetAccess:Enabled|Disabled VolumeSizeInGB:count AcceleratorTypes:[text] "
			 "DefaultCodeRepository:text AdditionalCodeRepositories:[text] RootAccess:Enabled|Disabled "
			 "PlatformIdentifier:text InstanceMetadataServiceConfiguration",
			 "NotebookInstanceArn", .hook = notebook_made},
			{VERB_DESCRIBE, "DescribeNotebookInstance"},
			{VERB_CHANGE, "UpdateNotebookInstance",
			 "InstanceType:text IpAddressType:ipv4|dualstack PlatformIdentifier:text RoleArn:role "
			 "LifecycleConfigName:name DisassociateLifecycleConfig:bool VolumeSizeInGB:count "
			 "DefaultCodeRepository:text AdditionalCodeRepositories:[text] AcceleratorTypes:[text] "
			 "DisassociateAcceleratorTypes:bool DisassociateDefaultCodeRepository:bool "
			 "DisassociateAdditionalCodeRepositories:bool RootAccess:Enabled|Disabled "
			 "InstanceMetadataServiceConfiguration",
			 "", "Stopped Failed", .refused = WRONG_STATUS, .hook = notebook_changed},
			{VERB_CHANGE, "StartNotebookInstance", .from = "Stopped Failed", .to = "Pending",
			 .refused = WRONG_STATUS},
			{VERB_CHANGE, "StopNotebookInstance", .from = "InService Pending", .to = "Stopped",
			 .refused = WRONG_STATUS},
			{VERB_DELETE, "DeleteNotebookInstance", .from = "Stopped Failed", .refused = WRONG_STATUS}},
	},
	{
		.id = "domain",
		.noun = "Domain",
		.key = "DomainId",
		.key_input = "DomainId!:domain_id",
		.name = "DomainName",
		.arn = "DomainArn",
		.arn_path = "domain/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "Status",
		.statuses = "Deleting|Failed|InService|Pending|Updating|Update_Failed|Delete_Failed",
		.begin = JSON({"Status" : "Pending"}),
		.more = "DomainId:domain_id HomeEfsFileSystemId:text FailureReason:text Url:text "
			"SingleSignOnManagedApplicationInstanceId:text SingleSignOnApplicationArn:text "
			"SecurityGroupIdForDomainBoundary:text",
		.drop = "DomainSettingsForUpdate RetentionPolicy",
		.missing = {"ResourceNotFound", "Domain {name} does not exist."},
		.taken = {"ResourceInUse", "Domain {name} already exists."},
		.list = {"ListDomains", "Domains",
			 "DomainArn DomainId DomainName Status CreationTime LastModifiedTime Url", 0},
		.ops = {{VERB_CREATE, "CreateDomain",
			 "DomainName!:name AuthMode!:SSO|IAM DefaultUserSettings! DomainSettings SubnetIds:[text] "
			 "VpcId:text Tags:tags AppNetworkAccessType:PublicInternetOnly|VpcOnly "
			 "HomeEfsFileSystemKmsKeyId:text KmsKeyId:text AppSecurityGroupManagement:Service|Customer "
			 "HomeEfsFileSystemCreation:text TagPropagation:ENABLED|DISABLED DefaultSpaceSettings",
			 "DomainArn DomainId Url", .hook = domain_made},
			{VERB_DESCRIBE, "DescribeDomain"},
			{VERB_CHANGE, "UpdateDomain",
			 "DefaultUserSettings DomainSettingsForUpdate AppSecurityGroupManagement:Service|Customer "
			 "DefaultSpaceSettings SubnetIds:[text] AppNetworkAccessType:PublicInternetOnly|VpcOnly "
			 "TagPropagation:ENABLED|DISABLED HomeEfsFileSystemCreation:text VpcId:text",
			 "DomainArn"},
			{VERB_DELETE, "DeleteDomain", "RetentionPolicy", .hook = domain_unused}},
	},
	{
		.id = "app",
		.noun = "App",
		.key = "DomainId UserProfileName? SpaceName? AppType AppName",
		.key_input =
			"DomainId!:domain_id UserProfileName:name SpaceName:name AppType!:" APP_TYPES " AppName!:name",
		.name = "AppName",
		.arn = "AppArn",
		.arn_path = "app/{key}",
		.created = "CreationTime",
		.status = "Status",
		.statuses = "Deleted|Deleting|Failed|InService|Pending",
		.begin = JSON({"Status" : "Pending"}),
		.more = "LastHealthCheckTimestamp:time LastUserActivityTimestamp:time FailureReason:text "
			"EffectiveTrustedIdentityPropagationStatus:text BuiltInLifecycleConfigArn:text",
		.missing = {"ResourceNotFound", "App {key} does not exist."},
		.taken = {"ResourceInUse", "App {key} already exists."},
		.list = {"ListApps", "Apps",
			 "DomainId UserProfileName SpaceName AppType AppName Status CreationTime ResourceSpec", 0,
			 "DomainIdEquals:domain_id UserProfileNameEquals:name SpaceNameEquals:name",
			 "DomainIdEquals=DomainId UserProfileNameEquals=UserProfileName SpaceNameEquals=SpaceName",
			 .sort = "CreationTime", .ascending = true},
		.ops = {{VERB_CREATE, "CreateApp",
			 "DomainId!:domain_id UserProfileName:name SpaceName:name AppType!:" APP_TYPES
			 " AppName!:name Tags:tags ResourceSpec RecoveryMode:bool",
			 "AppArn", .hook = app_made},
			{VERB_DESCRIBE, "DescribeApp"},
			{VERB_DELETE, "DeleteApp"}},
	},
	{
		.id = "mlflow-server",
		.noun = "tracking server",
		.key = "TrackingServerName",
		.key_input = "TrackingServerName!:name256",
		.arn = "TrackingServerArn",
		.arn_path = "mlflow-tracking-server/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "TrackingServerStatus",
		.statuses = SERVER_STATUSES,
		.begin = JSON({
			"TrackingServerStatus" : "Creating",
			"TrackingServerSize" : "Small",
			"MlflowVersion" : "3.0.0",
			"IsActive" : "Inactive",
			"AutomaticModelRegistration" : false,
			"CreatedBy" : {},
			"LastModifiedBy" : {}
		}),
		.more = "IsActive:Active|Inactive TrackingServerUrl:text CreatedBy LastModifiedBy "
			"TrackingServerMaintenanceStatus:text",
		.missing = {"ResourceNotFound", "Tracking server {name} does not exist."},
		.taken = {"ValidationException", "Tracking server {name} already exists."},
		.list = {"ListMlflowTrackingServers", "TrackingServerSummaries",
			 "TrackingServerArn TrackingServerName CreationTime LastModifiedTime TrackingServerStatus "
			 "IsActive MlflowVersion",
			 LIST_CREATED2, "TrackingServerStatus:" SERVER_STATUSES " MlflowVersion:text",
			 "TrackingServerStatus=TrackingServerStatus MlflowVersion=MlflowVersion",
			 .sort = "CreationTime|Name|Status"},
		.ops = {{VERB_CREATE, "CreateMlflowTrackingServer",
			 "TrackingServerName!:name256 ArtifactStoreUri!:s3_uri TrackingServerSize:Small|Medium|Large "
			 "MlflowVersion:text RoleArn!:role AutomaticModelRegistration:bool "
			 "WeeklyMaintenanceWindowStart:text Tags:tags S3BucketOwnerAccountId:text "
			 "S3BucketOwnerVerification:bool",
			 "TrackingServerArn"},
			{VERB_DESCRIBE, "DescribeMlflowTrackingServer"},
			{VERB_CHANGE, "UpdateMlflowTrackingServer",
			 "ArtifactStoreUri:s3_uri TrackingServerSize:Small|Medium|Large "
			 "AutomaticModelRegistration:bool "
			 "WeeklyMaintenanceWindowStart:text S3BucketOwnerAccountId:text S3BucketOwnerVerification:bool",
			 "TrackingServerArn", .to = "Updating"},
			{VERB_CHANGE, "StartMlflowTrackingServer", .reply = "TrackingServerArn", .to = "Starting"},
			{VERB_CHANGE, "StopMlflowTrackingServer", .reply = "TrackingServerArn", .to = "Stopped",
			 .hook = server_stopped},
			{VERB_DELETE, "DeleteMlflowTrackingServer", .reply = "TrackingServerArn"}},
	},
	{
		.id = "mlflow-app",
		.noun = "MLflow app",
		.key = "Arn",
		.key_input = "Arn!:word",
		.by_arn = true,
		.name = "Name",
		.arn = "Arn",
		.arn_path = "mlflow-app/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "Status",
		.statuses = "Creating|Created|CreateFailed|Updating|Updated|UpdateFailed|Deleting|DeleteFailed|Deleted",
		.begin = JSON({
			"Status" : "Creating",
			"MlflowVersion" : "3.0.0",
			"ModelRegistrationMode" : "AutoModelRegistrationDisabled",
			"AccountDefaultStatus" : "DISABLED",
			"CreatedBy" : {},
			"LastModifiedBy" : {}
		}),
		.more = "MlflowVersion:text CreatedBy LastModifiedBy MaintenanceStatus:text",
		.missing = {"ResourceNotFound", "MLflow app {key} does not exist."},
		.taken = {"ValidationException", "MLflow app {name} already exists."},
		.list = {"ListMlflowApps", "Summaries", "Arn Name Status CreationTime LastModifiedTime MlflowVersion",
			 LIST_CREATED2,
			 "Status:Creating|Created|CreateFailed|Updating|Updated|UpdateFailed|Deleting|DeleteFailed|"
			 "Deleted "
			 "MlflowVersion:text DefaultForDomainId:text AccountDefaultStatus:ENABLED|DISABLED",
			 "Status=Status MlflowVersion=MlflowVersion AccountDefaultStatus=AccountDefaultStatus "
			 "DefaultForDomainId=DefaultDomainIdList.0",
			 .sort = "CreationTime|Name|Status"},
		.ops = {{VERB_CREATE, "CreateMlflowApp",
			 "Name!:name256 ArtifactStoreUri!:s3_uri RoleArn!:role "
			 "ModelRegistrationMode:AutoModelRegistrationEnabled|AutoModelRegistrationDisabled "
			 "WeeklyMaintenanceWindowStart:text AccountDefaultStatus:ENABLED|DISABLED "
			 "DefaultDomainIdList:[text] Tags:tags",
			 "Arn", .hook = mlflow_app_made},
			{VERB_DESCRIBE, "DescribeMlflowApp"},
			{VERB_CHANGE, "UpdateMlflowApp",
			 "Name:name256 ArtifactStoreUri:s3_uri "
			 "ModelRegistrationMode:AutoModelRegistrationEnabled|AutoModelRegistrationDisabled "
			 "WeeklyMaintenanceWindowStart:text AccountDefaultStatus:ENABLED|DISABLED "
			 "DefaultDomainIdList:[text]",
			 "Arn", .to = "Updating"},
			{VERB_DELETE, "DeleteMlflowApp", .reply = "Arn"}},
	},
	{.id = NULL},
};
