/* The records that Search answers: a job's or document's own, a model with what
 * uses it, and the trial component that each job has by itself. */
#include "aws/local/services/search.h"

/* --- models --------------------------------------------------------------------------- */

static bool config_uses(const struct document *config, const char *model)
{
	const json_t *variants = json_object_get(config->doc, "ProductionVariants");

	for (size_t i = 0; i < json_array_size(variants); i++) {
		if (str_eq(json_get_str(json_array_get(variants, i), "ModelName"), model))
			return true;
	}
	return false;
}

static json_t *endpoints_of(struct call *c, const char *model)
{
	const struct document_list *all = documents_of(c->e, "endpoint");
	json_t *list = json_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct document *config = document_find(
			c->e, "endpoint-config", str_or(json_get_str(all->items[i]->doc, "EndpointConfigName"), ""));

		if (config && config_uses(config, model))
			json_array_append_new(list,
					      kind_project(all->items[i]->doc, "EndpointName EndpointArn CreationTime "
									       "LastModifiedTime EndpointStatus"));
	}
	return list;
}

static json_t *last_transform_of(struct call *c, const char *model)
{
	const struct document_list *all = documents_of(c->e, "transform");

	for (size_t i = all->n; i > 0; i--) {
		if (str_eq(json_get_str(all->items[i - 1]->doc, "ModelName"), model))
			return kind_document(kind_by_id("transform"), all->items[i - 1], true);
	}
	return NULL;
}

static json_t *model_record(struct call *c, const struct candidate *k)
{
	json_t *last = last_transform_of(c, k->resource->key);
	json_t *record = json_pack("{s:o, s:o}", "Model", kind_document(k->kind, k->resource, true), "Endpoints",
				   endpoints_of(c, k->resource->key));

	if (last)
		json_object_set_new(record, "LastBatchTransformJob", last);
	return record;
}

/* --- trial components -------------------------------------------------------------------- */

/* How the service calls the component, its source and the detail, by the job's kind. */
static const struct component_row {
	const char *kind, *suffix, *source, *detail, *start, *end;
} component_rows[] = {
	{NULL, "aws-training-job", "SageMakerTrainingJob", "TrainingJob", "TrainingStartTime", "TrainingEndTime"},
	{"processing", "aws-processing-job", "SageMakerProcessingJob", "ProcessingJob", "ProcessingStartTime",
	 "ProcessingEndTime"},
	{"transform", "aws-transform-job", "SageMakerTransformJob", "TransformJob", "TransformStartTime",
	 "TransformEndTime"},
};

static const struct component_row *component_row(const struct candidate *k)
{
	for (size_t i = 1; k->kind && i < ARRAY_LEN(component_rows); i++) {
		if (str_eq(component_rows[i].kind, k->kind->id))
			return &component_rows[i];
	}
	return &component_rows[0];
}

static char *component_arn(const char *job_arn, const char *component)
{
	const char *at = strrchr(job_arn, ':');
	char *arn = xasprintf("%.*s:experiment-trial-component/%s", (int)(at ? at - job_arn : 0), job_arn, component);

	str_lower(arn);
	return arn;
}

static json_t *component_record(struct call *c, const struct candidate *k)
{
	const struct component_row *row = component_row(k);
	const char *name = k->job ? k->job->name : k->resource->key, *arn = k->job ? k->job->arn : k->resource->arn;
	json_t *detail = k->job ? training_job_document(c->e, k->job, true) : kind_document(k->kind, k->resource, true);
	const char *status = k->job ? training_job_status_name(k->job->status) : json_get_str(detail, k->kind->status);
	AUTO(str) char *component = xasprintf("%s-%s", name, row->suffix);
	AUTO(str) char *own_arn = component_arn(arn, component);
	json_t *record = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s}, s:o, s:o}", "TrialComponentName", component,
				   "DisplayName", component, "TrialComponentArn", own_arn, "Source", "SourceArn", arn,
				   "SourceType", row->source, "Status", "PrimaryStatus", status, "CreationTime",
				   json_epoch(k->created_ms), "LastModifiedTime", json_epoch(k->modified_ms));
	json_t *start = json_object_get(detail, row->start), *end = json_object_get(detail, row->end);

	if (start)
		json_object_set(record, "StartTime", start);
	if (end)
		json_object_set(record, "EndTime", end);
	json_object_set_new(record, "SourceDetail", json_pack("{s:s, s:o}", "SourceArn", arn, row->detail, detail));
	return record;
}

json_t *candidate_document(struct call *c, struct candidate *k)
{
	if (k->document)
		return k->document;
	if (k->component)
		k->document = component_record(c, k);
	else if (k->job)
		k->document = training_job_document(c->e, k->job, true);
	else if (str_eq(k->kind->search, "Model"))
		k->document = model_record(c, k);
	else
		k->document = kind_document(k->kind, k->resource, true);
	return k->document;
}
