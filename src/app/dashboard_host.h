/* dashboard_host.h - what the screens may ask for, answered by sync. */
#ifndef SAGETOP_APP_DASHBOARD_HOST_H
#define SAGETOP_APP_DASHBOARD_HOST_H

#include "sync/sync.h"
#include "tui/host.h"

struct config;
struct dashboard_host;

/* config: for its budgets; NULL: none. */
struct dashboard_host *dashboard_host_new(struct sync *sync, const struct config *config) NODISCARD;
/* Answers still under way afterwards are dropped. */
void dashboard_host_free(struct dashboard_host *h);
/* Where the user wants to go on; false where nothing was said. Borrowed; NULL is as it is. */
bool dashboard_host_moves(const struct dashboard_host *h, const char **ret_profile, const char **ret_region);
const struct ui_host *dashboard_host_ops(const struct dashboard_host *h);

#endif
