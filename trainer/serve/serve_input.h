/* serve_input.h - a request's body as a data set that a model can take.
 */
#ifndef SAGETOP_TRAINER_SERVE_INPUT_H
#define SAGETOP_TRAINER_SERVE_INPUT_H

#include "trainer/models/model_set.h"
#include "trainer/read/dataset.h"

/* content_type: text/csv (also "text/csv; header=present"), text/libsvm,
 * application/x-recordio-protobuf, application/json, application/jsonlines; NULL
 * or "" is text/csv. entity: the entity that the whole body is about, or NULL; a set
 * of entities takes it from the first CSV column, or JSON member "entity", where
 * it is NULL. max_unpacked bounds gzip. On failure http_status is 415 (content
 * type) or 400 (the body). */
int input_parse(const struct model_set *m, const char *content_type, const char *entity, const void *body, size_t n,
		size_t max_unpacked, struct dataset **ret, struct err *err) NODISCARD;

/* application/json ({"instances": [{"features": [...]}, ...]} and relatives) or
 * one such instance on each line. */
int input_parse_json(const struct model_set *m, bool lines, const char *entity, const char *body, size_t n,
		     struct dataset **ret, struct err *err) NODISCARD;

#endif
