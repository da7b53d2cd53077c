/* log.h - diagnostics for developers (--debug FILE, SAGETOP_DEBUG=FILE).
 *
 * Silent until log_open. Low layers use log_debug only; what the user must know
 * travels as struct err and the app decides. Secrets never get here.
 */
#ifndef SAGETOP_BASE_LOG_H
#define SAGETOP_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

int log_open(const char *path, struct err *err) NODISCARD; /* "-" is standard error */
void log_close(void);
int log_enabled(void);
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)                                     \
	do {                                               \
		if (log_enabled())                         \
			log_write(LOG_DEBUG, __VA_ARGS__); \
	} while (0)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)

#endif
