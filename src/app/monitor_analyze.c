/* sagetop monitor analyze: what Model Monitor's container does in a processing job. Its settings are
 * environment variables, as the service sets them; how it ended is told by the exit message. */
#include "app/monitor.h"

#include "base/fs.h"

#define ML "/opt/ml"

/* A path that the service says, where it lies here: without a container /opt/ml may be elsewhere. */
static char *place_of(const char *path)
{
	const char *ml = str_or(getenv("SAGETOP_ML_ROOT"), ML);

	return str_starts(path, ML "/") ? xasprintf("%s%s", ml, path + strlen(ML)) : xstrdup(path);
}

static char *place_in(const char *variable)
{
	const char *path = getenv(variable);

	return str_empty(path) ? NULL : place_of(path);
}

static void tell(const char *text)
{
	AUTO(str) char *path = place_of(ML "/output/message");
	struct err err = {0};

	if (fs_mkdir_parent(path, 0755, &err) < 0 || fs_write_atomic(path, text, strlen(text), 0644, &err) < 0)
		fprintf(stderr, "sagetop: the exit message is lost: %s\n", err.msg);
	printf("%s\n", text);
}

static int check_variables(struct err *err)
{
	static const char *const scripts[] = {"record_preprocessor_script", "post_analytics_processor_script"};
	const char *type = str_or(getenv("analysis_type"), "DATA_QUALITY");

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		if (!str_empty(getenv(scripts[i])))
			return err_set(err, ERR_INVALID, "%s: scripts of the user's own are not run by this analyzer",
				       scripts[i]);
	}
	if (!str_eq(type, "DATA_QUALITY"))
		return err_set(err, ERR_INVALID, "analysis_type is %s: this analyzer checks DATA_QUALITY only", type);
	if (str_empty(getenv("dataset_source")) || str_empty(getenv("output_path")))
		return err_set(err, ERR_INVALID, "the environment variables dataset_source and output_path are wanted");
	return 0;
}

/* dataset_format says {"csv": {"header": true}}; captures and JSON lines say what they are. */
static enum monitor_header header_of(const char *format)
{
	AUTO(json) json_t *j = format ? json_loads(format, 0, NULL) : NULL;
	const json_t *csv = json_object_get(j, "csv");

	if (!json_is_boolean(json_object_get(csv, "header")))
		return HEADER_LOOK;
	return json_get_bool(csv, "header", false) ? HEADER_YES : HEADER_NO;
}

static int read_dataset(const struct constraints *baseline, struct profile *p, struct err *err)
{
	AUTO(str) char *source = place_in("dataset_source");
	AUTO(strlist) struct strlist files = {0};
	AUTO(monitor_reader) struct monitor_reader r;

	monitor_reader_init(&r, p);
	r.baseline = baseline;
	r.header = header_of(getenv("dataset_format"));
	if ((baseline && constraints_prepare(baseline, p, err) < 0) || fs_list_tree(source, &files, err) < 0)
		return -err->code;
	for (size_t i = 0; i < files.n; i++)
		if (monitor_read(&r, files.items[i], err) < 0)
			return -err->code;
	return monitor_end_reading(&r, source, err);
}

static int write_baseline(const char *out, const struct profile *p, struct err *err)
{
	AUTO(constraints) struct constraints suggested = {0};

	constraints_suggest(p, &suggested);
	AUTO(json) json_t *statistics = monitor_statistics(p);
	AUTO(json) json_t *constraints = monitor_constraints(&suggested);

	if (monitor_write(out, MONITOR_STATISTICS, statistics, 17, err) < 0)
		return -err->code;
	return monitor_write(out, MONITOR_CONSTRAINTS, constraints, 15, err);
}

/* The columns of one run, and where there is a baseline what violates it. */
static int analyze(size_t *ret_violations, struct err *err)
{
	AUTO(profile) struct profile p;
	AUTO(constraints) struct constraints baseline = {0};
	AUTO(violations) struct violations found = {0};
	AUTO(str) char *constraints = place_in("baseline_constraints");
	AUTO(str) char *statistics = place_in("baseline_statistics");
	AUTO(str) char *out = place_in("output_path");

	profile_init(&p);
	*ret_violations = 0;
	if ((constraints && monitor_load_files(constraints, statistics, &baseline, err) < 0) ||
	    read_dataset(constraints ? &baseline : NULL, &p, err) < 0 || write_baseline(out, &p, err) < 0)
		return -err->code;
	printf("%zu rows of %zu columns\n", p.rows, p.n);
	if (!constraints)
		return 0;
	constraints_check(&baseline, &p, &found);
	AUTO(json) json_t *violations = monitor_violations(&found);

	for (size_t i = 0; i < found.n; i++)
		printf("%s: %s: %s\n", found.items[i].feature, violation_check_names[found.items[i].check],
		       found.items[i].description);
	for (size_t i = 0; i < found.not_compared.n; i++)
		printf("not compared: %s\n", found.not_compared.items[i]);
	*ret_violations = found.n;
	return monitor_write(out, MONITOR_VIOLATIONS, violations, 15, err);
}

int monitor_analyze(struct app *a, struct err *err)
{
	size_t n;

	if (check_variables(err) < 0)
		return -err->code;
	if (analyze(&n, err) < 0) {
		AUTO(str) char *why = xasprintf("Error: %s", err->msg);

		tell(why);
		return -err->code;
	}
	AUTO(str)
	char *text = n ? xasprintf("CompletedWithViolations: Job completed successfully with %zu violation%s.", n,
				   n == 1 ? "" : "s")
		       : xstrdup("Completed: Job completed successfully with no violations.");

	tell(text);
	return 0;
}
