/* spec_path.h - what the files of the specification share; private to spec_*.c. */
#ifndef SAGETOP_SYNC_SPEC_PATH_H
#define SAGETOP_SYNC_SPEC_PATH_H

#include "aws/shape.h"
#include "sync/spec.h"

/* The member that a misspelt name may mean; NULL where none is near. */
const char *spec_nearest_member(const struct shape *s, const char *name);

/* One value by the rule of its member. */
int spec_check_value(const struct shape *s, const char *path, const json_t *v, struct err *err) NODISCARD;

#endif
