/* complete.h - words for the shells' completion: from the tables and from what
 * lies on this machine. Nothing here talks to the network. */
#ifndef SAGETOP_APP_COMPLETE_H
#define SAGETOP_APP_COMPLETE_H

#include <stdio.h>

#include "base/err.h"

/* kind: columns, types, profiles, or jobs (those in the cache, of the configured
 * account and of the local engine where it runs); one word a line. */
int complete_print(FILE *out, const char *kind, struct err *err) NODISCARD;

#endif
