/* advise_endpoints.h - the endpoints that are in service, with their calls: for advice. */
#ifndef SAGETOP_APP_ADVISE_ENDPOINTS_H
#define SAGETOP_APP_ADVISE_ENDPOINTS_H

#include "app/app.h"
#include "model/advice.h"

struct advise_endpoints {
	struct advice_endpoint *items; /* names are owned */
	size_t n, cap;
};
void advise_endpoints_done(struct advise_endpoints *e);
AUTO_EMBEDDED(advise_endpoints, struct advise_endpoints, advise_endpoints_done)

/* Asks the service: a list, two calls for each endpoint, their metrics (a cent for a thousand). What is
 * denied is said on standard error and left out; only an interrupt is an error. */
int advise_endpoints_load(struct app *a, struct advise_endpoints *ret, struct err *err) NODISCARD;

#endif
