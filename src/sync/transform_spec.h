/* transform_spec.h - CreateTransformJob's input: a model over the files below a prefix of S3.
 * Pure: no network, no files. */
#ifndef SAGETOP_SYNC_TRANSFORM_SPEC_H
#define SAGETOP_SYNC_TRANSFORM_SPEC_H

#include "base/json.h"

/* What is wished for; everything borrowed, NULL and 0 are not told. */
struct transform_wish {
	const char *name, *model;
	const char *input, *output; /* s3://... */
	const char *sample;	    /* a file of the input: its name tells type and compression; default: the input */
	const char *content_type;   /* default: by that name, ".gz" left aside */
	const char *accept;	    /* default: what joins and filters need, else as the model likes */
	const char *split;	    /* None, Line, RecordIO, TFRecord; default: Line where a line is a record */
	const char *strategy;	    /* MultiRecord, SingleRecord; default: MultiRecord where files are split */
	const char *input_filter, *output_filter; /* JSONPath: "$[1:]" */
	bool join;				  /* each record with its prediction */
	const char *instance_type;		  /* default: ml.m5.large */
	int64_t instances;			  /* default: 1 */
};
/* ERR_USAGE names the option that is not right. *ret is a new reference. */
int transform_spec_new(const struct transform_wish *w, json_t **ret, struct err *err) NODISCARD;

/* Dollars an hour while it runs; USD_UNKNOWN. Where the table has no price of batch transform it is the
 * endpoints' of the same type, as in AWS's own list. */
struct price_table;
int64_t transform_rate_micro(const json_t *request, const struct price_table *prices, const char *region);

#endif
