/* doc_search.h - searching in a screen that is a document (tui/doc.h): a regular expression, its hits marked.
 *
 * A screen that has it says so by the doc_search member of its view_ops, and hands on its actions, titles and drawing.
 */
#ifndef SAGETOP_TUI_DOC_SEARCH_H
#define SAGETOP_TUI_DOC_SEARCH_H

#include "model/pattern.h"
#include "tui/doc.h"
#include "tui/view.h"

struct doc_search {
	struct doc *doc; /* the screen's; as it is laid out now, whatever folds unfolded while pattern is there */
	struct pattern *pattern; /* NULL: nothing is searched for */
	size_t at;		 /* the line of the hit that was gone to */
	char *before;		 /* while another is typed: the one of before, and where the document stood; private */
	size_t top_before;
};
void doc_search_done(struct doc_search *s);

/* True where the action was one of these: search, the next hit and the one before, back from a search. */
bool doc_search_action(struct view *v, enum action a);
/* " · /text/ 2 of 5"; nothing where nothing is searched for. */
void doc_search_title(const struct doc_search *s, struct buf *out);
/* The same of any search: hit from 1 on, 0: on none. */
void search_title(struct buf *out, const struct pattern *p, size_t hit, size_t n_hits);
/* Marks the hits on the document that was drawn there. */
void doc_search_draw(const struct doc_search *s, struct area a);

#endif
