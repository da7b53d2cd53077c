/* The program and arguments that stand for an image. */
#include "aws/local/running/command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws/local/running/container.h"
#include "aws/local/running/images.h"
#include "aws/local/running/layout.h"
#include "aws/local/running/own_ml.h"
#include "aws/local/running/script.h"
#include "base/fs.h"

void command_done(struct command *c)
{
	strlist_done(&c->argv);
	strmap_done(&c->env);
	free(c->cwd);
	free(c->ml);
}

static char *find_in_path(const char *path, const char *name)
{
	AUTO(strlist) struct strlist dirs = {0};

	strlist_split(&dirs, path, ':');
	for (size_t i = 0; i < dirs.n; i++) {
		AUTO(str) char *file = fs_join(dirs.items[i], name);

		if (*dirs.items[i] && access(file, X_OK) == 0)
			return TAKE(file);
	}
	return NULL;
}

/* A program of ours. */
static char *find_beside(const char *name)
{
	AUTO(str) char *dir = fs_program_dir();

	if (dir) {
		AUTO(str) char *beside = fs_join(dir, name);

		if (access(beside, X_OK) == 0)
			return TAKE(beside);
	}
	return find_in_path(str_or(getenv("PATH"), JOB_PATH), name);
}

static char *command_find_trainer(struct err *err)
{
	const char *given = getenv("SAGETOP_TRAINER");

	if (!str_empty(given)) {
		char *path = realpath(given, NULL);

		if (path && access(path, X_OK) == 0)
			return path;
		free(path);
		err_set(err, ERR_NOTFOUND, "SAGETOP_TRAINER: %s is not a program", given);
		return NULL;
	}
	char *found = find_beside("sagetop-trainer");

	if (!found)
		err_set(err, ERR_NOTFOUND,
			"sagetop-trainer is neither beside sagetop-local nor in PATH; install it, or set "
			"SAGETOP_TRAINER");
	return found;
}

#define FIRST_PORT 20000
#define N_PORTS 12768 /* up to where the kernel begins to choose ports for connections */

/* The next of a sequence that begins anywhere: a port that was given and is not bound yet is
 * not given again, or one server would answer for two. */
static int next_port(struct engine *e)
{
	uint32_t random = 0;

	if (!e->last_port) {
		if (getrandom(&random, sizeof(random), 0) < 0)
			random = 0;
		e->last_port = FIRST_PORT + (int)(random % N_PORTS);
	}
	e->last_port = FIRST_PORT + (e->last_port - FIRST_PORT + 1) % N_PORTS;
	return e->last_port;
}

static bool port_is_free(int port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
	AUTO(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
}

int command_free_port(struct engine *e, int *ret, struct err *err)
{
	for (int i = 0; i < N_PORTS; i++) {
		*ret = next_port(e);
		if (port_is_free(*ret))
			return 0;
	}
	return err_set(err, ERR_NET, "no port from %d to %d is free: %s", FIRST_PORT, FIRST_PORT + N_PORTS - 1,
		       strerror(errno));
}

/* --- what stands for an image -------------------------------------------------------------- */

/* The trainer stands for its own image and for AWS's XGBoost; for every image where
 * SAGETOP_TRAINER names a program. */
static bool is_trainers(const char *image)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;

	return !str_empty(getenv("SAGETOP_TRAINER")) || strstr(name, "trainer") || strstr(name, "xgboost");
}

/* sagetop's own checks stand for Model Monitor's container. */
static bool is_analyzer(const char *image)
{
	const char *slash = strrchr(image, '/');

	return str_starts(slash ? slash + 1 : image, "sagemaker-model-monitor-analyzer");
}

