/* simulate.h - synthetic jobs on the engine's clock.
 *
 * What a job is (simulate_job.c) is a function of seed and index, so two runs with
 * one seed are the same: half of the jobs lie in the month before the start and
 * are over, the others arrive evenly over the simulated hours. Their log lines and
 * metrics are written as the clock reaches them, so the engine is the truth that a
 * store can be compared with. When the engine stops, the simulation is written
 * down, and the next start goes on with it, unless it is told to make another one;
 * after a crash it begins anew.
 */
#ifndef SAGETOP_LOCAL_SIMULATE_H
#define SAGETOP_LOCAL_SIMULATE_H

#include "aws/local/kept/training_job.h"

struct simulation;

int simulation_start(struct engine *e, struct err *err) NODISCARD; /* goes on, begins anew, or does nothing */
void simulation_stop(struct engine *e);				   /* writes it down */
/* StopTrainingJob on one of its jobs. */
void simulation_stop_job(struct engine *e, struct training_job *job);
/* A spot interruption of one of its jobs; false where it does not train on spot. */
bool simulation_interrupt(struct engine *e, struct training_job *job);

/* Before an operation on logs or metrics: the traces of jobs that were over before the start
 * come a few at a time, those of a job that in names come now. */
void simulation_bring_traces(struct engine *e, const json_t *in);

/* --- one job: pure -------------------------------------------------------------------- */

enum sim_outcome { SIM_COMPLETED, SIM_FAILED, SIM_MAX_RUNTIME };

struct sim_plan {
	char name[64];
	int64_t created_ms;
	int64_t starting_ms, downloading_ms, round_ms, uploading_ms; /* durations */
	int rounds;
	int fails_at;	    /* round, -1: none */
	int interrupted_at; /* round, -1: none */
	enum sim_outcome outcome;
	bool spot;
	const char *instance, *failure;
	double first_rmse, floor_rmse, decay;
	int cycle, pack;
	uint64_t noise;
};
void sim_plan(struct sim_plan *p, int64_t seed, int64_t index, int64_t total, int64_t base_ms, int64_t hours);
void sim_round(const struct sim_plan *p, int round, double *train, double *validation);
double sim_cpu(const struct sim_plan *p, int round);
double sim_memory(const struct sim_plan *p, int round);
json_t *sim_request(const struct sim_plan *p) NODISCARD;

#endif
