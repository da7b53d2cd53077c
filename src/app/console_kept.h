/* console_kept.h - what the console keeps from one start to the next: chosen columns, saved
 * views, what was typed. Texts by name, in console.json of the state folder, for its user alone. */
#ifndef SAGETOP_APP_CONSOLE_KEPT_H
#define SAGETOP_APP_CONSOLE_KEPT_H

#include "base/mem.h"

struct console_kept;

/* Reads what is there. A file that cannot be read is left out with *err, which may be NULL:
 * what is kept is then empty, and the file is replaced by the first thing that is kept. */
struct console_kept *console_kept_open(struct err *err) NODISCARD;
void console_kept_free(struct console_kept *k);
AUTO_POINTER(console_kept, struct console_kept, console_kept_free)

/* As it is now, another console may have kept it; NULL where there is nothing of that name; borrowed until the next
 * call. */
const char *console_kept_get(struct console_kept *k, const char *name);
/* NULL forgets it. What other consoles have kept since is kept as well, one writes at a time: of one name the last
 * wins. On an error it holds until another console keeps something. */
int console_kept_set(struct console_kept *k, const char *name, const char *text, struct err *err) NODISCARD;

#endif
