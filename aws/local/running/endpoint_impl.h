/* endpoint_impl.h - what the files of endpoints share: endpoint.c (documents, the interface),
 * endpoint_fleet.c (the servers of a configuration), endpoint_update.c (how another fleet comes),
 * endpoint_server.c (one server), endpoint_call.c (calls and their metrics),
 * endpoint_serverless.c (servers that start on a call), endpoint_async.c (the queue). */
#ifndef SAGETOP_LOCAL_ENDPOINT_IMPL_H
#define SAGETOP_LOCAL_ENDPOINT_IMPL_H

#include "aws/local/running/endpoint.h"
#include "aws/local/running/model_server.h"
#include "aws/local/running/runner_impl.h"

/* The servers of one configuration. */
struct fleet {
	struct endpoint *endpoint;
	json_t *config;
	json_t *variants; /* of it */
	json_t *told;	  /* its variants as Describe tells them when it serves */
	struct model_server *servers;
	struct fleet *next; /* of the endpoint */
};

/* A call that has ended, for the metrics. */
struct sample {
	char *variant;
	int status, instances;
	int64_t at_ms, us;
	int64_t overhead_us; /* beyond the model's own time */
	char *capture;	     /* a line of data capture, NULL: none */
	char *destination;
};

/* A call of a model. */
struct invocation {
	struct endpoint *endpoint;
	struct fleet *fleet;
	char *target;		     /* the variant that was asked for; NULL: by the weights */
	char *variant;		     /* the one that it went to */
	struct model_server *server; /* NULL: it waits for one */
	struct strmap headers;	     /* kept until it is sent: a server may be gone already */
	struct buf body;
	int64_t began_us, sent_us; /* monotonic */
	int64_t timeout_ms;
	bool async; /* of the queue, which has metrics of its own */
	endpoint_answer_fn *fn;
	void *user;
	struct invocation *next; /* of those that wait */
};

struct endpoint {
	struct engine *e;
	char *name, *group;
	struct document *doc; /* NULL: deleted, its servers are ending */
	struct fleet *fleets;
	struct fleet *current, *coming; /* coming: the first one, or that of an update. The others are ending */
	struct update *update;		/* by which one comes, or the last one ends; NULL: none */
	uint64_t metric_timer;
	struct sample *samples; /* written once in a while: a commit for each call would cost more than the call */
	size_t n_samples, cap_samples;
	struct invocation *waiting; /* for serverless servers that start, in order of arrival */
	uint64_t idle_timer;
	struct async_call *async; /* those that have left the queue's rest */
	uint64_t async_timer, async_wake;
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

/* variant NULL: of the endpoint. */
void endpoint_put_metric(struct endpoint *ep, const char *variant, const char *name, int64_t at_ms, double value);
void invocation_send(struct invocation *call, struct model_server *s);
/* It gets no answer, and why. Frees it. */
void invocation_fail(struct invocation *call, const char *why);
/* To the servers of now, by weights and targets; where there are none it fails. */
void invocation_dispatch(struct invocation *call);

double endpoint_draw(void); /* from 0 to below 1; 1 where the system has no random numbers */

/* endpoint_capture.c */
/* The call as data capture keeps it; NULL where the configuration does not want it. */
char *endpoint_capture_line(const struct fleet *f, const struct strmap *headers, const struct buf *body,
			    const struct http_answer *a) NODISCARD;
void endpoint_store_captures(struct endpoint *ep, const char *destination, const char *variant,
			     const struct buf *lines);

bool endpoint_calls_fleet(const struct endpoint *ep, const struct fleet *f); /* it gets some of them */
/* One that has fewer than `most` calls, by weights where they leave a choice; NULL: none. */
struct model_server *endpoint_pick_server(struct endpoint *ep, int most);

/* endpoint_async.c */
void async_run(struct endpoint *ep); /* what the servers have room for */
/* Calls under way end without an answer; with_queue: what waits is forgotten too. */
void async_drop(struct endpoint *ep, bool with_queue);

/* endpoint_serverless.c */
bool variant_is_serverless(const json_t *variant); /* of a configuration */
bool server_is_serverless(const struct model_server *s);
int64_t serverless_provisioned(const struct fleet *f, const char *variant);
/* To a server that is free, or else it waits for one. ERR_THROTTLED: too many at a time. */
int serverless_take(struct invocation *call, struct err *err) NODISCARD;
void serverless_ready(struct model_server *s);			    /* it has started */
void serverless_free(struct model_server *s);			    /* its call has ended */
void serverless_failed(struct model_server *s, const char *reason); /* it has not started, or has ended */
void serverless_rest(struct fleet *f);				    /* what proved that it starts ends again */
void serverless_again(struct endpoint *ep);			    /* calls that wait: to the fleet of now */
void serverless_give_up(struct endpoint *ep, const char *why);	    /* all calls that wait */

/* endpoint_fleet.c */
struct fleet *fleet_new(struct endpoint *ep, const json_t *config, const json_t *told) NODISCARD; /* without servers */
void fleet_fill(struct fleet *f, bool prove); /* all that are wanted */
void fleet_set_count(struct fleet *f, const json_t *variant, int64_t count);
void fleet_leave(struct fleet *f);
void fleet_free(struct fleet *f); /* its servers have ended */
void fleet_tidy(struct fleet *f); /* frees it where it is empty and has no part any more */
const json_t *fleet_variant(const struct fleet *f, const char *name);
int fleet_count(const struct fleet *f, const char *variant, bool ready); /* its servers; ready: that can be called */
/* Servers that stand; prove: of a serverless variant one at least, to see that it starts. */
int64_t fleet_wanted(const struct fleet *f, const json_t *variant, bool prove);
bool fleet_is_ready(const struct fleet *f);
const json_t *fleet_told(const struct fleet *f, const char *name); /* the variant as Describe tells it */

/* endpoint_update.c: the document's LastDeploymentConfig says how */
void update_first(struct endpoint *ep, struct fleet *f, bool prove); /* nothing serves yet */
/* begun_ms: the engine's time, when it was asked for. */
void update_begin(struct endpoint *ep, const json_t *config, const json_t *variants, int64_t begun_ms);
void update_free(struct endpoint *ep);		    /* as it is */
void update_pause(struct endpoint *ep);		    /* nothing goes on by itself any more */
double update_share(const struct endpoint *ep);	    /* of the calls, that the coming fleet gets */
bool update_is_starting(const struct endpoint *ep); /* servers of the coming fleet */
void update_server_ready(struct endpoint *ep);	    /* of either fleet */
/* False: it is no matter of the update. */
bool update_server_failed(struct fleet *f, struct model_server *s, const char *reason) NODISCARD;
void update_fleet_gone(struct endpoint *ep); /* one that was ending */

/* endpoint.c */
void fleet_server_ready(struct fleet *f, struct model_server *s);
void fleet_server_failed(struct fleet *f, struct model_server *s, const char *reason);
struct endpoint *endpoint_find(struct engine *e, const struct document *doc); /* NULL: nothing serves it */
void endpoint_free(struct endpoint *ep);				      /* deleted, and its fleets have ended */
json_t *endpoint_variants(const struct endpoint *ep);			      /* as the document tells them; borrowed */
void endpoint_save(struct endpoint *ep);
void endpoint_set_status(struct endpoint *ep, const char *status, const char *reason); /* saves */
json_t *endpoint_told_variants(struct fleet *f) NODISCARD;	/* with their images; a new reference */
void endpoint_tell_fleet(struct endpoint *ep, struct fleet *f); /* the document tells of it from here on */
void endpoint_tell_current(struct endpoint *ep);		/* what serves now, and by which weights */

#endif
