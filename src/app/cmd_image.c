/* sagetop image push [SOURCE]: sign in to ECR, make the repository where it is
 * missing, and let skopeo or buildah push. The password goes through a file that
 * only we can read and that is removed afterwards, never through a command line. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/commands.h"
#include "aws/ecr.h"
#include "base/fs.h"
#include "base/proc.h"

struct token_reply {
	struct app_reply base;
	char *registry; /* host[:port] */
	char *token;
	bool plain_http; /* a registry on this machine, as tests have one */
};

static void token_reply_done(struct token_reply *r)
{
	free(r->registry);
	secret_free(r->token);
}
AUTO_EMBEDDED(token_reply, struct token_reply, token_reply_done)

static void on_token(void *user, const char *registry_url, const char *token, int64_t expires_ms, const struct err *err)
{
	struct token_reply *r = user;

	if (!err) {
		const char *host = strstr(registry_url, "://");
		r->plain_http = str_starts(registry_url, "http://127.0.0.1:");
		r->registry = xstrdup(host ? host + 3 : registry_url);
		r->token = xstrdup(token);
	}
	app_reply_done(&r->base, err);
}

static int ensure_repository(struct app *a, const char *name, struct err *err)
{
	struct app_reply described = {0}, created = {0};
	struct err failure = {0};

	ecr_describe_repository(sync_client(a->sync), name, app_reply_done, &described);
	if (app_wait(a, &described, &failure) == 0)
		return 0;
	if (failure.code != ERR_NOTFOUND) {
		*err = failure;
		return -err->code;
	}
	fprintf(stderr, "making the repository %s\n", name);
	ecr_create_repository(sync_client(a->sync), name, app_reply_done, &created);
	err_clear(&failure);
	if (app_wait(a, &created, &failure) == 0 || failure.code == ERR_EXISTS)
		return 0;
	*err = failure;
	return -err->code;
}

/* What both programs read: {"auths": {"HOST": {"auth": "..."}}}. */
static int write_auth_file(const char *path, const struct token_reply *t, struct err *err)
{
	AUTO(json) json_t *file = json_pack("{s:{s:{s:s}}}", "auths", t->registry, "auth", t->token);
	char *text = json_text(file);
	int rc = fs_write_atomic(path, text, strlen(text), 0600, err);

	secret_free(text);
	return rc;
}

/* An OCI folder, an archive, an image of this machine's storage, or what names
 * its transport itself. */
static char *source_reference(const char *source)
{
	static const char *const transports[] = {
		"oci:", "oci-archive:", "docker-archive:", "docker:", "containers-storage:", "dir:"};

	for (size_t i = 0; i < ARRAY_LEN(transports); i++)
		if (str_starts(source, transports[i]))
			return xstrdup(source);
	if (fs_is_dir(source))
		return xasprintf("oci:%s", source);
	return xasprintf("%s:%s", fs_exists(source) ? "oci-archive" : "containers-storage", source);
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	AUTO(strlist) struct strlist folders = {0};

	if (path)
		strlist_split(&folders, path, ':');
	for (size_t i = 0; i < folders.n; i++) {
		AUTO(str) char *full = fs_join(folders.items[i], program);
		if (access(full, X_OK) == 0)
			return true;
	}
	return false;
}

/* Run it to its end with its own progress on standard error. */
static int run_program(const char *const *argv, struct err *err)
{
	struct proc_spec spec = {.argv = argv, .stdin_fd = -1, .stdout_fd = STDERR_FILENO, .stderr_fd = -1};
	int status = 0;
	pid_t pid;

	if (proc_spawn(&spec, &pid, err) < 0)
		return -err->code;
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (app_pause(50, err) < 0) {
			kill(pid, SIGTERM);
			waitpid(pid, &status, 0);
			return -ERR_CANCELLED;
		}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_IO, "%s failed: its own message stands above", argv[0]);
}

