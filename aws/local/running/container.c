/* A bundle for each host of a job that runs in a container. */
#include "aws/local/running/container.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

#define CONTAINER_ID 1000 /* user and group inside, where the engine is root */

static json_t *mount_json(const char *target, const char *type, const char *source, const char *const *options)
{
	json_t *list = json_array();

	for (; *options; options++)
		json_array_append_new(list, json_string(*options));
	return json_pack("{s:s, s:s, s:s, s:o}", "destination", target, "type", type, "source", source, "options",
			 list);
}

static json_t *mounts_json(const char *root)
{
	static const char *const none[] = {NULL};
	static const char *const dev[] = {"nosuid", "strictatime", "mode=755", "size=65536k", NULL};
	static const char *const shm[] = {"nosuid", "noexec", "nodev", "mode=1777", "size=268435456", NULL};
	static const char *const tmp[] = {"nosuid", "nodev", "mode=1777", NULL};
	static const char *const bind[] = {"rbind", "rw", NULL};
	json_t *mounts = json_array();

	json_array_append_new(mounts, mount_json("/proc", "proc", "proc", none));
	json_array_append_new(mounts, mount_json("/dev", "tmpfs", "tmpfs", dev));
	json_array_append_new(mounts, mount_json("/dev/shm", "tmpfs", "shm", shm));
	json_array_append_new(mounts, mount_json("/tmp", "tmpfs", "tmpfs", tmp));
	json_array_append_new(mounts, mount_json("/opt/ml", "bind", root, bind));
	return mounts;
}

/* The host's network is shared: hosts of one job find each other on loopback. */
static json_t *linux_json(void)
{
	static const char *const kinds[] = {"pid", "ipc", "uts", "mount"};
	json_t *spaces = json_array();

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		json_array_append_new(spaces, json_pack("{s:s}", "type", kinds[i]));
	json_t *j = json_pack("{s:o, s:[s,s,s,s,s], s:[s,s,s,s,s]}", "namespaces", spaces, "maskedPaths", "/proc/acpi",
			      "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "readonlyPaths",
			      "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

	if (geteuid() == 0)
		return j;
	json_array_append_new(spaces, json_pack("{s:s}", "type", "user"));
	json_object_set_new(
		j, "uidMappings",
		json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)geteuid(), "size", 1));
	json_object_set_new(
		j, "gidMappings",
		json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)getegid(), "size", 1));
	return j;
}

/* Paths below the job's folder are below /opt/ml inside. */
static json_t *environment_json(const struct strmap *env, const char *root)
{
	json_t *list = json_array();
	size_t n = strlen(root);

	for (size_t i = 0; i < env->n; i++) {
		const char *value = env->items[i].value;
		bool inside = !strncmp(value, root, n) && (value[n] == '/' || !value[n]);
		AUTO(str)
		char *text = str_eq(env->items[i].name, "HOME") ? xstrdup("HOME=/tmp")
			     : inside ? xasprintf("%s=/opt/ml%s", env->items[i].name, value + n)
				      : xasprintf("%s=%s", env->items[i].name, value);

		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *bundle_json(const char *folder, const struct strlist *argv, const struct strmap *env, const char *root)
{
	int id = geteuid() == 0 ? CONTAINER_ID : 0;
	AUTO(str) char *image = realpath(folder, NULL);

	return json_pack("{s:s, s:{s:b, s:{s:i, s:i}, s:o, s:o, s:s, s:{s:[], s:[], s:[], s:[]}, s:b}, s:{s:s, "
			 "s:b}, s:s, s:o, s:o}",
			 "ociVersion", "1.0.2", "process", "terminal", 0, "user", "uid", id, "gid", id, "args",
			 json_from_strlist(argv), "env", environment_json(env, root), "cwd", "/opt/ml", "capabilities",
			 "bounding", "effective", "permitted", "ambient", "noNewPrivileges", 1, "root", "path",
			 str_or(image, folder), "readonly", 1, "hostname", "algo", "mounts", mounts_json(root), "linux",
			 linux_json());
}

/* What the container's user is to write must be its own. Links are not followed. */
static void give_away(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct stat st;

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		AUTO(str) char *child = fs_join(path, entry->d_name);

		if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
			give_away(child);
		if (lchown(child, CONTAINER_ID, CONTAINER_ID) < 0) {
			/* The trainer says what it cannot write. */
		}
	}
	if (d)
		closedir(d);
	if (lchown(path, CONTAINER_ID, CONTAINER_ID) < 0) {
		/* as above */
	}
}

int container_wrap(const char *image, const char *root, const char *name, struct command *cmd, struct err *err)
{
	const char *dir = strmap_get(&cmd->env, "SAGETOP_JOB_DIR");
	AUTO(str) char *bundle = xasprintf("%s/bundle-%s", dir, name);
	AUTO(str) char *config = fs_join(bundle, "config.json");
	AUTO(str) char *state = fs_join(dir, "runc");
	AUTO(str) char *id = xasprintf("sagetop-%d-%s", (int)getpid(), name);
	AUTO(json) json_t *spec = bundle_json(image, &cmd->argv, &cmd->env, root);
	AUTO(str) char *text = json_text_pretty(spec);

	const char *const argv[] = {"runc", "--root", state, "run", "--bundle", bundle, id};
	int rc = fs_mkdirs(bundle, 0700, err);

	if (rc == 0)
		rc = fs_write_atomic(config, text, strlen(text), 0600, err);
	if (rc < 0)
		return rc;
	if (geteuid() == 0)
		give_away(root);
	strlist_done(&cmd->argv);
	cmd->argv = (struct strlist){0};
	for (size_t i = 0; i < ARRAY_LEN(argv); i++)
		strlist_add(&cmd->argv, argv[i]);
	str_set(&cmd->cwd, bundle);
	strmap_set(&cmd->env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (getenv("XDG_RUNTIME_DIR"))
		strmap_set(&cmd->env, "XDG_RUNTIME_DIR", getenv("XDG_RUNTIME_DIR"));
	return 0;
}
