/* resource.h - the things of every kind, asked for by the rows of kinds.def: a page of
 * a list, a page of Search, one thing in full, its tags; stopped and deleted.
 *
 * Replies become struct resource (model/resource.h) here, by the members and the
 * fields' paths of the row, and the JSON is dropped. In every callback err is NULL on
 * success; pointers are borrowed for the call's duration unless said otherwise.
 */
#ifndef SAGETOP_AWS_RESOURCE_H
#define SAGETOP_AWS_RESOURCE_H

#include "aws/client.h"
#include "model/kind.h"

/* What of a kind is asked for. All may be left out. */
struct resource_query {
	const char *parent; /* name of the thing that it belongs to */
	const char *name;   /* contained in the name, or its beginning (kind_list) */
	const char *status;
	int64_t created_after_ms, modified_after_ms; /* TIME_UNKNOWN: all */
	const char *token;			     /* of the page before */
};

/* A page: the callback owns each items[i] it takes (set it to NULL); those left are
 * freed. next_token is NULL at the end; an empty page with a token is normal. */
struct resource_page {
	struct resource **items;
	size_t n;
	const char *next_token;
	int64_t total_hint; /* -1 where the service does not say */
};
typedef void resource_page_fn(void *user, const struct resource_page *page, const struct err *err);

struct aws_request *aws_resource_list(struct aws_client *c, const struct kind *k, const struct resource_query *q,
				      enum aws_priority p, resource_page_fn *fn, void *user);
/* Whole records; of the query what Search can do: name, status, modified_after. Only
 * of kinds with a Search resource. */
struct aws_request *aws_resource_search(struct aws_client *c, const struct kind *k, const struct resource_query *q,
					enum aws_priority p, resource_page_fn *fn, void *user);

/* r is the callback's (NULL beside an err); raw is the reply as the service sent it. */
typedef void resource_one_fn(void *user, struct resource *r, const json_t *raw, const struct err *err);
/* known: the thing as far as it is known, NULL where it is not. Only of kinds with a
 * describe operation. Where it fails, fn is not called. */
int aws_resource_describe(struct aws_client *c, const struct kind *k, const char *name, const struct resource *known,
			  enum aws_priority p, resource_one_fn *fn, void *user, struct err *err) NODISCARD;

typedef void resource_done_fn(void *user, const struct err *err);
/* call: &k->stop, or &k->delete; its operation is there. */
int aws_resource_call(struct aws_client *c, const struct kind *k, const struct kind_call *call, const char *name,
		      const struct resource *known, resource_done_fn *fn, void *user, struct err *err) NODISCARD;
/* Whether a call wants members of the thing's record: it must be known then. */
bool aws_call_needs_record(const struct kind_call *call);

typedef void resource_tags_fn(void *user, const struct strmap *tags, const struct err *err);
/* False, and nothing is called, where the kind's service gives no tags by ARN. */
bool aws_resource_tags(struct aws_client *c, const struct kind *k, const char *arn, enum aws_priority p,
		       resource_tags_fn *fn, void *user);

/* Pure: one thing out of a reply. parent may be NULL. ERR_PARSE where it has no name. */
int aws_resource_parse(const struct kind *k, const json_t *o, enum detail detail, const char *parent,
		       struct resource **ret, struct err *err) NODISCARD;
/* What stands at a path: "A.B[0].C", or the first of "A|B" that is there. Borrowed; NULL. */
const json_t *aws_resource_at(const json_t *o, const char *path);
/* The request members that name a thing (see struct kind_call). ERR_INVALID where a
 * member of its record is wanted that is not known. */
int aws_resource_arguments(const struct kind *k, const struct kind_call *call, const char *name,
			   const struct resource *known, json_t **ret, struct err *err) NODISCARD;

#endif
