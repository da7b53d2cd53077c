/* listing.h - the table that `sagetop jobs` and `sagetop list` print of one kind's
 * things: what is chosen on the command line (--columns, --sort, --limit and the
 * words of a filter), and the printing of it, in every format. */
#ifndef SAGETOP_APP_LISTING_H
#define SAGETOP_APP_LISTING_H

#include "app/app.h"
#include "model/query.h"

struct listing {
	const struct kind *kind;
	const char *parent; /* only the things of this one, borrowed; NULL: all */
	struct field_list columns;
	bool chosen; /* the columns were named: none is left out on a narrow terminal */
	struct query *query;
	char *words; /* of which it was made */
	struct field_ref sort;
	bool descending;
	size_t limit; /* rows that are printed at most; SIZE_MAX: all */
	bool cut;     /* on a terminal each row is one line, whatever it holds */
};
void listing_done(struct listing *l);
AUTO_EMBEDDED(listing, struct listing, listing_done)

/* args from the first'th on as the text of one filter; a word with a blank stands as it is. */
char *listing_words(const struct strlist *args, size_t first) NODISCARD;
/* Words of a command line as a filter; what is wrong with them is wrong usage. */
int listing_query(const struct kind *kind, const char *words, struct query **ret, struct err *err) NODISCARD;
/* The options, and args from the first'th on as one filter. Needs no connection, so
 * that a slip is told at once. */
int listing_parse(struct app *a, const struct kind *kind, size_t first, struct listing *ret, struct err *err) NODISCARD;
/* The filter alone, for a command that has other columns. *ret is replaced; the caller's even after an error. */
int listing_parse_words(struct app *a, const struct kind *kind, size_t first, struct listing *ret,
			struct err *err) NODISCARD;
/* Have cold fields of a kind filled; what is denied is not known, and is told. */
int listing_fill(struct app *a, const struct kind *kind, const struct field_list *cold, struct err *err) NODISCARD;
/* Ask for the cold fields that the filter reads, for a command that prints its things itself. */
int listing_fill_query(struct app *a, const struct listing *l, struct err *err) NODISCARD;
/* What the session holds and the filter lets through, all that it reads filled; the array is the
 * caller's (free). NULL on an error. */
struct resource **listing_items(struct app *a, const struct listing *l, size_t *ret_n, struct err *err) NODISCARD;
/* Have a cold field of the kind filled. */
int listing_fill_column(struct app *a, const struct listing *l, const struct field *f, struct err *err) NODISCARD;
/* Print what the session holds and the filter lets through. */
int listing_print(struct app *a, const struct listing *l, struct err *err) NODISCARD;

#endif
