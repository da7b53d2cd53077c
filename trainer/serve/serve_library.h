/* serve_library.h - libmicrohttpd, opened when serve begins: it brings GnuTLS along,
 * which no training job needs. Only serve_http.c calls it. */
#ifndef SAGETOP_TRAINER_SERVE_LIBRARY_H
#define SAGETOP_TRAINER_SERVE_LIBRARY_H

#include <microhttpd.h>

struct mhd_calls {
#define LATE_CALL(name) __typeof__(&name) name;
#include "trainer/serve/serve_library.def"
#undef LATE_CALL
};

/* The calls; ends the program with a line of cause where there is no library. */
const struct mhd_calls *mhd(void);

#endif
