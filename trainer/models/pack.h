/* pack.h - many models in one archive: model/xgboost-models.tar, an ordinary
 * uncompressed tar with one member a model, and model/xgboost-models.json, its
 * index by entity (offset and length of the bytes in the tar, and what training
 * had to say). A model is found without reading the archive. The two files are not
 * exchanged in one step, so each model's header in the tar is held against the index.
 */
#ifndef SAGETOP_TRAINER_PACK_H
#define SAGETOP_TRAINER_PACK_H

#include "base/json.h"

#define PACK_FILE "xgboost-models.tar"
#define PACK_INDEX "xgboost-models.json"

/* --- reading ---------------------------------------------------------------- */
struct pack;
bool pack_present(const char *model_dir);
int pack_open(const char *model_dir, struct pack **ret, struct err *err) NODISCARD;
void pack_free(struct pack *p);
AUTO_POINTER(pack, struct pack, pack_free)
size_t pack_count(const struct pack *p);
const char *pack_name(const struct pack *p, size_t i); /* the entity; borrowed */
/* A model file's bytes; borrowed until the next call. ERR_PARSE where index and tar do not
 * belong together. */
int pack_read(struct pack *p, size_t i, const void **ret, size_t *n, struct err *err) NODISCARD;
/* The same for several threads at once; *member is the caller's, the bytes lie in it. */
int pack_read_member(const struct pack *p, size_t i, char **member, const void **ret, size_t *n,
		     struct err *err) NODISCARD;

/* --- writing ------------------------------------------------------------------- */
struct pack_writer;
/* Both files appear under their names at pack_finish only. suffix: ".ubj". */
int pack_create(const char *model_dir, const char *suffix, struct pack_writer **ret, struct err *err) NODISCARD;
void pack_writer_free(struct pack_writer *w); /* removes what is unfinished */
AUTO_POINTER(pack_writer, struct pack_writer, pack_writer_free)
/* info: members for the index beside offset and length; borrowed, may be NULL. */
int pack_add(struct pack_writer *w, const char *name, const void *bytes, size_t n, const json_t *info,
	     struct err *err) NODISCARD;
/* about: members for the top of the index; borrowed. Frees nothing. */
int pack_finish(struct pack_writer *w, const json_t *about, struct err *err) NODISCARD;

#endif
