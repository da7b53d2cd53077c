/* dashboard_docs.h - the dashboard's keys and commands as a part of the manual. */
#ifndef SAGETOP_APP_DASHBOARD_DOCS_H
#define SAGETOP_APP_DASHBOARD_DOCS_H

#include <stdio.h>

/* An mdoc section made from keys.def, views.def and the table of `:` commands. */
void dashboard_docs_man(FILE *out);

#endif
