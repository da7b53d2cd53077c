/* complete.h - words for the shells' completion: from the tables and from what
 * lies on this machine. Nothing here talks to the network. */
#ifndef SAGETOP_APP_COMPLETE_H
#define SAGETOP_APP_COMPLETE_H

#include <stdio.h>

#include "base/str.h"

/* What a scope (model/scope.h) can be made of: profiles of the AWS files, and the regions that have a price. */
void complete_scopes(struct strlist *ret);

/* kind: columns, types, profiles, scopes, or jobs (those in the cache, of the configured
 * account and of the local engine where it runs); one word a line. */
int complete_print(FILE *out, const char *kind, struct err *err) NODISCARD;

#endif
