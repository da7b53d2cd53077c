/* page_print.h - the page of a thing on standard output. */
#ifndef SAGETOP_APP_PAGE_PRINT_H
#define SAGETOP_APP_PAGE_PRINT_H

#include "app/app.h"

/* One "label value" line each; the thing has its cold part in memory. */
void page_print(const struct app *a, const struct resource *r);

#endif
