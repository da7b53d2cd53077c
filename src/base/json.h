/* json.h - jansson, with caps, readable errors and path access.
 *
 * Used at the edges only (aws, store blobs, app specifications, trainer): parse
 * into a struct and drop the tree. get_* borrow and never fail: an absent or
 * wrongly typed member is the fallback.
 */
#ifndef SAGETOP_BASE_JSON_H
#define SAGETOP_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"

AUTO_POINTER(json, json_t, json_decref)

/* Parse n bytes, behind a byte order mark where an editor put one. `what` names the source in messages
 * ("specification.json", "DescribeTrainingJob reply"). ERR_PARSE gives "what:line:column: reason". On success *ret is a
 * new reference. */
int json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *err) NODISCARD;
int json_parse_file(const char *path, size_t max, json_t **ret, struct err *err) NODISCARD;

const char *json_get_str(const json_t *obj, const char *name);		     /* NULL where absent; borrowed */
int64_t json_get_i64(const json_t *obj, const char *name, int64_t fallback); /* accepts 3, 3.0; not "3" */
double json_get_f64(const json_t *obj, const char *name, double fallback);
bool json_get_bool(const json_t *obj, const char *name, bool fallback);
/* Epoch seconds as integer, fraction or exponent, or an ISO string -> ms. */
int64_t json_get_time_ms(const json_t *obj, const char *name); /* TIME_UNKNOWN where absent */
int64_t json_time_ms(const json_t *value);

/* The items as an array of texts, a new reference. */
json_t *json_from_strlist(const struct strlist *l) NODISCARD;
/* Pairs as an object of texts, a new reference; and an object's members that are texts
 * into pairs. */
json_t *json_from_strmap(const struct strmap *m) NODISCARD;
void json_to_strmap(const json_t *obj, struct strmap *ret);

/* "ResourceConfig.InstanceType", "InputDataConfig.0.ChannelName". Borrowed. */
json_t *json_path_get(const json_t *root, const char *path);
/* Set the member at path, making objects on the way; steals value. A numeric
 * step indexes an array (one past its end appends). */
int json_path_set(json_t *root, const char *path, json_t *value, struct err *err) NODISCARD;

/* Compact / indented text; members in insertion order. What a terminal must not get
 * (utf8.h) is spelled (\u009b) in the one that people look at: the same JSON. */
char *json_text(const json_t *j) NODISCARD;
char *json_text_pretty(const json_t *j) NODISCARD;
/* Numbers with all their digits, so that they are read back as they were. Owned by the caller. */
char *json_text_exact(const json_t *j) NODISCARD;
/* Append s to out as a JSON string with its quotes. */
void json_add_quoted(struct buf *out, const char *s);

#endif
