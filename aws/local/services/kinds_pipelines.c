/* Rows of the table of kinds: pipelines, their executions and the steps of those. */
#include "aws/local/services/kinds_rows.h"

#include "base/digest.h"

#define EXECUTION_STATUSES "Executing|Stopping|Stopped|Failed|Succeeded"

static const struct document_kind *pipeline_kind(void)
{
	return kind_by_id("pipeline");
}

static bool same_arn(const json_t *doc, const char *member, const char *arn)
{
	return str_ieq(json_get_str(doc, member), arn);
}

/* --- pipelines ------------------------------------------------------------------------ */

/* The definition is kept as text; what it says is the business of whatever runs it. */
static int check_definition(struct call *c, struct document *r)
{
	const char *text = json_get_str(c->in, "PipelineDefinition");
	AUTO(json) json_t *definition = NULL;
	struct err err = {0};

	if (json_object_get(c->in, "PipelineDefinitionS3Location"))
		return op_invalid(c, "The local engine does not read a pipeline definition from S3; give "
				     "PipelineDefinition.");
	if (!text)
		return c->op->verb == VERB_CREATE ? op_invalid(c, "PipelineDefinition must be given.") : 0;
	if (json_parse(text, strlen(text), "Pipeline Definition", &definition, &err) < 0)
		return op_invalid(c, "Unable to parse pipeline definition. %.500s", err.msg);
	if (!json_is_object(definition) || !json_is_array(json_object_get(definition, "Steps")))
		return op_invalid(c, "Unable to parse pipeline definition. It has no list of Steps.");
	return 0;
}

static void remove_steps(struct call *c, const struct document *execution)
{
	const struct document_list *steps = documents_of(c->e, "pipeline-step");

	for (size_t i = steps->n; i > 0; i--) {
		if (same_arn(steps->items[i - 1]->doc, "PipelineExecutionArn", execution->arn))
			document_remove(c->e, steps->items[i - 1]);
	}
}

/* A pipeline takes its executions with it, but not while one runs. */
static int remove_executions(struct call *c, struct document *pipeline)
{
	const struct document_list *all = documents_of(c->e, "pipeline-execution");

	for (size_t i = 0; i < all->n; i++) {
		if (same_arn(all->items[i]->doc, "PipelineArn", pipeline->arn) &&
		    word_in("Executing Stopping", json_get_str(all->items[i]->doc, "PipelineExecutionStatus")))
			return fault_set(c->fault, 400, "ConflictException",
					 "The pipeline %s has an execution that runs; stop it first.", pipeline->key);
	}
	for (size_t i = all->n; i > 0; i--) {
		struct document *execution = all->items[i - 1];

		if (!same_arn(execution->doc, "PipelineArn", pipeline->arn))
			continue;
		remove_steps(c, execution);
		document_remove(c->e, execution);
	}
	return 0;
}

/* --- executions ------------------------------------------------------------------------- */

static void random_id(char id[13])
{
	char uuid[37];
	size_t n = 0;

	uuid4(uuid);
	for (const char *p = uuid; n < 12; p++) {
		if (*p != '-')
			id[n++] = *p;
	}
	id[n] = 0;
}

static int execution_made(struct call *c, struct document *r)
{
	struct document *pipeline = kind_asked(c, pipeline_kind(), c->in);
	char id[13];

	if (!pipeline)
		return -1;
	if (json_object_get(c->in, "SelectiveExecutionConfig"))
		return op_invalid(c, "The local engine does not run selected steps of a pipeline yet.");
	random_id(id);
	free(r->arn);
	r->arn = xasprintf("%s/execution/%s", pipeline->arn, id);
	str_set(&r->key, r->arn);
	json_object_set_new(r->doc, "PipelineExecutionArn", json_string(r->arn));
	json_object_set_new(r->doc, "PipelineArn", json_string(pipeline->arn));
	json_object_set(r->doc, "PipelineDefinition", json_object_get(pipeline->doc, "PipelineDefinition"));
	if (!json_object_get(r->doc, "PipelineExecutionDisplayName")) {
		AUTO(str) char *name = xasprintf("execution-%lld", (long long)engine_now_ms(c->e));

		json_object_set_new(r->doc, "PipelineExecutionDisplayName", json_string(name));
	}
	json_object_set(pipeline->doc, "LastRunTime", json_object_get(r->doc, "CreationTime"));
	document_save(c->e, pipeline);
	return 0;
}

