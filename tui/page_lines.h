/* page_lines.h - the lines of a thing's page (model/page.h) as a document. A label and the lines that go on from it are
 * a part, which folds: a long one is folded until the user unfolds it, on all pages of the kind as long as the console
 * runs. */
#ifndef SAGETOP_TUI_PAGE_LINES_H
#define SAGETOP_TUI_PAGE_LINES_H

#include "model/page.h"
#include "tui/doc.h"
#include "tui/view.h"

struct page_look {
	const struct view *view; /* of a kind: whose parts are folded */
	int width;
	long cursor;   /* a line of the page; -1 none */
	bool unfolded; /* all of it, whatever is folded */
};
/* line_of: of each line of the page, where it stands in the document; p->n of them. */
void page_lines_add(struct doc *d, const struct page *p, const struct page_look *look, size_t *line_of);

/* Whether a part begins with that line which has more lines, whether it is long, and whether it is folded. */
bool page_line_folds(const struct page *p, size_t line);
bool page_line_is_long(const struct page *p, size_t line);
bool page_line_is_folded(const struct view *v, const struct page *p, size_t line);
void page_line_fold(const struct view *v, const struct page *p, size_t line, bool folded);
/* All parts, or none where one is folded. */
void page_fold_all(const struct view *v, const struct page *p);

#endif