int program_find(struct engine *e, const char *image, bool own, struct program *ret, struct err *err)
{
	const struct image_row *row = images_find(e, image);

	*ret = (struct program){.row = row};
	if (row && row->rootfs)
		ret->kind = PROGRAM_CONTAINER;
	else if (own || (row && (row->command.n || row->folder)))
		ret->kind = PROGRAM_OWN;
	else if (row)
		return err_set(err, ERR_INVALID,
			       "ClientError: `images:` in %s names only the python of %.200s, and the request names "
			       "neither a script nor an entrypoint",
			       images_file(e), image);
	else if (is_analyzer(str_or(image, "")))
		ret->kind = PROGRAM_ANALYZER;
	else if (is_trainers(str_or(image, "")))
		ret->kind = str_eq(e->opt.runner, "runc") ? PROGRAM_CONTAINER : PROGRAM_TRAINER;
	else
		return err_set(
			err, ERR_INVALID,
			"ClientError: nothing stands for the image %.200s on this machine; map it under `images:` "
			"in %s, or name a script (sagemaker_program) or an entrypoint",
			str_or(image, "of an algorithm's name"), images_file(e));
	return 0;
}

const char *program_sees(const struct program *p, const char *root)
{
	return p->kind == PROGRAM_OWN && own_ml_works() ? "/opt/ml" : root;
}

/* --- its words --------------------------------------------------------------------------------- */

/* argv ends with a NULL that the list does not count. */
static void end_argv(struct strlist *argv)
{
	strlist_take(argv, NULL);
	argv->n--;
}

static char *find_python(const struct program *p)
{
	char *found = p->row && p->row->python ? xstrdup(p->row->python) : find_in_path(JOB_PATH, "python3");

	return found ? found : xstrdup("python3");
}

/* Where /opt/ml cannot be mounted, its paths become those of the folder. */
static char *word_at(const char *word, const char *seen)
{
	const char *eq = *word == '-' ? strchr(word, '=') : NULL, *path = eq ? eq + 1 : word;

	if (!str_starts(path, "/opt/ml") || (path[7] && path[7] != '/'))
		return xstrdup(word);
	return xasprintf("%.*s%s%s", (int)(path - word), word, seen, path + 7);
}

static void add_words(const json_t *words, const char *seen, struct strlist *argv)
{
	for (size_t i = 0; i < json_array_size(words); i++)
		strlist_take(argv, word_at(str_or(json_string_value(json_array_get(words, i)), ""), seen));
}

static int add_entrypoint(const struct program *p, const json_t *words, const char *seen, struct strlist *argv,
			  struct err *err)
{
	const char *first = str_or(json_string_value(json_array_get(words, 0)), "");
	size_t at = argv->n;

	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = str_or(json_string_value(json_array_get(words, i)), "");

		if (str_starts(word, "s3://"))
			return err_set(
				err, ERR_INVALID,
				"AlgorithmError: the entrypoint names %.200s, an address; bring the file in as an "
				"input and name its path under /opt/ml, exit code: 127",
				word);
	}
	add_words(words, seen, argv);
	if (p->kind == PROGRAM_CONTAINER || strchr(first, '/'))
		return 0;
	bool python = str_eq(first, "python3") || str_eq(first, "python");
	char *found = python ? find_python(p) : find_in_path(JOB_PATH, first);

	if (!found)
		return err_set(err, ERR_INVALID,
			       "AlgorithmError: the entrypoint's program %.100s is not in %s, exit code: 127", first,
			       JOB_PATH);
	free(argv->items[at]);
	argv->items[at] = found;
	return 0;
}

static void add_row(const struct program *p, const char *verb, struct strlist *argv)
{
	const struct image_row *row = p->row;

	for (size_t i = 0; row && i < row->command.n; i++)
		strlist_add(argv, row->command.items[i]);
	if (row && row->folder)
		strlist_take(argv, fs_join(row->folder, str_or(verb, "run")));
	else if (verb)
		strlist_add(argv, verb);
}

static int add_analyzer(struct engine *e, struct strlist *argv, struct err *err)
{
	if (!e->analyzer)
		e->analyzer = find_beside("sagetop");
	if (!e->analyzer)
		return err_set(
			err, ERR_NOTFOUND,
			"sagetop, which stands for Model Monitor's analyzer, is neither beside sagetop-local nor in "
			"PATH");
	strlist_add(argv, e->analyzer);
	strlist_add(argv, "monitor");
	strlist_add(argv, "analyze");
	return 0;
}

