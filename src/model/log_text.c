/* log_text.c - control characters interpreted, levels recognised. */
#include "model/log_text.h"

#include "base/str.h"
#include "base/utf8.h"

#include <ctype.h>
#include <strings.h>

#define ESC 0x1b
#define LEVEL_WITHIN ((size_t)160)   /* bytes */
#define LETTER_WITHIN ((size_t)40)   /* a time before it */
#define OBJECT_WITHIN ((size_t)4096) /* of a line of JSON, whose members come in any order */

/* --- the spelling of control characters --------------------------------------- */

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '7' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

static char octal(const char *s)
{
	return (char)((s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
}

static bool is_backspace(const char *s, size_t n)
{
	return n >= 4 && memcmp(s, "#010", 4) == 0;
}

/* The control character that is spelled at s, 0 where none is. "#010203" is a colour
 * and "#001" a number of something: a code counts where it cannot well be else. */
static char spelled(const char *s, size_t n, size_t before)
{
	if (n < 4 || s[0] != '#' || !is_octal(s + 1))
		return 0;
	char c = octal(s + 1);

	switch (c) {
	case '\t':
	case '\n':
	case '\r':
	case '\a':
		return c;
	case ESC:
		return n > 4 && strchr("[]()P=>78", s[4]) ? c : 0;
	case '\b': /* they come in crowds */
		return is_backspace(s + 4, n - 4) || (before >= 4 && is_backspace(s - 4, 4)) ? c : 0;
	default:
		return 0;
	}
}

/* Append s with those characters as themselves. */
static void unspell(struct buf *out, const char *s, size_t n)
{
	size_t from = 0;

	for (const char *p = s; (p = memchr(p, '#', n - (size_t)(p - s)));) {
		size_t at = (size_t)(p - s);
		char c = spelled(p, n - at, at - from);

		if (!c) {
			p++;
			continue;
		}
		(void)buf_add(out, s + from, at - from);
		(void)buf_addc(out, c);
		/* The one behind it may have this one as its neighbour. */
		while (c == '\b' && is_backspace(p + 4, n - at - 4)) {
			(void)buf_addc(out, c);
			p += 4;
			at += 4;
		}
		p += 4;
		from = at + 4;
	}
	(void)buf_add(out, s + from, n - from);
}

/* --- a terminal of one line ----------------------------------------------------- */

struct line {
	struct buf *out;
	size_t start;  /* of the line in out */
	size_t cursor; /* where the next character goes; at the end, unless it was moved back */
};

/* What is written after the cursor was moved back takes the place of all that stood
 * there: the new state of a bar. */
static void write_at_cursor(struct line *l, const char *s, size_t n)
{
	if (n == 0)
		return;
	if (l->cursor < l->out->len)
		buf_truncate(l->out, l->cursor);
	(void)buf_add(l->out, s, n);
	l->cursor = l->out->len;
}

static void back(struct line *l)
{
	if (l->cursor == l->start)
		return;
	l->cursor--;
	while (l->cursor > l->start && ((uint8_t)l->out->data[l->cursor] & 0xc0) == 0x80)
		l->cursor--;
}

static void newline(struct line *l)
{
	(void)buf_addc(l->out, '\n');
	l->start = l->cursor = l->out->len;
}

/* The length of the escape sequence at s; "erase in line" is carried out. */
static size_t escape(struct line *l, const char *s, size_t n)
{
	size_t len = utf8_escape_length(s, n);

	if (len >= 3 && s[1] == '[' && s[len - 1] == 'K') {
		size_t keep = s[2] == '1' || s[2] == '2' ? l->start : l->cursor;

		buf_truncate(l->out, MIN(keep, l->out->len));
		l->cursor = MIN(l->cursor, l->out->len);
	}
	return len;
}

static size_t control(struct line *l, const char *s, size_t n)
{
	char c = *s;

	if (c == ESC)
		return escape(l, s, n);
	if (c == '\t')
		write_at_cursor(l, "\t", 1);
	else if (c == '\n')
		newline(l);
	else if (c == '\b')
		back(l);
	else if (c == '\r')
		l->cursor = l->start;
	return 1;
}

static void interpret(struct buf *out, const char *s, size_t n)
{
	struct line l = {out, out->len, out->len};

	for (size_t i = 0; i < n;) {
		size_t run = i;

		while (run < n && s[run] >= 0x20 && s[run] < 0x7f)
			run++;
		write_at_cursor(&l, s + i, run - i);
		if ((i = run) >= n)
			break;
		if ((uint8_t)s[i] < 0x20) {
			i += control(&l, s + i, n - i);
			continue;
		}
		uint32_t cp;
		char bytes[4];

		i += utf8_decode(s + i, n - i, &cp);
		if (!utf8_cp_is_hostile(cp))
			write_at_cursor(&l, bytes, utf8_encode(cp, bytes));
	}
}

int log_text_clean(struct buf *out, const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	if (!memchr(s, '#', n)) {
		interpret(out, s, n);
	} else {
		AUTO(buf) struct buf plain = BUF_INIT(n + 1);

		unspell(&plain, s, n);
		while (plain.len > 0 && (plain.data[plain.len - 1] == '\n' || plain.data[plain.len - 1] == '\r'))
			plain.len--;
		interpret(out, buf_str(&plain), plain.len);
	}
	return out->overflow ? -ERR_TOOBIG : 0;
}

/* --- levels ----------------------------------------------------------------------- */

struct level_word {
	const char *word;
	size_t len;
	enum log_line_level level;
};

#define WORD(w, level)                  \
	{                               \
		w, sizeof(w) - 1, level \
	}
static const struct level_word level_words[] = {
	WORD("ERROR", LINE_ERROR),     WORD("FATAL", LINE_ERROR),	   WORD("CRITICAL", LINE_ERROR),
	WORD("Traceback", LINE_ERROR), WORD("AlgorithmError", LINE_ERROR), WORD("ClientError", LINE_ERROR),
	WORD("Exception", LINE_ERROR), WORD("WARNING", LINE_WARNING),	   WORD("WARN", LINE_WARNING),
	WORD("INFO", LINE_INFO),       WORD("DEBUG", LINE_DEBUG),	   WORD("TRACE", LINE_DEBUG),
	WORD("PANIC", LINE_ERROR)};

/* A word such as ValueError or InternalServerError: a capital first, Error last. */
static bool is_error_name(const char *w, size_t n)
{
	return n > 5 && isupper((unsigned char)w[0]) && memcmp(w + n - 5, "Error", 5) == 0;
}

static bool is_end(char c)
{
	return c == '\0' || c == '\n';
}

static bool is_number(const char *p)
{
	p += *p == '-' || *p == '+' || *p == '.';
	return isdigit((unsigned char)*p) || strncasecmp(p, "nan", 3) == 0 || strncasecmp(p, "inf", 3) == 0;
}

/* "error: ..." as compilers and many programs write it, "[error]" as servers do; but the
 * metrics train-error:0.25 and "error: 0.25" are none. */
static bool is_marked(const char *w, size_t n, char before)
{
	if (before == '[')
		return w[n] == ']';
	return before == ' ' && w[n] == ':' && (is_end(w[n + 1]) || (w[n + 1] == ' ' && !is_number(w + n + 2)));
}

static enum log_line_level word_level(const char *w, size_t n, char before)
{
	for (size_t i = 0; i < ARRAY_LEN(level_words); i++) {
		if (level_words[i].len != n)
			continue;
		if (memcmp(level_words[i].word, w, n) == 0)
			return level_words[i].level;
		if (level_words[i].level >= LINE_WARNING && strncasecmp(level_words[i].word, w, n) == 0 &&
		    is_marked(w, n, before))
			return level_words[i].level;
	}
	return is_error_name(w, n) && (w[n] == ':' || is_end(w[n])) ? LINE_ERROR : LINE_PLAIN;
}

/* --- levels that are told under a name: "level":"error", level=warn, severity: INFO --- */

static bool is_level_name(const char *w, size_t n)
{
	static const char *const names[] = {"level", "lvl", "severity", "levelname", "loglevel", "log_level"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) == n && strncasecmp(names[i], w, n) == 0)
			return true;
	}
	return false;
}

