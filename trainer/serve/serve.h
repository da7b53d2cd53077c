/* serve.h - the parts of `sagetop-trainer serve`: settings, the model that is
 * being served (exchanged while requests run), and the HTTP side.
 */
#ifndef SAGETOP_TRAINER_SERVE_H
#define SAGETOP_TRAINER_SERVE_H

#include <pthread.h>

#include "trainer/models/model_set.h"
#include "trainer/serve/serve_drift.h"
#include "trainer/serve/serve_output.h"

struct serve_settings {
	char *model_path;
	const char *bind; /* address */
	int port;	  /* 0: any free one */
	int threads;
	size_t max_body;     /* bytes of one request */
	int64_t patience_ms; /* with a slow client; see serve_peers.h */
	struct output_spec spec;
	const char *default_accept; /* where a request has no Accept; may be NULL */
	bool check_drift;
	bool many;	      /* models come and go by name (serve_many.h); model_path means nothing */
	int64_t model_memory; /* bytes that they have together */
	bool first_alone;     /* of several models, the first answers, not all together */
};

/* What answers requests at one moment: counted by reference, so that it can be exchanged
 * while requests are under way. Does not change once it is made. */
struct served {
	struct model_set *models;
	struct drift *drift; /* NULL where not asked for */
	size_t walks_a_row;  /* trees that a row goes through, with what else a row costs in their terms */
	int references;
};

void served_unref(struct served *now);
AUTO_POINTER(served, struct served, served_unref)

struct many;
struct server {
	struct serve_settings settings;
	pthread_mutex_t lock;
	struct many *many;   /* NULL: one model */
	struct served *now;  /* under lock: take a reference */
	uint64_t stamp;	     /* of the files that it came from */
	pthread_cond_t idle; /* in_flight has become 0 */
	size_t in_flight;    /* under lock */
};

int served_load(const char *path, const struct serve_settings *settings, struct served **ret,
		struct err *err) NODISCARD; /* one reference, the caller's */
/* What is served now; the caller lets go of it. */
struct served *server_now(struct server *s) NODISCARD;
/* Load the models anew and put them in place; the old ones go when the last
 * request lets go of them. On an error the old ones stay. */
int server_load(struct server *s, struct err *err) NODISCARD;
/* A number that changes when the files at the model path do. */
uint64_t server_stamp(const char *path);

/* The file of libmicrohttpd, opened when serve begins; static. */
const char *serve_library_file(void);

/* The command `serve`. */
int command_serve(int argc, char **argv);

struct serve_http;
/* Listen; *port is the port taken. */
int serve_http_start(struct server *s, struct serve_http **ret, int *port, struct err *err) NODISCARD;
/* To be called several times a second: cut off clients whose time is over. */
void serve_http_watch(struct serve_http *h);
/* Stop listening, let what has begun finish (at most grace_ms), then end. */
void serve_http_stop(struct serve_http *h, int64_t grace_ms);

#endif
