/* Many models in one archive: written, opened, looked up. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "trainer/models/pack.h"

#define INDEX_MAX ((size_t)256 << 20)
#define BLOCK 512

/* --- reading ------------------------------------------------------------------- */

struct pack_entry {
	char *name;
	size_t offset, length;
};

struct pack {
	struct pack_entry *entries;
	size_t n;
	int fd;
	size_t size;
	char *member; /* header and content of the one read last */
};

void pack_free(struct pack *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->entries[i].name);
	free(p->entries);
	fd_close(&p->fd);
	free(p->member);
	free(p);
}

bool pack_present(const char *model_dir)
{
	AUTO(str) char *path = fs_join(model_dir, PACK_INDEX);

	return fs_exists(path);
}

/* Not mapped: whoever cuts the file while we read would end us with SIGBUS. */
static int open_archive(struct pack *p, const char *model_dir, struct err *err)
{
	AUTO(str) char *path = fs_join(model_dir, PACK_FILE);
	struct stat st;

	p->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p->fd < 0 || fstat(p->fd, &st))
		return err_set(err, ERR_NOTFOUND, "cannot open %s: %m", path);
	p->size = (size_t)st.st_size;
	return 0;
}

static int add_entries(struct pack *p, const json_t *models, struct err *err)
{
	const char *name;
	json_t *info;
	size_t total = 0;

	p->entries = xcalloc(MAX(json_object_size(models), 1), sizeof(*p->entries));
	json_object_foreach((json_t *)models, name, info)
	{
		int64_t offset = json_get_i64(info, "offset", -1), length = json_get_i64(info, "length", -1);
		if (offset < BLOCK || length < 0 || (size_t)offset > p->size ||
		    (size_t)length > p->size - (size_t)offset)
			return err_set(err, ERR_PARSE, PACK_INDEX ": entity '%s' lies outside of " PACK_FILE, name);
		struct pack_entry *e = &p->entries[p->n++];
		*e = (struct pack_entry){xstrdup(name), (size_t)offset, (size_t)length};
		total += BLOCK + e->length;
		if (total > p->size)
			return err_set(err, ERR_PARSE, PACK_INDEX ": the models together are larger than " PACK_FILE);
	}
	return 0;
}

int pack_open(const char *model_dir, struct pack **ret, struct err *err)
{
	AUTO(pack) struct pack *p = NEW(struct pack);
	AUTO(json) json_t *index = NULL;
	AUTO(str) char *path = fs_join(model_dir, PACK_INDEX);

	p->fd = -1;
	int rc = json_parse_file(path, INDEX_MAX, &index, err);
	if (!rc)
		rc = open_archive(p, model_dir, err);
	if (rc)
		return rc;
	const json_t *models = json_object_get(index, "models");
	if (!json_is_object(models))
		return err_set(err, ERR_PARSE, "%s has no member 'models'", path);
	rc = add_entries(p, models, err);
	if (rc)
		return rc;
	*ret = TAKE(p);
	return 0;
}

size_t pack_count(const struct pack *p)
{
	return p->n;
}

const char *pack_name(const struct pack *p, size_t i)
{
	return p->entries[i].name;
}

/* A name that can stand in the tar as it is. */
static bool plain_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";

	return *name && *name != '.' && strlen(name) <= 80 && strspn(name, allowed) == strlen(name);
}

/* Does the member's header say what the index says? */
static bool header_agrees(const char *block, const struct pack_entry *e)
{
	size_t length = 0, n = strlen(e->name);

	for (const char *p = block + 124; p < block + 135; p++) {
		if (*p < '0' || *p > '7')
			return false;
		length = length * 8 + (size_t)(*p - '0');
	}
	return length == e->length && !memcmp(block + 257, "ustar", 5) &&
	       (!plain_name(e->name) || (!memcmp(block, e->name, n) && strchr(".", block[n])));
}

