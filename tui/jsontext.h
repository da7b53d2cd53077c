/* jsontext.h - a log line that holds JSON, indented for the eye.
 *
 * Not a parser: braces, brackets and commas outside of strings break the line, and so do the newlines and tabs that a
 * string spells: a traceback is read as it was written. All else goes out as it comes in. */
#ifndef SAGETOP_TUI_JSONTEXT_H
#define SAGETOP_TUI_JSONTEXT_H

#include "base/buf.h"

/* True where text holds an object or array to indent; out gets the lines. */
bool jsontext_indent(const char *text, struct buf *out);

#endif
