/* field.h - what a thing has: the one table that columns, JSON, sorting, the
 * filter language, completion, help and the manual read.
 *
 * A row of a kind's fields is all there is to a column: `jobs --columns` and
 * `--sort`, the screen's columns and their order, the members of --json, `cost>5`
 * in a filter. A value is a text or a number, known or not, a fact or an estimate;
 * unknown is never 0. Numbers come in the unit of their type:
 *
 *   COUNT, VALUE, PERCENT, FIGURE  as they are        TIME   milliseconds UTC
 *   AGE                    milliseconds       MONEY  micro-dollars
 *   SECONDS                seconds            FLAG   0 or 1
 *
 * A cold field lies in the part of a thing that is not kept in memory: its values
 * are asked for once (struct cold_column of session.h) before they are shown,
 * filtered or sorted by. */
#ifndef SAGETOP_MODEL_FIELD_H
#define SAGETOP_MODEL_FIELD_H

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"

struct resource;
struct session;
struct kind;

enum field_type {
	FIELD_TEXT = 0,
	FIELD_STATE,   /* a status: symbol and colour by what it means; a secondary status while it runs */
	FIELD_MACHINE, /* an instance type, with the number of them */
	FIELD_LINK,    /* an ARN, a URI, the name of another thing */
	FIELD_FLAG,    /* yes or no */
	FIELD_COUNT,
	FIELD_TIME,
	FIELD_AGE,
	FIELD_SECONDS,
	FIELD_MONEY,
	FIELD_RATE, /* money an hour: never rounded */
	FIELD_PERCENT,
	FIELD_FIGURE, /* a measured number, three digits of it for people */
	FIELD_VALUE,
	FIELD_SPARK, /* a value and the curve that led to it */
	FIELD_TYPE_COUNT
};

enum field_flags {
	FIELD_USUAL = 1,      /* among the columns where none are chosen, on the command line */
	FIELD_SCREEN = 2,     /* ... and on the screen */
	FIELD_WIDE = 4,	      /* on the screen with ctrl-w */
	FIELD_KEYED = 8,      /* "hp.": the rest of the name is the key */
	FIELD_COLD = 16,      /* see above */
	FIELD_ASCENDING = 32, /* sorting by it begins with the smallest; else with the largest */
	FIELD_NO_COLUMN = 64, /* of JSON, or of the filter, only */
	FIELD_NO_FILTER = 128,
	FIELD_LINKED = 256,   /* ... and made of what the thing's links lead to, which is then asked for as well */
	FIELD_MEASURED = 512, /* ... and counted by CloudWatch, which is asked for what is looked at only */
	FIELD_SCOPED = 1024,  /* among the columns where none are chosen, if several scopes are looked at; on no page */
};

struct field_value {
	const char *text; /* borrowed until the thing changes; NULL where it is a number */
	double number;
	bool known;
	bool estimate;
	bool missing;	   /* not known although there is something to know: "?" */
	bool larger_first; /* the larger is the better one: ascending order begins with it */
	bool behind;	   /* stands behind the others whatever the order: of a thing that failed */
};

/* What a value may need beside the thing. */
struct field_context {
	const struct session *session; /* prices, curves, cold columns */
	int64_t now_ms;
};

typedef struct field_value field_get_fn(const struct resource *r, const char *key, const struct field_context *x);
typedef const struct strmap *field_map_fn(const struct resource *r);
typedef void field_keys_fn(const struct resource *r, struct strlist *ret);

struct field {
	const char *name;    /* "billable"; of keyed ones the prefix, "hp." */
	const char *aliases; /* other names, separated by blanks; NULL */
	const char *json;    /* the member of --json; NULL: not in it */
	const char *heading; /* of the screen's column; NULL: the name in capitals */
	const char *help;
	enum field_type type;
	unsigned flags;

	/* the column on the screen, in cells (table.h) */
	struct field_cells {
		short min, max, want, priority;
	} cells;

