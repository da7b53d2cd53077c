/* err.h - how a failure travels.
 *
 * A struct err lives in the caller and is passed as the last parameter; it may
 * be NULL. The first error wins: a later err_set on the same struct is ignored,
 * so clean-up code cannot hide the cause. Functions return 0 or -code. Setting
 * an error never allocates. msg is one line, for the user, saying what to do;
 * whatever it quotes is made harmless.
 */
#ifndef SAGETOP_BASE_ERR_H
#define SAGETOP_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Few, and each one something a caller acts on differently. */
enum err_code {
	ERR_OK = 0,
	ERR_USAGE,     /* wrong command line */
	ERR_INVALID,   /* a value, specification or file is not acceptable */
	ERR_AUTH,      /* no credentials, or they were refused */
	ERR_EXPIRED,   /* credentials expired */
	ERR_DENIED,    /* authenticated, but not permitted */
	ERR_THROTTLED, /* rate exceeded: wait */
	ERR_NOTFOUND,
	ERR_EXISTS, /* the name is taken (ResourceInUse) */
	ERR_LIMIT,  /* an account quota is used up (ResourceLimitExceeded) */
	ERR_NET,    /* cannot connect, connection lost, TLS */
	ERR_TIMEOUT,
	ERR_SERVICE, /* the service failed (5xx) */
	ERR_PARSE,   /* a reply or file is not what its format says */
	ERR_TOOBIG,  /* larger than its declared maximum */
	ERR_IO,	     /* file system */
	ERR_DB,	     /* SQLite */
	ERR_CANCELLED,
	ERR_INTERNAL, /* a defect of ours */
	ERR_CODE_COUNT
};

struct err {
	enum err_code code;
	int http_status;   /* 0 where no reply was received */
	bool unsent;	   /* nothing of the request has left: there was no connection, no credentials ... */
	char aws_code[64]; /* the service's own error code, or "" */
	char request_id[64];
	char msg[512];
};

/* Set code and message unless err is NULL or already set. Always returns -code,
 * so that a function can `return err_set(err, ERR_IO, "...")`. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
#ifdef __clang_analyzer__ /* sees one file at a time: this is what the line above says */
#define err_set(err, code, ...) ((void)err_set((err), (code), __VA_ARGS__), -(int)(code))
#endif
int err_setv(struct err *err, enum err_code code, const char *fmt, va_list ap);

/* Put "context: " before the message of an error that is set. Returns -code, and never 0
 * where err is NULL, so that a function that failed can `return err_prefix(...)`. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

void err_clear(struct err *err);

/* The code's name in lower case ("throttled"), static. */
const char *err_code_name(enum err_code code);

/* The process exit status documented in sagetop(1) for this code. */
int err_exit_status(enum err_code code);

#endif
