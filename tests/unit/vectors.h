/* vectors.h - third-party test vectors under SAGETOP_TEST_VECTORS, for unit tests.
 * Include after unit.h. */
#ifndef SAGETOP_TESTS_VECTORS_H
#define SAGETOP_TESTS_VECTORS_H

#include <dirent.h>

#include "base/fs.h"
#include "base/json.h"

/* The folder, or NULL (and a word on it) where the variable is unset. */
static inline char *vectors_folder(const char *sub)
{
	const char *root = getenv("SAGETOP_TEST_VECTORS");

	if (str_empty(root)) {
		print_message("# SAGETOP_TEST_VECTORS is unset: %s not checked\n", sub);
		return NULL;
	}
	return fs_join(root, sub);
}

static inline char *vector_read(const char *dir, const char *name)
{
	AUTO(str) char *path = fs_join(dir, name);
	struct buf b = BUF_INIT(BUF_MAX_TEXT);

	if (!fs_exists(path))
		return NULL;
	assert_int_equal(fs_read(path, &b, NULL), 0);
	return buf_take(&b);
}

static inline json_t *vector_read_json(const char *dir, const char *name)
{
	AUTO(str) char *path = fs_join(dir, name);
	struct err err = {0};
	json_t *j = NULL;

	if (!fs_exists(path))
		return NULL;
	if (json_parse_file(path, BUF_MAX_TEXT, &j, &err))
		fail_msg("%s: %s", path, err.msg);
	return j;
}

/* The sub-folders of dir, sorted. */
static inline void vector_cases(const char *dir, struct strlist *out)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(str) char *path = fs_join(dir, e->d_name);

		if (e->d_name[0] != '.' && fs_is_dir(path))
			strlist_add(out, e->d_name);
	}
	if (d)
		closedir(d);
	strlist_sort(out);
}

#endif
