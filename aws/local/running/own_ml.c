/* A mount namespace with the job's folder at /opt/ml. */
#include "aws/local/running/own_ml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

static bool write_text(const char *path, const char *text)
{
	AUTO(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Without privileges a user namespace gives them, over its own mounts alone; the user
 * stays who it was, so the program that is executed has none of them. */
static bool leave_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !write_text("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned)uid, (unsigned)uid);
	if (!write_text("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned)gid, (unsigned)gid);
	return write_text("/proc/self/gid_map", map);
}

/* One entry of the old /opt in the new one. */
static void bring_along(int old, const char *name)
{
	AUTO(str) char *source = xasprintf("/proc/self/fd/%d/%s", old, name);
	AUTO(str) char *target = fs_join("/opt", name);
	struct stat st;

	if (stat(source, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode) ? mkdir(target, 0755) < 0 : mknod(target, S_IFREG | 0644, 0) < 0)
		return;
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		rmdir(target);
}

/* /opt/ml does not exist, and the machine's /opt is not ours to write to: another one
 * lies over it, with all that was there. */
static bool make_place(void)
{
	AUTO(fd) int old = open("/opt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = old < 0 ? NULL : opendir("/opt");

	if (!d)
		return false;
	bool ok = mount("tmpfs", "/opt", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k") == 0;

	for (struct dirent *entry; ok && (entry = readdir(d));) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			bring_along(old, entry->d_name);
	}
	closedir(d);
	return ok && mkdir("/opt/ml", 0755) == 0;
}

int own_ml_mount(const char *folder, struct err *err)
{
	if (!leave_namespaces() || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    (!fs_is_dir("/opt/ml") && !make_place()) || mount(folder, "/opt/ml", NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_set(err, ERR_IO, "cannot mount the job's folder at /opt/ml: %s", strerror(errno));
	return 0;
}

bool own_ml_works(void)
{
	static int known = -1;
	int status = 1;

	if (known >= 0)
		return known;
	pid_t pid = fork();

	if (pid == 0)
		_exit(own_ml_mount("/", NULL) < 0);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	known = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return known;
}
