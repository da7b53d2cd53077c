/* form.h - named lines of text to fill in, one below the other. */
#ifndef SAGETOP_TUI_FORM_H
#define SAGETOP_TUI_FORM_H

#include "tui/lineedit.h"

#define FORM_FIELDS_MAX 16

struct form_field {
	const char *label;
	const char *hint; /* shown dim where the field is empty */
	struct lineedit edit;
};

struct form {
	struct form_field fields[FORM_FIELDS_MAX];
	size_t n, focus;
};

enum form_event { FORM_IGNORED = 0, FORM_USED, FORM_SUBMIT, FORM_CANCEL };

struct form_field *form_add(struct form *f, const char *label, const char *hint, const char *value);
/* Tab, Down and Enter go on, Up and shift-Tab back; Enter on the last field or an
 * empty one after the first submits. */
enum form_event form_key(struct form *f, int key);
void form_draw(const struct form *f, struct area a);

#endif
