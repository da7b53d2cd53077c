/* serve_many.h - many models in one server: SageMaker's multi-model contract. Models are loaded and
 * unloaded by name while others answer; together they have a bound, and one that would not fit is
 * refused by 507, so that the platform unloads another and tries again. Safe from any thread.
 */
#ifndef SAGETOP_TRAINER_SERVE_MANY_H
#define SAGETOP_TRAINER_SERVE_MANY_H

#include "trainer/serve/serve_answer.h"

struct many;
struct many *many_new(const struct serve_settings *settings) NODISCARD; /* borrowed */
void many_free(struct many *m);						/* NULL is fine */

/* What the model answers by, until the caller lets go of it; NULL: it is not loaded. */
struct served *many_take(struct many *m, const char *name) NODISCARD;
/* POST /models: {"model_name", "url"}, a folder or file. May take long. */
void many_load(struct many *m, const struct buf *body, struct serve_reply *ret);
void many_unload(struct many *m, const char *name, struct serve_reply *ret);
/* GET: one of them, or with NULL all. */
void many_tell(struct many *m, const char *name, struct serve_reply *ret);

#endif
