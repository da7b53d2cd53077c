/* instance.h - what an instance type is: family, processors, memory, accelerators.
 *
 * By the rules of EC2's families (so much memory a processor, so many processors a
 * size) with a row for what is irregular: instance_types.def. A type that is in neither
 * is unknown, never guessed. */
#ifndef SAGETOP_MODEL_INSTANCE_H
#define SAGETOP_MODEL_INSTANCE_H

#include "base/str.h"

struct instance_spec {
	int vcpu;	    /* 0: the type is unknown */
	int64_t memory_mib; /* 0: unknown */
	int gpus;	    /* GPUs, or accelerators of another kind */
};

/* "ml.g5.xlarge" or "g5.xlarge". False, and *ret emptied, where it is not known. */
bool instance_spec_find(const char *type, struct instance_spec *ret);
/* "g5" of "ml.g5.xlarge". Owned by the caller. */
char *instance_family(const char *type) NODISCARD;

#endif
