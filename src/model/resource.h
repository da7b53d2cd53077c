/* resource.h - what every kind of thing has in common, and the table that holds
 * all of one kind in one scope (account and region).
 *
 * A training job is the one rich kind: struct job (job.h) begins with a struct
 * resource and adds members of its own. All other kinds are a struct record:
 * what a row of kinds.def names, as texts by the fields' paths in the service's
 * reply. What a kind's things do (be freed, merged, trimmed) is its class.
 *
 * Plain data: strings are owned UTF-8 and already sanitised (utf8.h), times are
 * int64 milliseconds UTC (TIME_UNKNOWN where absent).
 */
#ifndef SAGETOP_MODEL_RESOURCE_H
#define SAGETOP_MODEL_RESOURCE_H

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"

struct kind;
struct job;

/* What a status means, whatever the kind spells it. */
enum resource_state { STATE_UNKNOWN = 0, STATE_RUNNING, STATE_GOOD, STATE_BAD, STATE_NEUTRAL, STATE_COUNT };

const char *resource_meaning(enum resource_state state); /* "good" */

/* How much of the service's record is known: a list summary lacks most of it. */
enum detail { DETAIL_SUMMARY = 0, DETAIL_SEARCHED, DETAIL_DESCRIBED };

struct resource {
	const struct kind *kind;

	/* hot: every call */
	const char *name;	 /* its key among those of its kind and scope, as the service spells it */
	char *parent;		 /* the name of what it belongs to (kind.h); NULL */
	const char *status_text; /* interned; as on the wire; NULL where the kind has none */
	char *failure_reason;
	enum resource_state state : 8;
	enum detail detail : 8;
	bool tags_known;
	bool trimmed;  /* the cold part is not in memory */
	bool unsaved;  /* differs from the store (sync's mark) */
	bool lost;     /* trimmed, and the store has not got the cold part any more: the next record brings it */
	uint8_t scope; /* among those that are looked at together (session.h); 0 where there is one */
	int64_t created_ms, modified_ms, start_ms, end_ms;
	int64_t seen_ms; /* when the service last told us about it */

	/* cold */
	char *arn;
	struct strmap tags;
};

/* A thing of a kind without a struct of its own. */
struct record {
	struct resource;
	char **values;	       /* hot: texts of the kind's fields that have a path, in their order; NULL unknown */
	struct strmap keyed;   /* hot: what the keyed field with a path has ("hp.") */
	int64_t whole_ms;      /* when the service last gave all of it; TIME_UNKNOWN */
	struct strmap members; /* cold: the service's record, flattened: "A.B[0].C" -> text */
};

/* What the things of a kind do. */
struct resource_class {
	struct resource *(*make)(const struct kind *kind, const char *name);
	void (*free)(struct resource *r);
	/* Take over what `from` knows; it is consumed. True where anything visible
	 * changed. See job_merge. */
	bool (*merge)(struct resource *into, struct resource *from);
	void (*derive)(struct resource *r); /* fill what is hot of the cold part; may be NULL */
	void (*trim)(struct resource *r);   /* free the cold part */
	/* What a status column says; NULL: the status. */
	const char *(*state_text)(const struct resource *r);
	/* A trimmed thing still has the values of all its fields, cold ones too. */
	bool keeps_fields;
};
extern const struct resource_class job_class, record_class;

struct resource *resource_new(const struct kind *kind, const char *name) NODISCARD;
void resource_free(struct resource *r);
AUTO_POINTER(resource, struct resource, resource_free)
/* For the classes: a struct of that size, zeros but for kind and name, which lies behind it (of hundreds of
 * thousands of things each block of memory counts); and what the common part owns, without the struct. */
void *resource_alloc(size_t size, const struct kind *kind, const char *name) NODISCARD __attribute__((returns_nonnull));
void resource_done(struct resource *r);

/* The status and what it means. */
void resource_set_status(struct resource *r, const char *status_text);
/* What a status column says: of a running job its secondary status. Never NULL. */
const char *resource_state_text(const struct resource *r);
static inline bool resource_is_running(const struct resource *r)
{
	return r->state == STATE_RUNNING;
}

/* As a record; only of a kind whose class is record_class. */
static inline struct record *resource_record(const struct resource *r)
{
	return (struct record *)(uintptr_t)r;
}
/* Set the value of the field that has this index among the kind's fields. */
void record_set_value(struct record *r, size_t field, const char *text);
/* The value of the field that has this path in a reply; NULL where it is not known, or path is NULL. */
const char *record_value(const struct resource *r, const char *path);

/* --- all of one kind -------------------------------------------------------- */

/* What happened to a thing: it came, changed, or was removed. */
struct resource_change {
	const struct resource *item; /* an address only, where it is gone */
	uint64_t at;		     /* as t->n_changes counts */
	bool gone;
};
#define RESOURCES_CHANGES_MAX 1024

struct resources {
	struct resource **items; /* owned, in order of arrival */
	size_t n, cap;
	struct resource **slots;	 /* private: the same by name, open addressing; NULL free */
	size_t n_slots;			 /* a power of two */
	uint64_t generation;		 /* grows with every visible change, also of what is not a thing's own */
	uint64_t n_changes;		 /* of things, ever; the last of them are remembered */
	uint64_t n_gone;		 /* removed, ever */
	struct resource_change *changes; /* private: a ring; NULL before the first */
	size_t n_running;		 /* kept up to date */
	bool partial;			 /* the store has more, which are being loaded */
	bool complete;			 /* a full pass over the service's list has ended */
	size_t total_hint;		 /* what the service says there are; 0 unknown */
	int64_t synced_ms;		 /* last successful refresh; TIME_UNKNOWN */
	enum err_code failed;		 /* why the last one did not succeed */
	uint8_t scope;			 /* of its things */
	struct resources *wide;		 /* has the same things beside those of other scopes; NULL */
	const struct strlist *scopes;	 /* of such a table, whose things are borrowed: their names; else NULL */
};

/* Nothing was ever read: how many there are is not known. */
static inline bool resources_is_unread(const struct resources *t)
{
	return !t->n && !t->complete && t->synced_ms == TIME_UNKNOWN;
}

void resources_done(struct resources *t);
AUTO_EMBEDDED(resources, struct resources, resources_done)
/* Borrowed; NULL. A wide table knows a thing by "SCOPE:NAME" (scope.h), and by its name where one scope has it. */
struct resource *resources_find(const struct resources *t, const char *name);
/* By its name, by its ARN in any case, or by the end of a name that is an ARN
 * ("mlflow-app/x", "my-pipeline/execution/5abc", "my-pipeline/5abc"). */
struct resource *resources_lookup(const struct resources *t, const char *text);
/* Insert or merge; r is consumed. Returns the one in the table; *ret_changed
 * (may be NULL) tells whether it differs from before. */
struct resource *resources_put(struct resources *t, struct resource *r, bool *ret_changed);
/* Frees it: nobody may hold it. */
bool resources_remove(struct resources *t, const char *name);
/* What has changed since n_changes was that; false where that is more than RESOURCES_CHANGES_MAX. */
bool resources_changes(const struct resources *t, uint64_t since, struct resource_change *ret, size_t *ret_n);
/* Room for n in all, before many are put. */
void resources_reserve(struct resources *t, size_t n);
/* From now on t's things, of this scope, are seen in the wide table as well, until resources_leave; which does nothing
 * where they are not. */
void resources_join(struct resources *t, struct resources *wide, uint8_t scope);
void resources_leave(struct resources *t);

#endif
