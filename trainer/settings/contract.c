/* The files, folders and variables that SageMaker gives a container, and the reason of a failure. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/utf8.h"
#include "trainer/settings/contract.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define REASON_MAX 1024 /* what the service keeps of a FailureReason */
#define FAILURE_ROOM 4096

/* test: predictions of the finished model; plan: entities and windows; code is
 * what other images take and is left alone. */
static const char *const known_channels[] = {"train", "validation", "test", "plan", "backtest", "code"};

void contract_done(struct contract *c)
{
	free(c->root);
	free(c->model_dir);
	free(c->output_dir);
	free(c->checkpoint_dir);
	json_decref(c->hyperparameters);
	for (size_t i = 0; i < c->n_channels; i++) {
		free(c->channels[i].name);
		free(c->channels[i].dir);
		free(c->channels[i].content_type);
	}
	free(c->channels);
	strlist_done(&c->hosts);
	free(c->current_host);
	*c = (struct contract){0};
}

const char *contract_root(void)
{
	return str_or(getenv("SAGETOP_ML_ROOT"), "/opt/ml");
}

const struct channel *contract_channel(const struct contract *c, const char *name)
{
	for (size_t i = 0; i < c->n_channels; i++)
		if (str_eq(c->channels[i].name, name))
			return &c->channels[i];
	return NULL;
}

/* input/config/NAME, an object; an empty one where the file is absent. */
static int load_config(const struct contract *c, const char *name, json_t **ret, struct err *err)
{
	AUTO(str) char *path = xasprintf("%s/input/config/%s", c->root, name);

	*ret = NULL;
	if (!fs_exists(path)) {
		*ret = json_object();
		return 0;
	}
	AUTO(json) json_t *root = NULL;
	int rc = json_parse_file(path, CONFIG_MAX, &root, err);
	if (rc)
		return rc;
	if (!json_is_object(root))
		return err_set(err, ERR_PARSE, "%s is not a JSON object", path);
	*ret = TAKE(root);
	return 0;
}

/* --- channels ------------------------------------------------------------------- */

