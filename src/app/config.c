/* config.yaml: read it, say what is wrong in it, keep what is right. */
#include "app/config.h"

#include <stddef.h>

#include "base/fs.h"
#include "base/timefmt.h"
#include "base/yaml.h"
#include "tui/keymap.h"
#include "tui/ui.h"

#define CONFIG_MAX_BYTES ((size_t)1 << 20)

const struct setting_row setting_rows[SETTING_COUNT] = {
#define SETTING(type, member, name, fallback, limits, option, help) \
	[SETTING_##member] = {SETTING_##type, name, fallback, limits, option, help},
#include "app/config.def"
#undef SETTING
};

static const size_t setting_offsets[SETTING_COUNT] = {
#define SETTING(type, member, name, fallback, limits, option, help) \
	[SETTING_##member] = offsetof(struct settings, member),
#include "app/config.def"
#undef SETTING
};

void config_done(struct config *c)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		char *member = (char *)&c->set + setting_offsets[id];
		if (setting_rows[id].type == SETTING_TEXT)
			free(*(setting_TEXT *)member);
		if (setting_rows[id].type == SETTING_RATES || setting_rows[id].type == SETTING_MAP)
			strmap_done((struct strmap *)member);
		free(c->text[id]);
		free(c->from[id]);
	}
	free(c->path);
	strlist_done(&c->problems);
	strmap_done(&c->entries);
	*c = (struct config){0};
}

/* --- one value ---------------------------------------------------------------------- */

static bool parse_duration(const char *text, int64_t *ret)
{
	size_t n = strlen(text);

	if (n < 3 || strcmp(text + n - 2, "ms"))
		return timefmt_parse_duration(text, ret);
	AUTO(str) char *digits = xstrndup(text, n - 2);
	return str_to_i64(digits, ret) && *ret >= 0;
}

static bool parse_size(const char *text, int64_t *ret)
{
	static const char *const units[] = {"KiB", "MiB", "GiB"};
	size_t n = strlen(text);

	for (size_t i = 0; i < ARRAY_LEN(units) && n > 3; i++) {
		if (strcmp(text + n - 3, units[i]))
			continue;
		AUTO(str) char *digits = xstrndup(text, n - 3);
		if (!str_to_i64(digits, ret) || *ret < 0 || *ret > INT64_MAX >> 30)
			return false;
		*ret <<= 10 * (i + 1);
		return true;
	}
	return false;
}

/* A time or a size. */
static int take_amount(const struct setting_row *r, const char *text, int64_t *ret, struct err *err)
{
	bool (*parse)(const char *text, int64_t *ret) = r->type == SETTING_SIZE ? parse_size : parse_duration;
	AUTO(strlist) struct strlist limits = {0};
	int64_t value, least, most;

	strlist_split(&limits, r->limits, ' ');
	if (!parse(limits.items[0], &least) || !parse(limits.items[1], &most))
		return err_set(err, ERR_INTERNAL, "%s: no limits", r->name);
	if (!parse(text, &value))
		return err_set(err, ERR_INVALID, "needs a %s, not \"%s\"",
			       r->type == SETTING_SIZE ? "size such as 64MiB or 1GiB" : "time such as 500ms, 5s or 2m",
			       text);
	if (value < least || value > most)
		return err_set(err, ERR_INVALID, "\"%s\" is not between %s and %s", text, limits.items[0],
			       limits.items[1]);
	*ret = value;
	return 0;
}

static int take_flag(const char *text, bool *ret, struct err *err)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return err_set(err, ERR_INVALID, "needs true or false, not \"%s\"", text);
	*ret = !strcmp(text, "true");
	return 0;
}

