/* Models by name, and the bytes that they have together. */
#include "trainer/serve/serve_many.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/json.h"

#define NAME_MAX_LEN 1024
#define NO_ROOM 507

struct model {
	char *name, *url;
	int64_t bytes;
	struct served *now; /* NULL: it is being loaded */
	struct model *next;
};

struct many {
	const struct serve_settings *settings;
	pthread_mutex_t lock;
	struct model *models; /* under lock, as is what follows */
	int64_t bytes;
};

struct many *many_new(const struct serve_settings *settings)
{
	struct many *m = NEW(struct many);

	m->settings = settings;
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

static void model_free(struct model *one)
{
	served_unref(one->now);
	free(one->name);
	free(one->url);
	free(one);
}

void many_free(struct many *m)
{
	if (!m)
		return;
	for (struct model *one = m->models, *next; one; one = next) {
		next = one->next;
		model_free(one);
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* --- under the lock -------------------------------------------------------------------------- */

static struct model **place_of(struct many *m, const char *name)
{
	struct model **at = &m->models;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

static struct model *take_out(struct many *m, const char *name)
{
	struct model **at = place_of(m, name), *one = *at;

	if (one) {
		*at = one->next;
		m->bytes -= one->bytes;
	}
	return one;
}

/* It has its room, and its name, from here on. The status where it does not. */
static int reserve(struct many *m, const char *name, const char *url, int64_t bytes)
{
	struct model **at = place_of(m, name);

	if (*at)
		return 409;
	if (m->bytes + bytes > m->settings->model_memory)
		return NO_ROOM;
	*at = NEW(struct model);
	**at = (struct model){.name = xstrdup(name), .url = xstrdup(url), .bytes = bytes};
	m->bytes += bytes;
	return 0;
}

/* --- loading ---------------------------------------------------------------------------------- */

/* Of its files: what is in memory is about as large. */
static int64_t size_of(const char *path)
{
	struct dirent **entries = NULL;
	struct stat st;
	int64_t sum = 0;
	int n;

	if (!fs_is_dir(path))
		return stat(path, &st) ? 0 : (int64_t)st.st_size;
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		AUTO(str) char *file = fs_join(path, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.')
			sum += size_of(file);
		free(entries[i]);
	}
	free(entries);
	return sum;
}

static void say_json(struct serve_reply *ret, json_t *j)
{
	ret->status = 200;
	ret->type = "application/json";
	ret->text = json_text(j);
	ret->n = strlen(ret->text);
	json_decref(j);
}

static void refuse(struct many *m, const char *name, int status, int64_t bytes, struct serve_reply *ret)
{
	AUTO(str) char *text = NULL;

	if (status == NO_ROOM)
		text = xasprintf("no room for %s: its %lld bytes would be more than the %lld of all models together",
				 name, (long long)bytes, (long long)m->settings->model_memory);
	else
		text = xasprintf("%s is loaded already", name);
	serve_reply_say(ret, status, text);
}

static void load_named(struct many *m, const char *name, const char *url, struct serve_reply *ret)
{
	int64_t bytes = size_of(url);
	struct served *now = NULL;
	struct err err = {0};
	int status, r;

	pthread_mutex_lock(&m->lock);
	status = reserve(m, name, url, bytes);
	pthread_mutex_unlock(&m->lock);
	if (status) {
		refuse(m, name, status, bytes, ret);
		return;
	}
	r = served_load(url, m->settings, &now, &err);
	pthread_mutex_lock(&m->lock);
	struct model *failed = r ? take_out(m, name) : NULL;

	if (!r)
		(*place_of(m, name))->now = now;
	pthread_mutex_unlock(&m->lock);
	if (r) {
		AUTO(str) char *text = xasprintf("%s is not loaded: %s", name, err.msg);

		model_free(failed);
		serve_reply_say(ret, err.code == ERR_NOTFOUND ? 404 : 500, text);
		return;
	}
	fprintf(stderr, "sagetop-trainer: %s is loaded (%lld bytes)\n", name, (long long)bytes);
	say_json(ret, json_pack("{s:o}", "status", json_sprintf("Model \"%s\" registered", name)));
}

void many_load(struct many *m, const struct buf *body, struct serve_reply *ret)
{
	AUTO(json) json_t *in = NULL;
	struct err err = {0};

	if (json_parse(buf_str(body), body->len, "the request", &in, &err) < 0) {
		serve_reply_say(ret, 400, err.msg);
		return;
	}
	const char *name = json_get_str(in, "model_name"), *url = json_get_str(in, "url");

	if (str_empty(name) || str_empty(url) || strlen(name) > NAME_MAX_LEN || strchr(name, '/'))
		serve_reply_say(ret, 400, "say {\"model_name\": a name without slashes, \"url\": a folder or file}");
	else if (!fs_exists(url))
		serve_reply_say(ret, 404, "there is nothing at that url");
	else
		load_named(m, name, url, ret);
}

/* --- the others -------------------------------------------------------------------------------- */

struct served *many_take(struct many *m, const char *name)
{
	struct served *now;
	struct model *one;

	pthread_mutex_lock(&m->lock);
	one = *place_of(m, name);
	now = one ? one->now : NULL;
	if (now)
		__atomic_fetch_add(&now->references, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&m->lock);
	return now;
}

void many_unload(struct many *m, const char *name, struct serve_reply *ret)
{
	struct model *one;

	pthread_mutex_lock(&m->lock);
	one = *place_of(m, name);
	one = one && one->now ? take_out(m, name) : NULL;
	pthread_mutex_unlock(&m->lock);
	if (!one) {
		serve_reply_say(ret, 404, "no model of that name is loaded");
		return;
	}
	fprintf(stderr, "sagetop-trainer: %s is unloaded\n", name);
	model_free(one); /* its memory goes with the last request that it answers */
	say_json(ret, json_pack("{s:o}", "status", json_sprintf("Model \"%s\" unregistered", name)));
}

static json_t *told(const struct model *one)
{
	return json_pack("{s:s, s:s}", "modelName", one->name, "modelUrl", one->url);
}

void many_tell(struct many *m, const char *name, struct serve_reply *ret)
{
	json_t *list = json_array();

	pthread_mutex_lock(&m->lock);
	for (const struct model *one = m->models; one; one = one->next) {
		if (one->now && (!name || !strcmp(one->name, name)))
			json_array_append_new(list, told(one));
	}
	pthread_mutex_unlock(&m->lock);
	if (!name) {
		say_json(ret, json_pack("{s:o}", "models", list));
		return;
	}
	if (json_array_size(list))
		say_json(ret, json_incref(json_array_get(list, 0)));
	else
		serve_reply_say(ret, 404, "no model of that name is loaded");
	json_decref(list);
}
