/* log_text.h - the text of a log event as a terminal would have left it.
 *
 * Programs write to a terminal that is not there: progress bars redraw themselves
 * with \r or backspaces, colours are escape sequences. On its way to CloudWatch such
 * a byte is often spelled in octal, as syslog does ("#011", "#015", "#010", "#033[32m").
 * Both spellings are interpreted once, where a line enters: a line that was redrawn
 * holds its last state, sequences vanish, tabs and newlines stay. Everything else
 * that a screen must not get is removed (utf8.h). */
#ifndef SAGETOP_MODEL_LOG_TEXT_H
#define SAGETOP_MODEL_LOG_TEXT_H

#include "base/buf.h"

enum log_line_level { LINE_PLAIN = 0, LINE_DEBUG, LINE_INFO, LINE_WARNING, LINE_ERROR };

/* Append n bytes of an event to out, interpreted. Newlines at the end are dropped. */
int log_text_clean(struct buf *out, const char *s, size_t n);

/* What a clean text reports, by the words near the front of each of its lines, or by what
 * it tells as its level (JSON, level=error): the gravest. A traceback is found wherever it begins. */
enum log_line_level log_line_level_of(const char *text, size_t n);

/* "algo-1" of the stream "job/algo-1-1700000000": the instance that wrote it. */
char *log_stream_host(char *buf, size_t size, const char *stream);

#endif
