/* The channel plan: which entities, which windows of rows. */
#include <dirent.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/map.h"
#include "trainer/job/entities.h"

#define PLAN_MAX ((size_t)64 << 20)
#define PLAN_TASKS_MAX 1000000

void entity_plan_done(struct entity_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->tasks[i].name);
		free(p->tasks[i].entity);
	}
	free(p->tasks);
	*p = (struct entity_plan){0};
}

static struct entity_task *task_add(struct entity_plan *p, const char *name, const char *entity)
{
	GROW(p->tasks, p->cap, p->n + 1);
	struct entity_task *t = &p->tasks[p->n++];
	*t = (struct entity_task){.name = xstrdup(name), .entity = xstrdup(entity)};
	return t;
}

/* 20180131, "20180131" or "2018-01-31". */
static int date_parse(const json_t *value, const char *what, int32_t *ret, struct err *err)
{
	char digits[16] = "";
	size_t n = 0;

	if (json_is_integer(value))
		snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
	for (const char *s = json_string_value(value); s && *s && n < sizeof(digits) - 1; s++)
		if (*s != '-')
			digits[n++] = *s;
	int64_t date;
	if (strlen(digits) != 8 || !str_to_i64(digits, &date))
		return err_set(err, ERR_INVALID, "channel plan: %s is not a date like 2018-01-31", what);
	*ret = (int32_t)date;
	return 0;
}

/* name_from and name_to of an entity, else of the plan as a whole. */
static int window_parse(const json_t *task, const json_t *plan, const char *name, struct date_window *ret,
			struct err *err)
{
	static const char *const ends[] = {"from", "to"};

	for (int i = 0; i < 2; i++) {
		char member[32];
		snprintf(member, sizeof(member), "%s_%s", name, ends[i]);
		const json_t *value = json_object_get(task, member);
		value = value ? value : json_object_get(plan, member);
		if (!value || json_is_null(value))
			continue;
		ret->given = true;
		int rc = date_parse(value, member, i ? &ret->to : &ret->from, err);
		if (rc)
			return rc;
	}
	if (ret->from && ret->to && ret->from > ret->to)
		return err_set(err, ERR_INVALID, "channel plan: %s_from %d is after %s_to %d", name, ret->from, name,
			       ret->to);
	return 0;
}

static int check_members(const json_t *object, const char *const *known, size_t n, struct err *err)
{
	const char *member;
	json_t *value;

	json_object_foreach((json_t *)object, member, value)
	{
		bool found = false;
		for (size_t i = 0; i < n; i++)
			found |= str_eq(known[i], member);
		const char *near = str_nearest(member, known, n);
		if (!found)
			return err_set(err, ERR_INVALID, "channel plan: unknown member '%s'%s%s%s", member,
				       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	return 0;
}

static int task_parse(const json_t *item, const json_t *root, struct entity_plan *p, struct err *err)
{
	static const char *const members[] = {"entity",		 "name",	 "train_from", "train_to",
					      "validation_from", "validation_to"};

	if (json_is_string(item) || json_is_integer(item)) {
		AUTO(str) char *text = json_is_string(item) ? xstrdup(json_string_value(item)) : json_text(item);
		struct entity_task *t = task_add(p, text, text);
		int rc = window_parse(NULL, root, "train", &t->train, err);
		return rc ? rc : window_parse(NULL, root, "validation", &t->validation, err);
	}
	if (!json_is_object(item))
		return err_set(err, ERR_INVALID, "channel plan: entity %zu is neither a name nor an object", p->n + 1);
	int rc = check_members(item, members, ARRAY_LEN(members), err);
	if (rc)
		return rc;
	const json_t *entity = json_object_get(item, "entity");
	AUTO(str) char *text = json_is_integer(entity) ? json_text(entity) : xstrdup(json_string_value(entity));
	if (str_empty(text))
		return err_set(err, ERR_INVALID, "channel plan: entity %zu has no member 'entity'", p->n + 1);
	struct entity_task *t = task_add(p, str_or(json_get_str(item, "name"), text), text);
	rc = window_parse(item, root, "train", &t->train, err);
	return rc ? rc : window_parse(item, root, "validation", &t->validation, err);
}

static int plan_parse(const json_t *root, struct entity_plan *p, struct err *err)
{
	static const char *const members[] = {"entities", "train_from", "train_to", "validation_from", "validation_to"};
	const json_t *list = json_is_object(root) ? json_object_get(root, "entities") : root;

	if (json_is_object(root)) {
		int rc = check_members(root, members, ARRAY_LEN(members), err);
		if (rc)
			return rc;
	}
	if (!json_is_array(list) || !json_array_size(list))
		return err_set(err, ERR_INVALID, "channel plan: it needs a list 'entities' with at least one entity");
	if (json_array_size(list) > PLAN_TASKS_MAX)
		return err_set(err, ERR_TOOBIG, "channel plan: it has more than %d entities", PLAN_TASKS_MAX);
	AUTO(map) struct map names = {0};
	for (size_t i = 0; i < json_array_size(list); i++) {
		int rc = task_parse(json_array_get(list, i), json_is_object(root) ? root : NULL, p, err);
		if (rc)
			return rc;
		if (map_put(&names, p->tasks[p->n - 1].name, p))
			return err_set(err, ERR_INVALID,
				       "channel plan: '%s' stands twice: give each a 'name' of its own",
				       p->tasks[p->n - 1].name);
	}
	return 0;
}

int entity_plan_load(const char *dir, struct entity_plan *ret, struct err *err)
{
	AUTO(str) char *path = NULL;
	AUTO(json) json_t *root = NULL;
	AUTO(entity_plan) struct entity_plan p = {0};
	DIR *d = opendir(dir);

	if (!d)
		return err_set(err, ERR_NOTFOUND, "channel plan: cannot read %s: %m", dir);
	size_t files = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && str_ends(e->d_name, ".json") && !files++)
			path = fs_join(dir, e->d_name);
	closedir(d);
	if (files != 1)
		return err_set(err, ERR_INVALID, "channel plan: it needs exactly one .json file, it has %zu", files);
	int rc = json_parse_file(path, PLAN_MAX, &root, err);
	if (!rc)
		rc = sha256_file_hex(path, p.hash, err);
	if (!rc)
		rc = plan_parse(root, &p, err);
	if (rc)
		return rc;
	*ret = p;
	p = (struct entity_plan){0};
	return 0;
}

void entity_plan_all(const struct dataset *d, struct entity_plan *ret)
{
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < d->entity_names.n; i++)
		strlist_add(&names, d->entity_names.items[i]);
	strlist_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		task_add(ret, names.items[i], names.items[i]);
}