	const char *key; /* the key that sorts by it: "C"; NULL */
	/* Where it lies in the service's reply: "ResourceConfig.InstanceType"; NULL: derived. "List[*].Member" is that
	 * member of all, with commas between. */
	const char *path;
	field_get_fn *get;   /* NULL: the text at path, kept in the record's values */
	field_map_fn *map;   /* all keys and values of a keyed one, NULL where they are not known; may be NULL */
	field_keys_fn *keys; /* adds the keys of a keyed one that the thing is known to have; NULL: those of map */
};

/* A field that was named: "hp.eta". */
struct field_ref {
	const struct field *field;
	char *key; /* of a keyed one; owned; NULL */
};
struct field_list {
	struct field_ref *items;
	size_t n, cap;
};
void field_list_done(struct field_list *l);
AUTO_EMBEDDED(field_list, struct field_list, field_list_done)

/* By name or alias, case ignored; "hp.eta" gives the row "hp." and sets *ret_key
 * (borrowed from name). NULL where there is none. */
const struct field *field_find(const struct kind *k, const char *name, const char **ret_key);
/* "name,status,hp.eta": the fields of the columns; NULL is the usual choice (several: of several scopes), a list
 * that begins with '+' is added to it. ERR_USAGE suggests the nearest. */
int field_list_parse(const struct kind *k, const char *text, bool several, struct field_list *ret,
		     struct err *err) NODISCARD;
/* "cost", "hp.eta": what it is parsed from. Owned by the caller. */
char *field_ref_text(const struct field_ref *f) NODISCARD;
int field_ref_parse(const struct kind *k, const char *name, struct field_ref *ret, struct err *err) NODISCARD;
void field_list_add(struct field_list *l, const struct field *f, const char *key);

struct field_value field_get(const struct field_ref *f, const struct resource *r, const struct field_context *x);

bool field_is_number(const struct field *f); /* aligned to the right */
/* The name in capitals, "COST", of a keyed one as it is, "hp.eta"; and the screen's
 * heading, which may be another. buf holds FIELD_HEADING_LEN bytes. */
#define FIELD_HEADING_LEN 80
char *field_title(const struct field_ref *f, char *buf);
char *field_heading(const struct field_ref *f, char *buf);

/* A value as text; nothing where unknown. For people "9m04s", "$0.035*", "68%"; for
 * programs plain seconds, dollars and ISO times. */
enum field_style { FIELD_FOR_PEOPLE, FIELD_FOR_PROGRAMS };
void field_show(const struct field *f, const struct resource *r, const struct field_value *v, enum field_style style,
		struct buf *out);
/* The same for a value that was not got yet. */
void field_text(const struct field_ref *f, const struct resource *r, const struct field_context *x,
		enum field_style style, struct buf *out);
/* Text of several lines as one, for a table: the last line, which holds a traceback's
 * cause, stands first. */
void field_one_line(const char *text, struct buf *out);
/* "7.412", "1.2e-05", "nan": a metric in few cells. buf holds FIELD_VALUE_LEN bytes. */
#define FIELD_VALUE_LEN 32
char *field_value_text(char *buf, double v);

/* Order of two values of one field: those behind the others, then unknown ones, last
 * whatever the direction. */
int field_compare(const struct field *f, const struct field_value *a, const struct field_value *b, bool descending);

/* Keys of a keyed field that a thing is known to have, without its cold part too; some may be in ret already. */
void field_add_keys(const struct field *f, const struct resource *r, struct strlist *ret);

/* The names of a kind's fields, other names too, but for those with one of these flags
 * (FIELD_NO_COLUMN, FIELD_NO_FILTER): what may be typed. */
void field_names(const struct kind *k, unsigned without, struct strlist *ret);

/* Values of one cold field, by name, for all things of a kind in a session: filled
 * by sync, kept true as records arrive. */
struct cold_column {
	const struct kind *kind;
	struct field_ref ref;
	struct map values; /* name -> char *, "" where it has none */
	bool busy;	   /* being filled */
	bool complete;	   /* filled */
};
/* What such a column keeps of a thing whose cold part is at hand; owned by the caller. */
char *field_cold_text(const struct field_ref *f, const struct resource *r, const struct field_context *x) NODISCARD;

#endif
