/* badge_impl.h - the rules of badge.def. */
#ifndef SAGETOP_MODEL_BADGE_IMPL_H
#define SAGETOP_MODEL_BADGE_IMPL_H

#include "base/buf.h"
#include "model/badge.h"

/* True where the job, which runs, has the badge; why takes the reason. */
typedef bool badge_fn(const struct badge_look *look, struct buf *why);

#define BADGE(id, word, fn, help) badge_fn fn;
#include "model/badge.def"
#undef BADGE

#endif
