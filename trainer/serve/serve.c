/* The command serve: its settings from the environment, its signals, its end. */
#include "trainer/serve/serve.h"

#include <signal.h>
#include <time.h>

#include "base/fs.h"
#include "trainer/serve/serve_many.h"
#include "trainer/settings/contract.h"

#define SERVE_PORT 8080
#define SERVE_MAX_BODY ((size_t)6 << 20)
#define SERVE_GRACE_MS 30000
#define SERVE_PATIENCE_S 30
#define SERVE_TICK_MS 250
#define SERVE_TICKS_A_LOOK 4 /* between two looks at the model's files */

/* --- settings ----------------------------------------------------------------------- */

static void serve_usage(FILE *out)
{
	fputs("usage: sagetop-trainer serve [OPTION...]\n\n"
	      "Answer GET /ping, GET /execution-parameters and POST /invocations as a SageMaker\n"
	      "endpoint does. The model is loaded again when its files change, or on SIGHUP.\n"
	      "With SAGEMAKER_MULTI_MODEL=true models come and go by POST /models, GET and DELETE\n"
	      "/models/NAME, and answer POST /models/NAME/invoke; their files have at most\n"
	      "$SAGETOP_MODEL_MEMORY_MB together (default: three quarters of the memory).\n\n"
	      "  --model PATH    model file or folder (default: $SM_MODEL_DIR or /opt/ml/model)\n"
	      "  --bind ADDRESS  IPv4 address to listen on (default 0.0.0.0)\n"
	      "  --port N        (default $SAGEMAKER_BIND_TO_PORT or 8080; 0: any free one)\n"
	      "  --threads N     requests worked on at a time (default: all processors)\n"
	      "  --timeout N     seconds for a request to arrive, and for an answer to be taken, plus\n"
	      "                  one for every 64 KiB (default 30)\n"
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
	enum output_format format;
	const char *v;
	bool flag;
	int64_t n;
	int r = 0;

	s->bind = "0.0.0.0";
	s->port = SERVE_PORT;
	s->max_body = SERVE_MAX_BODY;
	s->patience_ms = SERVE_PATIENCE_S * 1000;
	s->threads = contract_processors("/sys/fs/cgroup");
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
	if (!r && (v = getenv("SAGEMAKER_INFERENCE_OUTPUT")) && *v && output_parse_fields(v, false, &s->spec, err))
		r = err_prefix(err, "SAGEMAKER_INFERENCE_OUTPUT");
	s->default_accept = getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
	if (!r && output_negotiate(s->default_accept, &format, err))
		r = err_prefix(err, "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
	/* any text says yes, as in the image that this one stands in for, but for a plain no */
	if ((v = getenv("SAGEMAKER_BATCH")) && *v)
		s->spec.ended = s->spec.brackets = !str_to_bool(v, &flag) || flag;
	if ((v = getenv("SAGEMAKER_INFERENCE_ENSEMBLE")) && *v)
		s->first_alone = !str_to_bool(v, &flag) || !flag;
	if ((v = getenv("SAGEMAKER_MULTI_MODEL")) && *v)
		s->many = str_to_bool(v, &flag) && flag;
	s->model_memory = contract_memory("/sys/fs/cgroup") / 4 * 3;
	if (!r && (v = getenv("SAGETOP_MODEL_MEMORY_MB")) && *v) {
		r = serve_number("SAGETOP_MODEL_MEMORY_MB", v, 1, (int64_t)1 << 30, &n, err);
		s->model_memory = n << 20;
	}
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
	} else if (!strcmp(name, "--timeout")) {
		r = serve_number(name, v, 1, 3600, &n, err);
		s->patience_ms = n * 1000;
		return r;
	} else if (!strcmp(name, "--output")) {
		return output_parse_fields(v, true, &s->spec, err);
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

/* New files are taken when they have stayed the same from one look to the next, a second
 * later, so that a copy under way is not read. */
struct serve_look {
	uint64_t last, refused;
};

static void serve_look(struct server *s, struct serve_look *look)
{
	uint64_t now = server_stamp(s->settings.model_path);

	if (now && now != s->stamp && now == look->last && now != look->refused) {
		serve_reload(s, "its files changed");
		look->refused = now != s->stamp ? now : 0;
	}
	look->last = now;
}

/* Until SIGTERM or SIGINT. */
static void serve_wait(struct server *s, struct serve_http *http, const sigset_t *signals)
{
	struct serve_look look = {.last = s->stamp};

	for (unsigned tick = 1;; tick++) {
		struct timespec wait = {.tv_nsec = SERVE_TICK_MS * 1000000L};
		int signal = sigtimedwait(signals, NULL, &wait);

		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP && !s->many)
			serve_reload(s, "SIGHUP");
		else if (tick % SERVE_TICKS_A_LOOK == 0 && !s->many)
			serve_look(s, &look);
		serve_http_watch(http);
	}
}

static void serve_say_many(const struct server *s, int port)
{
	fprintf(stderr, "sagetop-trainer: serving models by name, %lld MiB of them, on http://%s:%d with %d thread%s\n",
		(long long)(s->settings.model_memory >> 20), s->settings.bind, port, s->settings.threads,
		s->settings.threads == 1 ? "" : "s");
	fflush(stderr);
}

static void serve_say_start(const struct server *s, int port)
{
	static const char *const kinds[] = {"a model", "the models of a cross-validation", "the models of entities"};
	const struct model_set *m = s->now->models;

	for (size_t i = 0; i < s->settings.spec.n_fields; i++)
		if (!output_field_known(&m->info, s->settings.spec.fields[i].field))
			fprintf(stderr, "sagetop-trainer: the objective %s has no %s: it will be nan\n",
				m->info.objective, s->settings.spec.fields[i].name);
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
	if (s->settings.many)
		s->many = many_new(&s->settings);
	r = s->many ? 0 : server_load(s, err);
	if (!r)
		r = serve_http_start(s, &http, &port, err);
	if (r)
		return r;
	if (s->many)
		serve_say_many(s, port);
	else
		serve_say_start(s, port);
	serve_wait(s, http, &signals);
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
	many_free(s.many);
	served_unref(s.now);
	free(s.settings.model_path);
	if (!r)
		return 0;
	fprintf(stderr, "sagetop-trainer: %s\n", err.msg);
	return err_exit_status(err.code);
}
