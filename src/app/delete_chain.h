/* delete_chain.h - what an endpoint needs and nothing else does: its configuration, and the
 * configuration's models. */
#ifndef SAGETOP_APP_DELETE_CHAIN_H
#define SAGETOP_APP_DELETE_CHAIN_H

#include "app/app.h"

struct delete_chain {
	struct strlist go;   /* "endpoint/x", "endpoint-config/y", "model/z", in the order of deletion */
	struct strlist kept; /* "model/z\tkept: endpoint-config/w has it too" */
};
void delete_chain_done(struct delete_chain *c);
AUTO_EMBEDDED(delete_chain, struct delete_chain, delete_chain_done)

/* Of an endpoint or an endpoint configuration; asks the service who else has what. ERR_USAGE of
 * other kinds. What is gone already is left out. */
int delete_chain_find(struct app *a, const struct kind *k, const char *name, struct delete_chain *ret,
		      struct err *err) NODISCARD;

#endif