static int take_choice(const struct setting_row *r, const char *text, int64_t *ret, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, r->limits, ' ');
	for (size_t i = 0; i < words.n; i++)
		if (!strcmp(words.items[i], text)) {
			*ret = (int64_t)i;
			return 0;
		}
	const char *near = str_nearest(text, (const char *const *)words.items, words.n);
	return err_set(err, ERR_INVALID, "needs one of: %s, not \"%s\"%s%s%s", r->limits, text,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* Let a value of any type but mappings take effect; what is wrong leaves the old one. */
static int set_value(struct config *c, enum setting_id id, const char *text, struct err *err)
{
	const struct setting_row *r = &setting_rows[id];
	char *member = (char *)&c->set + setting_offsets[id];
	int rc = 0;

	if (r->type == SETTING_DURATION || r->type == SETTING_SIZE)
		rc = take_amount(r, text, (int64_t *)member, err);
	else if (r->type == SETTING_FLAG)
		rc = take_flag(text, (setting_FLAG *)member, err);
	else if (r->type == SETTING_CHOICE)
		rc = take_choice(r, text, (setting_CHOICE *)member, err);
	else if (r->type == SETTING_TEXT && *text)
		rc = setting_check_text(id, text, err);
	if (rc == 0 && r->type == SETTING_TEXT)
		str_set((setting_TEXT *)member, *text ? text : NULL);
	return rc;
}

static void set_origin(struct config *c, enum setting_id id, const char *text, char *from)
{
	str_set(&c->text[id], text);
	free(c->from[id]);
	c->from[id] = from;
}

/* --- the file ------------------------------------------------------------------------ */

struct reading {
	struct config *config;
	struct source_lines lines;
};

static char *place_of(const struct reading *r, const char *path)
{
	int line = source_lines_find(&r->lines, path);

	return line ? xasprintf("%s:%d", r->config->path, line) : xstrdup(r->config->path);
}

static void problem(const struct reading *r, const char *path, const char *key, const struct err *err)
{
	AUTO(str) char *place = place_of(r, path);
	AUTO(str) char *line = xasprintf("%s: %s%s%s", place, key, *key ? ": " : "", err->msg);

	strlist_add(&r->config->problems, line);
}

/* A YAML scalar as it was written, near enough: 5, 0.5, true, text. NULL for others. */
static char *scalar_text(const json_t *v)
{
	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "true" : "false");
	if (json_is_integer(v))
		return xasprintf("%lld", (long long)json_integer_value(v));
	return json_is_real(v) ? xasprintf("%.15g", json_real_value(v)) : NULL;
}

static int take_rate(struct config *c, const struct setting_row *r, const char *operation, const json_t *v,
		     struct err *err)
{
	AUTO(strlist) struct strlist limits = {0};
	double least = 0, most = 0, rate = json_number_value(v);

	strlist_split(&limits, r->limits, ' ');
	if (!str_to_f64(limits.items[0], &least) || !str_to_f64(limits.items[1], &most))
		return err_set(err, ERR_INTERNAL, "%s: no limits", r->name);
	if (setting_check_operation(operation, err) < 0)
		return -err->code;
	if (!json_is_number(v))
		return err_set(err, ERR_INVALID, "needs a number of requests a second");
	if (rate < least || rate > most)
		return err_set(err, ERR_INVALID, "%g is not between %s and %s requests a second", rate, limits.items[0],
			       limits.items[1]);
	AUTO(str) char *text = scalar_text(v);
	strmap_set(&c->set.rates, operation, text);
	return 0;
}

static int take_entry(struct config *c, enum setting_id id, const char *key, const json_t *v, struct err *err)
{
	struct strmap *map = (struct strmap *)((char *)&c->set + setting_offsets[id]);

	if (setting_rows[id].type == SETTING_RATES)
		return take_rate(c, &setting_rows[id], key, v, err);
	AUTO(str) char *text = scalar_text(v);

	if (!text)
		return err_set(err, ERR_INVALID, "needs one value");
	if (setting_check_entry(id, key, text, err) < 0)
		return -err->code;
	strmap_set(map, key, text);
	return 0;
}

static void read_map(struct reading *r, enum setting_id id, const json_t *v, const char *path)
{
	struct config *c = r->config;
	const struct strmap *map = (const struct strmap *)((char *)&c->set + setting_offsets[id]);
	AUTO(buf) struct buf all = BUF_INIT(1 << 16);
	const char *name;
	json_t *entry;

	json_object_foreach((json_t *)v, name, entry)
	{
		struct err err = {0};
		AUTO(str) char *key = xasprintf("%s: %s", setting_rows[id].name, name);
		AUTO(str) char *at = xasprintf("%s.%s", path, name);
		AUTO(str) char *place = place_of(r, at);
		strmap_set(&c->entries, key, place);
		if (take_entry(c, id, name, entry, &err) < 0)
			problem(r, at, key, &err);
	}
	for (size_t i = 0; i < map->n; i++)
		(void)buf_addf(&all, "%s%s=%s", i ? "," : "", map->items[i].name, map->items[i].value);
	c->given[id] = true;
	set_origin(c, id, buf_str(&all), place_of(r, path));
}