static int check_pipeline(struct call *c, struct document *r)
{
	return kind_asked(c, pipeline_kind(), c->in) ? 0 : -1;
}

static bool execution_matches(struct call *c, const struct document *r)
{
	const struct document *pipeline =
		kind_lookup(c, pipeline_kind(), str_or(json_get_str(c->in, "PipelineName"), ""));

	return pipeline && same_arn(r->doc, "PipelineArn", pipeline->arn);
}

static int check_execution(struct call *c, struct document *r)
{
	return kind_asked(c, kind_by_id("pipeline-execution"), c->in) ? 0 : -1;
}

static bool step_matches(struct call *c, const struct document *r)
{
	return same_arn(r->doc, "PipelineExecutionArn", json_get_str(c->in, "PipelineExecutionArn"));
}

int op_describe_pipeline_definition(struct call *c, json_t **out)
{
	const struct document *r = kind_asked(c, kind_by_id("pipeline-execution"), c->in);

	if (!r)
		return -1;
	*out = kind_project(r->doc, "PipelineDefinition CreationTime");
	return 0;
}

int op_list_pipeline_parameters(struct call *c, json_t **out)
{
	const struct document *r = kind_asked(c, kind_by_id("pipeline-execution"), c->in);
	const char *token = json_get_str(c->in, "NextToken");
	int64_t from = 0, max = json_get_i64(c->in, "MaxResults", 10);

	if (!r)
		return -1;
	if (!token_decode_number("pipeline-parameters", token, &from))
		return op_invalid(c, "Invalid NextToken.");
	const json_t *all = json_object_get(r->doc, "PipelineParameters");
	json_t *page = json_array();
	int64_t n = (int64_t)json_array_size(all), end = MIN(from + max, n);

	for (int64_t i = from; i < end; i++)
		json_array_append(page, json_array_get(all, (size_t)i));
	*out = json_pack("{s:o}", "PipelineParameters", page);
	if (end < n) {
		AUTO(str) char *next = token_encode_number("pipeline-parameters", end);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

const struct document_kind kinds_of_pipelines[] = {
	{
		.id = "pipeline",
		.noun = "pipeline",
		.key = "PipelineName",
		.key_input = "PipelineName!:pipeline_name",
		.by_arn = true,
		.arn = "PipelineArn",
		.arn_path = "pipeline/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "PipelineStatus",
		.statuses = "Active|Deleting",
		.begin = JSON({"PipelineStatus" : "Active", "CreatedBy" : {}, "LastModifiedBy" : {}}),
		.more = "LastRunTime:time CreatedBy LastModifiedBy PipelineVersionDisplayName:text "
			"PipelineVersionDescription:text",
		.drop = "ClientRequestToken PipelineDefinitionS3Location",
		.search = "Pipeline",
		.search_drop = "PipelineDefinition PipelineVersionDisplayName PipelineVersionDescription",
		.missing = {"ResourceNotFound", "Pipeline '{arn}' does not exist."},
		.taken = {"ValidationException", "Pipeline names must be unique within an AWS account and region. "
						 "Pipeline with name ({name}) already exists."},
		.list = {"ListPipelines", "PipelineSummaries",
			 "PipelineArn PipelineName PipelineDisplayName PipelineDescription RoleArn CreationTime "
			 "LastModifiedTime LastExecutionTime=LastRunTime",
			 LIST_CREATED2, "PipelineNamePrefix:name256", "PipelineNamePrefix^PipelineName",
			 .sort = "CreationTime|Name"},
		.ops = {{VERB_CREATE, "CreatePipeline",
			 "PipelineName!:name256 PipelineDisplayName:name256 PipelineDefinition:text "
			 "PipelineDefinitionS3Location PipelineDescription:text ClientRequestToken!:client_token "
			 "RoleArn!:role Tags:tags ParallelismConfiguration:{MaxParallelExecutionSteps!:count}",
			 "PipelineArn", .hook = check_definition},
			{VERB_DESCRIBE, "DescribePipeline", "PipelineVersionId:count"},
			{VERB_CHANGE, "UpdatePipeline",
			 "PipelineDisplayName:name256 PipelineDefinition:text PipelineDefinitionS3Location "
			 "PipelineDescription:text RoleArn:role "
			 "ParallelismConfiguration:{MaxParallelExecutionSteps!:count}",
			 "PipelineArn", .hook = check_definition},
			{VERB_DELETE, "DeletePipeline", "ClientRequestToken!:client_token", "PipelineArn",
			 .hook = remove_executions}},
	},
	{
		.id = "pipeline-execution",
		.noun = "pipeline execution",
		.key = "PipelineExecutionArn",
		.key_input = "PipelineExecutionArn!:word",
		.by_arn = true,
		.name = "PipelineExecutionDisplayName",
		.arn = "PipelineExecutionArn",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "PipelineExecutionStatus",
		.statuses = EXECUTION_STATUSES,
		.begin = JSON({"PipelineExecutionStatus" : "Executing", "CreatedBy" : {}, "LastModifiedBy" : {}}),
		.more = "PipelineArn!:word PipelineExperimentConfig FailureReason:text CreatedBy LastModifiedBy "
			"MLflowConfig PipelineDefinition:text",
		.drop = "ClientRequestToken PipelineName MlflowExperimentName",
		.hidden = "PipelineParameters PipelineDefinition",
		.search = "PipelineExecution",
		.search_drop = "MLflowConfig PipelineDefinition Tags",
		.missing = {"ResourceNotFound", "Pipeline execution '{key}' does not exist."},
		.list = {"ListPipelineExecutions", "PipelineExecutionSummaries",
			 "PipelineExecutionArn StartTime=CreationTime PipelineExecutionStatus "
			 "PipelineExecutionDescription PipelineExecutionDisplayName "
			 "PipelineExecutionFailureReason=FailureReason",
			 LIST_CREATED2, "PipelineName!:pipeline_name", .sort = "CreationTime|PipelineExecutionArn",
			 .hook = check_pipeline, .match = execution_matches},
		.ops = {{VERB_CREATE, "StartPipelineExecution",
			 "PipelineName!:pipeline_name PipelineExecutionDisplayName:name82 "
			 "PipelineParameters:[{Name!:text Value!:text}] PipelineExecutionDescription:text "
			 "ClientRequestToken!:client_token ParallelismConfiguration:{MaxParallelExecutionSteps!:count} "
			 "SelectiveExecutionConfig PipelineVersionId:count MlflowExperimentName:text",
			 "PipelineExecutionArn", .hook = execution_made},
			{VERB_DESCRIBE, "DescribePipelineExecution"},
			{VERB_CHANGE, "UpdatePipelineExecution",
			 "PipelineExecutionDescription:text PipelineExecutionDisplayName:name82 "
			 "ParallelismConfiguration:{MaxParallelExecutionSteps!:count}",
			 "PipelineExecutionArn"},
			{VERB_CHANGE, "StopPipelineExecution", "ClientRequestToken!:client_token",
			 "PipelineExecutionArn", "Executing Stopping", "Stopped",
			 .refused = {"ConflictException", "The pipeline execution is in status {status}."}}},
	},
	{
		.id = "pipeline-step",
		.noun = "pipeline step",
		.key = "PipelineExecutionArn StepName",
		.name = "StepName",
		.created = "StartTime",
		.status = "StepStatus",
		.statuses = "Starting|Executing|Stopping|Stopped|Failed|Succeeded",
		.more = "PipelineExecutionArn!:word StepName!:text StepDisplayName:text StepDescription:text "
			"EndTime:time "
			"CacheHitResult FailureReason:text Metadata AttemptCount:count SelectiveExecutionResult",
		.list = {"ListPipelineExecutionSteps", "PipelineExecutionSteps",
			 "StepName StepDisplayName StepDescription StartTime EndTime StepStatus CacheHitResult "
			 "FailureReason Metadata AttemptCount SelectiveExecutionResult",
			 0, "PipelineExecutionArn!:word SortOrder:order", .hook = check_execution,
			 .match = step_matches},
	},
	{.id = NULL},
};
