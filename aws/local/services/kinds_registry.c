/* Rows of the table of kinds: model package groups and their versions. */
#include "aws/local/services/kinds_rows.h"

#define PACKAGE_STATUSES "Pending|InProgress|Completed|Failed|Deleting"
#define APPROVALS "Approved|Rejected|PendingManualApproval"
/* What a package may carry, at its making and later. */
#define PACKAGE_PARTS                                                                                   \
	"ModelPackageRegistrationType:Logged|Registered InferenceSpecification:{Containers!:[any]} "    \
	"ModelApprovalStatus:" APPROVALS " CustomerMetadataProperties:<text> SourceUri:text ModelCard " \
	"ModelLifeCycle:{Stage!:text StageStatus!:text StageDescription:text}"

static const struct document_kind *group_kind(void)
{
	return kind_by_id("model-package-group");
}

/* The group by name or ARN; the fault is set where there is none. */
static struct document *find_group(struct call *c, const char *name)
{
	struct document *group = kind_lookup(c, group_kind(), name);

	if (!group)
		(void)kind_fault(c, group_kind(), &group_kind()->missing, name, NULL);
	return group;
}

/* Numbers count up and are never given twice, so the group remembers the last one. */
static int number_version(struct call *c, struct document *r)
{
	struct document *group = find_group(c, json_get_str(c->in, "ModelPackageGroupName"));

	if (!group)
		return -1;
	int64_t n = json_get_i64(group->doc, "LastVersion", 0) + 1;
	AUTO(str) char *path = xasprintf("%s/%lld", group->key, (long long)n);

	json_object_set_new(group->doc, "LastVersion", json_integer(n));
	document_save(c->e, group);
	str_set(&r->arn, NULL);
	r->arn = kind_arn(c->kind, c->rq->region, path);
	json_object_set_new(r->doc, "ModelPackageGroupName", json_string(group->key));
	json_object_set_new(r->doc, "ModelPackageVersion", json_integer(n));
	json_object_set_new(r->doc, "ModelPackageArn", json_string(r->arn));
	/* Describe names a version by its group. */
	json_object_set_new(r->doc, "ModelPackageName", json_string(group->key));
	str_set(&r->key, r->arn);
	return 0;
}

static int package_made(struct call *c, struct document *r)
{
	bool group = json_object_get(c->in, "ModelPackageGroupName") != NULL;
	bool name = json_object_get(c->in, "ModelPackageName") != NULL;

	if (group && name)
		return op_invalid(c, "Both ModelPackageName and ModelPackageGroupName are present; give one of them.");
	if (!group && !name)
		return op_invalid(c, "Missing ARN: either ModelPackageName or ModelPackageGroupName must be given.");
	if (group && json_array_size(json_object_get(c->in, "Tags")))
		return op_invalid(c, "Tags can only be added to the model package group of a versioned model package.");
	if (group)
		return number_version(c, r);
	str_set(&r->key, r->arn);
	return document_by_arn(c->e, r->arn) ? kind_fault(c, c->kind, &c->kind->taken, r->key, NULL) : 0;
}

/* Metadata is merged key by key. */
static int package_changed(struct call *c, struct document *r)
{
	const json_t *away = json_object_get(c->in, "CustomerMetadataPropertiesToRemove");
	const json_t *specs = json_object_get(c->in, "AdditionalInferenceSpecificationsToAdd");
	json_t *properties = json_object_get(r->doc, "CustomerMetadataProperties");
	json_t *all = json_object_get(r->doc, "AdditionalInferenceSpecifications");
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)away, i, item) json_object_del(properties, str_or(json_string_value(item), ""));
	if (json_array_size(specs) && !all) {
		all = json_array();
		json_object_set_new(r->doc, "AdditionalInferenceSpecifications", all);
	}
	json_array_extend(all, (json_t *)specs);
	return 0;
}

static int group_unused(struct call *c, struct document *group)
{
	const struct document_list *versions = documents_of(c->e, "model-package");

	for (size_t i = 0; i < versions->n; i++) {
		if (str_eq(json_get_str(versions->items[i]->doc, "ModelPackageGroupName"), group->key))
			return fault_set(c->fault, 400, "ConflictException",
					 "Model package group %s has model packages; delete them first.", group->key);
	}
	return 0;
}

static int check_group(struct call *c, struct document *r)
{
	const char *name = json_get_str(c->in, "ModelPackageGroupName");

	return !name || find_group(c, name) ? 0 : -1;
}

/* Without a group only unversioned packages are listed, unless the type says otherwise. */
static bool package_matches(struct call *c, const struct document *r)
{
	const char *group = json_get_str(c->in, "ModelPackageGroupName"), *mine;
	const char *type = str_or(json_get_str(c->in, "ModelPackageType"), group ? "Versioned" : "Unversioned");
	const struct document *wanted = group ? kind_lookup(c, group_kind(), group) : NULL;

	mine = json_get_str(r->doc, "ModelPackageGroupName");
	if (wanted && !str_eq(mine, wanted->key))
		return false;
	return str_eq(type, "Both") || str_eq(type, "Versioned") == (mine != NULL);
}

