/* filter_pattern.h - CloudWatch Logs filter patterns, the unstructured and JSON
 * forms: terms (all must occur), "quoted phrases", ?any -none, %regex%, and
 * { $.field = value } with comparisons joined by && and ||. */
#ifndef SAGETOP_LOCAL_FILTER_PATTERN_H
#define SAGETOP_LOCAL_FILTER_PATTERN_H

#include "base/mem.h"

struct filter_pattern;

/* NULL or "" matches all. ERR_INVALID for what the service refuses. */
int filter_pattern_new(const char *text, struct filter_pattern **ret, struct err *err) NODISCARD;
void filter_pattern_free(struct filter_pattern *p);
bool filter_pattern_matches(const struct filter_pattern *p, const char *text);
AUTO_POINTER(filter_pattern, struct filter_pattern, filter_pattern_free)

#endif
