/* simulate.h - synthetic jobs on the engine's clock: their whole life (phases,
 * outcome, log lines, metrics) is a function of seed and index, so 10,000 of
 * them cost no storage and two runs with one seed are the same. */
#ifndef SAGETOP_LOCAL_SIMULATE_H
#define SAGETOP_LOCAL_SIMULATE_H

#include "aws/local/training_job.h"

json_t *simulation_request(struct engine *e, const struct training_job *job) NODISCARD;

#endif
