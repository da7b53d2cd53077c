/* A backtest's specification: from YAML or JSON by the rows of backtest.def, and back to
 * JSON with every member filled in. */
#include "trainer/panel/backtest_spec.h"

#include <math.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/timefmt.h"
#include "trainer/panel/backtest_spec_impl.h"

#define DAY_LAST 2932896 /* 9999-12-31 */

const struct spec_row spec_rows[] = {
#define SPEC(type, path, member, fallback, limits, help) \
	{SPEC_##type, #path, offsetof(struct backtest_spec, member), fallback, limits, help},
#include "trainer/panel/backtest.def"
#undef SPEC
};
const size_t spec_rows_n = ARRAY_LEN(spec_rows);

static void *member_of(const struct backtest_spec *s, const struct spec_row *r)
{
	return (char *)s + r->offset;
}

void backtest_spec_free(struct backtest_spec *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < spec_rows_n; i++) {
		void *member = member_of(s, &spec_rows[i]);

		if (spec_rows[i].type == SPEC_TEXT || spec_rows[i].type == SPEC_CHOICE)
			free(*(char **)member);
		else if (spec_rows[i].type == SPEC_LIST)
			strlist_done(member);
		else if (spec_rows[i].type == SPEC_MAP)
			strmap_done(member);
	}
	backtest_models_done(s);
	free(s);
}

/* --- days -------------------------------------------------------------------------- */

int32_t day_parse(const char *text)
{
	char iso[16];
	int64_t ms;

	if (strlen(text) == 8 && strspn(text, "0123456789") == 8)
		snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2s", text, text + 4, text + 6);
	else
		str_copy(iso, 11, text); /* whatever time of day follows */
	return timefmt_parse_iso(iso, &ms) ? (int32_t)((ms - (ms < 0 ? DAY_MS - 1 : 0)) / DAY_MS) : DAY_UNKNOWN;
}

char *day_text(char buf[16], int32_t day)
{
	char iso[TIMEFMT_LEN];

	if (day == DAY_UNKNOWN || day > DAY_LAST)
		return strcpy(buf, "?");
	str_copy(buf, 11, timefmt_iso(iso, day * DAY_MS));
	return buf;
}

/* --- one value ---------------------------------------------------------------------- */

/* A scalar as text; NULL where it is none. Owned by the caller. */
static char *scalar_text(const json_t *v)
{
	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (json_is_integer(v))
		return xasprintf("%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return xasprintf("%.17g", json_real_value(v));
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "true" : "false");
	return NULL;
}

static int take_number(const struct spec_row *r, const char *text, double *ret, struct err *err)
{
	double value, least = -INFINITY, most = INFINITY;

	if (!str_to_f64(text, &value))
		return err_set(err, ERR_INVALID, "needs a number, not \"%s\"", text);
	if (*r->limits)
		sscanf(r->limits, "%lf %lf", &least, &most);
	if (value < least || value > most)
		return err_set(err, ERR_INVALID, "%s is not between %.10g and %.10g", text, least, most);
	*ret = value;
	return 0;
}

static int take_count(const struct spec_row *r, const char *text, int64_t *ret, struct err *err)
{
	double value;

	if (take_number(r, text, &value, err))
		return -ERR_INVALID;
	if (value != floor(value))
		return err_set(err, ERR_INVALID, "needs a whole number, not \"%s\"", text);
	*ret = (int64_t)value;
	return 0;
}

static int take_span(const struct spec_row *r, const char *text, int64_t *ret, struct err *err)
{
	AUTO(strlist) struct strlist limits = {0};
	int64_t value, least, most;

	strlist_split(&limits, r->limits, ' ');
	if (!timefmt_parse_duration(limits.items[0], &least) || !timefmt_parse_duration(limits.items[1], &most))
		return err_set(err, ERR_INTERNAL, "%s has no limits", r->path);
	if (!timefmt_parse_duration(text, &value))
		return err_set(err, ERR_INVALID, "needs a time such as 90s, 15m or 4h, not \"%s\"", text);
	if (value < least || value > most)
		return err_set(err, ERR_INVALID, "\"%s\" is not between %s and %s", text, limits.items[0],
			       limits.items[1]);
	*ret = value / 1000;
	return 0;
}