static int find_trainer(struct engine *e, struct err *err)
{
	if (!e->trainer)
		e->trainer = command_find_trainer(err);
	return e->trainer ? 0 : -ERR_NOTFOUND;
}

/* --- what it takes to start it ------------------------------------------------------------------- */

static int finish(struct engine *e, const struct program *p, const char *root, const char *name, struct command *cmd,
		  struct err *err)
{
	int rc = 0;

	if (p->kind == PROGRAM_CONTAINER) {
		cmd->container = true;
		rc = container_wrap(p->row ? p->row->rootfs : e->opt.image, root, name, cmd, err);
	} else if (!str_eq(program_sees(p, root), root)) {
		cmd->ml = xstrdup(root);
		if (!cmd->cwd)
			cmd->cwd = xstrdup("/opt/ml");
	} else if (!cmd->cwd) {
		cmd->cwd = xstrdup(root);
	}
	end_argv(&cmd->argv);
	return rc;
}

int command_of_program(struct engine *e, const struct program *p, const json_t *entrypoint, const json_t *arguments,
		       const char *verb, const char *root, const char *name, struct command *cmd, struct err *err)
{
	const char *seen = program_sees(p, root);
	int rc = 0;

	if (json_array_size(entrypoint)) {
		rc = add_entrypoint(p, entrypoint, p->kind == PROGRAM_CONTAINER ? "/opt/ml" : seen, &cmd->argv, err);
	} else if (p->kind == PROGRAM_TRAINER) {
		rc = find_trainer(e, err);
		if (rc == 0)
			strlist_add(&cmd->argv, e->trainer);
		if (rc == 0 && verb)
			strlist_add(&cmd->argv, verb);
	} else if (p->kind == PROGRAM_ANALYZER) {
		rc = add_analyzer(e, &cmd->argv, err);
	} else if (p->kind == PROGRAM_CONTAINER && !p->row) {
		strlist_add(&cmd->argv, TRAINER_IN_IMAGE);
		strlist_add(&cmd->argv, verb);
	} else {
		add_row(p, verb, &cmd->argv);
	}
	if (rc < 0)
		return rc;
	add_words(arguments, p->kind == PROGRAM_CONTAINER ? "/opt/ml" : seen, &cmd->argv);
	return finish(e, p, root, name, cmd, err);
}

static int script(struct engine *e, const struct program *p, const struct training_job *job, const json_t *request,
		  const char *root, const char *name, struct command *cmd, struct err *err)
{
	const char *seen = program_sees(p, root);
	AUTO(str) char *python = find_python(p);
	AUTO(str) char *folder = NULL;
	int rc = script_command(job, request, root, seen, python, &cmd->argv, &cmd->env, &folder, err);

	if (rc < 0)
		return rc;
	cmd->cwd = fs_join(seen, folder);
	return finish(e, p, root, name, cmd, err);
}

int command_build(struct engine *e, const struct training_job *job, const json_t *request, int host, int tracker,
		  struct command *ret, struct err *err)
{
	const json_t *algorithm = json_object_get(request, "AlgorithmSpecification");
	const json_t *entrypoint = json_object_get(algorithm, "ContainerEntrypoint");
	AUTO(str) char *root = layout_root(e, job, host);
	AUTO(str) char *name = xasprintf("%s-algo-%d", job->name, host + 1);
	bool by_script = !json_array_size(entrypoint) && script_is_asked_for(request);
	struct program p;
	int rc = program_find(e, json_get_str(algorithm, "TrainingImage"), json_array_size(entrypoint) || by_script, &p,
			      err);

	if (rc < 0)
		return rc;
	layout_environment(e, job, request, host, program_sees(&p, root), &ret->env);
	if (tracker) {
		AUTO(str) char *address = xasprintf("127.0.0.1:%d", tracker);

		strmap_set(&ret->env, "SAGETOP_TRACKER", address);
	}
	/* An image that runs in its container has its own toolkit. */
	if (by_script && p.kind == PROGRAM_OWN)
		return script(e, &p, job, request, root, name, ret, err);
	return command_of_program(e, &p, entrypoint, json_object_get(algorithm, "ContainerArguments"), "train", root,
				  name, ret, err);
}