/* skopeo knows every source, buildah its own storage and what stands in files. */
static int find_tool(const char *source, const char **ret, struct err *err)
{
	bool looks_like_file = strchr(source, '/') == source || str_starts(source, "./") || str_starts(source, "../") ||
			       str_ends(source, ".tar");

	if (looks_like_file && !fs_exists(source))
		return err_set(err, ERR_INVALID, "%s: there is no such image: make image writes one", source);
	*ret = in_path("skopeo") ? "skopeo" : in_path("buildah") ? "buildah" : NULL;
	return *ret ? 0 : err_set(err, ERR_NOTFOUND, "neither skopeo nor buildah is installed: apt-get install skopeo");
}

static int push(const char *tool, const char *source, const char *target, const char *auth_file, bool plain_http,
		struct err *err)
{
	AUTO(str) char *from = source_reference(source);
	AUTO(str) char *to = xasprintf("docker://%s", target);
	const char *skopeo[] = {"skopeo",
				"copy",
				"--insecure-policy", /* no policy of ours: the image is ours */
				"--dest-authfile",
				auth_file,
				plain_http ? "--dest-tls-verify=false" : "--dest-tls-verify=true",
				from,
				to,
				NULL};
	const char *buildah[] = {
		"buildah", "push", "--authfile", auth_file, plain_http ? "--tls-verify=false" : "--tls-verify=true",
		from,	   to,	   NULL};

	if (str_eq(tool, "skopeo"))
		return run_program(skopeo, err);
	if (str_starts(from, "containers-storage:"))
		buildah[5] = source;
	return run_program(buildah, err);
}

static int sign_in_and_push(struct app *a, const char *source, struct err *err)
{
	const char *repository = str_or(app_value(a, OPT_REPOSITORY), "sagetop-trainer");
	const char *tag = str_or(app_value(a, OPT_TAG), SAGETOP_VERSION);
	const char *temp = str_or(getenv("XDG_RUNTIME_DIR"), str_or(getenv("TMPDIR"), "/tmp"));
	AUTO(token_reply) struct token_reply token = {0};
	AUTO(str) char *folder = xasprintf("%s/sagetop-push-XXXXXX", temp);
	AUTO(str) char *target = NULL;
	AUTO(str) char *auth_file = NULL;
	const char *tool;

	/* Without it a repository would be made and stay empty. */
	if (find_tool(source, &tool, err) < 0)
		return -err->code;
	ecr_get_token(sync_client(a->sync), on_token, &token);
	if (app_wait(a, &token.base, err) < 0 || ensure_repository(a, repository, err) < 0)
		return -err->code;
	if (!mkdtemp(folder))
		return err_set(err, ERR_IO, "cannot make a folder in %s: %s", temp, strerror(errno));
	auth_file = fs_join(folder, "auth.json");
	target = xasprintf("%s/%s:%s", token.registry, repository, tag);
	fprintf(stderr, "pushing to %s\n", target);
	int rc = write_auth_file(auth_file, &token, err);
	if (rc == 0)
		rc = push(tool, source, target, auth_file, token.plain_http, err);
	unlink(auth_file);
	rmdir(folder);
	if (rc == 0)
		fprintf(a->out, "%s\n", target);
	return rc;
}

/* What `make image` has written here, else an image of this machine's storage. */
static const char *default_source(void)
{
	static const char archive[] = "sagetop-trainer-" SAGETOP_VERSION ".tar";

	return fs_exists(archive) ? archive : "sagetop-trainer:" SAGETOP_VERSION;
}

int cmd_image(struct app *a, struct err *err)
{
	const char *source = a->cli.args.n > 1 ? a->cli.args.items[1] : default_source();

	if (strcmp(a->cli.args.items[0], "push"))
		return err_set(err, ERR_USAGE, "sagetop image push; not \"%s\"", a->cli.args.items[0]);
	if (a->local)
		return err_set(err, ERR_USAGE, "the local engine has no registry: give a real account to image push");
	if (app_connect(a, err) < 0)
		return -err->code;
	return sign_in_and_push(a, source, err);
}
