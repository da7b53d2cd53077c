/* reference.h - KIND/NAME of the command line: the thing that is meant. */
#ifndef SAGETOP_APP_REFERENCE_H
#define SAGETOP_APP_REFERENCE_H

#include "app/app.h"
#include "base/json.h"

/* Ask for one thing in full and wait. *ret is borrowed (session); ERR_NOTFOUND names the
 * nearest. */
int reference_resolve(struct app *a, const struct kind *k, const char *name, struct resource **ret,
		      struct err *err) NODISCARD;
/* With the service's own reply, NULL where the kind has none; the caller's. */
int reference_describe(struct app *a, const struct kind *k, const char *name, struct resource **ret, json_t **ret_raw,
		       struct err *err) NODISCARD;
/* The service's own reply alone; *ret_raw is NULL where there is no such thing. The caller's. */
int reference_look(struct app *a, const struct kind *k, const char *name, json_t **ret_raw, struct err *err) NODISCARD;
/* "training job" of "training-job". Owned by the caller. */
char *reference_title(const struct kind *k) NODISCARD;

#endif
