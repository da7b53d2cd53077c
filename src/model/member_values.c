/* member_values.c - values of members by their keys, as jobs told them. */
#include "model/member_values.h"

#include <ctype.h>

#define TEXT_MAX 1000 /* bytes: a longer one is nobody's choice */
#define HYPERPARAMETERS "HyperParameters."
#define CHANNELS "InputDataConfig."

void member_values_done(struct member_values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->items[i].key);
		free(v->items[i].text);
		free(v->items[i].image);
	}
	free(v->items);
	map_done(&v->known);
	*v = (struct member_values){0};
}

/* --- in --- */

char *job_member_key(const struct job_member *m)
{
	const char *blank = strchr(m->label, ' ');

	return str_starts(m->path, CHANNELS) && blank ? xasprintf(CHANNELS "%s", blank + 1) : xstrdup(m->path);
}

/* Another version of an image takes the same hyperparameters. */
static char *image_without_tag(const char *image)
{
	const char *slash = strrchr(image, '/');

	return xstrndup(image, (size_t)(slash ? slash - image : 0) + strcspn(slash ? slash : image, ":@"));
}

static void add(struct member_values *v, const struct job_member *m, const char *image)
{
	AUTO(str) char *key = job_member_key(m);
	const char *of = str_starts(key, HYPERPARAMETERS) ? image : NULL;
	AUTO(str) char *whole = xasprintf("%s\n%s\n%s", key, str_or(of, ""), m->text);

	if (!*m->text || !str_is_line(m->text, TEXT_MAX) || map_get(&v->known, whole))
		return;
	GROW(v->items, v->cap, v->n + 1);
	v->items[v->n++] = (struct member_value){TAKE(key), xstrdup(m->text), of ? xstrdup(of) : NULL};
	(void)map_put(&v->known, whole, v);
}

void member_values_add_job(struct member_values *v, const struct job *j)
{
	AUTO(job_members) struct job_members m = {0};
	AUTO(str) char *image = j->cold->image ? image_without_tag(j->cold->image) : NULL;

	job_members(j, &m);
	for (size_t i = 0; i < m.n; i++)
		add(v, &m.items[i], image);
}

/* --- out --- */

static void offer(struct strlist *ret, const char *text)
{
	if (ret->n < MEMBER_VALUES_OFFERED && !strlist_has(ret, text))
		strlist_add(ret, text);
}

/* fn for the values of the image, then for all. */
static void in_turn(const struct member_values *v, const char *image,
		    void (*fn)(const struct member_value *value, const char *text, struct strlist *ret),
		    const char *text, struct strlist *ret)
{
	AUTO(str) char *own = image ? image_without_tag(image) : NULL;

	for (size_t i = 0; own && i < v->n; i++)
		if (str_eq(v->items[i].image, own))
			fn(&v->items[i], text, ret);
	for (size_t i = 0; i < v->n; i++)
		fn(&v->items[i], text, ret);
}

static void offer_of_key(const struct member_value *value, const char *key, struct strlist *ret)
{
	if (str_eq(value->key, key))
		offer(ret, value->text);
}

void member_values_earlier(const struct member_values *v, const char *key, const char *image, const char *but,
			   struct strlist *ret)
{
	AUTO(strlist) struct strlist all = {0};

	in_turn(v, image, offer_of_key, key, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!str_eq(all.items[i], but))
			offer(ret, all.items[i]);
}

static bool holds_uri(const char *key)
{
	return str_starts(key, CHANNELS) || str_ends(key, "S3Uri") || str_ends(key, "S3OutputPath");
}

/* A step deeper: buckets of "s3://", then folders. */
static void offer_uris(const struct member_values *v, const char *text, struct strlist *ret)
{
	const char *from = str_starts("s3://", text) ? "s3://" : text;
	size_t n = strlen(from);

	for (size_t i = 0; i < v->n; i++) {
		const char *uri = v->items[i].text;

		if (!str_starts(uri, from) || !str_starts(uri, "s3://"))
			continue;
		size_t step = n + strcspn(uri + n, "/");
		AUTO(str) char *part = xstrndup(uri, step + (uri[step] == '/'));

		if (strlen(part) > n)
			offer(ret, part);
	}
}

void member_values_offer(const struct member_values *v, const char *key, const char *image, const char *text,
			 struct strlist *ret)
{
	AUTO(strlist) struct strlist all = {0};

	if (holds_uri(key) || str_starts(text, "s3://")) {
		offer_uris(v, text, ret);
		return;
	}
	in_turn(v, image, offer_of_key, key, &all);
	for (size_t i = 0; i < all.n; i++)
		if (str_starts(all.items[i], text))
			offer(ret, all.items[i]);
}

static void offer_name(const struct member_value *value, const char *text, struct strlist *ret)
{
	const char *bare = value->key + strlen(HYPERPARAMETERS);
	bool has_bare = str_starts(value->key, HYPERPARAMETERS) && (islower((unsigned char)*bare) || *bare == '_');
	const char *name = has_bare && str_starts(bare, text) ? bare : value->key;

	if (str_starts(name, text) && !str_starts(value->key, CHANNELS))
		offer(ret, name);
}

void member_values_names(const struct member_values *v, const char *image, const char *text, struct strlist *ret)
{
	in_turn(v, image, offer_name, text, ret);
}
