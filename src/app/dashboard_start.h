/* dashboard_start.h - what happens before the screens: the first start without
 * credentials, which offers the local engine and doctor instead of an error. */
#ifndef SAGETOP_APP_DASHBOARD_START_H
#define SAGETOP_APP_DASHBOARD_START_H

#include "app/app.h"

int dashboard_start(struct app *a, struct err *err) NODISCARD;

#endif
