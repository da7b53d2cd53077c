/* The model that is served: loaded, exchanged, let go of. */
#include <dirent.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/map.h"
#include "trainer/models/baseline.h"
#include "trainer/serve/serve.h"

#define LOAD_ATTEMPTS 4
#define ROW_OF_ENTITIES 400 /* what a model for a row of its own costs, in trees */

struct served *server_now(struct server *s)
{
	struct served *now;

	pthread_mutex_lock(&s->lock);
	now = s->now;
	__atomic_fetch_add(&now->references, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&s->lock);
	return now;
}

void served_unref(struct served *now)
{
	if (!now || __atomic_sub_fetch(&now->references, 1, __ATOMIC_ACQ_REL))
		return;
	model_set_free(now->models);
	drift_free(now->drift);
	free(now);
}

/* --- files ------------------------------------------------------------------------- */

static uint64_t stamp_file(const char *path)
{
	struct stat st;
	uint64_t facts[4];

	if (stat(path, &st))
		return 0;
	facts[0] = (uint64_t)st.st_ino;
	facts[1] = (uint64_t)st.st_size;
	facts[2] = (uint64_t)st.st_mtim.tv_sec;
	facts[3] = (uint64_t)st.st_mtim.tv_nsec;
	return hash_bytes(facts, sizeof(facts));
}

uint64_t server_stamp(const char *path)
{
	struct dirent **entries = NULL;
	uint64_t stamp = 0;
	int n;

	if (!fs_is_dir(path))
		return stamp_file(path);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		AUTO(str) char *file = fs_join(path, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.' && !fs_is_dir(file))
			stamp = stamp * 31 + stamp_file(file);
		free(entries[i]);
	}
	free(entries);
	return stamp;
}

/* --- loading ------------------------------------------------------------------------- */

int served_load(const char *path, const struct serve_settings *settings, struct served **ret, struct err *err)
{
	AUTO(served) struct served *now = NEW(struct served);
	const struct model_options opt = {.threads = 1, .first_alone = settings->first_alone};
	const struct model_set *m;
	int r;

	now->references = 1;
	r = model_set_load(path, &opt, &now->models, err);
	if (r)
		return r;
	m = now->models;
	now->walks_a_row = m->kind == MODEL_SET_ENTITIES ? m->most_trees + ROW_OF_ENTITIES : m->n * m->most_trees;
	if (settings->check_drift) {
		AUTO(str) char *file = fs_join(path, BASELINE_FILE);

		r = drift_load(file, m->schema->columns, &now->drift, err);
		if (r)
			return r;
	}
	*ret = TAKE(now);
	return 0;
}

/* The files may be exchanged while they are read: a link is followed once, so that all of
 * them come from one folder, and what was read counts only if they are the same afterwards.
 * Files that never stay the same are taken as they are in the end. */
static int server_read(const struct server *s, struct served **ret, uint64_t *stamp, struct err *err)
{
	for (int attempt = 1;; attempt++) {
		AUTO(str) char *real = realpath(s->settings.model_path, NULL);
		const char *path = real ? real : s->settings.model_path;
		AUTO(served) struct served *now = NULL;
		struct err fault = {0};
		int r;

		*stamp = server_stamp(path);
		r = served_load(path, &s->settings, &now, &fault);
		if (attempt < LOAD_ATTEMPTS && server_stamp(path) != *stamp)
			continue;
		if (r)
			return err_set(err, fault.code, "%s", fault.msg);
		*ret = TAKE(now);
		return 0;
	}
}

int server_load(struct server *s, struct err *err)
{
	AUTO(served) struct served *now = NULL;
	struct served *old;
	uint64_t stamp;
	int r = server_read(s, &now, &stamp, err);

	if (r)
		return r;
	pthread_mutex_lock(&s->lock);
	old = s->now;
	s->now = now;
	s->stamp = stamp;
	pthread_mutex_unlock(&s->lock);
	now = old; /* ours to let go of */
	return 0;
}
