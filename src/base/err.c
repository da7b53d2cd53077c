/* Codes, their exit statuses, and messages made harmless. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#undef err_set

static const struct {
	const char *name;
	int exit_status;
} codes[ERR_CODE_COUNT] = {
	[ERR_OK] = {"ok", 0},
	[ERR_USAGE] = {"usage", 2},
	[ERR_INVALID] = {"invalid", 1},
	[ERR_AUTH] = {"auth", 5},
	[ERR_EXPIRED] = {"expired", 5},
	[ERR_DENIED] = {"denied", 5},
	[ERR_THROTTLED] = {"throttled", 6},
	[ERR_NOTFOUND] = {"not found", 4},
	[ERR_EXISTS] = {"exists", 1},
	[ERR_LIMIT] = {"limit", 1},
	[ERR_NET] = {"network", 6},
	[ERR_TIMEOUT] = {"timeout", 6},
	[ERR_SERVICE] = {"service", 6},
	[ERR_PARSE] = {"parse", 1},
	[ERR_TOOBIG] = {"too big", 1},
	[ERR_IO] = {"io", 1},
	[ERR_DB] = {"database", 1},
	[ERR_CANCELLED] = {"cancelled", 1},
	[ERR_INTERNAL] = {"internal", 1},
};

/* A message that was cut must not end within a character. */
static void drop_partial_character(char *s, size_t size)
{
	size_t n = strlen(s), i = n;

	if (n + 1 < size)
		return;
	while (i > 0 && n - i < 3 && ((unsigned char)s[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && (unsigned char)s[i - 1] >= 0xc0) {
		unsigned char lead = (unsigned char)s[i - 1];
		size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

		if (n - (i - 1) < need)
			s[i - 1] = '\0';
	}
}

/* A message quotes file names, members and replies: whatever they hold, it is one
 * harmless line. In place, without allocation; a hostile character becomes a blank. */
static void make_harmless(char *msg)
{
	size_t n = strlen(msg), kept = 0;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t step = utf8_decode(msg + i, n - i, &cp);
		if (utf8_cp_is_hostile(cp)) {
			msg[kept++] = ' ';
		} else {
			memmove(msg + kept, msg + i, step);
			kept += step;
		}
		i += step;
	}
	msg[kept] = '\0';
}

int err_setv(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
	if (err && err->code == ERR_OK) {
		err->code = code;
		vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		drop_partial_character(err->msg, sizeof(err->msg));
		make_harmless(err->msg);
	}
	return -(int)code;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = err_setv(err, code, fmt, ap);
	va_end(ap);
	return r;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	if (!err)
		return -(int)ERR_INTERNAL; /* nobody asks for the cause; that it failed must still be told */
	if (err->code == ERR_OK)
		return 0;
	char context[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	char whole[sizeof(context) + sizeof(err->msg) + 2];
	snprintf(whole, sizeof(whole), "%s: %s", context, err->msg);
	memcpy(err->msg, whole, sizeof(err->msg) - 1);
	err->msg[sizeof(err->msg) - 1] = '\0';
	drop_partial_character(err->msg, sizeof(err->msg));
	make_harmless(err->msg);
	return -(int)err->code;
}

void err_clear(struct err *err)
{
	if (err)
		*err = (struct err){0};
}

const char *err_code_name(enum err_code code)
{
	return (unsigned)code < ERR_CODE_COUNT ? codes[code].name : "unknown";
}

int err_exit_status(enum err_code code)
{
	return (unsigned)code < ERR_CODE_COUNT ? codes[code].exit_status : 1;
}
