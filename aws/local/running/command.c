/* The program and arguments that stand for a training image. */
#include "aws/local/running/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws/local/running/container.h"
#include "aws/local/running/layout.h"
#include "base/fs.h"

void command_done(struct command *c)
{
	strlist_done(&c->argv);
	strmap_done(&c->env);
	free(c->cwd);
}

static char *find_in_path(const char *name)
{
	AUTO(strlist) struct strlist dirs = {0};

	strlist_split(&dirs, str_or(getenv("PATH"), "/usr/local/bin:/usr/bin:/bin"), ':');
	for (size_t i = 0; i < dirs.n; i++) {
		AUTO(str) char *path = fs_join(dirs.items[i], name);

		if (*dirs.items[i] && access(path, X_OK) == 0)
			return TAKE(path);
	}
	return NULL;
}

static char *command_find_trainer(struct err *err)
{
	const char *given = getenv("SAGETOP_TRAINER");
	AUTO(str) char *dir = fs_program_dir();

	if (!str_empty(given)) {
		char *path = realpath(given, NULL);

		if (path && access(path, X_OK) == 0)
			return path;
		free(path);
		err_set(err, ERR_NOTFOUND, "SAGETOP_TRAINER: %s is not a program", given);
		return NULL;
	}
	if (dir) {
		AUTO(str) char *beside = fs_join(dir, "sagetop-trainer");

		if (access(beside, X_OK) == 0)
			return TAKE(beside);
	}
	char *found = find_in_path("sagetop-trainer");

	if (!found)
		err_set(err, ERR_NOTFOUND,
			"sagetop-trainer is neither beside sagetop-local nor in PATH; install it, or set "
			"SAGETOP_TRAINER");
	return found;
}

int command_free_port(int *ret, struct err *err)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	AUTO(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0 || getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return err_set(err, ERR_NET, "no free port for the hosts' tracker: %s", strerror(errno));
	*ret = ntohs(sa.sin_port);
	return 0;
}

/* argv ends with a NULL that the list does not count. */
static void end_argv(struct strlist *argv)
{
	strlist_take(argv, NULL);
	argv->n--;
}

int command_build(struct engine *e, const struct training_job *job, const json_t *request, int host, int tracker,
		  struct command *ret, struct err *err)
{
	layout_environment(e, job, request, host, &ret->env);
	if (tracker) {
		AUTO(str) char *address = xasprintf("127.0.0.1:%d", tracker);

		strmap_set(&ret->env, "SAGETOP_TRACKER", address);
	}
	if (str_eq(e->opt.runner, "runc")) {
		int rc = container_wrap(e, job, host, ret, err);

		end_argv(&ret->argv);
		return rc;
	}
	if (!e->trainer) {
		e->trainer = command_find_trainer(err);
		if (!e->trainer)
			return -ERR_NOTFOUND;
	}
	strlist_add(&ret->argv, e->trainer);
	strlist_add(&ret->argv, "train");
	end_argv(&ret->argv);
	ret->cwd = layout_root(e, job, host);
	return 0;
}
