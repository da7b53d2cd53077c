/* doctor.h - the checks of `sagetop doctor`.
 *
 * A permission is checked by calling its operation in the cheapest form that
 * changes nothing: on a job that does not exist, with a page of one. */
#ifndef SAGETOP_APP_DOCTOR_H
#define SAGETOP_APP_DOCTOR_H

#include "app/app.h"

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_SKIPPED };

struct check {
	char *name; /* "clock", "sagemaker:Search" */
	enum check_result result;
	enum err_code code; /* why it failed */
	char detail[512];
};

struct checkup {
	struct check *items;
	size_t n, cap;
	char account[16];	/* "" where not known */
	struct strlist missing; /* IAM actions that were refused */
};
void checkup_done(struct checkup *c);
AUTO_EMBEDDED(checkup, struct checkup, checkup_done)
struct check *checkup_add(struct checkup *c, const char *name);
void check_set(struct check *c, enum check_result result, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Try every permission; the connection must be there. */
int doctor_check_permissions(struct app *a, struct checkup *c, bool read_only, struct err *err) NODISCARD;

/* The IAM policy document that allows what is missing, each action on the
 * narrowest resource that sagetop needs. */
json_t *doctor_policy(const struct checkup *c, const char *region) NODISCARD;

#endif
