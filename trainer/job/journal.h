/* journal.h - which entities are done, so that an interrupted job goes on with
 * the next one. An append-only file in the checkpoint folder: a header with the
 * fingerprint of data and settings, then a record for each entity with its model,
 * each closed by a CRC. A torn tail is cut off on opening. Thread-safe.
 */
#ifndef SAGETOP_TRAINER_JOURNAL_H
#define SAGETOP_TRAINER_JOURNAL_H

#include "base/json.h"

struct journal;

/* Calls seen() for each record that is whole. ret stays open for appending. A
 * journal of other data or settings is begun anew (*restarted is set). */
int journal_open(const char *dir, const char *fingerprint,
		 void (*seen)(void *ctx, const char *name, const json_t *info, int64_t offset, size_t length),
		 void *ctx, struct journal **ret, bool *restarted, struct err *err) NODISCARD;
void journal_close(struct journal *j);
AUTO_POINTER(journal, struct journal, journal_close)
int journal_append(struct journal *j, const char *name, const json_t *info, const void *model, size_t n,
		   struct err *err) NODISCARD;
/* The model bytes of a record, as seen() was told. */
int journal_model(struct journal *j, int64_t offset, size_t length, struct buf *out, struct err *err) NODISCARD;

#endif