static const char *past(const char *p, const char *end, const char *which)
{
	while (p < end && *p && strchr(which, *p))
		p++;
	return p;
}

/* The value behind the name that ends at p; LINE_PLAIN where it is none that we know. */
static enum log_line_level level_behind(const char *p, const char *end)
{
	static const struct level_word values[] = {
		WORD("error", LINE_ERROR),    WORD("err", LINE_ERROR),	 WORD("fatal", LINE_ERROR),
		WORD("critical", LINE_ERROR), WORD("panic", LINE_ERROR), WORD("warning", LINE_WARNING),
		WORD("warn", LINE_WARNING),   WORD("info", LINE_INFO),	 WORD("notice", LINE_INFO),
		WORD("debug", LINE_DEBUG),    WORD("trace", LINE_DEBUG)};

	p = past(p, end, "\"' ");
	if (p >= end || (*p != ':' && *p != '='))
		return LINE_PLAIN;
	p = past(p + 1, end, "\"' ");
	const char *value = p;

	while (p < end && isalpha((unsigned char)*p))
		p++;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (values[i].len == (size_t)(p - value) && strncasecmp(values[i].word, value, values[i].len) == 0)
			return values[i].level;
	}
	return LINE_PLAIN;
}

static const char *word_end(const char *w, const char *end)
{
	while (w < end && (isalnum((unsigned char)*w) || *w == '_'))
		w++;
	return w;
}

