/* kind.h - what kinds of things there are: one row each in kinds.def.
 *
 * A row says how a kind is listed, described, stopped and deleted, what its
 * states mean, which fields it has, where its log, its host metrics and its price
 * are found, and whose children it has. Everything that works for all kinds
 * (lists, pages, logs, actions, the cache, the local engine's judge in the tests)
 * reads it; a kind needs no other code. Sources: the services' API models.
 */
#ifndef SAGETOP_MODEL_KIND_H
#define SAGETOP_MODEL_KIND_H

#include "model/field.h"
#include "model/resource.h"

enum kind_id {
#define KIND(id, ...) KIND_##id,
#include "model/kinds.def"
#undef KIND
	KIND_COUNT
};

/* How the things of a kind are asked for. Members are paths in the request or the
 * reply ("ProcessingJobSummaries"); NULL where the kind has none. */
struct kind_list {
	const char *operation;
	const char *items;	   /* members of the reply that hold the rows, separated by blanks */
	const char *name_contains; /* request members */
	const char *status_equals;
	const char *parent;    /* request member that takes the parent's name (an ARN where that is its name) */
	const char *sort_keys; /* "Name CreationTime Status", as SortBy takes them; NULL: no SortBy */
	const char *fixed;     /* request members that are always sent: "ServiceNamespace=sagemaker" */
	const char *page_size; /* request member: "MaxResults", "Limit", "MaxRecords"; NULL: none is sent */
	int page;	       /* its value: 100, 50 ... */

	const char *name_prefix; /* instead of name_contains, where the service knows beginnings only */
	const char *created_after, *modified_after;
	const char *directions; /* "Ascending Descending" as SortOrder spells them; NULL: no SortOrder */
	bool parent_required;	/* without a parent the operation is refused, or tells a part only */
};

/* Search gives whole records, a page a call. */
struct kind_search {
	const char *resource;	  /* of Search; NULL: not searchable */
	const char *item;	  /* member of a result that holds the record: "SourceDetail.ProcessingJob" */
	const char *filter_name;  /* an extra filter, or NULL: "Source.SourceType" */
	const char *filter_value; /* contained in it */
};

/* describe, stop and delete: the operation and the request members that name the
 * thing, separated by blanks:
 *
 *   Member        its name             Member=value   always this
 *   Member[]      a list of its name   Member=@path   a member of the thing's record
 *   A/B           the parts of its     Member=*       a new random token
 *                 name ("group/name")
 */
struct kind_call {
	const char *operation; /* NULL: there is none */
	const char *argument;
	const char *item; /* member of the reply that holds the thing; NULL: the reply is it */
};

enum kind_key {
	KEY_BY_NAME = 0, /* things are told apart by their names */
	KEY_BY_ARN,	 /* by their ARNs: versions, executions */
	KEY_BY_PARENT,	 /* by a name that is unique within the parent only: "PARENT/NAME" */
};

/* Where the common members stand in a reply. A path may have alternatives,
 * "Stopped|Ended": the first that is there counts. A name may be made of several
 * members, "GroupName/Name". */
struct kind_members {
	const char *name, *arn, *status, *created, *modified, *started, *ended, *reason, *tags, *parent;
};

struct kind {
	enum kind_id id;
	const char *name;    /* what `list`, `show` and KIND/NAME take: "processing-job" */
	const char *plural;  /* the `:` command: "processing-jobs" */
	const char *aliases; /* other names of both, separated by blanks: "processing"; NULL */
	const char *title;   /* headings: "processing jobs" */
	const char *word;    /* what a message calls them where that is shorter: "jobs"; NULL */
	const char *service; /* of all its operations, as the operations' table spells it: "sagemaker" */
	const struct resource_class *class;

	struct kind_list list;
	struct kind_search search;
	struct kind_call describe, stop, delete;
	struct kind_members members;
	enum kind_key key;

	/* Statuses by what they mean, separated by blanks; one that is in none is
	 * STATE_UNKNOWN. All NULL: the kind has no status. */
	const char *running, *good, *bad, *neutral;

	const struct field *fields; /* field.h; ends with a row without a name */

	/* {name} is replaced; NULL where the kind has none. */
	const char *log_group;	/* "/aws/sagemaker/Endpoints/{name}" */
	const char *log_prefix; /* "{name}/" */
	const char *metric_namespace;
	const char *metric_dimension; /* "Host" */

	/* The price: component of the price table, members with type and count. What starts and ends is billed
	 * between these (members above). */
	const char *price_component;
	const char *price_type, *price_count;
	/* Of what is billed while it is there: its states in which it is. What it was in the
	 * past, no call tells: it is noted down (usage.h). NULL. */
	const char *price_while;
	/* Its volume: component of storage by the GB-month, and the member with its GB. Of what is billed while it
	 * is there the volume is so in all states but failed ones: a stopped notebook keeps its own. NULL. */
	const char *price_storage, *price_volume;

	const char *parent_kind; /* name of the kind it belongs to; NULL */
	const char *children;	 /* names of kinds, separated by blanks, that Enter leads to; NULL */
	const char *links;	 /* "Member=kind ..." members that name things of other kinds */
	/* Path of the web console, "processing-jobs/{name}"; one that begins with a slash
	 * is not SageMaker's: "/cloudwatch/home?region={region}#alarmsV2:alarm/{name}". NULL. */
	const char *console;
	const char *help; /* one line */
};

extern const struct kind kind_table[KIND_COUNT];
#define TRAINING_KIND (&kind_table[KIND_TRAINING_JOB])

const struct kind *kind_find(const char *name); /* by name, plural or alias, case ignored; NULL */
/* What stands behind the last slash (colon, of an ARN without one): "train" of "5abc/train". */
const char *kind_short_name(const char *name);
/* What a message calls the things of a kind: "jobs", "processing jobs". */
static inline const char *kind_word(const struct kind *k)
{
	return k->word ? k->word : k->title;
}
/* Whether its things are charged each by itself; the children of a search are training jobs, and charged as such. */
bool kind_is_charged(const struct kind *k);
/* What a status means for that kind. */
enum resource_state kind_state(const struct kind *k, const char *status_text);
/* Whether a list of words separated by blanks has that one. */
bool kind_words_have(const char *words, const char *word);
/* Replace {name} in a pattern of the row; owned by the caller. */
char *kind_pattern(const char *pattern, const char *name) NODISCARD;
/* "processing-jobs", or "pipeline-executions/my-pipeline": a kind, and the name of the
 * thing whose they are (NULL: all). ERR_USAGE names the nearest kind. */
int kind_parse(const char *text, const struct kind **ret_kind, const char **ret_parent, struct err *err) NODISCARD;
/* Split "processing-job/split-1" into its kind and its name; "NAME" alone, or one
 * that begins with no kind ("arn:..."), is a training job. ERR_USAGE names the nearest kind. name is borrowed from
 * text. */
int kind_parse_reference(const char *text, const struct kind **ret_kind, const char **ret_name,
			 struct err *err) NODISCARD;

#endif
