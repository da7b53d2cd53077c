/* A host's /opt/ml folder: configuration files and channels as the service writes them. */
#include "aws/local/running/layout.h"

#include <unistd.h>

#include "aws/local/kept/objects.h"
#include "aws/local/running/script.h"
#include "base/fs.h"

void copy_plan_done(struct copy_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].source);
		free(p->items[i].target);
		free(p->items[i].uri);
	}
	free(p->items);
	*p = (struct copy_plan){0};
}

void copy_plan_unpack(struct copy_plan *plan, char *source, const char *target, const char *uri)
{
	GROW(plan->items, plan->cap, plan->n + 1);
	plan->items[plan->n++] =
		(struct copy_item){.source = source, .target = xstrdup(target), .unpack = true, .uri = xstrdup(uri)};
}

void layout_host_name(int host, char out[16])
{
	snprintf(out, 16, "algo-%d", (host & 0xffff) + 1);
}

/* A job's name holds letters, digits and hyphens only: it is safe as a file name. */
char *layout_job_dir(const struct engine *e, const struct training_job *job)
{
	return xasprintf("%s/jobs/%s", e->opt.state_dir, job->name);
}

char *layout_root(const struct engine *e, const struct training_job *job, int host)
{
	return xasprintf("%s/jobs/%s/algo-%d/opt/ml", e->opt.state_dir, job->name, host + 1);
}

char *layout_checkpoint_dir(const struct engine *e, const struct training_job *job, const json_t *request, int host)
{
	const json_t *config = json_object_get(request, "CheckpointConfig");
	const char *path = str_or(json_get_str(config, "LocalPath"), "/opt/ml/checkpoints");

	if (!config)
		return NULL;
	AUTO(str) char *root = layout_root(e, job, host);

	return fs_join(root, path + strlen("/opt/ml/"));
}

static int check_checkpoint_path(const json_t *request, struct err *err)
{
	const json_t *config = json_object_get(request, "CheckpointConfig");
	const char *path = str_or(json_get_str(config, "LocalPath"), "/opt/ml/checkpoints");

	if (!config)
		return 0;
	if (!str_starts(path, "/opt/ml/") || !path[8] || strstr(path, "..") || str_starts(path, "/opt/ml/input"))
		return err_set(err, ERR_INVALID,
			       "ClientError: CheckpointConfig.LocalPath %.200s cannot be served; give a folder under "
			       "/opt/ml, such as "
			       "/opt/ml/checkpoints",
			       path);
	return 0;
}

/* --- channels ----------------------------------------------------------------------------- */

/* A key's path below the channel: what follows the prefix's last folder. NULL for
 * a key that is no file, or would leave the folder. */
static const char *relative_path(const char *key, const char *prefix)
{
	size_t n = strlen(prefix);
	const char *slash = strrchr(prefix, '/');
	const char *path = key + (slash ? slash + 1 - prefix : 0);

	if (n && key[n] == '/')
		path = key + n + 1; /* the prefix names a folder without its slash */
	if (!*path || *path == '/' || str_ends(path, "/") || strstr(path, "//"))
		return NULL;
	AUTO(strlist) struct strlist steps = {0};

	strlist_split(&steps, path, '/');
	for (size_t i = 0; i < steps.n; i++) {
		size_t length = strlen(steps.items[i]);

		if (!length || length > 255 || str_eq(steps.items[i], ".") || str_eq(steps.items[i], ".."))
			return NULL;
	}
	return path;
}

static void plan_add(struct copy_plan *plan, const char *dir, const char *path, char *uri, char *source)
{
	GROW(plan->items, plan->cap, plan->n + 1);
	plan->items[plan->n++] = (struct copy_item){.source = source, .target = fs_join(dir, path), .uri = uri};
}

struct listing {
	struct engine *e;
	struct copy_plan *plan;
	const char *dir;
	int host, hosts; /* of a sharded channel: every hosts-th file */
	size_t seen;
};