/* What an object says of its level, whatever its message says. */
static enum log_line_level level_of_object(const char *text, size_t n)
{
	const char *end = text + MIN(n, OBJECT_WITHIN);
	enum log_line_level level = LINE_PLAIN;

	for (const char *p = text, *w; p < end && level == LINE_PLAIN; p = MAX(p, w + 1)) {
		w = p;
		p = word_end(w, end);
		if (p < end && *p == '"' && is_level_name(w, (size_t)(p - w)))
			level = level_behind(p, end);
	}
	return level;
}

/* --- levels of lines --- */

/* A letter: "E1130 12:00:00.1 17 file.cc:3]" as glog writes it, and behind a time
 * "2026-11-30 12:00:00.1: E tensorflow/core" as TensorFlow does. */
static enum log_line_level letter_level(const char *text, size_t n)
{
	static const char letters[] = "IWEF";
	static const enum log_line_level levels[] = {LINE_INFO, LINE_WARNING, LINE_ERROR, LINE_ERROR};
	const char *letter = NULL, *colon = NULL;

	if (n > 9 && strspn(text + 1, "0123456789") == 4 && text[5] == ' ' && text[8] == ':')
		letter = strchr(letters, text[0]);
	else if (n > 0 && isdigit((unsigned char)*text))
		colon = memmem(text, MIN(n, LETTER_WITHIN), ": ", 2);
	if (colon && n - (size_t)(colon - text) > 4 && colon[2] && colon[3] == ' ' && islower((unsigned char)colon[4]))
		letter = strchr(letters, colon[2]);
	return letter && *letter ? levels[letter - letters] : LINE_PLAIN;
}

/* What a program that dies leaves: a traceback wherever it stands, since a progress bar before it
 * had no newline. */
static bool tells_an_end(const char *text, size_t n)
{
	static const char *const phrases[] = {"Traceback (most recent call last)", "Segmentation fault",
					      "terminate called after throwing", "(core dumped)"};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		if (memmem(text, i == 0 ? n : MIN(n, LEVEL_WITHIN), phrases[i], strlen(phrases[i])))
			return true;
	}
	return false;
}

/* A level stands near the front; a long line is not searched for one. */
static enum log_line_level level_of_line(const char *text, size_t n)
{
	const char *end = text + MIN(n, LEVEL_WITHIN);
	enum log_line_level told = n && *text == '{' ? level_of_object(text, n) : letter_level(text, n);

	if (told != LINE_PLAIN)
		return told;

	for (const char *p = text; p < end;) {
		if (!isalpha((unsigned char)*p)) {
			p++;
			continue;
		}
		const char *w = p;

		p = word_end(w, end);
		enum log_line_level level = is_level_name(w, (size_t)(p - w))
						    ? level_behind(p, end)
						    : word_level(w, (size_t)(p - w), w == text ? ' ' : w[-1]);

		if (level != LINE_PLAIN)
			return level;
	}
	return tells_an_end(text, n) ? LINE_ERROR : LINE_PLAIN;
}

enum log_line_level log_line_level_of(const char *text, size_t n)
{
	enum log_line_level level = LINE_PLAIN;

	for (size_t i = 0; i <= n && level != LINE_ERROR;) {
		const char *newline = memchr(text + i, '\n', n - i);
		size_t len = newline ? (size_t)(newline - text) - i : n - i;

		level = MAX(level, level_of_line(text + i, len));
		i += len + 1;
	}
	return level;
}

/* --- streams ---------------------------------------------------------------------- */

char *log_stream_host(char *buf, size_t size, const char *stream)
{
	const char *slash = strrchr(stream, '/');

	str_copy(buf, size, slash ? slash + 1 : stream);
	char *dash = strrchr(buf, '-');

	if (dash && strlen(dash) > 6)
		*dash = '\0';
	return buf;
}
