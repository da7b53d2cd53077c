/* cred_plan.h - what a profile's settings mean for its credentials: a base and the
 * roles to assume from it, one after another. Pure; everything is borrowed from
 * the ini. Follows the published assume-role cases.
 */
#ifndef SAGETOP_AWS_CRED_PLAN_H
#define SAGETOP_AWS_CRED_PLAN_H

#include "aws/ini.h"

enum cred_base {
	CRED_BASE_KEYS,
	CRED_BASE_ENVIRONMENT,
	CRED_BASE_CONTAINER,
	CRED_BASE_INSTANCE,
	CRED_BASE_WEB_IDENTITY,
	CRED_BASE_SSO,
	CRED_BASE_PROCESS,
};

struct cred_plan {
	enum cred_base base;
	const struct ini_section *profile;     /* that the base comes from */
	const struct ini_section *sso_session; /* CRED_BASE_SSO; NULL for the legacy form */
	const struct ini_section **roles;      /* profiles, in the order in which their roles are assumed */
	size_t n_roles, cap_roles;
};
void cred_plan_done(struct cred_plan *p);

/* ERR_NOTFOUND: the profile is absent or says nothing about credentials.
 * ERR_INVALID: it says something that cannot work. */
int cred_plan_make(const struct ini *ini, const char *profile, struct cred_plan *ret, struct err *err) NODISCARD;

#endif
