/* process_table.h - the processes of this machine, from /proc. */
#ifndef SAGETOP_LOCAL_PROCESS_TABLE_H
#define SAGETOP_LOCAL_PROCESS_TABLE_H

#include <sys/types.h>

#include "base/mem.h"

struct host;

struct process_row {
	pid_t pid, parent, group;
	uint64_t ticks, rss; /* rss in bytes */
	struct host *host;   /* the reader's: whose it is */
};

/* One pass; the rows are the caller's to free. */
struct process_row *process_table_read(size_t *ret_n) NODISCARD;

#endif