/* Every object under bucket/prefix. Returns how many, or an error. */
static int list_prefix(struct listing *l, const char *bucket, const char *prefix, const char *strip, struct err *err)
{
	AUTO(str) char *after = xstrdup("");
	int total = 0;

	for (size_t n = 1000; n == 1000;) {
		struct object *list;

		objects_list(l->e, bucket, prefix, after, 1000, &list, &n);
		for (size_t i = 0; i < n; i++) {
			const char *path = relative_path(list[i].key, strip);

			str_set(&after, list[i].key);
			total++;
			if (!path && !str_ends(list[i].key, "/")) {
				int rc = err_set(err, ERR_INVALID,
						 "ClientError: Data download failed: the key '%.200s' is not usable as "
						 "a file name",
						 list[i].key);

				objects_list_free(list, n);
				return rc;
			}
			if (path && (l->hosts == 0 || (int)(l->seen++ % (size_t)l->hosts) == l->host))
				plan_add(l->plan, l->dir, path, xasprintf("s3://%s/%s", bucket, list[i].key),
					 objects_blob_path(l->e, list[i].blob));
		}
		objects_list_free(list, n);
	}
	return total;
}

static int no_objects(const char *uri, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "ClientError: Data download failed:S3 key: %.400s matched no files on s3",
		       uri);
}

/* A manifest: [{"prefix": "s3://bucket/folder/"}, "file", ...] */
static int list_manifest(struct listing *l, const char *bucket, const char *key, const char *uri, struct err *err)
{
	AUTO(object) struct object manifest = {0};
	AUTO(json) json_t *list = NULL;
	AUTO(str) char *base_bucket = NULL;
	AUTO(str) char *base = NULL;
	size_t i;
	json_t *entry;

	if (!objects_find(l->e, bucket, key, &manifest))
		return no_objects(uri, err);
	AUTO(str) char *path = objects_blob_path(l->e, manifest.blob);

	if (json_parse_file(path, (size_t)16 << 20, &list, NULL) < 0 || !json_is_array(list) ||
	    !s3_uri_parse(json_get_str(json_array_get(list, 0), "prefix"), &base_bucket, &base))
		return err_set(err, ERR_INVALID,
			       "ClientError: Data download failed: the manifest %.400s is not a list that begins with "
			       "{\"prefix\": "
			       "\"s3://...\"}",
			       uri);
	json_array_foreach(list, i, entry)
	{
		if (!json_is_string(entry))
			continue;
		AUTO(str) char *full = xasprintf("%s%s", base, json_string_value(entry));
		AUTO(object) struct object o = {0};
		const char *relative = relative_path(full, base);

		if (!relative || !objects_find(l->e, base_bucket, full, &o))
			return no_objects(full, err);
		if (l->hosts == 0 || (int)(l->seen++ % (size_t)l->hosts) == l->host)
			plan_add(l->plan, l->dir, relative, xasprintf("s3://%s/%s", base_bucket, full),
				 objects_blob_path(l->e, o.blob));
	}
	return (int)json_array_size(list);
}

int layout_plan_data(struct engine *e, const char *uri, const char *type, const char *dir, int host, int hosts,
		     struct copy_plan *plan, struct err *err)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	struct listing l = {.e = e, .plan = plan, .dir = dir, .host = host, .hosts = hosts};
	int rc;

	if (!s3_uri_parse(uri, &bucket, &key))
		return err_set(err, ERR_INVALID, "ClientError: '%.300s' is not an S3 URI (s3://bucket/prefix)",
			       str_or(uri, ""));
	if (str_eq(type, "ManifestFile"))
		rc = list_manifest(&l, bucket, key, uri, err);
	else if (str_eq(type, "S3Prefix"))
		rc = list_prefix(&l, bucket, key, key, err);
	else
		return err_set(err, ERR_INVALID, "ClientError: the local engine does not serve data of type %.40s",
			       type);
	return rc == 0 ? no_objects(uri, err) : rc;
}

bool layout_plan_archive(struct engine *e, const char *uri, const char *dir, struct copy_plan *plan)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	AUTO(object) struct object o = {0};

	if (!s3_uri_parse(uri, &bucket, &key) || !objects_find(e, bucket, key, &o))
		return false;
	copy_plan_unpack(plan, objects_blob_path(e, o.blob), dir, uri);
	return true;
}

