/* quote_text.h - what a number of jobs comes to, as a row of a table and as JSON: for plans of
 * backtests and estimates. */
#ifndef SAGETOP_APP_QUOTE_TEXT_H
#define SAGETOP_APP_QUOTE_TEXT_H

#include "base/json.h"
#include "model/estimate.h"

void quote_print_head(FILE *out);
void quote_print(FILE *out, const char *way, const struct estimate_quote *q);
/* New reference. */
json_t *quote_json(const struct estimate_quote *q) NODISCARD;

/* "9m04s" of seconds. buf holds TIMEFMT_LEN bytes. */
char *quote_span(char *buf, double seconds);

#endif
