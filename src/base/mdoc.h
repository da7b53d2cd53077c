/* mdoc.h - text of our tables inside the manual's language, mdoc(7). */
#ifndef SAGETOP_BASE_MDOC_H
#define SAGETOP_BASE_MDOC_H

#include "base/mem.h"

/* One line's text: no requests, no escapes. A sentence that follows another begins on a
 * line of its own, so that the formatter spaces it. No newline at the end. */
void mdoc_text(FILE *out, const char *text);

#endif
