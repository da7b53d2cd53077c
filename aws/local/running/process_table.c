/* Parents and children by /proc. */
#include "aws/local/running/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"

static bool read_stat(pid_t pid, struct process_row *row)
{
	char path[64], text[1024];

	unsigned long long utime, stime;
	long long rss;
	int parent, group;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = 0;
	/* The name may hold anything, parentheses too: fields begin behind the last one. */
	char *fields = strrchr(text, ')');

	if (!fields ||
	    sscanf(fields + 1,
		   " %*c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %lld", &parent,
		   &group, &utime, &stime, &rss) != 5)
		return false;
	*row = (struct process_row){.pid = pid,
				    .parent = parent,
				    .group = group,
				    .ticks = utime + stime,
				    .rss = rss > 0 ? (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE) : 0};
	return true;
}

struct process_row *process_table_read(size_t *ret_n)
{
	struct process_row *rows = NULL;
	size_t n = 0, cap = 0;
	DIR *d = opendir("/proc");

	for (struct dirent *entry; d && (entry = readdir(d));) {
		int64_t pid;
		struct process_row row;

		if (!str_to_i64(entry->d_name, &pid) || !read_stat((pid_t)pid, &row))
			continue;
		GROW(rows, cap, n + 1);
		rows[n++] = row;
	}
	if (d)
		closedir(d);
	*ret_n = n;
	return rows;
}
