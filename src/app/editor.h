/* editor.h - a text in the user's own editor: $VISUAL, else $EDITOR, else vi. */
#ifndef SAGETOP_APP_EDITOR_H
#define SAGETOP_APP_EDITOR_H

#include "base/err.h"

/* Where a text lies while it is edited: made for this user alone, gone with editor_end. Owned by the caller. */
int editor_begin(const char *text, char **ret_path, struct err *err) NODISCARD;
/* The editor on the terminal, until it has ended; the screens must have given the terminal back. ERR_USAGE where it
 * cannot be started or fails. */
int editor_run(const char *path, struct err *err) NODISCARD;
void editor_end(char *path); /* NULL is fine */

#endif
