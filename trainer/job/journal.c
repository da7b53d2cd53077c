/* The entities that are done, in a file that survives an interruption. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "trainer/job/journal.h"

#define JOURNAL_FILE "sagetop-entities.journal"
#define JOURNAL_MAGIC "sagetop entities 1\n"
#define RECORD_MAGIC 0x53544A31u
#define INFO_MAX ((size_t)16 << 20)
#define SYNC_EVERY 32 /* records: a lost machine costs at most these */

struct record_head {
	uint32_t magic, name, info, model; /* lengths */
};

struct journal {
	int fd;
	pthread_mutex_t lock;
	int64_t end;
	unsigned unsynced;
};

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		(void)fdatasync(j->fd);
	fd_close(&j->fd);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

static int journal_fail(struct err *err, const char *what)
{
	return err_set(err, ERR_IO, "checkpoint " JOURNAL_FILE ": cannot %s: %m", what);
}

static bool read_at(int fd, void *out, size_t n, int64_t offset)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = pread(fd, (char *)out + got, n - got, (off_t)offset + (off_t)got);
		if (k <= 0)
			return false;
		got += (size_t)k;
	}
	return true;
}

static int write_all(struct journal *j, const struct buf *b, struct err *err)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t k = pwrite(j->fd, b->data + done, b->len - done, (off_t)j->end + (off_t)done);
		if (k < 0)
			return journal_fail(err, "write");
		done += (size_t)k;
	}
	j->end += (int64_t)b->len;
	return 0;
}

/* One record at offset; false at the end or where it is torn. */
static bool record_read(int fd, int64_t offset, int64_t size, struct buf *scratch, struct record_head *head)
{
	uint32_t crc;

	if (size - offset < (int64_t)(sizeof(*head) + sizeof(crc)) || !read_at(fd, head, sizeof(*head), offset))
		return false;
	uint64_t body = (uint64_t)head->name + head->info + head->model;
	if (head->magic != RECORD_MAGIC || (uint64_t)(size - offset) < sizeof(*head) + body + sizeof(crc))
		return false;
	buf_clear(scratch);
	if (buf_reserve(scratch, sizeof(*head) + body + sizeof(crc)) ||
	    !read_at(fd, scratch->data, sizeof(*head) + body + sizeof(crc), offset))
		return false;
	scratch->len = sizeof(*head) + body;
	memcpy(&crc, scratch->data + scratch->len, sizeof(crc));
	return crc32_ieee(scratch->data, scratch->len) == crc;
}

static void replay(struct journal *j, int64_t size,
		   void (*seen)(void *ctx, const char *name, const json_t *info, int64_t offset, size_t length),
		   void *ctx)
{
	AUTO(buf) struct buf scratch = BUF_INIT(SIZE_MAX);
	struct record_head head;

	while (record_read(j->fd, j->end, size, &scratch, &head)) {
		const char *p = scratch.data + sizeof(head);
		AUTO(str) char *name = xstrndup(p, head.name);
		AUTO(json) json_t *info = NULL;
		if (json_parse(p + head.name, head.info, JOURNAL_FILE, &info, NULL))
			break;
		seen(ctx, name, info, j->end + (int64_t)(sizeof(head) + head.name + head.info), head.model);
		j->end += (int64_t)(sizeof(head) + (uint64_t)head.name + head.info + head.model + sizeof(uint32_t));
	}
}

int journal_open(const char *dir, const char *fingerprint,
		 void (*seen)(void *ctx, const char *name, const json_t *info, int64_t offset, size_t length),
		 void *ctx, struct journal **ret, bool *restarted, struct err *err)
{
	AUTO(str) char *path = fs_join(dir, JOURNAL_FILE);
	AUTO(buf) struct buf head = BUF_INIT(1024);
	AUTO(journal) struct journal *j = NEW(struct journal);
	struct stat st;
	char found[1024];

	pthread_mutex_init(&j->lock, NULL);
	j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (j->fd < 0 || fstat(j->fd, &st))
		return journal_fail(err, "open");
	(void)buf_addf(&head, JOURNAL_MAGIC "%s\n", fingerprint);
	bool ours = read_at(j->fd, found, head.len, 0) && !memcmp(found, head.data, head.len);
	*restarted = !ours && st.st_size > 0;
	if (ours) {
		j->end = (int64_t)head.len;
		replay(j, st.st_size, seen, ctx);
	}
	if (ftruncate(j->fd, (off_t)j->end))
		return journal_fail(err, "truncate");
	int rc = ours ? 0 : write_all(j, &head, err);
	if (rc)
		return rc;
	*ret = TAKE(j);
	return 0;
}

int journal_append(struct journal *j, const char *name, const json_t *info, const void *model, size_t n,
		   struct err *err)
{
	AUTO(buf) struct buf record = BUF_INIT(SIZE_MAX);
	AUTO(str) char *text = json_text(info);
	struct record_head head = {RECORD_MAGIC, (uint32_t)strlen(name), (uint32_t)strlen(text), (uint32_t)n};

	if (n > UINT32_MAX || strlen(text) > INFO_MAX)
		return err_set(err, ERR_TOOBIG, "the model of '%s' is too large for the checkpoint", name);
	(void)buf_add(&record, &head, sizeof(head));
	(void)buf_adds(&record, name);
	(void)buf_adds(&record, text);
	(void)buf_add(&record, model, n);
	uint32_t crc = crc32_ieee(record.data, record.len);
	(void)buf_add(&record, &crc, sizeof(crc));
	pthread_mutex_lock(&j->lock);
	int rc = write_all(j, &record, err);
	if (!rc && ++j->unsynced >= SYNC_EVERY) {
		j->unsynced = 0;
		if (fdatasync(j->fd))
			rc = journal_fail(err, "write");
	}
	pthread_mutex_unlock(&j->lock);
	return rc;
}

int journal_model(struct journal *j, int64_t offset, size_t length, struct buf *out, struct err *err)
{
	buf_clear(out);
	if (buf_reserve(out, length + 1))
		return err_set(err, ERR_TOOBIG, "checkpoint " JOURNAL_FILE ": a model is too large");
	if (!read_at(j->fd, out->data, length, offset))
		return journal_fail(err, "read");
	out->len = length;
	out->data[length] = '\0';
	return 0;
}
