/* jsontext.h - a log line that holds JSON, indented for the eye.
 *
 * Not a parser: braces, brackets and commas outside of strings break the line.
 * Whatever comes in, all of it goes out. */
#ifndef SAGETOP_TUI_JSONTEXT_H
#define SAGETOP_TUI_JSONTEXT_H

#include "base/buf.h"

/* True where text holds an object or array to indent; out gets the lines. */
bool jsontext_indent(const char *text, struct buf *out);

#endif
