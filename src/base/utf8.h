/* utf8.h - text on a terminal: decoding, cells, and the one sanitiser.
 *
 * Every string that came from outside (a job name, a tag, a log line, a failure
 * reason) passes utf8_sanitize once, where it enters. After that it holds no
 * control byte, no escape sequence, no bidirectional override, no broken UTF-8.
 */
#ifndef SAGETOP_BASE_UTF8_H
#define SAGETOP_BASE_UTF8_H

#include "base/buf.h"

/* Decode one code point from s (n bytes, n > 0). Returns the bytes used (at
 * least 1); *ret is U+FFFD for an invalid sequence. */
size_t utf8_decode(const char *s, size_t n, uint32_t *ret);
size_t utf8_encode(uint32_t cp, char out[4]); /* bytes written */

/* Cells that a code point takes: 0 (combining, zero width), 1 or 2 (East Asian
 * wide, emoji). Own table: independent of the C library's locale. */
int utf8_cp_width(uint32_t cp);
int utf8_width(const char *s);

/* The length in bytes of the longest prefix of s that takes at most `cells`. */
size_t utf8_fit(const char *s, int cells);

/* The ASCII character, as wide, that stands for a mark of ours (an ellipsis, an arrow, a tick ...); 0 where none does.
 */
uint32_t utf8_likeness(uint32_t cp);
/* Append s with those in the place of such marks; other characters, which are somebody's data, stay. */
void utf8_add_likeness(struct buf *out, const char *s);

/* Append s to out in at most `cells` cells, an ellipsis as the last one where
 * it was cut. */
void utf8_add_cut(struct buf *out, const char *s, int cells);

/* The same, but cut from the middle, so that the end stays: from byte `matters` on, where that is more than
 * half (0: the halves are equal); where it has no room its beginning. In fewer than 8 cells it is cut at the end. */
void utf8_add_middle(struct buf *out, const char *s, size_t matters, int cells);

/* How many bytes at the beginning of n texts are alike, in whole characters; NULL and "" are passed by. */
size_t utf8_alike(const char *const *texts, size_t n);

/* Append n bytes of s to out, made harmless: escape sequences (CSI, OSC, DCS and
 * the like) and control bytes are removed, a tab becomes spaces to the next
 * multiple of 8, invalid UTF-8 becomes U+FFFD, bidirectional controls and
 * joiners vanish.
 * A newline is kept only where keep_newlines is true, else it becomes a space.
 * Returns 0 or -ERR_TOOBIG from the buffer. */
int utf8_sanitize(struct buf *out, const char *s, size_t n, bool keep_newlines);
char *utf8_sanitize_dup(const char *s) NODISCARD; /* one line; NULL gives NULL */
bool utf8_valid(const char *s, size_t n);
/* How many characters of s are U+FFFD: something stood there that nobody could read. */
size_t utf8_replaced(const char *s, size_t n);

/* The length of the escape sequence at s (s[0] is ESC): CSI up to its final byte; OSC,
 * DCS, SOS, PM, APC up to BEL or ST; otherwise ESC and one byte. A sequence that never
 * ends swallows only its introducer, so that the text behind a stray ESC is not lost. */
size_t utf8_escape_length(const char *s, size_t n);

/* What no screen may get: control bytes, bidirectional controls, separators, tags, and what joins characters. */
bool utf8_cp_is_hostile(uint32_t cp);

#endif
