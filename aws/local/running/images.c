/* The engine's settings: images and what stands for them. */
#include "aws/local/running/images.h"

#include <fnmatch.h>

#include "base/fs.h"
#include "base/timefmt.h"
#include "base/yaml.h"

struct images {
	char *path;
	struct image_row *rows;
	size_t n, cap;
};

static int bad(const struct images *im, const struct source_lines *lines, const char *path, struct err *err,
	       const char *what)
{
	int line = source_lines_find(lines, path);

	return err_set(err, ERR_INVALID, "%s:%d: %s: %s", im->path, line, path, what);
}

static int read_command(const struct images *im, const json_t *value, const struct source_lines *lines,
			const char *path, struct strlist *ret, struct err *err)
{
	if (json_is_string(value)) {
		strlist_split(ret, json_string_value(value), ' ');
		return 0;
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *word = json_string_value(json_array_get(value, i));

		if (!word)
			return bad(im, lines, path, err, "a command is a list of texts");
		strlist_add(ret, word);
	}
	return ret->n ? 0 : bad(im, lines, path, err, "a command is a list of texts");
}

static int read_member(struct images *im, struct image_row *row, const char *name, const json_t *value,
		       const struct source_lines *lines, const char *path, struct err *err)
{
	static const char *const names[] = {"command", "folder", "python", "rootfs"};
	char **fields[] = {NULL, &row->folder, &row->python, &row->rootfs};

	if (str_eq(name, "command"))
		return read_command(im, value, lines, path, &row->command, err);
	for (size_t i = 1; i < ARRAY_LEN(names); i++) {
		const char *text = json_string_value(value);

		if (!str_eq(name, names[i]))
			continue;
		if (!text || *text != '/')
			return bad(im, lines, path, err, "wants an absolute path");
		if (!fs_exists(text))
			return bad(im, lines, path, err, "there is no such file or folder");
		str_set(fields[i], text);
		return 0;
	}
	return bad(im, lines, path, err, "an image has command, folder, python or rootfs");
}

static int read_row(struct images *im, const char *pattern, const json_t *value, const struct source_lines *lines,
		    struct err *err)
{
	AUTO(str) char *path = xasprintf("images.%s", pattern);
	struct image_row *row;
	const char *name;
	json_t *member;
	int rc = 0;

	GROW(im->rows, im->cap, im->n + 1);
	row = &im->rows[im->n++];
	*row = (struct image_row){.pattern = xstrdup(pattern)};
	if (!json_object_size(value))
		return bad(im, lines, path, err, "an image has command, folder, python or rootfs");
	json_object_foreach((json_t *)value, name, member)
	{
		AUTO(str) char *at = xasprintf("%s.%s", path, name);

		if (rc == 0)
			rc = read_member(im, row, name, member, lines, at, err);
	}
	return rc;
}

/* Times, members of the file beside `images`. */
static const struct time_row {
	const char *name;
	size_t offset; /* in struct options: milliseconds */
	const char *fallback;
	int64_t min_ms, max_ms;
} times[] = {
	{"serverless-idle", offsetof(struct options, serverless_idle_ms), "5m", 1000, 86400000},
	{"deployment-minute", offsetof(struct options, deployment_minute_ms), "60s", 50, 60000},
	{"scaling-minute", offsetof(struct options, scaling_minute_ms), "60s", 50, 60000},
	{"monitoring-hour", offsetof(struct options, monitoring_hour_ms), "1h", 100, 3600000},
};

/* "90s", and "200ms". */
static bool parse_time(const char *text, int64_t *ret_ms)
{
	AUTO(str) char *number = xstrdup(text);

	if (!str_ends(text, "ms"))
		return timefmt_parse_duration(text, ret_ms);
	number[strlen(number) - 2] = 0;
	return str_to_i64(number, ret_ms);
}

static int read_time(const struct images *im, struct engine *e, const struct time_row *row, const json_t *value,
		     const struct source_lines *lines, struct err *err)
{
	const char *text = json_string_value(value);
	int64_t ms;

	if (!text || !parse_time(text, &ms) || ms < row->min_ms || ms > row->max_ms)
		return bad(im, lines, row->name, err, "wants a time such as 90s or 5m");
	*(int64_t *)((char *)&e->opt + row->offset) = ms;
	return 0;
}

static void set_times(struct engine *e)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (!timefmt_parse_duration(times[i].fallback, (int64_t *)((char *)&e->opt + times[i].offset)))
			abort(); /* a row's own text is broken */
	}
}

static int read_images(struct images *im, const json_t *value, const struct source_lines *lines, struct err *err)
{
	const char *pattern;
	json_t *row;
	int rc = json_is_object(value) ? 0 : bad(im, lines, "images", err, "wants a row for each image");

	json_object_foreach((json_t *)value, pattern, row)
	{
		if (rc == 0)
			rc = read_row(im, pattern, row, lines, err);
	}
	return rc;
}

static int read_setting(struct images *im, struct engine *e, const char *name, const json_t *value,
			const struct source_lines *lines, struct err *err)
{
	if (str_eq(name, "images"))
		return read_images(im, value, lines, err);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (str_eq(name, times[i].name))
			return read_time(im, e, &times[i], value, lines, err);
	}
	return bad(im, lines, name, err,
		   "the engine's settings are `images`, with a row for each, `serverless-idle`, `deployment-minute`, "
		   "`scaling-minute` and `monitoring-hour`");
}

int images_load(struct engine *e, struct err *err)
{
	struct images *im = e->images = NEW(struct images);
	AUTO(source_lines) struct source_lines lines = {0};
	AUTO(json) json_t *file = NULL;
	const char *name;
	json_t *value;

	set_times(e);
	im->path = e->opt.settings ? xstrdup(e->opt.settings) : fs_config_path("local.yaml");
	if (!e->opt.settings && !fs_exists(im->path))
		return 0;
	int rc = spec_load(im->path, &file, &lines, err);

	if (rc == 0 && !json_is_object(file) && !json_is_null(file))
		return err_set(err, ERR_INVALID, "%s: wants members such as `images:`", im->path);
	json_object_foreach(file, name, value)
	{
		if (rc == 0)
			rc = read_setting(im, e, name, value, &lines, err);
	}
	return rc;
}

void images_free(struct engine *e)
{
	struct images *im = TAKE(e->images);

	for (size_t i = 0; im && i < im->n; i++) {
		struct image_row *row = &im->rows[i];

		free(row->pattern);
		free(row->folder);
		free(row->python);
		free(row->rootfs);
		strlist_done(&row->command);
	}
	if (im) {
		free(im->rows);
		free(im->path);
	}
	free(im);
}

const char *images_file(const struct engine *e)
{
	return e->images->path;
}

/* "1.dkr.ecr.us-east-1.amazonaws.com/team/churn:3" is "churn" as well. */
static char *short_name(const char *image)
{
	const char *slash = strrchr(image, '/');
	char *name = xstrdup(slash ? slash + 1 : image);

	name[strcspn(name, ":@")] = 0;
	return name;
}

const struct image_row *images_find(const struct engine *e, const char *image)
{
	AUTO(str) char *name = short_name(image ? image : "");

	for (size_t i = 0; e->images && i < e->images->n; i++) {
		const struct image_row *row = &e->images->rows[i];

		if (fnmatch(row->pattern, image ? image : "", 0) == 0 || fnmatch(row->pattern, name, 0) == 0)
			return row;
	}
	return NULL;
}
