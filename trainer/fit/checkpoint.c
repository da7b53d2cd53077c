/* Checkpoints of a fit: written, found, read and thinned out. */
#include <dirent.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "trainer/fit/checkpoint.h"

#define CHECKPOINT_MAGIC "sagetop checkpoint 1\n"
#define CHECKPOINT_PREFIX "sagetop-checkpoint."
#define CHECKPOINT_DIGITS 9
#define FOREIGN_PREFIX "xgboost-checkpoint" /* .N, or _N.json, of SageMaker's image */
#define CHECKPOINT_KEEP 2		    /* the newest may be torn where the folder is copied elsewhere */
#define CHECKPOINT_MAX ((size_t)4 << 30)

void checkpoint_done(struct checkpoint *c)
{
	history_done(&c->history);
	buf_done(&c->model);
	c->round = 0;
}

/* --- bytes ---------------------------------------------------------------------- */

int checkpoint_pack(const char *fingerprint, const struct checkpoint *c, struct buf *out, struct err *err)
{
	AUTO(json) json_t *columns = json_from_strlist(&c->history.columns);

	AUTO(json)
	json_t *head = json_pack("{s:i, s:s, s:O, s:I, s:I}", "round", c->round, "fingerprint", fingerprint, "columns",
				 columns, "history_rounds", (json_int_t)c->history.rounds, "model_bytes",
				 (json_int_t)c->model.len);
	AUTO(str) char *text = json_text(head);
	char digest[SHA256_HEX_LEN];
	(void)buf_adds(out, CHECKPOINT_MAGIC);
	(void)buf_addf(out, "%s\n", text);
	(void)buf_add(out, c->history.values, c->history.rounds * c->history.columns.n * sizeof(double));
	(void)buf_add(out, c->model.data, c->model.len);
	sha256_hex(out->data, out->len, digest);
	(void)buf_adds(out, digest);
	return out->overflow ? err_set(err, ERR_TOOBIG, "the checkpoint is larger than %zu bytes", out->max) : 0;
}

static int torn(struct err *err)
{
	return err_set(err, ERR_PARSE, "it is not whole");
}

int checkpoint_unpack(const void *bytes, size_t n, const char *fingerprint, struct checkpoint *ret, struct err *err)
{
	const char *p = bytes;
	size_t magic = strlen(CHECKPOINT_MAGIC), hex = SHA256_HEX_LEN - 1;
	char digest[SHA256_HEX_LEN];
	AUTO(json) json_t *head = NULL;
	AUTO(checkpoint) struct checkpoint c = {.model = BUF_INIT(CHECKPOINT_MAX)};

	if (n < magic + hex || memcmp(p, CHECKPOINT_MAGIC, magic))
		return torn(err);
	sha256_hex(p, n - hex, digest);
	if (memcmp(p + n - hex, digest, hex))
		return torn(err);
	const char *eol = memchr(p + magic, '\n', n - magic - hex);
	if (!eol || json_parse(p + magic, (size_t)(eol - p) - magic, "checkpoint", &head, NULL))
		return torn(err);
	if (fingerprint && !str_eq(json_get_str(head, "fingerprint"), fingerprint))
		return err_set(err, ERR_INVALID, "it was written with other data or hyperparameters");
	const json_t *columns = json_object_get(head, "columns");
	for (size_t i = 0; i < json_array_size(columns); i++)
		strlist_add(&c.history.columns, str_or(json_string_value(json_array_get(columns, i)), ""));
	c.round = (int)json_get_i64(head, "round", 0);
	c.history.rounds = (size_t)json_get_i64(head, "history_rounds", 0);
	size_t model = (size_t)json_get_i64(head, "model_bytes", 0);
	size_t values = c.history.rounds * c.history.columns.n * sizeof(double);
	const char *data = eol + 1;
	if ((size_t)(p + n - hex - data) != values + model)
		return torn(err);
	c.history.cap = c.history.rounds;
	c.history.values = xmalloc(MAX(values, 1));
	memcpy(c.history.values, data, values);
	(void)buf_add(&c.model, data + values, model);
	*ret = c;
	memset(&c, 0, sizeof(c));
	return 0;
}

/* --- files ------------------------------------------------------------------------ */

