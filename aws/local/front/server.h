/* server.h - HTTP on the loopback address: connections in, replies out.
 *
 * The only user of libmicrohttpd. It collects a request (headers first, then the
 * body into memory or wherever the route wants it), calls the route, and sends
 * the reply. Slow and stuck
 * clients are cut off here; so are requests that did not come for this host.
 */
#ifndef SAGETOP_LOCAL_SERVER_H
#define SAGETOP_LOCAL_SERVER_H

#include "aws/local/core/engine.h"

struct server;

int server_start(struct engine *e, struct server **ret, struct err *err) NODISCARD;
void server_stop(struct server *s);
int server_port(const struct server *s);

#endif
