/* own_ml.h - /opt/ml of a program's own, without a container: a mount namespace in which
 * the job's folder lies there, as it does in the service. Programs that name /opt/ml
 * themselves (processing scripts do) need it; where the system does not allow it, they
 * only have their arguments and variables rewritten.
 */
#ifndef SAGETOP_LOCAL_OWN_ML_H
#define SAGETOP_LOCAL_OWN_ML_H

#include "base/str.h"

#define OWN_ML_ARGUMENT "--ml" /* of the supervisor, before the program: followed by the folder */

/* For this process and its children, from now on. The folder is absolute. */
int own_ml_mount(const char *folder, struct err *err) NODISCARD;
/* Can it be done here? Asked once, by a process that tries: first asked before there are
 * threads, since that process allocates. */
bool own_ml_works(void);

#endif
