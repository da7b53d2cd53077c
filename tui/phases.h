/* phases.h - how far a training job has come, and how long each phase took. */
#ifndef SAGETOP_TUI_PHASES_H
#define SAGETOP_TUI_PHASES_H

#include "model/cost.h"
#include "tui/doc.h"

/* Add them to the document, and a blank line; nothing where none are known. cost: for what is billed of them. */
void phases_add(struct doc *d, const struct job *j, const struct cost *cost, int width, int64_t now_ms);

#endif
