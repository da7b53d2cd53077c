/* literal.h - values as JSON, and as Python's str() writes lists, tuples and dicts:
 * ["a", 1], ['a', 1], ("a",), {'a': 1}. SDKs send either as the text of a
 * hyperparameter, and encode some of them twice.
 */
#ifndef SAGETOP_TRAINER_LITERAL_H
#define SAGETOP_TRAINER_LITERAL_H

#include "base/json.h"

/* The value that text spells; NULL where it is none. New reference. */
json_t *literal_parse(const char *text) NODISCARD;

/* The content of text that is a JSON string, of one that was encoded again its own;
 * other text as it is, without the blanks around it (kept where there is nothing
 * else). The caller's. */
char *literal_decode(const char *text) NODISCARD;

/* The items of a list: of a literal, or parted by commas, empty ones left out. false
 * where it is neither, or an item is a list itself. */
bool literal_list(const char *text, struct strlist *ret);

/* The same items as text that literal_list reads: parted by commas where that can be. */
char *literal_list_text(const struct strlist *items) NODISCARD;

#endif
