/* http_library.h - libcurl, opened with the first transfer: it brings some thirty
 * libraries along, which take as long to link as everything else up to the first paint,
 * and which no completion, no --help and no look at the cache needs.
 *
 * The functions of curl/curl.h are called as ever (its checks of their arguments stay);
 * ours of the same names pass the call on. */
#ifndef SAGETOP_AWS_HTTP_LIBRARY_H
#define SAGETOP_AWS_HTTP_LIBRARY_H

#include <curl/curl.h>

#include "base/err.h"

/* Once, before any other call. ERR_IO where there is no libcurl, or another than was
 * built for. */
int http_library_open(struct err *err) NODISCARD;

#endif
