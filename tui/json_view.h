/* json_view.h - JSON that was printed a member a line, to look through: objects and lists fold, a regular expression is
 * searched for, seconds since 1970 have their date behind them. */
#ifndef SAGETOP_TUI_JSON_VIEW_H
#define SAGETOP_TUI_JSON_VIEW_H

#include "model/pattern.h"
#include "tui/doc.h"

struct json_line {
	char *text;
	size_t parent; /* the line that opens what it stands in; its own number at the top */
	size_t end;    /* of a line that opens an object or a list: the one that closes it; else 0 */
	size_t n;      /* ... and how many members that has */
	bool folded;
};

struct json_view {
	struct json_line *lines;
	size_t n, cap;
	size_t at;		 /* the line under the cursor; never one that is folded away */
	struct pattern *pattern; /* NULL: nothing is searched for */
	size_t n_hits;
	size_t *rows; /* private: the lines that are seen */
	size_t n_rows;
	struct doc doc; /* they as a document */
	bool stale;
};
void json_view_done(struct json_view *j);

/* The text as it is printed: two blanks a level, a member or a bracket on each line. */
void json_view_set(struct json_view *j, const char *text);
/* "" searches for nothing. ERR_INVALID where the pattern does not compile: it stays as it was. */
int json_view_search(struct json_view *j, const char *pattern, struct err *err) NODISCARD;
/* To the next hit, unfolding what it stands in; at: the line under the cursor counts. What there is to say, or NULL. */
const char *json_view_step(struct json_view *j, int by, bool at);
/* Which hit the cursor is on, from 1; 0 where it is on none. */
size_t json_view_hit(const struct json_view *j);
bool json_view_action(struct json_view *j, enum action a); /* moving, folding */
void json_view_draw(struct json_view *j, struct area a);

#endif