static void channel_add(struct contract *c, const char *name, const json_t *config)
{
	size_t cap = c->n_channels;

	GROW(c->channels, cap, c->n_channels + 1);
	AUTO(str) char *variable = xasprintf("SM_CHANNEL_%s", name);
	for (char *p = variable; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	const char *given = getenv(variable);
	c->channels[c->n_channels++] = (struct channel){
		.name = xstrdup(name),
		.dir = str_empty(given) ? xasprintf("%s/input/data/%s", c->root, name) : xstrdup(given),
		.content_type = xstrdup(json_get_str(config, "ContentType")),
	};
}

static int check_channel(const char *name, const json_t *config, struct err *err)
{
	const char *near = str_nearest(name, known_channels, ARRAY_LEN(known_channels));
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(known_channels); i++)
		known |= str_eq(known_channels[i], name);
	if (!known)
		return err_set(err, ERR_INVALID, "Extraneous channel found: %s%s%s%s", name,
			       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	if (str_eq(json_get_str(config, "TrainingInputMode"), "Pipe"))
		return err_set(err, ERR_INVALID,
			       "channel %s: TrainingInputMode Pipe is not supported, use File or "
			       "FastFile",
			       name);
	return 0;
}

static int load_channels(struct contract *c, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	int rc = load_config(c, "inputdataconfig.json", &root, err);

	if (rc)
		return rc;
	const char *name;
	json_t *config;
	json_object_foreach(root, name, config)
	{
		rc = check_channel(name, config, err);
		if (rc)
			return rc;
		channel_add(c, name, config);
	}
	/* Without the file (a run by hand), the folders speak for themselves. */
	for (size_t i = 0; !json_object_size(root) && i < ARRAY_LEN(known_channels); i++) {
		AUTO(str) char *dir = xasprintf("%s/input/data/%s", c->root, known_channels[i]);
		if (fs_is_dir(dir))
			channel_add(c, known_channels[i], NULL);
	}
	const struct channel *train = contract_channel(c, "train");
	if (!train)
		return err_set(err, ERR_INVALID, "Missing required channel: train");
	for (size_t i = 0; i < c->n_channels; i++)
		if (!fs_is_dir(c->channels[i].dir) && !str_eq(c->channels[i].name, "code"))
			return err_set(err, ERR_INVALID, "channel %s: its folder %s does not exist",
				       c->channels[i].name, c->channels[i].dir);
	return 0;
}

/* --- hosts -------------------------------------------------------------------------- */

static int load_hosts(struct contract *c, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	AUTO(json) json_t *from_env = NULL;
	int rc = load_config(c, "resourceconfig.json", &root, err);

	if (rc)
		return rc;
	const json_t *hosts = json_object_get(root, "hosts");
	const char *current = json_get_str(root, "current_host");
	const char *sm_hosts = getenv("SM_HOSTS");
	if (!hosts && !str_empty(sm_hosts)) {
		from_env = json_loads(sm_hosts, 0, NULL);
		hosts = from_env;
		current = getenv("SM_CURRENT_HOST");
	}
	for (size_t i = 0; i < json_array_size(hosts); i++)
		if (json_is_string(json_array_get(hosts, i)))
			strlist_add(&c->hosts, json_string_value(json_array_get(hosts, i)));
	if (!c->hosts.n)
		strlist_add(&c->hosts, str_or(current, "algo-1"));
	strlist_sort(&c->hosts);
	c->current_host = xstrdup(str_or(current, c->hosts.items[0]));
	for (c->host_index = 0; c->host_index < c->hosts.n; c->host_index++)
		if (str_eq(c->hosts.items[c->host_index], c->current_host))
			return 0;
	return err_set(err, ERR_INVALID, "resourceconfig.json: current_host %s is not among hosts", c->current_host);
}

/* --- folders ------------------------------------------------------------------------- */

static char *place(const char *variable, const char *root, const char *below)
{
	const char *given = getenv(variable);

	return str_empty(given) ? fs_join(root, below) : xstrdup(given);
}

/* LocalPath is written for /opt/ml; under another root it moves along. */
static int load_checkpoint_dir(struct contract *c, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	int rc = load_config(c, "checkpointconfig.json", &root, err);

	if (rc)
		return rc;
	const char *path = json_get_str(root, "LocalPath");
	if (path && str_starts(path, "/opt/ml/"))
		c->checkpoint_dir = fs_join(c->root, path + strlen("/opt/ml/"));
	else if (path)
		c->checkpoint_dir = xstrdup(path);
	else if (json_object_size(root))
		c->checkpoint_dir = fs_join(c->root, "checkpoints");
	if (c->checkpoint_dir)
		return 0;
	AUTO(str) char *dir = fs_join(c->root, "checkpoints");
	if (fs_is_dir(dir))
		c->checkpoint_dir = TAKE(dir);
	return 0;
}

/* Room on the disk for the reason of a failure, as a file without a name: a disk that
 * the job itself filled must not keep it silent. */
static int failure_room = -1;

static void reserve_failure_room(const char *root)
{
	AUTO(str) char *dir = fs_join(root, "output");

	if (failure_room < 0)
		failure_room = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (failure_room >= 0)
		(void)!posix_fallocate(failure_room, 0, FAILURE_ROOM);
}

static void give_failure_room(void)
{
	if (failure_room >= 0)
		close(failure_room);
	failure_room = -1;
}

int contract_load(const char *root, struct contract *ret, struct err *err)
{
	AUTO(contract) struct contract c = {.root = xstrdup(root)};
	AUTO(str) char *config = fs_join(root, "input/config");

	if (!fs_is_dir(config))
		return err_set(err, ERR_NOTFOUND,
			       "%s does not exist: this is no SageMaker container (set "
			       "SAGETOP_ML_ROOT to a folder laid out as /opt/ml)",
			       config);
	c.model_dir = place("SM_MODEL_DIR", root, "model");
	c.output_dir = place("SM_OUTPUT_DATA_DIR", root, "output/data");
	int rc = load_config(&c, "hyperparameters.json", &c.hyperparameters, err);
	if (!rc)
		rc = load_hosts(&c, err);
	if (!rc)
		rc = load_checkpoint_dir(&c, err);
	if (!rc)
		rc = load_channels(&c, err);
	if (!rc)
		rc = fs_mkdirs(c.model_dir, 0755, err);
	if (!rc)
		rc = fs_mkdirs(c.output_dir, 0755, err);
	if (!rc && c.checkpoint_dir)
		rc = fs_mkdirs(c.checkpoint_dir, 0755, err);
	if (rc)
		return rc;
	reserve_failure_room(root);
	*ret = c;
	c = (struct contract){0};
	return 0;
}

/* --- the end ----------------------------------------------------------------------------- */

static bool is_client_fault(enum err_code code)
{
	return code == ERR_INVALID || code == ERR_PARSE || code == ERR_NOTFOUND || code == ERR_TOOBIG ||
	       code == ERR_USAGE || code == ERR_LIMIT;
}

static void write_failure(const char *root, const struct err *err)
{
	/* A message may quote bytes of a damaged file. */
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	(void)buf_addf(&text, "%s: ", is_client_fault(err->code) ? "ClientError" : "AlgorithmError");
	(void)utf8_sanitize(&text, err->msg, strlen(err->msg), false);
	size_t n = MIN(text.len, (size_t)REASON_MAX);
	while (n < text.len && n && ((unsigned char)text.data[n] & 0xC0) == 0x80)
		n--;
	buf_truncate(&text, n);
	const char *line = buf_str(&text);
	fflush(stdout);
	fprintf(stderr, "%s\n", line);
	AUTO(str) char *path = fs_join(root, "output/failure");
	struct err err_writing = {0};
	give_failure_room();
	if (fs_mkdir_parent(path, 0755, &err_writing) ||
	    fs_write_atomic(path, line, strlen(line), 0644, &err_writing)) {
		/* A full disk may leave no room for a second copy: write in place. */
		FILE *f = fopen(path, "w");
		bool written = f && fputs(line, f) >= 0;
		if (f && fclose(f))
			written = false;
		if (!written)
			fprintf(stderr, "cannot write the failure file: %s\n", err_writing.msg);
	}
}

void contract_fail(const char *root, const struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool written;

	/* The second caller waits, since it may end the process. */
	pthread_mutex_lock(&lock);
	if (!written)
		write_failure(root, err);
	written = true;
	pthread_mutex_unlock(&lock);
}

/* --- processors ---------------------------------------------------------------------------- */

static bool read_numbers(const char *sysfs, const char *name, double *first, double *second)
{
	AUTO(str) char *path = fs_join(sysfs, name);
	AUTO(file) FILE *f = fopen(path, "r");
	char text[64];

	if (!f || !fgets(text, sizeof(text), f))
		return false;
	AUTO(strlist) struct strlist parts = {0};
	strlist_split(&parts, str_trim(text), ' ');
	*second = 0;
	if (parts.n > 1)
		(void)str_to_f64(parts.items[1], second);
	return str_to_f64(parts.items[0], first); /* false for "max" */
}

int contract_processors(const char *sysfs)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? (int)sysconf(_SC_NPROCESSORS_ONLN) : CPU_COUNT(&set);
	double quota = 0, period = 0, unused;
	bool limited = read_numbers(sysfs, "cpu.max", &quota, &period);

	if (!limited && read_numbers(sysfs, "cpu/cpu.cfs_quota_us", &quota, &unused))
		limited = quota > 0 && read_numbers(sysfs, "cpu/cpu.cfs_period_us", &period, &unused);
	if (limited && quota > 0 && period > 0)
		n = MIN(n, (int)ceil(quota / period));
	int64_t share; /* what the platform says is ours, where it says so */
	if (str_to_i64(getenv("SM_NUM_CPUS"), &share) && share > 0)
		n = (int)MIN((int64_t)n, share);
	return MAX(n, 1);
}

int64_t contract_memory(const char *sysfs)
{
	double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE), limit = 0, unused;

	if ((read_numbers(sysfs, "memory.max", &limit, &unused) ||
	     read_numbers(sysfs, "memory/memory.limit_in_bytes", &limit, &unused)) &&
	    limit > 0)
		bytes = MIN(bytes, limit);
	return (int64_t)bytes;
}
