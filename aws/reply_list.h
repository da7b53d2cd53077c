/* reply_list.h - the long list of a JSON reply, looked at without parsing it: where it is,
 * and where its items end, so that it can be parsed a slice at a time (request_list.c).
 * Pure. Only strings and brackets are looked at: the parser judges the rest. */
#ifndef SAGETOP_AWS_REPLY_LIST_H
#define SAGETOP_AWS_REPLY_LIST_H

#include "base/str.h"

/* The items of a member of the reply's object that is a list: the bytes between its
 * brackets. False where there is no such list, or the text is not whole: the items can be told apart. */
bool reply_list_find(const char *text, size_t n, const char *member, size_t *ret_from, size_t *ret_to);
/* The length of the first items of such a list, of at least `about` bytes where there are so
 * many; the comma behind them is passed over by *ret_next. 0: this is no list. */
size_t reply_list_items(const char *text, size_t n, size_t about, size_t *ret_next);

#endif
