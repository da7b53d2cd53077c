/* Script mode: code, arguments, variables. */
#include "aws/local/running/script.h"

#include <dirent.h>
#include <math.h>

#include "aws/local/kept/objects.h"
#include "base/fs.h"

#define PROGRAM "sagemaker_program"
#define DIRECTORY "sagemaker_submit_directory"
#define CODE_CHANNEL "input/data/code"

/* Packages are not installed here: what requirements.txt wants and python3 lacks is said. */
static const char check_requirements[] =
	"import importlib.metadata as m, os, re, sys\n"
	"for line in open(sys.argv[1]):\n"
	"    name = re.match(r'[A-Za-z0-9][A-Za-z0-9._-]*', line.strip())\n"
	"    if name:\n"
	"        try:\n"
	"            m.version(name.group())\n"
	"        except m.PackageNotFoundError:\n"
	"            print('sagetop-local: requirements.txt wants', line.strip() + ', which', sys.executable,\n"
	"                  'does not have; the local engine installs nothing', flush=True)\n"
	"os.execv(sys.argv[2], sys.argv[2:])\n";

/* --- hyperparameters ------------------------------------------------------------------------- */

static json_t *decoded(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	return value ? value : json_string(text);
}

/* As the script sees it: JSON decoded, texts as they are. New reference; NULL where there is none of that name. */
static json_t *hyperparameter(const json_t *request, const char *name)
{
	const char *text = json_get_str(json_object_get(request, "HyperParameters"), name);

	return text ? decoded(text) : NULL;
}

bool script_is_asked_for(const json_t *request)
{
	return json_get_str(json_object_get(request, "HyperParameters"), PROGRAM) != NULL;
}

/* The user's own: the toolkit keeps what begins with sagemaker_ to itself. In order of
 * their names, as it passes them. */
static json_t *user_hyperparameters(const json_t *request)
{
	AUTO(strlist) struct strlist names = {0};
	json_t *all = json_object_get(request, "HyperParameters"), *value, *out = json_object();
	const char *name;

	json_object_foreach(all, name, value)
	{
		if (!str_starts(name, "sagemaker_"))
			strlist_add(&names, name);
	}
	strlist_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		json_object_set_new(out, names.items[i], hyperparameter(request, names.items[i]));
	return out;
}

/* --- as Python's str() prints them ---------------------------------------------------------- */

static void add_real(struct buf *out, double value)
{
	char text[40];
	int digits = 15;

	do
		snprintf(text, sizeof(text), "%.*g", digits++, value);
	while (digits <= 17 && strtod(text, NULL) != value);
	if (fabs(value) >= 1e15 && fabs(value) < 1e16)
		snprintf(text, sizeof(text), "%.0f", value);
	buf_adds(out, text);
	if (!strpbrk(text, ".en"))
		buf_adds(out, ".0");
}

static void add_repr(struct buf *out, const char *text)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';

	buf_addc(out, quote);
	for (; *text; text++) {
		if (*text == quote || *text == '\\')
			buf_addc(out, '\\');
		if (*text == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *text);
	}
	buf_addc(out, quote);
}

static void add_python(struct buf *out, const json_t *value, bool nested)
{
	const char *name;
	json_t *item;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		if (nested)
			add_repr(out, json_string_value(value));
		else
			buf_adds(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		buf_addf(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		add_real(out, json_real_value(value));
		break;
	case JSON_ARRAY:
		buf_addc(out, '[');
		json_array_foreach(value, i, item)
		{
			buf_adds(out, i ? ", " : "");
			add_python(out, item, true);
		}
		buf_addc(out, ']');
		break;
	case JSON_OBJECT:
		buf_addc(out, '{');
		json_object_foreach((json_t *)value, name, item)
		{
			buf_adds(out, out->data[out->len - 1] == '{' ? "" : ", ");
			add_repr(out, name);
			buf_adds(out, ": ");
			add_python(out, item, true);
		}
		buf_addc(out, '}');
		break;
	default:
		buf_adds(out, json_is_null(value) ? "None" : json_is_true(value) ? "True" : "False");
	}
}

/* --name value, -n value for a name of one letter. */
static void add_arguments(const json_t *hyper, struct strlist *argv)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)hyper, name, value)
	{
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

		add_python(&text, value, false);
		strlist_take(argv, xasprintf("%s%s", strlen(name) > 1 ? "--" : "-", name));
		strlist_add(argv, buf_str(&text));
	}
}

