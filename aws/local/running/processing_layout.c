/* A processing job's folders: /opt/ml/config, inputs, outputs, the exit message. */
#include "aws/local/running/processing_impl.h"

#include <sys/stat.h>

#include "aws/local/running/layout.h"
#include "base/fs.h"
#include "base/utf8.h"

#define MESSAGE_MAX 1024

char *processing_dir(const struct engine *e, const char *name)
{
	return xasprintf("%s/processing/%s", e->opt.state_dir, name);
}

char *processing_root(const struct engine *e, const char *name, int host)
{
	return xasprintf("%s/processing/%s/algo-%d/opt/ml", e->opt.state_dir, name, host + 1);
}

/* Where a path under /opt/ml lies. They were checked when the job was made. */
static char *place(const char *root, const char *path)
{
	return fs_join(root, path + strlen("/opt/ml/"));
}

/* --- configuration files ---------------------------------------------------------------------- */

/* Members in the service's order, null where the request has none. */
static json_t *with_nulls(const json_t *from, const char *const *names, size_t n)
{
	json_t *out = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, names[i]);

		json_object_set_new(out, names[i], value ? json_incref(value) : json_null());
	}
	return out;
}
#define WITH_NULLS(from, ...)                                  \
	with_nulls((from), (const char *const[]){__VA_ARGS__}, \
		   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static json_t *config_inputs(const json_t *inputs)
{
	json_t *list = json_array(), *input;
	size_t i;

	json_array_foreach((json_t *)inputs, i, input)
	{
		json_t *one = WITH_NULLS(input, "InputName", "AppManaged", "S3Input", "DatasetDefinition");
		json_t *s3 = WITH_NULLS(json_object_get(input, "S3Input"), "LocalPath", "S3Uri",
					"S3DataDistributionType", "S3DataType", "S3InputMode", "S3CompressionType");

		if (json_is_null(json_object_get(one, "AppManaged")))
			json_object_set_new(one, "AppManaged", json_false());
		json_object_set_new(s3, "S3DownloadMode", json_string("StartOfJob"));
		json_object_set_new(one, "S3Input", s3);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *config_outputs(const json_t *config)
{
	json_t *list = json_array(), *output;
	size_t i;

	json_array_foreach(json_object_get(config, "Outputs"), i, output)
	{
		json_t *one = WITH_NULLS(output, "OutputName", "AppManaged", "S3Output", "FeatureStoreOutput");

		if (json_is_null(json_object_get(one, "AppManaged")))
			json_object_set_new(one, "AppManaged", json_false());
		json_array_append_new(list, one);
	}
	json_t *all = json_pack("{s:o}", "Outputs", list), *key = json_object_get(config, "KmsKeyId");

	json_object_set_new(all, "KmsKeyId", key ? json_incref(key) : json_null());
	return all;
}

static json_t *job_config(const json_t *doc)
{
	json_t *all = WITH_NULLS(doc, "ProcessingJobArn", "ProcessingJobName", "AppSpecification", "Environment",
				 "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "RoleArn",
				 "StoppingCondition", "NetworkConfig", "ExperimentConfig");
	json_t *cluster = json_path_get(doc, "ProcessingResources.ClusterConfig");

	json_object_set_new(all, "AppSpecification",
			    WITH_NULLS(json_object_get(doc, "AppSpecification"), "ImageUri", "ContainerEntrypoint",
				       "ContainerArguments"));
	json_object_set_new(all, "ProcessingInputs", config_inputs(json_object_get(doc, "ProcessingInputs")));
	json_object_set_new(all, "ProcessingOutputConfig",
			    config_outputs(json_object_get(doc, "ProcessingOutputConfig")));
	json_object_set_new(
		all, "ProcessingResources",
		json_pack("{s:o}", "ClusterConfig",
			  WITH_NULLS(cluster, "InstanceCount", "InstanceType", "VolumeSizeInGB", "VolumeKmsKeyId")));
	return all;
}

static int write_config(struct processing *p, const char *root, int host, struct err *err)
{
	char name[16];

	layout_host_name(host, name);
	int rc = layout_write_json(root, "config/processingjobconfig.json", job_config(p->doc->doc), err);

	if (rc == 0)
		rc = layout_write_json(root, "config/resourceconfig.json",
				       json_pack("{s:s, s:o}", "current_host", name, "hosts", layout_hosts(p->n_hosts)),
				       err);
	return rc;
}

/* --- inputs and outputs ------------------------------------------------------------------------- */

static int plan_input(struct processing *p, const json_t *input, const char *root, int host, struct copy_plan *plan,
		      struct err *err)
{
	const json_t *s3 = json_object_get(input, "S3Input");
	const char *path = json_get_str(s3, "LocalPath");
	bool sharded = str_eq(json_get_str(s3, "S3DataDistributionType"), "ShardedByS3Key");

	if (!path)
		return 0; /* AppManaged: the program fetches it */
	AUTO(str) char *dir = place(root, path);
	int rc = fs_mkdirs(dir, 0755, err);

	if (rc == 0)
		rc = layout_plan_data(p->e, json_get_str(s3, "S3Uri"), str_or(json_get_str(s3, "S3DataType"), ""), dir,
				      host, sharded ? p->n_hosts : 0, plan, err);
	return rc < 0 ? rc : 0;
}

static int make_outputs(const json_t *doc, const char *root, struct err *err)
{
	const json_t *outputs = json_path_get(doc, "ProcessingOutputConfig.Outputs");
	AUTO(str) char *message = fs_join(root, "output");
	int rc = fs_mkdirs(message, 0755, err);
	size_t i;
	json_t *output;

	json_array_foreach((json_t *)outputs, i, output)
	{
		const char *path = json_get_str(json_object_get(output, "S3Output"), "LocalPath");
		AUTO(str) char *dir = path ? place(root, path) : NULL;

		if (rc == 0 && dir)
			rc = fs_mkdirs(dir, 0755, err);
	}
	return rc;
}

static int prepare_host(struct processing *p, int host, struct copy_plan *plan, struct err *err)
{
	AUTO(str) char *root = processing_root(p->e, p->name, host);
	AUTO(str) char *processing = fs_join(root, "processing");
	int rc = fs_mkdirs(processing, 0755, err);
	size_t i;
	json_t *input;

	if (rc == 0)
		rc = write_config(p, root, host, err);
	if (rc == 0)
		rc = make_outputs(p->doc->doc, root, err);
	json_array_foreach(json_object_get(p->doc->doc, "ProcessingInputs"), i, input)
	{
		if (rc == 0)
			rc = plan_input(p, input, root, host, plan, err);
	}
	return rc;
}

int processing_prepare(struct processing *p, struct copy_plan *plan, struct err *err)
{
	AUTO(str) char *dir = processing_dir(p->e, p->name);
	int rc = fs_remove_tree(dir, err);

	for (int host = 0; rc == 0 && host < p->n_hosts; host++)
		rc = prepare_host(p, host, plan, err);
	return rc;
}

static void add_output(struct processing *p, const json_t *s3, struct store_task *t)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	const char *path = json_get_str(s3, "LocalPath"), *uri = json_get_str(s3, "S3Uri");

	if (!path || !s3_uri_parse(uri, &bucket, &key))
		return;
	if (!bucket_exists(p->e, bucket)) {
		snprintf(t->error, sizeof(t->error), "the bucket of %.300s does not exist; create it first", uri);
		return;
	}
	for (int i = 0; i < p->n_hosts; i++) {
		AUTO(str) char *root = processing_root(p->e, p->name, i);
		AUTO(str) char *dir = place(root, path);

		store_task_tree(t, dir, xstrdup(bucket), s3_folder_key(key), false);
	}
}

static bool is_continuous(const json_t *output)
{
	return str_eq(json_get_str(json_object_get(output, "S3Output"), "S3UploadMode"), "Continuous");
}

bool processing_has_continuous(const struct processing *p)
{
	const json_t *outputs = json_path_get(p->doc->doc, "ProcessingOutputConfig.Outputs");
	size_t i;
	json_t *output;

	json_array_foreach((json_t *)outputs, i, output)
	{
		if (is_continuous(output))
			return true;
	}
	return false;
}

void processing_outputs(struct processing *p, bool continuous, struct store_task *t)
{
	const json_t *outputs = json_path_get(p->doc->doc, "ProcessingOutputConfig.Outputs");
	size_t i;
	json_t *output;

	json_array_foreach((json_t *)outputs, i, output)
	{
		if (!continuous || is_continuous(output))
			add_output(p, json_object_get(output, "S3Output"), t);
	}
}

/* --- the exit message --------------------------------------------------------------------------- */

static int add_message(const char *root, struct buf *out, struct err *err)
{
	AUTO(str) char *path = fs_join(root, "output/message");
	AUTO(buf) struct buf text = BUF_INIT((size_t)1 << 20);
	struct stat st;

	/* A link leads out of the folder, a FIFO would hold the engine up. */
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || fs_read(path, &text, NULL) < 0)
		return 0;
	if (!utf8_valid(buf_str(&text), text.len))
		return err_set(err, ERR_INVALID,
			       "ClientError: the exit message in /opt/ml/output/message is not encoded in UTF-8");
	buf_add(out, buf_str(&text), text.len);
	return 0;
}

int processing_message(struct processing *p, char **ret, struct err *err)
{
	AUTO(buf) struct buf all = BUF_INIT((size_t)64 << 20);
	int rc = 0;

	for (int i = 0; i < p->n_hosts && rc == 0; i++) {
		AUTO(str) char *root = processing_root(p->e, p->name, i);

		rc = add_message(root, &all, err);
	}
	if (rc < 0)
		return rc;
	size_t n = MIN(all.len, (size_t)MESSAGE_MAX);

	/* Not within a character. */
	while (n && n < all.len && ((unsigned char)all.data[n] & 0xC0) == 0x80)
		n--;
	*ret = n ? xstrndup(all.data, n) : NULL;
	return 0;
}
