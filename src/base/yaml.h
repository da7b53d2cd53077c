/* yaml.h - YAML by libyaml's events into the same json_t tree as JSON.
 *
 * The core schema's scalars (null, booleans, integers, floats) are typed when
 * plain; quoted ones are strings. Anchors and aliases work (expansion is capped);
 * tags and merge keys are refused with a clear message. Duplicate keys are errors.
 */
#ifndef SAGETOP_BASE_YAML_H
#define SAGETOP_BASE_YAML_H

#include "base/json.h"

/* Where each member stood: path -> line, for messages that come later. */
struct source_lines {
	struct strmap lines; /* "ResourceConfig.InstanceType" -> "12" */
};
void source_lines_done(struct source_lines *s);
AUTO_EMBEDDED(source_lines, struct source_lines, source_lines_done)
/* The line of path, or of its nearest known parent; 0 where unknown. */
int source_lines_find(const struct source_lines *s, const char *path);

int yaml_parse(const char *text, size_t n, const char *what, json_t **ret, struct source_lines *lines,
	       struct err *err) NODISCARD;

/* Read a specification file, JSON or YAML (JSON is YAML, so one parser gives
 * line numbers for both; a .json file is held to strict JSON as well). "-" is
 * standard input. lines may be NULL. */
int spec_load(const char *path, json_t **ret, struct source_lines *lines, struct err *err) NODISCARD;
/* Whether an argument is called as a specification is: "-", .json, .yaml, .yml. */
bool spec_names_file(const char *what);

#endif
