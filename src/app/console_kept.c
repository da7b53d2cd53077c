/* console_kept.c - texts by name in a file of the state folder. */
#include "app/console_kept.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"

#define FILE_BYTES_MAX (1 << 20)

struct console_kept {
	char *path;
	json_t *texts; /* an object of strings */
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

struct console_kept *console_kept_open(struct err *err)
{
	struct console_kept *k = NEW(struct console_kept);
	struct err why = {0};

	k->path = fs_state_path("console.json");
	if (read_texts(k->path, &k->texts, &why) < 0) {
		k->texts = json_object();
		(void)err_set(err, why.code, "%s", why.msg);
	}
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

const char *console_kept_get(const struct console_kept *k, const char *name)
{
	return json_string_value(json_object_get(k->texts, name));
}

static void put(json_t *texts, const char *name, const char *text)
{
	if (text)
		(void)json_object_set_new(texts, name, json_string(text));
	else
		(void)json_object_del(texts, name);
}

int console_kept_set(struct console_kept *k, const char *name, const char *text, struct err *err)
{
	AUTO(json) json_t *fresh = NULL;
	struct err why = {0};

	put(k->texts, name, text);
	if (read_texts(k->path, &fresh, &why) == 0) {
		put(fresh, name, text);
		json_decref(k->texts);
		k->texts = TAKE(fresh);
	}
	AUTO(str) char *out = json_text_pretty(k->texts);

	if (fs_mkdir_parent(k->path, 0700, err) < 0)
		return -err->code;
	return fs_write_atomic(k->path, out, strlen(out), 0600, err);
}
