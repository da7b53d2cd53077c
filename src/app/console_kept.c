/* console_kept.c - texts by name in a file of the state folder. */
#include "app/console_kept.h"

#include <sys/stat.h>
#include <time.h>

#include "base/fs.h"
#include "base/json.h"

#define FILE_BYTES_MAX (1 << 20)

#define LOCK_TRIES 1000
#define LOCK_EVERY_MS 5

struct console_kept {
	char *path;
	json_t *texts;	  /* an object of strings */
	struct stat read; /* the file that they were read from; all zero: none */
};

static int read_texts(const char *path, json_t **ret, struct err *err)
{
	AUTO(json) json_t *texts = NULL;

	if (!fs_exists(path)) {
		*ret = json_object();
		return 0;
	}
	if (json_parse_file(path, FILE_BYTES_MAX, &texts, err) < 0)
		return -err->code;
	if (!json_is_object(texts))
		return err_set(err, ERR_INVALID, "%s is no JSON object: nothing is taken from it", path);
	*ret = TAKE(texts);
	return 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What another console has kept since. Where it cannot be read what we know stays. */
static int read_again(struct console_kept *k, struct err *err)
{
	AUTO(json) json_t *fresh = NULL;
	struct stat now = {0};

	if (stat(k->path, &now) < 0)
		now = (struct stat){0};
	if (is_same_file(&now, &k->read))
		return 0;
	k->read = now;
	if (read_texts(k->path, &fresh, err) < 0)
		return -err->code;
	json_decref(k->texts);
	k->texts = TAKE(fresh);
	return 0;
}

struct console_kept *console_kept_open(struct err *err)
{
	struct console_kept *k = NEW(struct console_kept);
	struct err why = {0};

	k->path = fs_state_path("console.json");
	k->texts = json_object();
	if (read_again(k, &why) < 0)
		(void)err_set(err, why.code, "%s", why.msg);
	return k;
}

void console_kept_free(struct console_kept *k)
{
	if (!k)
		return;
	json_decref(k->texts);
	free(k->path);
	free(k);
}

const char *console_kept_get(struct console_kept *k, const char *name)
{
	struct err why = {0};

	(void)!read_again(k, &why);
	return json_string_value(json_object_get(k->texts, name));
}

static void put(json_t *texts, const char *name, const char *text)
{
	if (text)
		(void)json_object_set_new(texts, name, json_string(text));
	else
		(void)json_object_del(texts, name);
}

/* Others hold it for a moment only; one that was stopped in that moment must not stop us. */
static void lock(const struct console_kept *k, int *ret_fd)
{
	AUTO(str) char *path = xasprintf("%s.lock", k->path);
	const struct timespec pause = {.tv_nsec = LOCK_EVERY_MS * 1000000L};

	for (int i = 0; i < LOCK_TRIES && fs_lock(path, ret_fd, NULL) == -ERR_EXISTS; i++)
		(void)nanosleep(&pause, NULL);
}

int console_kept_set(struct console_kept *k, const char *name, const char *text, struct err *err)
{
	AUTO(fd) int fd = -1;
	struct err why = {0};

	lock(k, &fd);
	k->read = (struct stat){0}; /* two files of one moment can look alike */
	(void)!read_again(k, &why);
	put(k->texts, name, text);
	AUTO(str) char *out = json_text_pretty(k->texts);

	if (fs_mkdir_parent(k->path, 0700, err) < 0 || fs_write_atomic(k->path, out, strlen(out), 0600, err) < 0)
		return -err->code;
	(void)stat(k->path, &k->read);
	return 0;
}