static void read_setting(struct reading *r, enum setting_id id, const json_t *v, const char *path)
{
	const struct setting_row *row = &setting_rows[id];
	AUTO(str) char *text = scalar_text(v);
	struct err err = {0};

	bool map = row->type == SETTING_RATES || row->type == SETTING_MAP;

	if (map && json_is_object(v)) {
		read_map(r, id, v, path);
		return;
	}
	if (!text || map)
		(void)err_set(&err, ERR_INVALID, "needs %s",
			      row->type == SETTING_RATES ? "a mapping of operations to numbers"
			      : map			 ? "a mapping of names to values"
							 : "one value");
	else if (set_value(r->config, id, text, &err) == 0) {
		r->config->given[id] = true;
		set_origin(r->config, id, text, place_of(r, path));
		return;
	}
	problem(r, path, row->name, &err);
}

/* The keys of the top (prefix "") or of a profile's section. */
static void read_section(struct reading *r, const json_t *section, const char *prefix)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)section, key, v)
	{
		AUTO(str) char *path = xasprintf("%s%s", prefix, key);
		struct err err = {0};
		enum setting_id id;
		if (!*prefix && !strcmp(key, "profiles"))
			continue;
		if (setting_find(key, &id, &err) < 0)
			problem(r, path, key, &err);
		else
			read_setting(r, id, v, path);
	}
}

static void read_profiles(struct reading *r, const json_t *profiles, const char *profile)
{
	struct err err = {0};
	const char *name;
	json_t *section;

	if (!json_is_object(profiles)) {
		(void)err_set(&err, ERR_INVALID, "needs a mapping of profiles to settings");
		problem(r, "profiles", "profiles", &err);
		return;
	}
	json_object_foreach((json_t *)profiles, name, section)
	{
		AUTO(str) char *path = xasprintf("profiles.%s", name);
		AUTO(str) char *prefix = xasprintf("%s.", path);
		if (!json_is_object(section) && !json_is_null(section)) {
			(void)err_set(&err, ERR_INVALID, "needs a mapping of settings");
			problem(r, path, name, &err);
		} else if (str_eq(name, profile)) {
			read_section(r, section, prefix);
		} else {
			/* Of no effect now; what is wrong in it is told all the same. */
			AUTO(config) struct config other = {.path = xstrdup(r->config->path)};
			struct reading there = {.config = &other, .lines = r->lines};
			read_section(&there, section, prefix);
			for (size_t i = 0; i < other.problems.n; i++)
				strlist_add(&r->config->problems, other.problems.items[i]);
		}
	}
}

/* Nothing but blanks and comments: all settings put out of force, which is no error. */
static bool says_nothing(const char *text)
{
	for (text += strspn(text, " \t\r\n"); *text == '#'; text += strspn(text, " \t\r\n"))
		text += strcspn(text, "\n");
	return !*text;
}

static void read_file(struct config *c, const char *profile)
{
	struct reading r = {.config = c};
	AUTO(buf) struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	AUTO(json) json_t *top = NULL;
	struct err err = {0};

	c->found = fs_exists(c->path);
	if (!c->found)
		return;
	if (fs_read(c->path, &text, &err) < 0) {
		strlist_add(&c->problems, err.msg);
	} else if (says_nothing(buf_str(&text))) {
		return;
	} else if (yaml_parse(buf_str(&text), text.len, c->path, &top, &r.lines, &err) < 0) {
		strlist_add(&c->problems, err.msg);
	} else if (!json_is_object(top) && !json_is_null(top)) {
		(void)err_set(&err, ERR_INVALID, "a settings file is a mapping: refresh: 5s");
		problem(&r, "", "", &err);
	} else if (json_is_object(top)) {
		const json_t *profiles = json_object_get(top, "profiles");
		read_section(&r, top, "");
		if (profiles)
			read_profiles(&r, profiles, profile);
	}
	source_lines_done(&r.lines);
}

