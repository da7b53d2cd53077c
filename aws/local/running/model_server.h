/* model_server.h - one instance that serves a model: the model brought into /opt/ml/model,
 * a process that gets `serve` and a port in SAGEMAKER_BIND_TO_PORT, GET /ping until it
 * answers 200, calls, SIGTERM and later SIGKILL at its end. Endpoints and transform jobs
 * have them.
 *
 * Its owner is told from the loop, never from within a call to it, what became of it.
 */
#ifndef SAGETOP_LOCAL_MODEL_SERVER_H
#define SAGETOP_LOCAL_MODEL_SERVER_H

#include "aws/local/running/artefact.h"
#include "aws/local/running/http_call.h"
#include "aws/local/running/process.h"

struct model_server;
struct model_server_ops {
	/* Where its output and its measures go: group, ns, stream and dims. */
	void (*describe)(struct model_server *s, struct host *h);
	void (*ready)(struct model_server *s);
	/* It does not serve (any more), and why. NULL: its process has ended, or has not
	 * answered /ping in time. */
	void (*failed)(struct model_server *s, const char *reason);
	bool (*again)(const struct model_server *s); /* one that served and has ended: is it started again? */
	void (*done)(struct model_server *s);	     /* it has left: the owner frees it */
};

struct hosted; /* endpoint_models.c */

struct model_server {
	struct engine *e;
	const struct model_server_ops *ops;
	void *owner;
	char *model, *variant;	   /* names; variant: of an endpoint, else NULL */
	char *arn;		   /* of the endpoint or the job */
	struct strmap env;	   /* beyond the model's own */
	int64_t startup_s;	   /* within which it must answer /ping */
	int64_t begun_ms, idle_ms; /* monotonic; the owner's: since when it starts, and since when it has no call */
	struct model_server *next; /* of the owner's */

	char *id; /* "i-0123456789abcdef0" */
	char *dir;
	struct host host;
	struct http_peer peer;
	struct copy_task *copying;
	bool served;		      /* it was ready once */
	bool started, ready, leaving; /* leaving: it gets no more calls, and ends when those under way have */
	int64_t deadline_ms;	      /* monotonic: until then it must answer /ping */
	uint64_t timer;		      /* the next ping, or the next start */
	int64_t ready_ms;	      /* monotonic: since when this process serves; 0: not yet */
	int starts;		      /* that failed in a row since it served for a while */
	int under_way;
	int process;	       /* how often one was started */
	char *seen;	       /* /opt/ml, as the process sees it */
	struct hosted *hosted; /* of many models: the owner's */
};

/* The document's container, or that of the version that it names. NULL: no model of that
 * name, or not one container. */
const json_t *model_container(struct engine *e, const char *model);

bool model_is_multi(struct engine *e, const char *model); /* MultiModel: its calls name a model under its prefix */

/* Takes model, variant and arn; parent: the folder in which its own is made. What stands
 * first may be filled in further until the loop turns. */
struct model_server *model_server_begin(struct engine *e, const struct model_server_ops *ops, void *owner, char *model,
					char *variant, char *arn, const char *parent) NODISCARD;
void model_server_leave(struct model_server *s); /* now, or when its calls have ended */
void model_server_free(struct model_server *s);	 /* at the engine's end: its process has ended */

/* A call; fn is told as by http_call. It counts as under way until then. */
void model_server_call(struct model_server *s, const char *method, const char *path, const struct strmap *headers,
		       const void *body, size_t n, int64_t timeout_ms, http_call_fn *fn, void *user);
void model_server_called(struct model_server *s); /* to be called by fn, as the last thing it does with s */
/* It has closed a connection without an answer, as one does that ends: no calls until it has
 * answered /ping again. */
void model_server_doubt(struct model_server *s);

#endif
