/* ubj.h - is a model in Universal Binary JSON whole? libxgboost's reader believes
 * every length it meets: a file that was cut short makes it read, and reserve, far
 * beyond its end.
 */
#ifndef SAGETOP_TRAINER_UBJ_H
#define SAGETOP_TRAINER_UBJ_H

#include "base/mem.h"

/* Does it begin as the library's models in this format do? */
bool ubj_is(const char *p, size_t n);
/* One object from the first byte to the last, every length within. */
bool ubj_whole(const char *p, size_t n);

#endif
