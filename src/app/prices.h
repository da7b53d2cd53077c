/* prices.h - the two halves of `sagetop prices`: the list (cmd_prices.c) and the update
 * (prices_update.c). */
#ifndef SAGETOP_APP_PRICES_H
#define SAGETOP_APP_PRICES_H

#include "app/app.h"

/* `prices update [REGION]...`, from the Price List API or by --bulk from an offer file. */
int prices_update(struct app *a, struct err *err) NODISCARD;

#endif