/* --- the code ----------------------------------------------------------------------------------- */

static int refuse_name(const char *program, struct err *err)
{
	if (strstr(program, "://"))
		return err_set(err, ERR_INVALID,
			       "ClientError: sagemaker_program %.200s is an address; give the script's name within the "
			       "archive of sagemaker_submit_directory",
			       program);
	if (*program == '/' || strstr(program, "..") || !*program)
		return err_set(err, ERR_INVALID,
			       "ClientError: sagemaker_program '%.200s' is not a name within the archive of "
			       "sagemaker_submit_directory",
			       program);
	return 0;
}

static int plan_s3(struct engine *e, const char *uri, const char *code, struct copy_plan *plan, struct err *err)
{
	if (!layout_plan_archive(e, uri, code, plan))
		return err_set(err, ERR_NOTFOUND,
			       "ClientError: the code of sagemaker_submit_directory is not there: %.400s; upload it "
			       "(sourcedir.tar.gz)",
			       uri);
	return 0;
}

int script_plan(struct engine *e, const json_t *request, const char *root, struct copy_plan *plan, struct err *err)
{
	AUTO(json) json_t *program = hyperparameter(request, PROGRAM);
	AUTO(json) json_t *directory = hyperparameter(request, DIRECTORY);
	const char *name = str_or(json_string_value(program), ""), *uri = json_string_value(directory);
	AUTO(str) char *code = fs_join(root, "code");
	int rc = refuse_name(name, err);

	if (rc == 0)
		rc = fs_mkdirs(code, 0755, err);
	if (rc < 0 || !uri || str_eq(uri, "/opt/ml/code"))
		return rc;
	if (str_starts(uri, "s3://"))
		return plan_s3(e, uri, code, plan, err);
	if (!str_starts(uri, "/opt/ml/input/data/") || strstr(uri, ".."))
		return err_set(err, ERR_INVALID,
			       "ClientError: sagemaker_submit_directory %.200s is neither on S3 nor in a channel "
			       "(/opt/ml/input/data/...)",
			       uri);
	/* A folder of a channel is used where it lies. */
	if (str_ends(uri, ".tar.gz"))
		copy_plan_unpack(plan, fs_join(root, uri + strlen("/opt/ml/")), code, uri);
	return 0;
}

/* Where the script lies below root: the unpacked code, the folder that was named, or the
 * channel `code`. */
static int find_code(const json_t *request, const char *root, const char *program, char **ret, struct err *err)
{
	AUTO(json) json_t *directory = hyperparameter(request, DIRECTORY);
	const char *uri = str_or(json_string_value(directory), "");
	const char *places[] = {"code", str_starts(uri, "/opt/ml/") ? uri + strlen("/opt/ml/") : "code", CODE_CHANNEL};
	AUTO(buf) struct buf there = BUF_INIT(400);

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO(str) char *dir = fs_join(root, places[i]);
		AUTO(str) char *path = fs_join(dir, program);

		if (fs_exists(path) && !fs_is_dir(path)) {
			*ret = xstrdup(places[i]);
			return 0;
		}
	}
	AUTO(str) char *code = fs_join(root, "code");
	DIR *d = opendir(code);

	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (entry->d_name[0] != '.')
			buf_addf(&there, "%s%s", there.len ? ", " : "", entry->d_name);
	}
	if (d)
		closedir(d);
	return err_set(err, ERR_INVALID,
		       "AlgorithmError: the script %.200s of sagemaker_program is not in %.300s, which holds %s",
		       program, *uri ? uri : "the channel `code`", there.len ? buf_str(&there) : "nothing");
}

