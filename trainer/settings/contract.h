/* contract.h - what SageMaker gives a training container and expects of it.
 *
 * Everything lies under one root (/opt/ml, or SAGETOP_ML_ROOT): the JSON files of
 * input/config, one folder a channel, the model folder, output/failure. SM_*
 * variables override single places, as in SageMaker's own toolkit.
 */
#ifndef SAGETOP_TRAINER_CONTRACT_H
#define SAGETOP_TRAINER_CONTRACT_H

#include "base/json.h"
#include "trainer/read/dataset.h"

struct channel {
	char *name, *dir;
	char *content_type; /* NULL where the job does not say */
};

struct contract {
	char *root;
	char *model_dir, *output_dir; /* output_dir: files beside the model (output/data) */
	char *checkpoint_dir;	      /* NULL where the job has none */
	json_t *hyperparameters;      /* object */
	struct channel *channels;
	size_t n_channels;
	struct strlist hosts; /* at least one */
	char *current_host;
	size_t host_index; /* of current_host among hosts */
};

void contract_done(struct contract *c);
AUTO_EMBEDDED(contract, struct contract, contract_done)

/* $SAGETOP_ML_ROOT or /opt/ml. Borrowed. */
const char *contract_root(void);
int contract_load(const char *root, struct contract *ret, struct err *err) NODISCARD;
const struct channel *contract_channel(const struct contract *c, const char *name); /* NULL where absent */

/* The cause of a failed job in one line, "ClientError: ..." where the job's owner
 * can mend it, else "AlgorithmError: ...", into output/failure (cut to the 1,024
 * bytes that the service keeps) and to standard error. The first cause counts: a
 * later call in the same process changes nothing. */
void contract_fail(const char *root, const struct err *err);

/* Processors this container may use: the affinity mask, cut by the CPU quota of
 * its control group and by SM_NUM_CPUS. sysfs is "/sys/fs/cgroup". At least 1. */
int contract_processors(const char *sysfs);
/* Bytes of memory that this container may use: the machine's, cut by the limit of its control group. */
int64_t contract_memory(const char *sysfs);

#endif
