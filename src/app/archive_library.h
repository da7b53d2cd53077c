/* archive_library.h - libarchive, opened with the first archive: it brings libxml2 and
 * with it 30 MB of ICU along, which no screen needs. */
#ifndef SAGETOP_APP_ARCHIVE_LIBRARY_H
#define SAGETOP_APP_ARCHIVE_LIBRARY_H

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

struct archive_calls {
#define LATE_CALL(name) __typeof__(&name) name;
#include "app/archive_library.def"
#undef LATE_CALL
};

/* The calls, borrowed. ERR_IO where there is no libarchive. */
int archive_library_open(const struct archive_calls **ret, struct err *err) NODISCARD;

#endif
