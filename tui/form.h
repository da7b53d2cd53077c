/* form.h - named lines of text to fill in, one below the other. */
#ifndef SAGETOP_TUI_FORM_H
#define SAGETOP_TUI_FORM_H

#include "tui/lineedit.h"

struct form_field {
	const char *label;
	const char *hint; /* shown dim where the field is empty */
	const char *was;  /* what it had before it was edited, shown beside it where that differs; NULL: nothing */
	char note[200];	  /* what is said of its value, beside it; "" */
	bool wrong;	  /* the note says why it cannot be so */
	bool more;	  /* there only where the one above it, or itself, is filled in */
	struct lineedit edit;
};

struct form {
	struct form_field *fields;
	size_t n, cap, focus;
};
void form_done(struct form *f);

enum form_event { FORM_IGNORED = 0, FORM_USED, FORM_SUBMIT, FORM_CANCEL };

/* Texts are borrowed, value is copied. The field is valid until the next is added. */
struct form_field *form_add(struct form *f, const char *label, const char *hint, const char *value);
/* Whether its text is another than it was. */
bool form_is_changed(const struct form_field *field);
/* Tab, Down and Enter go on, Up and shift-Tab back; Enter submits on the last field, on an empty one after the first,
 * and on one that had a text before. */
enum form_event form_key(struct form *f, int key);
void form_draw(const struct form *f, struct area a);

#endif
