/* engine.h - what the engine's parts share: options, loop, database, clock.
 *
 * One process, one thread; file work on large files runs in worker threads that
 * see nothing of this (worker.h). HTTP (server, route) only calls operations
 * (ops.h); operations change jobs through training_job.h and runner.h, and
 * processes are the runner's alone.
 */
#ifndef SAGETOP_LOCAL_ENGINE_H
#define SAGETOP_LOCAL_ENGINE_H

#include "aws/local/core/loop.h"
#include "aws/local/core/options.h"
#include "aws/local/core/state.h"
#include "base/json.h"
#include "base/map.h"

#define ACCOUNT_ID "000000000000"
#define DEFAULT_REGION "us-east-1"
#define LOCAL_ACCESS_KEY "local"
#define LOCAL_OPEN_SECRET "local" /* with --open */
#define TRAINING_GROUP "/aws/sagemaker/TrainingJobs"
#define TRAINING_NAMESPACE "/aws/sagemaker/TrainingJobs"

struct engine;
/* Told of every log event as it is written. text has n bytes and no end. */
typedef void log_listener_fn(struct engine *e, int64_t stream_id, int64_t time_ms, int64_t ingested_ms,
			     const char *text, size_t n);

struct document;
/* Told of every processing job that has ended, before that is written. */
typedef void processing_listener_fn(struct engine *e, const struct document *job);

struct training_job;
/* Told of every change of a training job, and (metric) of every value of its metrics. */
typedef void job_listener_fn(struct engine *e, const struct training_job *job, bool metric);

struct engine {
	struct options opt;
	struct loop *loop;
	struct state *db;
	char *secret;	/* of LOCAL_ACCESS_KEY */
	char *trainer;	/* the program of the trainer's image */
	char *analyzer; /* ... of Model Monitor's: sagetop itself */
	int port;
	int last_port; /* of those given to servers (command_free_port); 0: none yet */

	/* Simulated time: base + (real - start) * speed. */
	int64_t clock_base_ms, clock_start_ms;
	int64_t clock_limit_ms; /* how far the simulation has come; 0: none runs */

	struct job_table *jobs;
	struct documents *documents;
	struct runner *runner;
	struct host *hosts;	       /* processes that run (running/process.h) */
	struct processing *processing; /* processing jobs that are not over (running/processing.h) */
	struct transform *transforms;  /* transform jobs that are not over (running/transform.h) */
	struct endpoint *endpoints;    /* with servers (running/endpoint.h) */
	struct scaling *scaling;       /* of endpoints' variants (running/scaling.h) */
	struct alarms *alarms;	       /* when each was evaluated (running/alarms.h) */
	struct images *images;	       /* what stands for an image (running/images.h) */
	struct server *server;
	struct faults *faults;
	struct limits *limits;
	FILE *record; /* --record, or NULL */
	struct simulation *simulation;
	struct tails *tails;
	log_listener_fn *log_listener; /* NULL while nobody listens */
	struct tuning *tuning;
	struct monitoring *monitoring;
	job_listener_fn *job_listener; /* NULL likewise */
	processing_listener_fn *processing_listener;
	int signal_fd;
	bool stopping;
};

/* The time that jobs, logs and metrics live in: real unless --simulate. */
int64_t engine_now_ms(const struct engine *e);
/* The same, however far the simulation has come. */
int64_t engine_clock_ms(const struct engine *e);

json_t *json_epoch(int64_t ms) NODISCARD; /* as times stand in replies: seconds with milliseconds */

/* Training processes at a time. */
int64_t engine_slots(const struct engine *e);

#endif