static int plan_channel(struct engine *e, const json_t *request, const json_t *channel, const char *root, int host,
			struct copy_plan *plan, struct err *err)
{
	const char *name = json_get_str(channel, "ChannelName");
	const json_t *s3 = json_object_get(json_object_get(channel, "DataSource"), "S3DataSource");
	const char *mode =
		str_or(json_get_str(channel, "InputMode"),
		       json_get_str(json_object_get(request, "AlgorithmSpecification"), "TrainingInputMode"));
	const char *uri = json_get_str(s3, "S3Uri"), *type = str_or(json_get_str(s3, "S3DataType"), "");
	bool sharded = str_eq(json_get_str(s3, "S3DataDistributionType"), "ShardedByS3Key");
	AUTO(str) char *relative = xasprintf("input/data/%s", name);
	AUTO(str) char *dir = fs_join(root, relative);
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!s3 || !s3_uri_parse(uri, &bucket, &key))
		return err_set(err, ERR_INVALID,
			       "ClientError: channel '%.64s': the local engine serves S3 data sources only", name);
	if (str_eq(mode, "Pipe"))
		return err_set(err, ERR_INVALID,
			       "ClientError: channel '%.64s': the local engine does not serve the Pipe input mode; use "
			       "File or FastFile",
			       name);
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	rc = layout_plan_data(e, uri, type, dir, host, sharded ? (int)training_job_instance_count(request) : 0, plan,
			      err);
	return rc < 0 ? rc : 0;
}

/* Checkpoints that an earlier attempt (or job) has left in S3. None is fine. */
static int plan_checkpoints(struct engine *e, const struct training_job *job, const json_t *request, int host,
			    struct copy_plan *plan, struct err *err)
{
	const char *uri = json_get_str(json_object_get(request, "CheckpointConfig"), "S3Uri");
	AUTO(str) char *dir = layout_checkpoint_dir(e, job, request, host);
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	struct listing l = {.e = e, .plan = plan, .dir = dir};

	if (!dir || !s3_uri_parse(uri, &bucket, &key))
		return 0;
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc < 0)
		return rc;
	/* The URI names a folder, with or without its slash. */
	AUTO(str) char *prefix = s3_folder_key(key);

	rc = list_prefix(&l, bucket, prefix, prefix, err);
	return rc < 0 ? rc : 0;
}

/* --- configuration files --------------------------------------------------------------------- */

int layout_write_json(const char *root, const char *relative, json_t *j, struct err *err)
{
	AUTO(json) json_t *owned = j;
	AUTO(str) char *path = fs_join(root, relative);
	AUTO(str) char *text = json_text_pretty(owned);
	int rc = fs_mkdir_parent(path, 0755, err);

	return rc < 0 ? rc : fs_write_atomic(path, text, strlen(text), 0644, err);
}

json_t *layout_hosts(int64_t n)
{
	json_t *hosts = json_array();
	char name[16];

	for (int i = 0; i < (int)n; i++) {
		layout_host_name(i, name);
		json_array_append_new(hosts, json_string(name));
	}
	return hosts;
}

static const char *instance_type(const json_t *request)
{
	const json_t *r = json_object_get(request, "ResourceConfig");
	const char *type = json_get_str(r, "InstanceType");

	return str_or(type ? type
			   : json_get_str(json_array_get(json_object_get(r, "InstanceGroups"), 0), "InstanceType"),
		      "local");
}

static json_t *resource_config(const json_t *request, int host)
{
	int64_t n = training_job_instance_count(request);
	char name[16];

	layout_host_name(host, name);
	return json_pack("{s:s, s:s, s:s, s:o, s:[{s:s, s:s, s:o}], s:s, s:{}}", "current_host", name,
			 "current_instance_type", instance_type(request), "current_group_name", "homogeneousCluster",
			 "hosts", layout_hosts(n), "instance_groups", "instance_group_name", "homogeneousCluster",
			 "instance_type", instance_type(request), "hosts", layout_hosts(n), "network_interface_name",
			 "lo", "topology");
}

static json_t *input_data_config(const json_t *request)
{
	const json_t *channels = json_object_get(request, "InputDataConfig");
	json_t *config = json_object(), *channel;
	size_t i;

	json_array_foreach((json_t *)channels, i, channel)
	{
		const json_t *s3 = json_object_get(json_object_get(channel, "DataSource"), "S3DataSource");
		const char *mode =
			str_or(json_get_str(channel, "InputMode"),
			       json_get_str(json_object_get(request, "AlgorithmSpecification"), "TrainingInputMode"));
		json_t *one =
			json_pack("{s:s, s:s, s:s}", "TrainingInputMode", mode, "S3DistributionType",
				  str_or(json_get_str(s3, "S3DataDistributionType"), "FullyReplicated"),
				  "RecordWrapperType", str_or(json_get_str(channel, "RecordWrapperType"), "None"));

		if (json_get_str(channel, "ContentType"))
			json_object_set(one, "ContentType", json_object_get(channel, "ContentType"));
		json_object_set_new(config, json_get_str(channel, "ChannelName"), one);
	}
	return config;
}