/* A longer name is what a run that was killed was about to rename: it goes. */
static int list_rounds(const char *dir, struct strlist *ret, struct err *err)
{
	const size_t length = strlen(CHECKPOINT_PREFIX) + CHECKPOINT_DIGITS;
	DIR *d = opendir(dir);

	if (!d)
		return err_set(err, ERR_IO, "cannot read the checkpoint folder %s: %m", dir);
	for (struct dirent *e; (e = readdir(d));)
		if (str_starts(e->d_name, CHECKPOINT_PREFIX) && strlen(e->d_name) > length)
			(void)unlinkat(dirfd(d), e->d_name, 0);
		else if (str_starts(e->d_name, CHECKPOINT_PREFIX))
			strlist_add(ret, e->d_name);
	closedir(d);
	strlist_sort(ret); /* the numbers have a fixed width */
	return 0;
}

int checkpoint_write(const char *dir, const char *fingerprint, const struct checkpoint *c, struct err *err)
{
	AUTO(buf) struct buf bytes = BUF_INIT(CHECKPOINT_MAX);
	AUTO(strlist) struct strlist names = {0};
	AUTO(str) char *path = xasprintf("%s/" CHECKPOINT_PREFIX "%0*d", dir, CHECKPOINT_DIGITS, c->round);
	int rc = checkpoint_pack(fingerprint, c, &bytes, err);

	if (!rc)
		rc = fs_write_atomic(path, bytes.data, bytes.len, 0644, err);
	if (!rc)
		rc = list_rounds(dir, &names, err);
	if (rc)
		return err_prefix(err, "checkpoint of round %d", c->round);
	for (size_t i = 0; i + CHECKPOINT_KEEP < names.n; i++) {
		AUTO(str) char *old = fs_join(dir, names.items[i]);
		(void)unlink(old);
	}
	return 0;
}

char *checkpoint_foreign(const char *dir)
{
	AUTO(strlist) struct strlist names = {0};
	DIR *d = opendir(dir);

	if (!d)
		return NULL;
	for (struct dirent *e; (e = readdir(d));)
		if (str_starts(e->d_name, FOREIGN_PREFIX))
			strlist_add(&names, e->d_name);
	closedir(d);
	strlist_sort(&names);
	if (!names.n)
		return NULL;
	return xasprintf(
		"the checkpoint folder holds %s%s of SageMaker's image, which %s not gone on from: this program "
		"resumes its own checkpoints (" CHECKPOINT_PREFIX "*) alone",
		names.items[names.n - 1], names.n > 1 ? " and others" : "", names.n > 1 ? "are" : "is");
}

int checkpoint_read(const char *dir, const char *fingerprint, int rounds, struct checkpoint *ret,
		    struct strlist *notices, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	*ret = (struct checkpoint){.model = BUF_INIT(CHECKPOINT_MAX)};
	int rc = list_rounds(dir, &names, err);
	if (rc)
		return rc;
	for (size_t i = names.n; i-- > 0;) {
		AUTO(str) char *path = fs_join(dir, names.items[i]);
		AUTO(buf) struct buf bytes = BUF_INIT(CHECKPOINT_MAX);
		struct err why = {0};
		rc = fs_read(path, &bytes, &why);
		if (!rc)
			rc = checkpoint_unpack(bytes.data, bytes.len, fingerprint, ret, &why);
		if (!rc && ret->round <= rounds)
			return 0;
		if (!rc) {
			(void)err_set(&why, ERR_INVALID, "it has %d rounds, num_round is %d", ret->round, rounds);
			checkpoint_done(ret);
			ret->model = BUF_INIT(CHECKPOINT_MAX);
		}
		strlist_take(notices, xasprintf("checkpoint %s is passed over: %s", names.items[i], why.msg));
	}
	return 0;
}

/* --- random numbers ------------------------------------------------------------------ */

bool checkpoint_draws(const struct hyper *h)
{
	static const enum hyper_id shares[] = {HP_subsample, HP_colsample_bytree, HP_colsample_bylevel,
					       HP_colsample_bynode};

	if (!str_eq(hyper_text(h, HP_booster), "gbtree"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		if (hyper_given(h, shares[i]) && hyper_float(h, shares[i]) < 1)
			return true;
	return false;
}

int64_t checkpoint_seed(int64_t seed, int round)
{
	/* splitmix64, so that neighbouring rounds get unlike seeds */
	uint64_t z = (uint64_t)seed + 0x9E3779B97F4A7C15ULL * (uint64_t)(round + 1);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return (int64_t)((z ^ (z >> 31)) & 0x7FFFFFFF);
}
