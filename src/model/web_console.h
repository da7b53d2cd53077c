/* web_console.h - the page that AWS's web console has of a thing. */
#ifndef SAGETOP_MODEL_WEB_CONSOLE_H
#define SAGETOP_MODEL_WEB_CONSOLE_H

#include "model/session.h"

/* The page's address, at the host of the region's partition. s is the session that r belongs to
 * (session_own). *ret is the caller's. ERR_INVALID where there is no page: none of the kind, or of
 * what runs on the local engine. */
int web_console_url(const struct session *s, const struct resource *r, char **ret, struct err *err) NODISCARD;

#endif
