/* kinds.h - the table of kinds: one row for each kind of stored document, and the
 * operations that all kinds share.
 *
 * A row says how the service names and answers a kind; kind_ops.c and kind_list.c
 * carry its operations out on the documents of kept/documents.h, and only what no
 * other kind does is a function of its own (`hook`). Nothing moves by itself:
 * what is created stays in the state that the service first answers.
 *
 * Lists of members are words with blanks between them. "Told=Kept" names a member
 * otherwise than the document does; a dot leads into a structure. Sentences may
 * hold {name}, {key}, {arn}, {noun} and {status}. Input is a shape's text (wire/shape_text.h).
 */
#ifndef SAGETOP_LOCAL_KINDS_H
#define SAGETOP_LOCAL_KINDS_H

#include "aws/local/kept/documents.h"
#include "aws/local/services/ops.h"

enum kind_verb { VERB_CREATE, VERB_PUT, VERB_REPLACE, VERB_DESCRIBE, VERB_CHANGE, VERB_DELETE };

/* What a kind's operation does beyond the rule. create, put: the document is
 * made, not stored yet; change: merged already; delete: stands; list: r is NULL,
 * before anything is listed. 0, or -1 with c->fault set. */
typedef int kind_hook_fn(struct call *c, struct document *r);

struct kind_words {
	const char *code, *text;
	int http_status;   /* 0: 400 */
	const char *shape; /* see struct fault; NULL: the code */
};

struct kind_op {
	enum kind_verb verb; /* put: create or replace; change: update, start and stop */
	const char *name;
	const char *input;	   /* of create, put and change, and what else the others take; NULL: nothing */
	const char *reply;	   /* members told; "": an empty structure; NULL: no body */
	const char *from, *to;	   /* statuses in which it is allowed ("A B", NULL: all), and the one after */
	const char *stamp;	   /* a time member that is set */
	struct kind_words refused; /* in another status than `from` */
	struct kind_words missing; /* where it is not the kind's */
	kind_hook_fn *hook;
	void (*after)(struct engine *e, struct document *r); /* of create: it is stored */
};

/* Filters that come in sets. */
enum list_filters {
	LIST_NAME = 1,	   /* NameContains */
	LIST_STATUS = 2,   /* StatusEquals */
	LIST_CREATED = 4,  /* CreationTimeAfter and Before */
	LIST_CREATED2 = 8, /* CreatedAfter and Before */
	LIST_MODIFIED = 16 /* LastModifiedTimeAfter and Before */
};

struct document_kind_list {
	const char *op, *member; /* the member of the reply that holds the rows */
	const char *summary;	 /* members of a row; NULL: the whole document */
	int filters;
	const char *more;   /* further input */
	const char *equals; /* filters by it: "EndpointNameEquals=EndpointName"; ^ for a prefix */
	const char *sort;   /* values of SortBy: "Name|CreationTime|Status", the default first; NULL: none taken */
	const char *sort_members;	/* those that are no member of that name: "NAME=ClusterName" */
	const char *order;		/* values of SortOrder; NULL: "Ascending|Descending" */
	bool ascending;			/* by default */
	const char *page;		/* the member that says how many; NULL: MaxResults */
	int64_t page_default, page_max; /* 0: 10 and 100 */
	kind_hook_fn *hook;
	/* What no comparison of members says; NULL: all. */
	bool (*match)(struct call *c, const struct document *r);
};

#define KIND_MAX_OPS 7

struct document_kind {
	const char *id;	  /* the word in --load and in the database */
	const char *word; /* what --load takes as well: the console's word for it; NULL: the same */
	const char *noun; /* "processing job" */
	enum service_id service;

	/* Members that together name one; "GroupName?default" where it may be left out. */
	const char *key;
	const char *key_input; /* their shape, as describe, change and delete take it */
	const char *name;      /* what NameContains, SortBy=Name and {name} look at; NULL: key */
	bool by_arn;	       /* the key's member may hold the ARN as well */

	const char *arn;	 /* its member; NULL: none in the document */
	const char *arn_path;	 /* behind the account: "processing-job/{key}"; NULL: the document brings it */
	const char *arn_service; /* NULL: sagemaker */
	bool arn_global;	 /* without a region */
	const char *created, *modified;
	const char *status, *statuses; /* "InProgress|Completed" */

	const char *drop;   /* members of the request that are not kept; Tags never are */
	const char *rename; /* "LastDeploymentConfig=DeploymentConfig": kept under the first */
	const char *begin;  /* JSON: what a new document has besides */
	const char *more;   /* members that a document has and no request: for --load */
	const char *hidden; /* kept, but not described */

	const char *search; /* its resource in Search; NULL: none */
	const char *search_drop;
	struct kind_words missing, taken;

	struct document_kind_list list;
	struct kind_op ops[KIND_MAX_OPS]; /* to the first without a name */
};

/* Row i of all, NULL behind the last. */
const struct document_kind *kind_at(size_t i);
const struct document_kind *kind_by_id(const char *id);	    /* NULL where there is none */
const struct document_kind *kind_by_word(const char *text); /* ... by either word */

/* --- for hooks and other operations ------------------------------------------------- */

/* By the key's members of the input; sets the fault where there is none. */
struct document *kind_asked(struct call *c, const struct document_kind *k, const json_t *in);
/* By one text: a key or, for kinds that take it, an ARN. NULL without a fault. */
struct document *kind_lookup(struct call *c, const struct document_kind *k, const char *key);
/* The sentence of `words` with the key in it, as a fault; returns -1. */
int kind_fault(struct call *c, const struct document_kind *k, const struct kind_words *words, const char *key,
	       const char *status);
char *kind_arn(const struct document_kind *k, const char *region, const char *key) NODISCARD;
/* The members `names` of doc. New reference. */
json_t *kind_project(const json_t *doc, const char *names) NODISCARD;
/* The document as Describe (or, for_search, Search) tells it. New reference. */
json_t *kind_document(const struct document_kind *k, const struct document *r, bool for_search) NODISCARD;
const struct shape *kind_document_shape(const struct document_kind *k);	   /* of what --load reads */
char *kind_key(const struct document_kind *k, const json_t *in) NODISCARD; /* NULL where a member is missing */
void kind_defaults(const struct document_kind *k, json_t *doc); /* what `begin` and the key say, where it is missing */

bool word_in(const char *words, const char *word); /* "A B C"; NULL has none */

/* Input of an operation: op, or the list where NULL. Lives as long as the program. */
const struct shape *kind_input(const struct document_kind *k, const struct kind_op *op);

/* Operations of every row: its list's, and those of a verb. */
op_fn kind_op_list;
op_fn *kind_op_of(enum kind_verb verb);

/* --load: lines of {"kind", "document", "tags"}, each checked against its row. What
 * has the same key is replaced. ERR_INVALID names the line. */
int kinds_load_file(struct engine *e, const char *path, struct err *err) NODISCARD;

/* Documents that are there before any request; called once the tables are read. */
void kinds_begin(struct engine *e);

#endif