/* --- variables -------------------------------------------------------------------------------- */

static void set_text(struct strmap *env, const char *name, const json_t *value)
{
	AUTO(str)
	char *text = json_is_string(value) ? xstrdup(json_string_value(value))
		     : json_is_null(value) ? xstrdup("")
					   : json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY |
								       JSON_SORT_KEYS | JSON_REAL_PRECISION(15));

	if (text && !strchr(name, '='))
		strmap_set(env, name, text);
}

static json_t *read_config(const char *root, const char *name)
{
	AUTO(str) char *relative = xasprintf("input/config/%s", name);
	AUTO(str) char *path = fs_join(root, relative);
	json_t *ret = NULL;

	return json_parse_file(path, (size_t)4 << 20, &ret, NULL) < 0 ? json_object() : ret;
}

static void set_resources(struct strmap *env, const json_t *resources)
{
	const json_t *groups = json_object_get(resources, "instance_groups");

	set_text(env, "SM_RESOURCE_CONFIG", resources);
	set_text(env, "SM_CURRENT_INSTANCE_TYPE", json_object_get(resources, "current_instance_type"));
	set_text(env, "SM_CURRENT_INSTANCE_GROUP", json_object_get(resources, "current_group_name"));
	set_text(env, "SM_CURRENT_INSTANCE_GROUP_HOSTS", json_object_get(resources, "hosts"));
	set_text(env, "SM_INSTANCE_GROUPS", groups);
	strmap_set(env, "SM_IS_HETERO", json_array_size(groups) > 1 ? "true" : "false");
}

static json_t *channel_dirs(const json_t *request, const char *seen)
{
	json_t *dirs = json_object(), *channel;
	size_t i;

	json_array_foreach(json_object_get(request, "InputDataConfig"), i, channel)
	{
		const char *name = json_get_str(channel, "ChannelName");
		AUTO(str) char *path = xasprintf("%s/input/data/%s", seen, name);

		json_object_set_new(dirs, name, json_string(path));
	}
	return dirs;
}

/* SM_TRAINING_ENV: all the others as one document. */
static void set_training_env(const struct training_job *job, const json_t *request, const json_t *hyper,
			     const char *seen, struct strmap *env)
{
	static const char *const same[] = {"SM_CURRENT_HOST",
					   "SM_INPUT_CONFIG_DIR",
					   "SM_INPUT_DIR",
					   "SM_LOG_LEVEL",
					   "SM_MODEL_DIR",
					   "SM_MODULE_DIR",
					   "SM_MODULE_NAME",
					   "SM_NETWORK_INTERFACE_NAME",
					   "SM_NUM_CPUS",
					   "SM_NUM_GPUS",
					   "SM_OUTPUT_DATA_DIR",
					   "SM_OUTPUT_DIR",
					   "SM_OUTPUT_INTERMEDIATE_DIR",
					   "SM_USER_ENTRY_POINT",
					   "SM_FRAMEWORK_MODULE",
					   "SM_HOSTS",
					   "SM_RESOURCE_CONFIG",
					   "SM_INPUT_DATA_CONFIG"};
	AUTO(json) json_t *all = json_object();

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		AUTO(str) char *name = xstrdup(same[i] + strlen("SM_"));
		const char *text = str_or(strmap_get(env, same[i]), "");
		bool structure = *text == '[' || *text == '{';
		int64_t number;

		str_lower(name);
		json_object_set_new(all, name,
				    structure			? decoded(text)
				    : str_to_i64(text, &number) ? json_integer(number)
								: json_string(text));
	}
	json_object_set(all, "hyperparameters", (json_t *)hyper);
	json_object_set_new(all, "channel_input_dirs", channel_dirs(request, seen));
	json_object_set_new(all, "additional_framework_parameters", json_object());
	json_object_set_new(all, "job_name", json_string(job->name));
	json_object_set_new(all, "master_hostname", json_string("algo-1"));
	json_object_set_new(all, "is_master", json_boolean(str_eq(strmap_get(env, "SM_CURRENT_HOST"), "algo-1")));
	set_text(env, "SM_TRAINING_ENV", all);
}

