/* spill.h - arrays too large for memory: mapped from a file without a name, so that the
 * kernel can write them out and read them in again instead of ending the program.
 *
 * The file's room is reserved when the array grows: a full disk is an error here,
 * not a signal when a cell is written.
 */
#ifndef SAGETOP_TRAINER_SPILL_H
#define SAGETOP_TRAINER_SPILL_H

#include "base/mem.h"

struct spill;

/* Like realloc, for an array that may be one of the spill's or of malloc's (then
 * old_bytes of it are taken over). *s is made where it is NULL. NULL with err set
 * where there is no room. */
void *spill_realloc(struct spill **s, void *p, size_t old_bytes, size_t bytes, struct err *err) NODISCARD;
bool spill_owns(const struct spill *s, const void *p);
/* Release an array, whoever it belongs to. */
void spill_release(struct spill *s, void *p);
void spill_free(struct spill *s); /* all of it */

/* Bytes of memory that this process may still take: the machine's, cut by the limit
 * of its control group. 0 where unknown. */
size_t spill_memory_available(void);

#endif