const struct document_kind kinds_of_registry[] = {
	{
		.id = "model-package-group",
		.word = "model-group",
		.noun = "Model Package Group",
		.key = "ModelPackageGroupName",
		.key_input = "ModelPackageGroupName!:name_or_arn",
		.by_arn = true,
		.arn = "ModelPackageGroupArn",
		.arn_path = "model-package-group/{key}",
		.created = "CreationTime",
		.status = "ModelPackageGroupStatus",
		.statuses = "Pending|InProgress|Completed|Failed|Deleting|DeleteFailed",
		.begin = JSON({"ModelPackageGroupStatus" : "Completed", "CreatedBy" : {}}),
		.more = "CreatedBy LastVersion:count",
		.hidden = "LastVersion",
		.search = "ModelPackageGroup",
		.search_drop = "ManagedConfiguration LastVersion",
		.missing = {"ValidationException", "ModelPackageGroup {arn} does not exist."},
		.taken = {"ValidationException", "Model Package Group already exists: {arn}"},
		.list = {"ListModelPackageGroups", "ModelPackageGroupSummaryList",
			 "ModelPackageGroupName ModelPackageGroupArn ModelPackageGroupDescription CreationTime "
			 "ModelPackageGroupStatus ManagedConfiguration",
			 LIST_NAME | LIST_CREATED, "CrossAccountFilterOption:SameAccount|CrossAccount",
			 .sort = "CreationTime|Name"},
		.ops = {{VERB_CREATE, "CreateModelPackageGroup",
			 "ModelPackageGroupName!:name ModelPackageGroupDescription:text Tags:tags ManagedConfiguration",
			 "ModelPackageGroupArn"},
			{VERB_DESCRIBE, "DescribeModelPackageGroup"},
			{VERB_DELETE, "DeleteModelPackageGroup", .hook = group_unused}},
	},
	{
		/* Known by its ARN: a version has no name of its own. */
		.id = "model-package",
		.word = "model-version",
		.noun = "ModelPackage",
		.key = "ModelPackageArn",
		.key_input = "ModelPackageName!:word",
		.by_arn = true,
		.name = "ModelPackageName",
		.arn = "ModelPackageArn",
		.arn_path = "model-package/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "ModelPackageStatus",
		.statuses = PACKAGE_STATUSES,
		.begin = JSON({
			"ModelPackageStatus" : "Completed",
			"ModelPackageStatusDetails" : {"ValidationStatuses" : [], "ImageScanStatuses" : []},
			"CreatedBy" : {}
		}),
		.more = "ModelPackageVersion:count ModelPackageStatusDetails CreatedBy LastModifiedBy "
			"ApprovalDescription:text",
		.drop = "ClientToken CustomerMetadataPropertiesToRemove AdditionalInferenceSpecificationsToAdd",
		.search = "ModelPackage",
		.search_drop = "ManagedStorageType",
		.missing = {"ValidationException", "ModelPackage {arn} does not exist."},
		.taken = {"ValidationException", "Model Package already exists: {arn}"},
		.list = {"ListModelPackages", "ModelPackageSummaryList",
			 "ModelPackageGroupName ModelPackageVersion ModelPackageArn ModelPackageDescription "
			 "CreationTime "
			 "ModelPackageStatus ModelApprovalStatus ModelLifeCycle ModelPackageRegistrationType",
			 LIST_NAME | LIST_CREATED,
			 "ModelApprovalStatus:" APPROVALS " ModelPackageGroupName:name_or_arn "
			 "ModelPackageType:Versioned|Unversioned|Both",
			 "ModelApprovalStatus=ModelApprovalStatus", .sort = "CreationTime|Name", .hook = check_group,
			 .match = package_matches},
		.ops = {{VERB_CREATE, "CreateModelPackage",
			 "ModelPackageName:name ModelPackageGroupName:name_or_arn ModelPackageDescription:text "
			 "ValidationSpecification SourceAlgorithmSpecification CertifyForMarketplace:bool Tags:tags "
			 "MetadataProperties ModelMetrics ClientToken:text Domain:text Task:text SamplePayloadUrl:text "
			 "DriftCheckBaselines AdditionalInferenceSpecifications SkipModelValidation:All|None "
			 "SecurityConfig ManagedStorageType " PACKAGE_PARTS,
			 "ModelPackageArn", .hook = package_made},
			{VERB_DESCRIBE, "DescribeModelPackage", "IncludedData:text"},
			{VERB_CHANGE, "UpdateModelPackage",
			 "ModelPackageArn!:word ApprovalDescription:text CustomerMetadataPropertiesToRemove:[text] "
			 "AdditionalInferenceSpecificationsToAdd:[any] ClientToken:text " PACKAGE_PARTS,
			 "ModelPackageArn", .hook = package_changed},
			{VERB_DELETE, "DeleteModelPackage"}},
	},
	{.id = NULL},
};
