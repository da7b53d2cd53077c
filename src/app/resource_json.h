/* resource_json.h - a thing as one JSON object: a member for every field of its kind
 * that names one (field.h). What is not known is null. */
#ifndef SAGETOP_APP_RESOURCE_JSON_H
#define SAGETOP_APP_RESOURCE_JSON_H

#include "base/json.h"
#include "model/field.h"

/* Reads the cold part of an untrimmed thing. A new reference. */
json_t *resource_to_json(const struct resource *r, const struct field_context *x) NODISCARD;
/* Why a job failed: {"cause", "words", "try", "remedy"}; null where nothing is known of it (diagnosis.h). A new
 * reference. */
json_t *diagnosis_to_json(const struct resource *r, const struct field_context *x) NODISCARD;

#endif
