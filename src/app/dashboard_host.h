/* dashboard_host.h - what the screens may ask for, answered by sync. */
#ifndef SAGETOP_APP_DASHBOARD_HOST_H
#define SAGETOP_APP_DASHBOARD_HOST_H

#include "sync/sync.h"
#include "tui/host.h"

struct config;
struct console_kept;
struct dashboard_host;

/* config: for its budgets; NULL: none. kept is borrowed. */
struct dashboard_host *dashboard_host_new(struct sync *sync, const struct config *config,
					  struct console_kept *kept) NODISCARD;
/* Answers still under way afterwards are dropped. */
void dashboard_host_free(struct dashboard_host *h);
/* Where the user wants to go on; NULL where nothing was said. Borrowed. */
struct dashboard_next;
const struct dashboard_next *dashboard_host_next(const struct dashboard_host *h);
const struct ui_host *dashboard_host_ops(const struct dashboard_host *h);

#endif
