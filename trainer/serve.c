#include "trainer/serve.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fs.h"
#include "base/map.h"
#include "trainer/commands.h"
#include "trainer/contract.h"
#include "trainer/outputs.h"

#define SERVE_PORT 8080
#define SERVE_MAX_BODY ((size_t)6 << 20)
#define SERVE_GRACE_MS 30000

/* --- the model ------------------------------------------------------------------- */

struct model_set *server_models(struct server *s)
{
	struct model_set *m;

	pthread_mutex_lock(&s->lock);
	m = model_set_ref(s->models);
	pthread_mutex_unlock(&s->lock);
	return m;
}

static uint64_t stamp_file(const char *path)
{
	struct stat st;
	uint64_t facts[4];

	if (stat(path, &st))
		return 0;
	facts[0] = (uint64_t)st.st_ino;
	facts[1] = (uint64_t)st.st_size;
	facts[2] = (uint64_t)st.st_mtim.tv_sec;
	facts[3] = (uint64_t)st.st_mtim.tv_nsec;
	return hash_bytes(facts, sizeof(facts));
}

uint64_t server_stamp(const char *path)
{
	struct dirent **entries = NULL;
	uint64_t stamp = 0;
	int n;

	if (!fs_is_dir(path))
		return stamp_file(path);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		AUTO(str) char *file = fs_join(path, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.' && !fs_is_dir(file))
			stamp = stamp * 31 + stamp_file(file);
		free(entries[i]);
	}
	free(entries);
	return stamp;
}

int server_load(struct server *s, struct err *err)
{
	uint64_t stamp = server_stamp(s->settings.model_path);
	AUTO(model_set) struct model_set *m = NULL;
	AUTO(drift) struct drift *drift = NULL;
	struct drift *old_drift;
	int r = model_set_load(s->settings.model_path, 1, &m, err);

	if (!r && s->settings.check_drift) {
		AUTO(str) char *path = fs_join(s->settings.model_path, BASELINE_FILE);

		r = drift_load(path, m->schema->columns, &drift, err);
	}
	if (r)
		return r;
	pthread_mutex_lock(&s->lock);
	struct model_set *old = s->models;
	s->models = m;
	m = old;
	old_drift = s->drift;
	s->drift = drift;
	drift = old_drift;
	s->stamp = stamp;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* --- settings ----------------------------------------------------------------------- */

static void serve_usage(FILE *out)
{
	fputs("usage: sagetop-trainer serve [OPTION...]\n\n"
	      "Answer GET /ping, GET /execution-parameters and POST /invocations as a SageMaker\n"
	      "endpoint does. The model is loaded again when its files change, or on SIGHUP.\n\n"
	      "  --model PATH    model file or folder (default: $SM_MODEL_DIR or /opt/ml/model)\n"
	      "  --bind ADDRESS  IPv4 address to listen on (default 0.0.0.0)\n"
	      "  --port N        (default $SAGEMAKER_BIND_TO_PORT or 8080; 0: any free one)\n"
	      "  --threads N     requests worked on at a time (default: all processors)\n"
	      "  --output A,B    fields of the answer (default $SAGEMAKER_INFERENCE_OUTPUT)\n"
	      "  --drift         compare requests with the statistics of the training data\n",
	      out);
}

static int serve_number(const char *what, const char *text, int64_t least, int64_t most, int64_t *ret, struct err *err)
{
	if (str_to_i64(text, ret) && *ret >= least && *ret <= most)
		return 0;
	return err_set(err, ERR_USAGE, "%s: '%s' is not a number from %lld to %lld", what, text, (long long)least,
		       (long long)most);
}

static int serve_environment(struct serve_settings *s, struct err *err)
{
	const char *v;
	bool flag;
	int64_t n;
	int r = 0;

	s->bind = "0.0.0.0";
	s->port = SERVE_PORT;
	s->max_body = SERVE_MAX_BODY;
	s->threads = contract_processors("/sys/fs/cgroup");
	s->default_accept = getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
	v = getenv("SM_MODEL_DIR");
	s->model_path = v ? xstrdup(v) : fs_join(contract_root(), "model");
	if ((v = getenv("SAGEMAKER_BIND_TO_PORT")) && *v) {
		r = serve_number("SAGEMAKER_BIND_TO_PORT", v, 0, 65535, &n, err);
		s->port = (int)n;
	}
	if (!r && (v = getenv("MAX_CONTENT_LENGTH")) && *v) {
		r = serve_number("MAX_CONTENT_LENGTH", v, 1, (int64_t)1 << 34, &n, err);
		s->max_body = (size_t)n;
	}
	if (!r && (v = getenv("SAGEMAKER_INFERENCE_OUTPUT")) && *v)
		r = output_parse_fields(v, &s->spec, err);
	/* any text says yes, as in the image that this one stands in for, but for a plain no */
	if ((v = getenv("SAGEMAKER_BATCH")) && *v)
		s->spec.lines = !str_to_bool(v, &flag) || flag;
	if ((v = getenv("SAGETOP_DRIFT")) && *v)
		s->check_drift = str_to_bool(v, &flag) && flag;
	return r;
}

static int serve_option(struct serve_settings *s, const char *name, const char *v, struct err *err)
{
	int64_t n = 0;
	int r;

	if (!strcmp(name, "--model")) {
		str_set(&s->model_path, v);
	} else if (!strcmp(name, "--bind")) {
		s->bind = v;
	} else if (!strcmp(name, "--port")) {
		r = serve_number(name, v, 0, 65535, &n, err);
		s->port = (int)n;
		return r;
	} else if (!strcmp(name, "--threads")) {
		r = serve_number(name, v, 1, 256, &n, err);
		s->threads = (int)n;
		return r;
	} else if (!strcmp(name, "--output")) {
		return output_parse_fields(v, &s->spec, err);
	} else {
		return err_set(err, ERR_USAGE, "unknown option '%s': see sagetop-trainer serve --help", name);
	}
	return 0;
}

static int serve_options(int argc, char **argv, struct serve_settings *s, struct err *err)
{
	int r = serve_environment(s, err);

	for (int i = 1; !r && i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		AUTO(str) char *name = equals ? xstrndup(argv[i], (size_t)(equals - argv[i])) : xstrdup(argv[i]);

		if (!strcmp(argv[i], "--drift"))
			s->check_drift = true;
		else if (equals)
			r = serve_option(s, name, equals + 1, err);
		else if (i + 1 < argc)
			r = serve_option(s, name, argv[++i], err);
		else
			r = err_set(err, ERR_USAGE,
				    "option '%s' is unknown or lacks its value: see sagetop-trainer serve --help",
				    name);
	}
	return r;
}

/* --- life ------------------------------------------------------------------------------ */

static void serve_reload(struct server *s, const char *why)
{
	struct err err = {0};

	if (server_load(s, &err))
		fprintf(stderr, "sagetop-trainer: the model is not exchanged: %s\n", err.msg);
	else
		fprintf(stderr, "sagetop-trainer: the model is exchanged (%s)\n", why);
}

/* Until SIGTERM or SIGINT. New files are taken when they have stayed the same for a
 * second, so that a copy under way is not read. */
static void serve_wait(struct server *s, const sigset_t *signals)
{
	uint64_t last = s->stamp, refused = 0;

	for (;;) {
		struct timespec second = {.tv_sec = 1};
		int signal = sigtimedwait(signals, NULL, &second);
		uint64_t now;

		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP) {
			serve_reload(s, "SIGHUP");
			continue;
		}
		now = server_stamp(s->settings.model_path);
		if (now && now != s->stamp && now == last && now != refused) {
			serve_reload(s, "its files changed");
			refused = now != s->stamp ? now : 0;
		}
		last = now;
	}
}

