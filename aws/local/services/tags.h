/* tags.h - tags of training jobs and of stored documents, by ARN. */
#ifndef SAGETOP_LOCAL_TAGS_H
#define SAGETOP_LOCAL_TAGS_H

#include "aws/local/services/ops.h"

/* tags: [{Key, Value}], or an object of names and values; NULL has none. */
int tags_check(struct call *c, const json_t *tags) NODISCARD;
void tags_set(struct strmap *to, const json_t *tags);
json_t *tags_list(const struct strmap *tags, size_t from, size_t to) NODISCARD;

/* ListTagsForResource, TagResource and UntagResource of the services that have them. */
op_fn op_list_resource_tags, op_tag_resource, op_untag_resource;

#endif
