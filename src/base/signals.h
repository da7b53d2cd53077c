/* signals.h - signals as bytes of a pipe, so that a loop polls them like any event.
 *
 * One set per process: opening another one replaces it. A lost connection or a closed
 * pipe is an error of write(2) from then on: SIGPIPE is ignored.
 */
#ifndef SAGETOP_BASE_SIGNALS_H
#define SAGETOP_BASE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* restart: a call that a signal interrupts goes on (SA_RESTART), else it fails with EINTR. */
int signals_open(const int *numbers, size_t n, bool restart, struct err *err) NODISCARD;
void signals_close(void); /* they do again what they usually do */

int signals_fd(void);				       /* readable when one came; -1 where none are caught */
int signals_last(void);				       /* 0 where none came since they were opened */
size_t signals_take(unsigned char *numbers, size_t n); /* those that came, in order */

#endif
