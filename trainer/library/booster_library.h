/* booster_library.h - libxgboost, opened when it is first needed; only booster*.c call it.
 *
 * It brings a C++ run-time and OpenMP, and takes several milliseconds to load, so
 * commands and errors that do not need it are spared it. OpenMP reads its settings
 * from the environment while it is loaded, which a program that is linked with it
 * would be too late to change.
 */
#ifndef SAGETOP_TRAINER_BOOSTER_LIBRARY_H
#define SAGETOP_TRAINER_BOOSTER_LIBRARY_H

#include <xgboost/c_api.h>

struct xgb_calls {
#define LATE_CALL(name) __typeof__(&name) name;
#include "trainer/library/booster_library.def"
#undef LATE_CALL
};

/* The calls; ends the program with a line of cause where there is no library. The
 * first call belongs to a time when no other thread reads the environment. */
const struct xgb_calls *xgb(void);

#endif
