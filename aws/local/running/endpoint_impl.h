/* endpoint_impl.h - what the files of endpoints share: endpoint.c (documents, fleets, the
 * interface), endpoint_server.c (its servers), endpoint_call.c (calls and their metrics). */
#ifndef SAGETOP_LOCAL_ENDPOINT_IMPL_H
#define SAGETOP_LOCAL_ENDPOINT_IMPL_H

#include "aws/local/running/endpoint.h"
#include "aws/local/running/model_server.h"
#include "aws/local/running/runner_impl.h"

/* The servers of one configuration. */
struct fleet {
	struct endpoint *endpoint;
	json_t *config;
	json_t *told; /* its variants as Describe tells them when it serves */
	struct model_server *servers;
	struct fleet *next; /* of the endpoint */
};

/* A call that has ended, for the metrics. */
struct sample {
	char *variant;
	int status, instances;
	int64_t at_ms, us;
	char *capture; /* a line of data capture, NULL: none */
	char *destination;
};

struct endpoint {
	struct engine *e;
	char *name, *group;
	struct document *doc; /* NULL: deleted, its servers are ending */
	struct fleet *fleets;
	struct fleet *current, *coming, *old; /* old: kept while the new one bakes. The others are ending */
	uint64_t bake_timer, metric_timer;
	struct sample *samples; /* written once in a while: a commit for each call would cost more than the call */
	size_t n_samples, cap_samples;
	struct endpoint *next;
};

/* endpoint_server.c */
void server_begin(struct fleet *f, const json_t *variant);
static inline struct fleet *server_fleet(const struct model_server *s)
{
	return s->owner;
}

/* endpoint_call.c */
void endpoint_write_metrics(struct endpoint *ep); /* what has not been written yet */

double endpoint_draw(void); /* from 0 to below 1; 1 where the system has no random numbers */

/* endpoint_capture.c */
/* The call as data capture keeps it; NULL where the configuration does not want it. */
char *endpoint_capture_line(const struct model_server *s, const struct strmap *headers, const struct buf *body,
			    const struct http_answer *a) NODISCARD;
void endpoint_store_captures(struct endpoint *ep, const char *destination, const char *variant,
			     const struct buf *lines);

/* endpoint.c: a server tells */
void fleet_server_ready(struct fleet *f);
void fleet_server_failed(struct fleet *f, struct model_server *s, const char *reason);
void fleet_tidy(struct fleet *f); /* frees it where it is empty and has no part any more */
const json_t *fleet_variant(const struct fleet *f, const char *name);
int fleet_count(const struct fleet *f, const char *variant, bool ready); /* its servers; ready: that can be called */
struct endpoint *endpoint_find(struct engine *e, const struct document *doc); /* NULL: nothing serves it */

#endif
