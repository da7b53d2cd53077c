/* dashboard_wide.h - what the screens of several scopes may ask for: each thing is asked of its own scope's host. */
#ifndef SAGETOP_APP_DASHBOARD_WIDE_H
#define SAGETOP_APP_DASHBOARD_WIDE_H

#include "app/dashboard_host.h"
#include "sync/scopes.h"

struct dashboard_wide;

/* hosts: of each scope, in their order. All are borrowed and outlive it. */
struct dashboard_wide *dashboard_wide_new(const struct scopes *scopes, struct dashboard_host *const *hosts) NODISCARD;
void dashboard_wide_free(struct dashboard_wide *w); /* once nothing is asked any more */
const struct ui_host *dashboard_wide_ops(const struct dashboard_wide *w);

#endif