static void set_hyperparameters(const json_t *hyper, struct strmap *env)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)hyper, name, value)
	{
		AUTO(str) char *upper = xasprintf("SM_HP_%s", name);

		for (char *p = upper; *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
		set_text(env, upper, value);
	}
	set_text(env, "SM_HPS", hyper);
}

static void set_variables(const struct training_job *job, const json_t *request, const json_t *hyper, const char *root,
			  const char *seen, const char *program, const char *code, struct strmap *env)
{
	AUTO(json) json_t *directory = hyperparameter(request, DIRECTORY);
	AUTO(json) json_t *resources = read_config(root, "resourceconfig.json");
	AUTO(json) json_t *inputs = read_config(root, "inputdataconfig.json");
	AUTO(str) char *path = xasprintf("%s/%s", seen, code);
	AUTO(str) char *intermediate = xasprintf("%s/output/intermediate", seen);
	AUTO(str) char *module = xstrdup(program);
	AUTO(strlist) struct strlist arguments = {0};

	if (str_ends(module, ".py"))
		module[strlen(module) - 3] = 0;
	set_hyperparameters(hyper, env);
	add_arguments(hyper, &arguments);
	AUTO(json) json_t *list = json_from_strlist(&arguments);

	set_text(env, "SM_USER_ARGS", list);
	strmap_set(env, "SM_USER_ENTRY_POINT", program);
	strmap_set(env, "SM_MODULE_NAME", module);
	strmap_set(env, "SM_MODULE_DIR", str_or(json_string_value(directory), path));
	strmap_set(env, "SM_FRAMEWORK_MODULE", "");
	strmap_set(env, "SM_FRAMEWORK_PARAMS", "{}");
	strmap_set(env, "SM_LOG_LEVEL", "20");
	strmap_set(env, "SM_OUTPUT_INTERMEDIATE_DIR", intermediate);
	set_text(env, "SM_INPUT_DATA_CONFIG", inputs);
	set_resources(env, resources);
	set_training_env(job, request, hyper, seen, env);
	strmap_set(env, "PYTHONPATH", path);
	strmap_set(env, "PYTHONUNBUFFERED", "1"); /* lines arrive as they are printed */
}

/* --- the command ------------------------------------------------------------------------------------ */

int script_command(const struct training_job *job, const json_t *request, const char *root, const char *seen,
		   const char *python, struct strlist *argv, struct strmap *env, char **ret_folder, struct err *err)
{
	AUTO(json) json_t *name = hyperparameter(request, PROGRAM);
	AUTO(json) json_t *hyper = user_hyperparameters(request);
	const char *program = str_or(json_string_value(name), "");
	AUTO(str) char *code = NULL;
	int rc = refuse_name(program, err);

	if (rc == 0)
		rc = find_code(request, root, program, &code, err);
	if (rc < 0)
		return rc;
	AUTO(str) char *path = xasprintf("%s/%s/%s", seen, code, program);
	AUTO(str) char *wanted = xasprintf("%s/%s/requirements.txt", root, code);

	set_variables(job, request, hyper, root, seen, program, code, env);
	if (fs_exists(wanted)) {
		AUTO(str) char *list = xasprintf("%s/%s/requirements.txt", seen, code);
		const char *const check[] = {python, "-c", check_requirements, list};

		for (size_t i = 0; i < ARRAY_LEN(check); i++)
			strlist_add(argv, check[i]);
	}
	strlist_add(argv, str_ends(program, ".py") ? python : "/bin/sh");
	strlist_add(argv, path);
	add_arguments(hyper, argv);
	*ret_folder = TAKE(code);
	return 0;
}
