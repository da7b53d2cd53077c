/* endpoint.h - endpoints with real servers: one process for each instance of a variant,
 * which gets `serve`, a port in SAGEMAKER_BIND_TO_PORT and its model in /opt/ml/model, and
 * is in service once GET /ping answers 200.
 *
 * A configuration's servers are a fleet. An update starts a second fleet beside the first
 * and shifts the calls to it by its DeploymentConfig: at once, a canary first, in steps, or
 * batch by batch. What fails before the end is rolled back, with the reason. Calls go to
 * the variants by their weights, within one to the instance with the fewest under way.
 *
 * A serverless variant has no server until a call comes, then one for each call under way,
 * which ends when it was idle for a while. An endpoint that is made, or updated, proves
 * that its servers start.
 *
 * Calls of an asynchronous endpoint wait in a queue, which outlives the engine; their
 * answers become objects.
 *
 * A document without ENDPOINT_STATE (as --load makes them) is never served.
 */
#ifndef SAGETOP_LOCAL_ENDPOINT_H
#define SAGETOP_LOCAL_ENDPOINT_H

#include "aws/local/kept/documents.h"
#include "aws/local/running/http_call.h"

#define ENDPOINT_KIND "endpoint"
#define ENDPOINT_STATE "LocalState"
#define ENDPOINT_CONFIG "LocalConfig" /* what it serves by: its configuration may be deleted */
#define ENDPOINT_UPDATE "LocalUpdate" /* the one under way: Config, Variants, BegunMs */
#define ENDPOINT_NAMESPACE "AWS/SageMaker"
#define ENDPOINT_MAX_BODY 6291456
#define SERVERLESS_MAX_BODY 4194304

/* Of a list of variants. Borrowed; NULL: none of that name. */
json_t *endpoint_find_variant(const json_t *list, const char *name);

/* What it takes to serve a configuration is there: ERR_INVALID says what is not. */
int endpoint_check(struct engine *e, const json_t *config, struct err *err) NODISCARD;

void endpoint_create(struct engine *e, struct document *doc); /* stored already */
/* To another configuration, with these variants as Describe will tell them (borrowed both), by the
 * document's LastDeploymentConfig. What is told stays as it is until they serve. */
void endpoint_update(struct engine *e, struct document *doc, const json_t *config, const json_t *told);
bool endpoint_has_servers(struct engine *e, const struct document *doc); /* it is no stored document alone */
/* The wishes of ProductionVariants: weights at once, instances as they start and end. */
void endpoint_resize(struct engine *e, struct document *doc);
void endpoint_delete(struct engine *e, const struct document *doc); /* its servers end; doc is removed by the caller */

struct endpoint_answer {
	struct http_answer *http;
	const char *variant, *log_stream;
};
typedef void endpoint_answer_fn(void *user, struct endpoint_answer *a);
/* variant: NULL lets the weights decide. ERR_NOTFOUND: no such variant, or nothing serves;
 * ERR_LIMIT: nothing is ready now; ERR_THROTTLED: more at a time than the variant takes. */
int endpoint_invoke(struct engine *e, const struct document *doc, const char *variant, const struct strmap *headers,
		    const void *body, size_t n, endpoint_answer_fn *fn, void *user, struct err *err) NODISCARD;

/* Its calls go through a queue: endpoint_invoke is for the others. */
bool endpoint_is_async(struct engine *e, const struct document *doc);
/* InvokeEndpointAsync's input, of an endpoint that is asynchronous; body: where it has no InputLocation.
 * A new reference: InferenceId, Output and, where failures have a place, Failure. */
json_t *endpoint_async_put(struct engine *e, const struct document *doc, const json_t *in, const void *body,
			   size_t n) NODISCARD;
#define ASYNC_MAX_BODY 128000

/* For the runner. */
void endpoints_take_up(struct engine *e);
void endpoints_shut_down(struct engine *e);
bool endpoints_busy(const struct engine *e);
void endpoints_free(struct engine *e);

#endif