/* --- all of it ------------------------------------------------------------------------ */

/* Options that set the same: a flag's presence is its meaning. */
static void take_options(struct config *c, const struct cli *cli)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++)
		for (enum option_id o = 0; setting_rows[id].option && o < OPT_COUNT; o++) {
			const char *text = cli->values[o];
			struct err err = {0};
			if (!text || strcmp(option_rows[o].name, setting_rows[id].option))
				continue;
			if (option_rows[o].type == OPTION_FLAG)
				text = setting_rows[id].type == SETTING_FLAG ? "true" : "never";
			/* A wrong list of columns is the command's to refuse, any other value config_check_options'. */
			if (set_value(c, id, text, &err) < 0)
				continue;
			c->given[id] = true;
			set_origin(c, id, text, xasprintf("--%s", option_rows[o].name));
		}
}

int config_check_options(const struct cli *cli, struct err *err)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++)
		for (enum option_id o = 0; setting_rows[id].option && o < OPT_COUNT; o++) {
			AUTO(config) struct config scratch = {0};
			bool valued = option_rows[o].type != OPTION_FLAG && setting_rows[id].type != SETTING_TEXT;

			if (!cli->values[o] || !valued || strcmp(option_rows[o].name, setting_rows[id].option))
				continue;
			if (set_value(&scratch, id, cli->values[o], err) < 0) {
				err->code = ERR_USAGE;
				return err_prefix(err, "--%s", option_rows[o].name);
			}
		}
	return 0;
}

void config_load(struct config *c, const char *profile, const struct cli *cli)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		(void)set_value(c, id, setting_rows[id].fallback, NULL);
		set_origin(c, id, setting_rows[id].fallback, xstrdup("default"));
	}
	c->path = fs_config_path("config.yaml");
	read_file(c, profile);
	take_options(c, cli);
}

void config_sync_options(const struct config *c, struct sync_options *opt)
{
	opt->refresh_ms = c->set.refresh_ms;
	opt->overlap_ms = c->set.overlap_ms;
	opt->log_poll_ms = c->set.log_poll_ms;
	opt->log_bytes = c->set.log_bytes;
	opt->read_only = c->set.read_only;
	opt->read_only_by = c->from[SETTING_read_only];
	opt->prices = (struct price_rules){.rates = &c->set.own_rates, .discounts = &c->set.discounts};
	if (c->given[SETTING_settle_ms] || !opt->settle_ms)
		opt->settle_ms = c->set.settle_ms;
}

void config_apply_rates(struct config *c, struct aws_client *client)
{
	for (size_t i = 0; i < c->set.rates.n; i++) {
		struct err err = {0};
		double rate = 0;
		if (str_to_f64(c->set.rates.items[i].value, &rate) &&
		    aws_client_set_rate(client, c->set.rates.items[i].name, rate, &err) < 0)
			strlist_add(&c->problems, err.msg);
	}
}

int setting_find(const char *name, enum setting_id *ret, struct err *err)
{
	const char *names[SETTING_COUNT];

	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		names[id] = setting_rows[id].name;
		if (!strcmp(name, names[id])) {
			*ret = id;
			return 0;
		}
	}
	const char *near = str_nearest(name, names, SETTING_COUNT);
	return err_set(err, ERR_NOTFOUND, "there is no such setting%s%s%s", near ? "; did you mean " : "",
		       near ? near : "; sagetop config lists them all", near ? "?" : "");
}

void config_apply_keys(struct config *c)
{
	AUTO(strlist) struct strlist problems = {0};

	for (size_t i = 0; i < c->set.keys.n; i++)
		(void)!keymap_change(c->set.keys.items[i].name, c->set.keys.items[i].value, false, NULL);
	ui_keys_settle(&problems);
	for (size_t i = 0; i < problems.n; i++) {
		AUTO(str) char *key = xasprintf("keys: %.*s", (int)strcspn(problems.items[i], ":"), problems.items[i]);

		strlist_take(&c->problems, xasprintf("%s: keys: %s", str_or(strmap_get(&c->entries, key), c->path),
						     problems.items[i]));
	}
}
