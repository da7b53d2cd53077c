/* query_internal.h - a parsed filter, between query.c (parsing) and query_match.c. */
#ifndef SAGETOP_MODEL_QUERY_INTERNAL_H
#define SAGETOP_MODEL_QUERY_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/query.h"

/* How the value of a term is read and compared. */
enum value_kind { VALUE_TEXT, VALUE_FLAG, VALUE_NUMBER, VALUE_PERCENT, VALUE_DURATION, VALUE_TIME };

enum op { OP_HAS, OP_MATCHES, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct term {
	char *word; /* as it was typed */
	bool negated;
	struct field_ref ref; /* the key is ours */
	enum value_kind kind;
	enum op op;
	struct strlist values; /* text: any of them */
	pcre2_code **patterns; /* per value; NULL where it is a plain substring */
	double number;	       /* number, percent; milliseconds of duration and time */
	bool has_number;
	bool flag;
};

/* How the terms hang together: a tree, its leaves are terms. */
struct node {
	enum { NODE_TERM, NODE_AND, NODE_OR, NODE_NOT } type;
	size_t a, b; /* nodes; of a leaf a is the term */
};

struct query {
	struct term *terms;
	size_t n, cap;
	struct node *nodes; /* the last one is the whole; none: everything matches */
	size_t n_nodes, cap_nodes;
	pcre2_match_data *match;
	pcre2_match_context *context;
};

#endif
