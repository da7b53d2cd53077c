/* train.h - one training job as the parts of `sagetop-trainer train` share it. */
#ifndef SAGETOP_TRAINER_TRAIN_H
#define SAGETOP_TRAINER_TRAIN_H

#include "trainer/fit/fit.h"
#include "trainer/hosts/hosts.h"
#include "trainer/settings/contract.h"

struct train_run {
	struct contract contract;
	struct hyper hyper;
	const struct objective *objective;
	int classes, threads;
	struct dataset *train, *validation; /* validation may be NULL */
	size_t columns;			    /* of the model: the wider of both */
	char fingerprint[65];		    /* of data and settings, without num_round */
	struct hosts *hosts;		    /* NULL on one host */
	int64_t started_ms;		    /* monotonic */
	const volatile sig_atomic_t *stop;
};

/* The rows of a channel with the job's settings; labels checked where has_label. */
int train_load_channel(const struct train_run *r, const char *name, bool has_label, struct dataset **ret,
		       struct err *err) NODISCARD;

/* How this job makes matrices; and a matrix of all rows of d. */
struct matrix_options train_matrix_options(const struct train_run *r);
int train_matrix(const struct train_run *r, const struct dataset *d, struct matrix **ret, struct err *err) NODISCARD;

/* What travels with every model of this data: names and categories of the columns;
 * nothing where the columns are plain numbers without names. */
void train_attributes(const struct dataset *d, struct strmap *ret);

enum model_format train_model_format(const struct hyper *h);
/* The model as model/NAME in the format of the job. */
int train_save_model(const struct train_run *r, struct booster *b, const char *name, struct err *err) NODISCARD;

/* Several hosts: what cannot be trained on them is refused; whether this one has data;
 * all get to know the width of the data, *leave where this one is not needed. */
int train_hosts_check(const struct train_run *r, struct err *err) NODISCARD;
bool train_hosts_have_data(const struct train_run *r);
int train_hosts_meet(struct train_run *r, bool *leave, struct err *err) NODISCARD;

/* The command `train`. */
int command_train(int argc, char **argv);

#endif