static int write_config(const struct training_job *job, const json_t *request, const char *root, int host,
			struct err *err)
{
	json_t *hyper = json_object_get(request, "HyperParameters"),
	       *checkpoint = json_object_get(request, "CheckpointConfig");
	int rc = layout_write_json(root, "input/config/hyperparameters.json",
				   hyper ? json_incref(hyper) : json_object(), err);

	if (rc == 0)
		rc = layout_write_json(root, "input/config/inputdataconfig.json", input_data_config(request), err);
	if (rc == 0)
		rc = layout_write_json(root, "input/config/resourceconfig.json", resource_config(request, host), err);
	if (rc == 0 && checkpoint)
		rc = layout_write_json(root, "input/config/checkpointconfig.json",
				       json_pack("{s:s}", "LocalPath",
						 str_or(json_get_str(checkpoint, "LocalPath"), "/opt/ml/checkpoints")),
				       err);
	if (rc == 0)
		rc = layout_write_json(root, "input/config/init-config.json",
				       json_pack("{s:s, s:s}", "jobType", "TRAINING", "trainingJobName", job->name),
				       err);
	return rc;
}

static int prepare_host(struct engine *e, const struct training_job *job, const json_t *request, int host,
			struct copy_plan *plan, struct err *err)
{
	static const char *const folders[] = {"input/data", "input/config", "model", "output/data"};
	AUTO(str) char *root = layout_root(e, job, host);
	size_t i;
	json_t *channel;
	int rc = 0;

	for (size_t f = 0; f < ARRAY_LEN(folders) && rc == 0; f++) {
		AUTO(str) char *dir = fs_join(root, folders[f]);

		rc = fs_mkdirs(dir, 0755, err);
	}
	if (rc == 0)
		rc = write_config(job, request, root, host, err);
	json_array_foreach(json_object_get(request, "InputDataConfig"), i, channel)
	{
		if (rc == 0)
			rc = plan_channel(e, request, channel, root, host, plan, err);
	}
	if (rc == 0 && script_is_asked_for(request))
		rc = script_plan(e, request, root, plan, err);
	return rc == 0 ? plan_checkpoints(e, job, request, host, plan, err) : rc;
}

int layout_prepare(struct engine *e, const struct training_job *job, const json_t *request, struct copy_plan *plan,
		   struct err *err)
{
	AUTO(str) char *dir = layout_job_dir(e, job);
	int rc = check_checkpoint_path(request, err);

	if (rc == 0)
		rc = fs_remove_tree(dir, err);
	for (int host = 0; rc == 0 && host < (int)training_job_instance_count(request); host++)
		rc = prepare_host(e, job, request, host, plan, err);
	return rc;
}

/* --- environment ------------------------------------------------------------------------------ */

/* What a request may not set: it would change which code runs, and a job must be
 * able to do no more than the trainer does. */
static bool variable_allowed(const char *name)
{
	static const char *const refused[] = {"LD_",  "GCONV_PATH", "GLIBC_TUNABLES", "PATH",	 "SAGETOP_ML_ROOT",
					      "HOME", "LOCPATH",    "NLSPATH",	      "MALLOC_", "BASH_ENV",
					      "ENV",  "IFS",	    "TMPDIR"};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		bool prefix = str_ends(refused[i], "_");

		if (prefix ? str_starts(name, refused[i]) : str_eq(name, refused[i]))
			return false;
	}
	return true;
}

static void set_json(struct strmap *env, const char *name, json_t *j)
{
	AUTO(json) json_t *owned = j;
	AUTO(str) char *text = json_text(owned);

	strmap_set(env, name, text);
}

static void set_path(struct strmap *env, const char *name, const char *root, const char *relative)
{
	AUTO(str) char *path = fs_join(root, relative);

	strmap_set(env, name, path);
}

