/* wire.h - results and failures in the form of each protocol: JSON 1.1 and 1.0,
 * REST-JSON, Query with XML, RPC v2 with CBOR, S3's XML. */
#ifndef SAGETOP_LOCAL_WIRE_H
#define SAGETOP_LOCAL_WIRE_H

#include "aws/local/wire/auth.h"
#include "aws/local/wire/validate.h"

struct wire_service {
	const char *name;   /* the action's prefix: "sagemaker" */
	const char *xml_ns; /* Query's namespace; NULL where it has none */
	const char *throttle_code, *validation_code;
};

void xml_add_element(struct buf *out, const char *name, const char *text);

/* The body as an object; an empty one is empty. */
int wire_parse_json(const struct request *rq, json_t **ret, struct fault *f) NODISCARD;
int wire_parse_input(const struct request *rq, enum wire wire, const struct shape *shape, json_t **ret,
		     struct fault *f) NODISCARD;
void wire_result(const struct request *rq, enum wire wire, const struct wire_service *service, const char *operation,
		 const json_t *out, struct reply *reply);
void wire_fault(const struct request *rq, enum wire wire, const struct wire_service *service, const struct fault *f,
		struct reply *reply);

#endif
