/* processing_impl.h - what the files of processing jobs share: processing.c (their course)
 * and processing_layout.c (their folders). */
#ifndef SAGETOP_LOCAL_PROCESSING_IMPL_H
#define SAGETOP_LOCAL_PROCESSING_IMPL_H

#include "aws/local/running/artefact.h"
#include "aws/local/running/process.h"
#include "aws/local/running/processing.h"

enum processing_end { PROCESSING_RUNS, PROCESSING_COMPLETED, PROCESSING_FAILED, PROCESSING_STOPPED };

struct processing {
	struct engine *e;
	char *name;
	struct document *doc; /* cannot be deleted while it runs */
	struct host *hosts;
	int n_hosts;
	bool waiting, holds_slots, host_failed, ended;
	enum processing_end stopping; /* why it was told to stop */
	char *failure;
	struct copy_task *copying;
	struct store_task *storing; /* of Continuous outputs, or of the end */
	bool finishing;
	struct strmap stored; /* Continuous outputs as they were last stored */
	uint64_t kill_timer, max_timer, upload_timer;
	struct processing *next;
};

/* processing_layout.c */
char *processing_dir(const struct engine *e, const char *name) NODISCARD;
char *processing_root(const struct engine *e, const char *name, int host) NODISCARD; /* .../opt/ml */
/* A fresh folder with the configuration files; what the inputs need goes to plan.
 * ERR_INVALID and ERR_NOTFOUND: the FailureReason. */
int processing_prepare(struct processing *p, struct copy_plan *plan, struct err *err) NODISCARD;
/* The outputs of all hosts; continuous: only those that are stored while they run. */
void processing_outputs(struct processing *p, bool continuous, struct store_task *t);
bool processing_has_continuous(const struct processing *p);
/* What the hosts wrote to /opt/ml/output/message, as it is told; NULL for nothing.
 * ERR_INVALID where it is not UTF-8. */
int processing_message(struct processing *p, char **ret, struct err *err) NODISCARD;

#endif