static void serve_say_start(const struct server *s, int port)
{
	static const char *const kinds[] = {"a model", "the models of a cross-validation", "the models of entities"};
	const struct model_set *m = s->models;

	for (size_t i = 0; i < s->settings.spec.n_fields; i++)
		if (!output_field_known(&m->info, s->settings.spec.fields[i]))
			fprintf(stderr, "sagetop-trainer: the objective %s has no %s: it will be nan\n",
				m->info.objective, output_field_name(s->settings.spec.fields[i]));
	fprintf(stderr, "sagetop-trainer: serving %s (%zu, %s, %zu columns) on http://%s:%d with %d thread%s\n",
		kinds[m->kind], m->n, m->info.objective, m->info.features, s->settings.bind, port, s->settings.threads,
		s->settings.threads == 1 ? "" : "s");
	fflush(stderr);
}

static int serve_run(struct server *s, struct err *err)
{
	struct serve_http *http = NULL;
	sigset_t signals;
	int port, r;

	/* before any thread is started, so that all of them inherit the mask */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	booster_thread_init(0);
	r = server_load(s, err);
	if (!r)
		r = serve_http_start(s, &http, &port, err);
	if (r)
		return r;
	serve_say_start(s, port);
	serve_wait(s, &signals);
	serve_http_stop(http, SERVE_GRACE_MS);
	fprintf(stderr, "sagetop-trainer: stopped\n");
	return 0;
}

int command_serve(int argc, char **argv)
{
	struct server s = {.lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};
	struct err err = {0};
	int r;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		serve_usage(stdout);
		return 0;
	}
	r = serve_options(argc, argv, &s.settings, &err);
	if (!r)
		r = serve_run(&s, &err);
	model_set_unref(s.models);
	drift_free(s.drift);
	free(s.settings.model_path);
	if (!r)
		return 0;
	fprintf(stderr, "sagetop-trainer: %s\n", err.msg);
	return err_exit_status(err.code);
}
