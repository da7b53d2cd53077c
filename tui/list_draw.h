/* list_draw.h - what list.c and list_draw.c share. Views never include it. */
#ifndef SAGETOP_TUI_LIST_DRAW_H
#define SAGETOP_TUI_LIST_DRAW_H

#include "tui/jobtext.h"
#include "tui/list.h"

#define LIST_NAME_CELLS_MAX 63

/* Keep the selected one's name: the selection follows the thing, not the row. */
void list_remember(struct list *l);

#endif