int pack_read_member(const struct pack *p, size_t i, char **member, const void **ret, size_t *n, struct err *err)
{
	const struct pack_entry *e = &p->entries[i];
	size_t got = 0, total = BLOCK + e->length;
	AUTO(str) char *all = xmalloc(total);

	while (got < total) {
		ssize_t r = pread(p->fd, all + got, total - got, (off_t)(e->offset - BLOCK + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return err_set(err, r ? ERR_IO : ERR_PARSE, "cannot read " PACK_FILE ": %s",
				       r ? strerror(errno) : "it has been cut short");
		got += (size_t)r;
	}
	if (!header_agrees(all, e))
		return err_set(err, ERR_PARSE, PACK_INDEX " and " PACK_FILE " do not belong together");
	*ret = all + BLOCK;
	*n = e->length;
	*member = TAKE(all);
	return 0;
}

int pack_read(struct pack *p, size_t i, const void **ret, size_t *n, struct err *err)
{
	free(TAKE(p->member));
	return pack_read_member(p, i, &p->member, ret, n, err);
}

/* --- writing ---------------------------------------------------------------------- */

struct pack_writer {
	char *dir, *temporary;
	const char *suffix;
	FILE *file;
	size_t offset;
	json_t *models;
};

void pack_writer_free(struct pack_writer *w)
{
	if (!w)
		return;
	if (w->file) {
		fclose(w->file);
		(void)unlink(w->temporary);
	}
	free(w->dir);
	free(w->temporary);
	json_decref(w->models);
	free(w);
}

int pack_create(const char *model_dir, const char *suffix, struct pack_writer **ret, struct err *err)
{
	AUTO(pack_writer) struct pack_writer *w = NEW(struct pack_writer);

	w->dir = xstrdup(model_dir);
	w->temporary = xasprintf("%s/." PACK_FILE ".%d", model_dir, (int)getpid());
	w->suffix = suffix;
	w->models = json_object();
	w->file = fopen(w->temporary, "we");
	if (!w->file)
		return err_set(err, ERR_IO, "cannot create %s: %m", w->temporary);
	*ret = TAKE(w);
	return 0;
}

/* A ustar header. Time and owner are fixed: the same models make the same bytes. */
static void header_make(char block[BLOCK], const char *name, const char *suffix, size_t number, size_t n)
{
	unsigned sum = 0;

	memset(block, 0, BLOCK);
	if (plain_name(name))
		snprintf(block, 100, "%s%s", name, suffix);
	else
		snprintf(block, 100, "entity-%06zu%s", number, suffix);
	memcpy(block + 100, "0000644", 8);
	memcpy(block + 108, "0000000", 8);
	memcpy(block + 116, "0000000", 8);
	snprintf(block + 124, 12, "%011zo", n);
	memcpy(block + 136, "00000000000", 12);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar", 6);
	memcpy(block + 263, "00", 2);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
}

static int write_bytes(struct pack_writer *w, const void *bytes, size_t n, struct err *err)
{
	if (n && fwrite(bytes, 1, n, w->file) != n)
		return err_set(err, ERR_IO, "cannot write the models to %s: %m", w->dir);
	w->offset += n;
	return 0;
}

static int pad(struct pack_writer *w, size_t blocks, struct err *err)
{
	static const char zeros[BLOCK];
	int rc = write_bytes(w, zeros, (BLOCK - w->offset % BLOCK) % BLOCK, err);

	for (size_t i = 0; !rc && i < blocks; i++)
		rc = write_bytes(w, zeros, BLOCK, err);
	return rc;
}

int pack_add(struct pack_writer *w, const char *name, const void *bytes, size_t n, const json_t *info, struct err *err)
{
	char block[BLOCK];

	header_make(block, name, w->suffix, json_object_size(w->models), n);
	int rc = write_bytes(w, block, BLOCK, err);
	size_t offset = w->offset;
	if (!rc)
		rc = write_bytes(w, bytes, n, err);
	if (!rc)
		rc = pad(w, 0, err);
	if (rc)
		return rc;
	json_t *entry = json_pack("{s:I, s:I}", "offset", (json_int_t)offset, "length", (json_int_t)n);
	if (info)
		json_object_update(entry, (json_t *)info);
	json_object_set_new(w->models, name, entry);
	return 0;
}

int pack_finish(struct pack_writer *w, const json_t *about, struct err *err)
{
	AUTO(str) char *path = fs_join(w->dir, PACK_FILE);
	AUTO(str) char *index_path = fs_join(w->dir, PACK_INDEX);
	int rc = pad(w, 2, err);

	if (!rc && (fflush(w->file) || fsync(fileno(w->file))))
		rc = err_set(err, ERR_IO, "cannot write the models to %s: %m", w->dir);
	if (rc)
		return rc;
	AUTO(json) json_t *index = json_copy((json_t *)about);
	json_object_set(index, "models", w->models);
	AUTO(str) char *text = json_text(index);
	fclose(w->file);
	w->file = NULL;
	if (rename(w->temporary, path)) {
		rc = err_set(err, ERR_IO, "cannot rename %s: %m", w->temporary);
		(void)unlink(w->temporary);
		return rc;
	}
	return fs_write_atomic(index_path, text, strlen(text), 0644, err);
}
