/* Tags by ARN, in SageMaker's words and in those of the other services. */
#include "aws/local/services/tags.h"

#include "aws/local/kept/documents.h"
#include "aws/local/kept/training_job.h"

#define MAX_TAGS 50

/* What an ARN leads to: one of the two. */
struct tagged {
	struct training_job *job;
	struct document *resource;
	struct strmap *tags;
};

int tags_check(struct call *c, const json_t *tags)
{
	AUTO(map) struct map keys = {0};
	size_t i;
	json_t *tag;

	if (json_array_size(tags) > MAX_TAGS)
		return op_invalid(c,
				  "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member "
				  "must have length less than or equal to %d",
				  MAX_TAGS);
	json_array_foreach((json_t *)tags, i, tag)
	{
		const char *key = json_get_str(tag, "Key");

		if (map_put(&keys, key, tag))
			return op_invalid(c, "Tag keys must be unique; '%.128s' is given twice.", key);
		if (!strncasecmp(key, "aws:", 4))
			return op_invalid(c, "aws: prefixed tag key names are not allowed for external use.");
	}
	return 0;
}

void tags_set(struct strmap *to, const json_t *tags)
{
	size_t i;
	json_t *tag;

	json_array_foreach((json_t *)tags, i, tag) strmap_set(to, json_get_str(tag, "Key"), json_get_str(tag, "Value"));
	json_to_strmap(tags, to);
}

json_t *tags_list(const struct strmap *tags, size_t from, size_t to)
{
	json_t *list = json_array();

	for (size_t i = from; i < to && i < tags->n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s}", "Key", tags->items[i].name, "Value", tags->items[i].value));
	return list;
}

static void remove_keys(struct strmap *tags, const json_t *keys)
{
	struct strmap kept = {0};

	for (size_t i = 0; i < tags->n; i++) {
		bool drop = false;

		for (size_t k = 0; k < json_array_size(keys); k++)
			drop = drop || str_eq(json_string_value(json_array_get(keys, k)), tags->items[i].name);
		if (!drop)
			strmap_set(&kept, tags->items[i].name, tags->items[i].value);
	}
	strmap_done(tags);
	*tags = kept;
}

static bool find_tagged(struct call *c, const char *arn, struct tagged *ret)
{
	*ret = (struct tagged){0};
	if (strstr(arn, ":training-job/"))
		ret->job = training_jobs_by_arn(c->e, arn);
	else
		ret->resource = document_by_arn(c->e, arn);
	if (ret->job)
		ret->tags = &ret->job->tags;
	if (ret->resource)
		ret->tags = &ret->resource->tags;
	return ret->tags != NULL;
}

static void save(struct call *c, const struct tagged *t)
{
	if (t->resource)
		document_save(c->e, t->resource);
	if (!t->job)
		return;
	t->job->modified_ms = engine_now_ms(c->e);
	training_job_save(c->e, t->job);
}

static size_t count_with(const struct strmap *tags, const json_t *more)
{
	size_t n = tags->n, i;
	json_t *tag;

	json_array_foreach((json_t *)more, i, tag) n += strmap_get(tags, json_get_str(tag, "Key")) == NULL;
	return n;
}

/* --- SageMaker ---------------------------------------------------------------------------- */

static bool find_in_sagemaker(struct call *c, struct tagged *t)
{
	const char *arn = json_get_str(c->in, "ResourceArn");

	if (!find_tagged(c, arn, t))
		(void)op_invalid(c, "The resource with the ARN %.256s does not exist.", arn);
	return t->tags != NULL;
}

int op_list_tags(struct call *c, json_t **out)
{
	const char *token = json_get_str(c->in, "NextToken");
	int64_t from = 0, max = json_get_i64(c->in, "MaxResults", 50);
	struct tagged t;

	if (!find_in_sagemaker(c, &t))
		return -1;
	if (!token_decode_number("tags", token, &from))
		return op_invalid(c, "Invalid NextToken.");
	*out = json_pack("{s:o}", "Tags", tags_list(t.tags, (size_t)from, (size_t)(from + max)));
	if ((size_t)(from + max) < t.tags->n) {
		AUTO(str) char *next = token_encode_number("tags", from + max);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

int op_add_tags(struct call *c, json_t **out)
{
	const json_t *tags = json_object_get(c->in, "Tags");
	struct tagged t;

	if (!find_in_sagemaker(c, &t) || tags_check(c, tags) < 0)
		return -1;
	if (count_with(t.tags, tags) > MAX_TAGS)
		return fault_set(c->fault, 400, "ResourceLimitExceeded",
				 "The number of tags has reached the limit of %d for the resource %s.", MAX_TAGS,
				 json_get_str(c->in, "ResourceArn"));
	tags_set(t.tags, tags);
	save(c, &t);
	*out = json_pack("{s:o}", "Tags", tags_list(t.tags, 0, t.tags->n));
	return 0;
}

int op_delete_tags(struct call *c, json_t **out)
{
	struct tagged t;

	if (!find_in_sagemaker(c, &t))
		return -1;
	remove_keys(t.tags, json_object_get(c->in, "TagKeys"));
	save(c, &t);
	*out = json_object();
	return 0;
}

/* --- the other services ----------------------------------------------------------------------- */

static bool find_elsewhere(struct call *c, struct tagged *t)
{
	const char *arn = str_or(json_get_str(c->in, "ResourceARN"), json_get_str(c->in, "ResourceArn"));
	bool json_1_1 = c->service == SVC_EVENTS || c->service == SVC_AUTOSCALING;

	if (!find_tagged(c, arn, t))
		(void)fault_set(c->fault, json_1_1 ? 400 : 404, "ResourceNotFoundException",
				"The resource with the ARN %.500s does not exist.", arn);
	return t->tags != NULL;
}

int op_list_resource_tags(struct call *c, json_t **out)
{
	struct tagged t;

	if (!find_elsewhere(c, &t))
		return -1;
	if (c->service != SVC_AUTOSCALING) {
		*out = json_pack("{s:o}", "Tags", tags_list(t.tags, 0, t.tags->n));
		return 0;
	}
	*out = json_pack("{s:o}", "Tags", json_from_strmap(t.tags));
	return 0;
}

int op_tag_resource(struct call *c, json_t **out)
{
	const json_t *tags = json_object_get(c->in, "Tags");
	struct tagged t;

	if (!find_elsewhere(c, &t) || tags_check(c, tags) < 0)
		return -1;
	tags_set(t.tags, tags);
	save(c, &t);
	*out = json_object();
	return 0;
}

int op_untag_resource(struct call *c, json_t **out)
{
	struct tagged t;

	if (!find_elsewhere(c, &t))
		return -1;
	remove_keys(t.tags, json_object_get(c->in, "TagKeys"));
	save(c, &t);
	*out = json_object();
	return 0;
}
