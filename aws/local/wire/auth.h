/* auth.h - who sends a request: every signature is verified.
 *
 * Keys: the engine's own pair (`local` and the secret of its state folder) and those that AssumeRole gave
 * out. What fails carries the code and words that the service in question uses.
 */
#ifndef SAGETOP_LOCAL_AUTH_H
#define SAGETOP_LOCAL_AUTH_H

#include "aws/local/core/engine.h"
#include "aws/local/wire/request.h"
#include "aws/sigv4_verify.h"

enum wire { WIRE_JSON_1_1, WIRE_JSON_1_0, WIRE_REST_JSON, WIRE_QUERY, WIRE_CBOR, WIRE_S3 };

/* What a verified S3 upload in chunks needs to check each chunk's signature. */
struct chunk_seed {
	uint8_t key[32];
	char scope[256], amz_date[24], signature[65];
};

/* Read and check the signature. For S3 the declared payload hash is trusted here
 * (the upload checks it); otherwise the body is hashed. Fills rq->who, region,
 * service. seed may be NULL. */
int auth_verify(struct engine *e, struct request *rq, enum wire wire, struct chunk_seed *seed,
		struct fault *f) NODISCARD;

/* The service and region of the credential scope, unverified: for the route. */
void auth_peek(struct request *rq);

/* The failure of a session token that has run out; returns -1. */
int auth_expired(enum wire wire, struct fault *f);

#endif