static int take_choice(const struct spec_row *r, const char *text, char **ret, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, r->limits, ' ');
	if (strlist_has(&words, text)) {
		str_set(ret, text);
		return 0;
	}
	const char *near = str_nearest(text, (const char *const *)words.items, words.n);
	return err_set(err, ERR_INVALID, "needs one of: %s, not \"%s\"%s%s%s", r->limits, text,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int take_text(const struct spec_row *r, const char *text, void *member, struct err *err)
{
	switch (r->type) {
	case SPEC_TEXT:
		str_set(member, text);
		return 0;
	case SPEC_CHOICE:
		return take_choice(r, text, member, err);
	case SPEC_DATE:
		*(int32_t *)member = day_parse(text);
		if (*(int32_t *)member != DAY_UNKNOWN)
			return 0;
		return err_set(err, ERR_INVALID, "needs a day such as 2018-01-01 or 20180101, not \"%s\"", text);
	case SPEC_COUNT:
		return take_count(r, text, member, err);
	case SPEC_SPAN:
		return take_span(r, text, member, err);
	case SPEC_NUMBER:
		return take_number(r, text, member, err);
	case SPEC_FLAG:
		if (str_to_bool(text, member))
			return 0;
		return err_set(err, ERR_INVALID, "needs true or false, not \"%s\"", text);
	case SPEC_LIST:
	case SPEC_MAP:
		break;
	}
	return err_set(err, ERR_INTERNAL, "%s is no scalar", r->path);
}

static int take_list(const json_t *v, struct strlist *ret, struct err *err)
{
	size_t i;
	json_t *item;

	if (!json_is_array(v)) {
		AUTO(str) char *text = scalar_text(v);

		if (!text)
			return err_set(err, ERR_INVALID, "needs a list");
		strlist_add(ret, text);
		return 0;
	}
	json_array_foreach((json_t *)v, i, item)
	{
		AUTO(str) char *text = scalar_text(item);

		if (str_empty(text))
			return err_set(err, ERR_INVALID, "entry %zu is not a text", i + 1);
		strlist_add(ret, text);
	}
	return 0;
}

int spec_take_map(const json_t *v, struct strmap *ret, struct err *err)
{
	const char *name;
	json_t *item;

	if (!json_is_object(v))
		return err_set(err, ERR_INVALID, "needs names and values");
	json_object_foreach((json_t *)v, name, item)
	{
		AUTO(str) char *text = scalar_text(item);

		if (!text)
			return err_set(err, ERR_INVALID, "%s is not a text or a number", name);
		strmap_set(ret, name, text);
	}
	return 0;
}

static int take_value(const struct spec_row *r, const json_t *v, void *member, struct err *err)
{
	if (r->type == SPEC_LIST)
		return take_list(v, member, err);
	if (r->type == SPEC_MAP)
		return spec_take_map(v, member, err);
	AUTO(str) char *text = scalar_text(v);

	if (!text)
		return err_set(err, ERR_INVALID, "needs one value, not a list or a mapping");
	return take_text(r, text, member, err);
}

/* --- the document ------------------------------------------------------------------- */

int spec_fail(const struct spec_source *src, const char *path, struct err *err)
{
	struct err cause = *err;
	int line = src->lines ? source_lines_find(src->lines, path) : 0;

	err_clear(err);
	if (line)
		return err_set(err, ERR_INVALID, "%s:%d: %s: %s", src->what, line, path, cause.msg);
	return err_set(err, ERR_INVALID, "%s: %s: %s", src->what, path, cause.msg);
}

static int fill_default(const struct spec_row *r, void *member, struct err *err)
{
	if (r->type == SPEC_MAP)
		return 0;
	if (r->type != SPEC_LIST)
		return take_text(r, r->fallback, member, err);
	if (*r->fallback)
		strlist_split(member, r->fallback, ' ');
	return 0;
}

static int fill_row(const struct spec_source *src, const struct spec_row *r, struct backtest_spec *s, struct err *err)
{
	const json_t *v = json_path_get(src->doc, r->path);
	int rc;

	if (v && !json_is_null(v)) {
		rc = take_value(r, v, member_of(s, r), err);
		return rc ? spec_fail(src, r->path, err) : 0;
	}
	if (str_eq(r->fallback, "!")) {
		err_set(err, ERR_INVALID, "must be given: %s", r->help);
		return spec_fail(src, r->path, err);
	}
	return fill_default(r, member_of(s, r), err);
}

/* Is there a row for this member, or for members of this section? */
static bool path_known(const char *path)
{
	AUTO(str) char *section = xasprintf("%s.", path);

	for (size_t i = 0; i < spec_rows_n; i++)
		if (str_eq(spec_rows[i].path, path) || str_starts(spec_rows[i].path, section))
			return true;
	return str_eq(path, "models");
}

static int path_unknown(const struct spec_source *src, const char *path, struct err *err)
{
	const char **paths = xcalloc(spec_rows_n, sizeof(*paths));

	for (size_t i = 0; i < spec_rows_n; i++)
		paths[i] = spec_rows[i].path;
	const char *near = str_nearest(path, paths, spec_rows_n);

	err_set(err, ERR_INVALID, "is not a member of a backtest%s%s%s", near ? "; did you mean " : "",
		near ? near : "", near ? "?" : "");
	free(paths);
	return spec_fail(src, path, err);
}

/* Every member of the document has a row. */
static int check_names(const struct spec_source *src, struct err *err)
{
	const char *section, *name;
	json_t *members, *value;

	json_object_foreach((json_t *)src->doc, section, members)
	{
		if (!path_known(section))
			return path_unknown(src, section, err);
		AUTO(str) char *first = xasprintf("%s.", section);
		bool has_members = false;

		for (size_t i = 0; i < spec_rows_n && !has_members; i++)
			has_members = str_starts(spec_rows[i].path, first);
		if (has_members && !json_is_object(members)) {
			err_set(err, ERR_INVALID, "needs members of its own");
			return spec_fail(src, section, err);
		}
		if (!has_members)
			continue;
		json_object_foreach(members, name, value)
		{
			AUTO(str) char *path = xasprintf("%s.%s", section, name);

			if (!path_known(path))
				return path_unknown(src, path, err);
		}
	}
	return 0;
}

static int check_windows(const struct spec_source *src, const struct backtest_spec *s, struct err *err)
{
	if (s->test_start <= s->train_start) {
		err_set(err, ERR_INVALID, "must come after windows.train_start");
		return spec_fail(src, "windows.test_start", err);
	}
	if (s->test_end < s->test_start) {
		err_set(err, ERR_INVALID, "must not come before windows.test_start");
		return spec_fail(src, "windows.test_end", err);
	}
	if (strlist_has(&s->known_before, s->target)) {
		err_set(err, ERR_INVALID, "holds the target, %s: nothing would be left to predict", s->target);
		return spec_fail(src, "columns.known_before", err);
	}
	if (!strlist_has(&s->baselines, s->headline)) {
		err_set(err, ERR_INVALID, "\"%s\" is not among the baselines", s->headline);
		return spec_fail(src, "headline", err);
	}
	if (*s->shrink_to && !strlist_has(&s->baselines, s->shrink_to)) {
		err_set(err, ERR_INVALID, "\"%s\" is not among the baselines", s->shrink_to);
		return spec_fail(src, "shrink_to", err);
	}
	return 0;
}

/* A program of one's own is a command, and nobody else's. */
static int check_own(const struct spec_source *src, const struct backtest_spec *s, struct err *err)
{
	bool own = backtest_spec_is_own(s);

	if (own && !s->own_command.n) {
		err_set(err, ERR_INVALID, "needs the words of a command: model own is run by it");
		return spec_fail(src, "own.command", err);
	}
	if (!own && (s->own_command.n || s->own_files.n || *s->own_image)) {
		err_set(err, ERR_INVALID, "is of model own, and the model is \"%s\"", s->model);
		return spec_fail(src, "own", err);
	}
	return 0;
}

int backtest_spec_parse(const json_t *doc, const char *what, const struct source_lines *lines,
			struct backtest_spec **ret, struct err *err)
{
	const struct spec_source src = {doc, what, lines};
	AUTO(backtest_spec) struct backtest_spec *s = NEW(struct backtest_spec);
	struct err here = {0};
	int rc;

	if (!err) /* messages are put together from it */
		err = &here;
	if (!json_is_object(doc))
		return err_set(err, ERR_INVALID, "%s: is not a backtest's specification: it has no members", what);
	rc = check_names(&src, err);
	for (size_t i = 0; i < spec_rows_n && rc == 0; i++)
		rc = fill_row(&src, &spec_rows[i], s, err);
	if (rc == 0)
		rc = backtest_models_fill(&src, s, err);
	if (rc == 0)
		rc = check_windows(&src, s, err);
	if (rc == 0)
		rc = check_own(&src, s, err);
	if (rc == 0)
		*ret = TAKE(s);
	return rc;
}

/* Files are named as seen from the specification's folder. */
static void resolve_paths(const char *spec_path, struct strlist *files)
{
	const char *slash = strrchr(spec_path, '/');

	for (size_t i = 0; slash && i < files->n; i++) {
		char *f = files->items[i];

		if (*f == '/' || str_starts(f, "s3://"))
			continue;
		files->items[i] = xasprintf("%.*s/%s", (int)(slash - spec_path), spec_path, f);
		free(f);
	}
}

int backtest_spec_load(const char *path, struct backtest_spec **ret, struct err *err)
{
	AUTO(json) json_t *doc = NULL;
	AUTO(source_lines) struct source_lines lines = {0};
	int rc = spec_load(path, &doc, &lines, err);

	if (rc == 0)
		rc = backtest_spec_parse(doc, path, &lines, ret, err);
	if (rc)
		return rc;
	resolve_paths(path, &(*ret)->files);
	resolve_paths(path, &(*ret)->earlier);
	resolve_paths(path, &(*ret)->own_files);
	if (!*(*ret)->name) {
		const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

		free((*ret)->name);
		(*ret)->name = xstrndup(name, strcspn(name, "."));
	}
	return 0;
}

/* --- and back ------------------------------------------------------------------------ */

static json_t *value_json(const struct spec_row *r, const void *member)
{
	char day[16];

	switch (r->type) {
	case SPEC_TEXT:
	case SPEC_CHOICE:
		return json_string(*(char *const *)member);
	case SPEC_DATE:
		return json_string(day_text(day, *(const int32_t *)member));
	case SPEC_COUNT:
		return json_integer(*(const int64_t *)member);
	case SPEC_SPAN:
		return json_sprintf("%llds", (long long)*(const int64_t *)member);
	case SPEC_NUMBER:
		return json_real(*(const double *)member);
	case SPEC_FLAG:
		return json_boolean(*(const bool *)member);
	case SPEC_LIST:
		return json_from_strlist(member);
	case SPEC_MAP:
		return json_from_strmap(member);
	}
	return json_null();
}

json_t *backtest_spec_json(const struct backtest_spec *s)
{
	json_t *doc = json_object();

	for (size_t i = 0; i < spec_rows_n; i++) {
		if (str_starts(spec_rows[i].path, "own.") && !backtest_spec_is_own(s))
			continue;
		json_t *value = value_json(&spec_rows[i], member_of(s, &spec_rows[i]));

		if (json_path_set(doc, spec_rows[i].path, value, NULL))
			abort(); /* the table's own paths */
	}
	if (backtest_spec_is_own(s))
		return doc;
	json_object_set_new(doc, "model", json_string("listed")); /* the recipe's are, too */
	json_object_set_new(doc, "models", backtest_models_json(s));
	return doc;
}
