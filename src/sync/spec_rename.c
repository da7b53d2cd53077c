/* spec_rename.c - giving a clone a name of its own, wherever the old one stands.
 *
 * Frameworks' script mode tells a job its name as a hyperparameter, and where to
 * write by folders that hold it: a clone that kept them would call itself by the old
 * name and write into the old job's folder. */
#include "sync/spec.h"

/* A hyperparameter of the Python SDK is JSON, a string with its quotes. */
static char *plain_text(const char *value)
{
	size_t n = strlen(value);

	return n >= 2 && value[0] == '"' && value[n - 1] == '"' ? xstrndup(value + 1, n - 2) : xstrdup(value);
}

/* text with every part between '/' that is `old` replaced; NULL where there is none. */
static char *replace_part(const char *text, const char *old, const char *new)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	size_t n = strlen(old);
	bool found = false;

	for (const char *p = text; *p;) {
		size_t part = strcspn(p, "/\"");

		if (part == n && strncmp(p, old, n) == 0) {
			(void)buf_adds(&out, new);
			found = true;
		} else {
			(void)buf_add(&out, p, part);
		}
		p += part;
		if (*p)
			(void)buf_addc(&out, *p++);
	}
	return found ? buf_take(&out) : NULL;
}

/* Members by which a job names itself or says where it writes. */
static const char *const own_places[][2] = {{"HyperParameters", "sagemaker_job_name"},
					    {"HyperParameters", "model_dir"},
					    {"TensorBoardOutputConfig", "S3OutputPath"},
					    {"DebugHookConfig", "S3OutputPath"},
					    {"ProfilerConfig", "S3OutputPath"}};

/* The names that the job went by: its own, and the one that script mode told it. */
static void old_names(const json_t *spec, struct strlist *ret)
{
	const char *name = json_get_str(spec, "TrainingJobName");
	const char *told = json_get_str(json_object_get(spec, "HyperParameters"), "sagemaker_job_name");
	AUTO(str) char *plain = told ? plain_text(told) : NULL;

	if (!str_empty(name))
		strlist_add(ret, name);
	if (!str_empty(plain) && !str_eq(plain, name))
		strlist_add(ret, plain);
}

void spec_rename(json_t *spec, const char *name)
{
	AUTO(strlist) struct strlist olds = {0};

	old_names(spec, &olds);
	for (size_t i = 0; i < ARRAY_LEN(own_places); i++) {
		json_t *parent = json_object_get(spec, own_places[i][0]);

		for (size_t k = 0; k < olds.n; k++) {
			const char *value = json_get_str(parent, own_places[i][1]);
			AUTO(str) char *renamed = value ? replace_part(value, olds.items[k], name) : NULL;

			if (renamed)
				json_object_set_new(parent, own_places[i][1], json_string(renamed));
		}
	}
	json_object_set_new(spec, "TrainingJobName", json_string(name));
}

static bool names_one(const char *value, const struct strlist *names)
{
	for (size_t i = 0; i < names->n; i++) {
		AUTO(str) char *found = replace_part(value, names->items[i], "");

		if (found)
			return true;
	}
	return false;
}

static void add_shared_of_map(const json_t *after, const char *map, const struct strlist *olds, struct strlist *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(after, map), key, value)
	{
		/* The code lies where it was uploaded: it is read, not written. */
		if (json_is_string(value) && !str_eq(key, "sagemaker_submit_directory") &&
		    names_one(json_string_value(value), olds))
			strlist_take(ret, xasprintf("%s.%s", map, key));
	}
}

void spec_shared(const json_t *before, const json_t *after, struct strlist *ret)
{
	AUTO(strlist) struct strlist olds = {0};
	const json_t *hp = json_object_get(after, "HyperParameters");
	const char *dir = json_get_str(hp, "model_dir");
	const char *dir_before = json_get_str(json_object_get(before, "HyperParameters"), "model_dir");
	const char *checkpoints = json_get_str(json_object_get(after, "CheckpointConfig"), "S3Uri");

	old_names(before, &olds);
	add_shared_of_map(after, "HyperParameters", &olds, ret);
	add_shared_of_map(after, "Environment", &olds, ret);
	if (dir && strstr(dir, "s3://") && str_eq(dir, dir_before) && !strlist_has(ret, "HyperParameters.model_dir"))
		strlist_add(ret, "HyperParameters.model_dir");
	if (checkpoints && str_eq(checkpoints, json_get_str(json_object_get(before, "CheckpointConfig"), "S3Uri")))
		strlist_add(ret, "CheckpointConfig.S3Uri");
}
