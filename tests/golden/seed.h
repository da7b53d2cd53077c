/* seed.h - sessions for the screen tests: the same jobs at the same instant. */
#ifndef SAGETOP_TESTS_GOLDEN_SEED_H
#define SAGETOP_TESTS_GOLDEN_SEED_H

#include "model/session.h"

#define SEED_NOW_MS 1795240800000LL /* 2026-11-21T06:00:00Z */

/* basic, empty, loading, noauth, hostile, many (10,000 jobs), cjk; NULL where
 * there is none of that name. */
struct session *seed_session(const char *name);

/* seed_curves.c: what is known of the nth job's metrics. */
void seed_curves(struct session *s, const char *name, int nth);

#endif
