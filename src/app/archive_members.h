/* archive_members.h - what lies in a .tar or .tar.gz, told from its bytes as they come: nothing is unpacked to disk and
 * nothing is kept but the names. It may be anybody's archive, so what it can cost is bounded. */
#ifndef SAGETOP_APP_ARCHIVE_MEMBERS_H
#define SAGETOP_APP_ARCHIVE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ARCHIVE_UNPACKED_MAX ((int64_t)4 << 30) /* bytes that are looked through, however well they were packed */

struct archive_member {
	const char *name; /* sanitised, for the eye only: it may begin with '/' or have ".." in it */
	int64_t size, modified_ms;
};
/* Of each file in its order; folders are left out. Borrowed. */
typedef void archive_member_fn(void *user, const struct archive_member *m);

struct archive_members;
struct archive_members *archive_members_new(archive_member_fn *fn, void *user) NODISCARD;
void archive_members_free(struct archive_members *a); /* may be NULL */
/* The next bytes. ERR_PARSE where it is no archive or a torn one, ERR_TOOBIG beyond the bound. */
int archive_members_feed(struct archive_members *a, const void *data, size_t n, struct err *err) NODISCARD;
/* No more come: ERR_PARSE where its end is missing. */
int archive_members_end(const struct archive_members *a, struct err *err) NODISCARD;
int64_t archive_members_unpacked(const struct archive_members *a); /* bytes so far */
/* Whether an object of that name is one. */
bool archive_is_named(const char *key);

#endif
