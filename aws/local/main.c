/* sagetop-local: start, serve, stop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/local/running/command.h"
#include "aws/local/running/images.h"
#include "aws/local/front/deny.h"
#include "aws/local/front/faults.h"
#include "aws/local/services/limits.h"
#include "aws/local/services/kinds.h"
#include "aws/local/services/live_tail.h"
#include "aws/local/services/monitoring.h"
#include "aws/local/services/tuning.h"
#include "aws/local/kept/objects.h"
#include "aws/local/front/record.h"
#include "aws/local/running/runner.h"
#include "aws/local/front/server.h"
#include "aws/local/running/simulate.h"
#include "aws/local/running/supervise.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/timefmt.h"

/* One engine for a state folder: two would run each other's jobs. A record lock,
 * not flock: a child that has been forked and not yet executed must not hold it
 * beyond our death. */
static int lock_state(const struct engine *e, int *ret_fd, struct err *err)
{
	AUTO(str) char *path = fs_join(e->opt.state_dir, "engine.lock");
	AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		return err_set(err, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	if (fcntl(fd, F_SETLK, &lock) < 0)
		return err_set(err, ERR_EXISTS,
			       "another engine uses %s; stop it (sagetop local stop), or give another --state",
			       e->opt.state_dir);
	*ret_fd = fd_take(&fd);
	return 0;
}

/* engine.json says where we listen; it stands while we do. */
static char *announcement_path(const struct engine *e)
{
	return fs_join(e->opt.state_dir, "engine.json");
}

static int announce(struct engine *e, struct err *err)
{
	char started[TIMEFMT_LEN];
	AUTO(str) char *path = announcement_path(e);
	bool v6 = strchr(e->opt.address, ':') != NULL;
	AUTO(str) char *endpoint = xasprintf("http://%s%s%s:%d", v6 ? "[" : "", e->opt.address, v6 ? "]" : "", e->port);
	AUTO(json)
	json_t *j = json_pack("{s:i, s:s, s:s, s:s}", "pid", (int)getpid(), "endpoint", endpoint, "started",
			      timefmt_iso(started, clock_now_ms()), "secret", e->secret);
	AUTO(str) char *text = json_text_pretty(j);

	if (e->opt.foreground) {
		printf("sagetop-local: serving %s, state in %s; access key 'local', %s\n", endpoint, e->opt.state_dir,
		       e->opt.open ? "secret 'local'" : "its secret is in engine.json there");
		fflush(stdout);
	}
	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

/* SIGUSR1 takes the capacity from every running spot job, as the service may at any time. */
static void interrupt_spot_jobs(struct engine *e)
{
	for (size_t i = 0; i < e->jobs->n; i++)
		(void)runner_interrupt(e, e->jobs->items[i]);
}

static void on_signal(void *user, uint32_t events)
{
	struct engine *e = user;
	struct signalfd_siginfo info;

	while (read(e->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			interrupt_spot_jobs(e);
		else
			e->stopping = true;
	}
}

static int watch_signals(struct engine *e, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	e->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (e->signal_fd < 0)
		return err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
	return loop_add(e->loop, e->signal_fd, EPOLLIN, on_signal, e, err);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)65536);
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The state folder's, made once: what was exported for a client stays good. Only its user
 * can read it, there and in engine.json. */
static void take_secret(struct engine *e)
{
	e->secret = e->opt.open ? xstrdup(LOCAL_OPEN_SECRET) : state_meta_get(e->db, "secret");
	if (e->secret)
		return;
	char one[37], two[37];

	uuid4(one);
	uuid4(two);
	e->secret = xasprintf("%.8s%.4s%.4s%.8s%.4s%.4s", one, one + 9, one + 14, two, two + 9, two + 14);
	state_meta_set(e->db, "secret", e->secret);
	state_commit(e->db);
}

static int start(struct engine *e, struct err *err)
{
	AUTO(str) char *moved = NULL;
	int rc = state_open(e->opt.state_dir, &e->db, &moved, err);

	if (rc < 0)
		return rc;
	if (moved)
		fprintf(stderr, "sagetop-local: the database was damaged; it is now %s, and a new one is begun\n",
			moved);
	take_secret(e);
	e->clock_base_ms = e->clock_start_ms = clock_now_ms();
	/* Fast simulated hours, and one more in which the last jobs end, are those up
	 * to now, so that no client sees the future. */
	if (e->opt.simulate && e->opt.speed > 1)
		e->clock_base_ms -= (int64_t)((double)(e->opt.simulate_hours + 1) * 3600e3 * (1 - 1 / e->opt.speed));
	rc = limits_init(e, err);
	if (rc == 0)
		rc = faults_init(e, err);
	if (rc == 0)
		rc = deny_init(e, err);
	if (rc == 0)
		rc = record_open(e, err);
	if (rc == 0)
		rc = images_load(e, err);
	if (rc == 0)
		rc = training_jobs_load(e, err);
	if (rc == 0)
		rc = documents_load(e, err);
	if (rc == 0)
		rc = objects_init(e, err);
	if (rc == 0) {
		kinds_begin(e);
		rc = e->opt.load ? kinds_load_file(e, e->opt.load, err) : 0;
	}
	/* The port before the jobs: without it nothing must have been started. */
	if (rc == 0)
		rc = server_start(e, &e->server, err);
	if (rc == 0) {
		bucket_create(e, "sagemaker-" DEFAULT_REGION "-" ACCOUNT_ID);
		monitoring_start(e);
		rc = runner_start(e, err);
	}
	if (rc == 0) {
		tuning_start(e);
		rc = simulation_start(e, err);
	}
	if (rc == 0) {
		e->port = server_port(e->server);
		state_commit(e->db);
		rc = announce(e, err);
	}
	return rc;
}

static void stop(struct engine *e)
{
	AUTO(str) char *path = announcement_path(e);

	if (e->port)
		unlink(path);
	/* The jobs first: whoever waits for one may still see how it ended. */
	tuning_stop(e);
	runner_stop(e);
	monitoring_stop(e);
	simulation_stop(e);
	server_stop(e->server);
	live_tails_free(e);
	limits_free(e);
	faults_free(e);
	record_close(e);
	images_free(e);
	training_jobs_free(e);
	documents_free(e);
	state_close(e->db);
}

static int serve(struct engine *e, struct err *err)
{
	int lock_fd = -1;
	int rc = fs_mkdirs(e->opt.state_dir, 0700, err);

	if (rc == 0)
		rc = lock_state(e, &lock_fd, err);
	if (rc == 0)
		rc = loop_new(&e->loop, err);
	if (rc == 0)
		rc = watch_signals(e, err);
	if (rc == 0) {
		rc = start(e, err);
		while (rc == 0 && !e->stopping)
			rc = loop_turn(e->loop, -1, err);
		stop(e);
	}
	fd_close(&e->signal_fd);
	loop_free(e->loop);
	fd_close(&lock_fd);
	return rc;
}

int main(int argc, char **argv)
{
	struct engine e = {.signal_fd = -1};
	struct err err = {0};

	if (argc > 2 && str_eq(argv[1], SUPERVISE_ARGUMENT))
		return supervise((const char *const *)argv + 2);
	/* A frozen clock is for the console's tests; an engine without time serves nobody. */
	clock_freeze_ms(0);
	umask(077);
	options_init(&e.opt);
	int rc = options_parse(&e.opt, argc, argv, &err);

	if (rc == 0 && e.opt.help) {
		options_help(stdout, faults_help);
	} else if (rc == 0 && e.opt.version) {
		puts("sagetop-local " SAGETOP_VERSION);
	} else if (rc == 0) {
		raise_file_limit();
		rc = serve(&e, &err);
	}
	if (rc < 0)
		fprintf(stderr, "sagetop-local: %s\n", err.msg);
	free(e.trainer);
	free(e.analyzer);
	secret_free(e.secret);
	options_done(&e.opt);
	return rc < 0 ? err_exit_status(err.code) : 0;
}