static void set_upper(struct strmap *env, const char *prefix, const char *name, const char *value)
{
	AUTO(str) char *full = xasprintf("%s%s", prefix, name);

	for (char *p = full; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	if (!strchr(full, '='))
		strmap_set(env, full, value);
}

static void set_channels(struct strmap *env, const json_t *request, const char *seen)
{
	json_t *names = json_array(), *channel;
	size_t i;

	json_array_foreach(json_object_get(request, "InputDataConfig"), i, channel)
	{
		const char *name = json_get_str(channel, "ChannelName");
		AUTO(str) char *relative = xasprintf("input/data/%s", name);
		AUTO(str) char *path = fs_join(seen, relative);

		set_upper(env, "SM_CHANNEL_", name, path);
		json_array_append_new(names, json_string(name));
	}
	set_json(env, "SM_CHANNELS", names);
}

static void set_hyperparameters(struct strmap *env, const json_t *request)
{
	json_t *hyper = json_object_get(request, "HyperParameters"), *value;
	const char *name;

	json_object_foreach(hyper, name, value) set_upper(env, "SM_HP_", name, str_or(json_string_value(value), ""));
	set_json(env, "SM_HPS", hyper ? json_incref(hyper) : json_object());
}

void layout_request_environment(const json_t *environment, struct strmap *env)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)environment, name, value)
	{
		if (variable_allowed(name))
			strmap_set(env, name, str_or(json_string_value(value), ""));
	}
}

void layout_base_environment(const char *dir, const char *arn, struct strmap *env)
{
	AUTO(strlist) struct strlist parts = {0};

	strmap_set(env, "SAGETOP_JOB_DIR", dir); /* by which a later engine knows a process of ours */
	strmap_set(env, "PATH", JOB_PATH);
	strmap_set(env, "HOME", dir);
	strmap_set(env, "LANG", "C.UTF-8");
	strlist_split(&parts, arn, ':');
	strmap_set(env, "AWS_REGION", parts.n > 3 ? parts.items[3] : DEFAULT_REGION);
	/* Threads that wait do not spin on what others need. */
	if (!strmap_get(env, "GOMP_SPINCOUNT"))
		strmap_set(env, "GOMP_SPINCOUNT", "1000");
}

/* As the host has them. */
static int count_gpus(void)
{
	int n = 0;
	char path[32];

	for (; n < 64; n++) {
		snprintf(path, sizeof(path), "/dev/nvidia%d", n);
		if (access(path, F_OK) < 0)
			break;
	}
	return n;
}

void layout_environment(struct engine *e, const struct training_job *job, const json_t *request, int host,
			const char *seen, struct strmap *env)
{
	AUTO(str) char *dir = layout_job_dir(e, job);
	char name[16], text[32];

	layout_host_name(host, name);
	if (!script_is_asked_for(request)) /* which sees them decoded */
		set_hyperparameters(env, request);
	layout_request_environment(json_object_get(request, "Environment"), env);
	layout_base_environment(dir, job->arn, env);
	set_channels(env, request, seen);
	strmap_set(env, "SAGETOP_ML_ROOT", seen);
	strmap_set(env, "TRAINING_JOB_NAME", job->name);
	strmap_set(env, "TRAINING_JOB_ARN", job->arn);
	set_path(env, "SM_MODEL_DIR", seen, "model");
	set_path(env, "SM_INPUT_DIR", seen, "input");
	set_path(env, "SM_INPUT_CONFIG_DIR", seen, "input/config");
	set_path(env, "SM_OUTPUT_DIR", seen, "output");
	set_path(env, "SM_OUTPUT_DATA_DIR", seen, "output/data");
	strmap_set(env, "SM_CURRENT_HOST", name);
	set_json(env, "SM_HOSTS", layout_hosts(training_job_instance_count(request)));
	/* Jobs side by side share the cores: each is told its part. */
	snprintf(text, sizeof(text), "%ld", (long)MAX(sysconf(_SC_NPROCESSORS_ONLN) / MAX(engine_slots(e), 1), 1));
	strmap_set(env, "SM_NUM_CPUS", text);
	snprintf(text, sizeof(text), "%d", count_gpus());
	strmap_set(env, "SM_NUM_GPUS", text);
	strmap_set(env, "SM_NETWORK_INTERFACE_NAME", "lo");
}
