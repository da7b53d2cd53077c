#include "base/err.h"

#include <stdio.h>
#include <string.h>

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

int err_setv(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
	if (err && err->code == ERR_OK) {
		err->code = code;
		vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
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
	if (!err || err->code == ERR_OK)
		return 0;
	char context[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	char rest[sizeof(err->msg)];
	memcpy(rest, err->msg, sizeof(rest));
	snprintf(err->msg, sizeof(err->msg), "%s: %.*s", context, (int)(sizeof(err->msg) - sizeof(context) - 3), rest);
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
