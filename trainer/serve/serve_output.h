/* serve_output.h - predictions as text/csv, JSON, JSON lines or RecordIO, whole
 * or as the fields that SAGEMAKER_INFERENCE_OUTPUT selects.
 */
#ifndef SAGETOP_TRAINER_SERVE_OUTPUT_H
#define SAGETOP_TRAINER_SERVE_OUTPUT_H

#include "trainer/library/booster.h"

enum output_format { OUTPUT_CSV, OUTPUT_JSON, OUTPUT_JSON_LINES, OUTPUT_RECORDIO };

enum output_field {
	FIELD_PREDICTED_LABEL,
	FIELD_LABELS,
	FIELD_PROBABILITY,
	FIELD_PROBABILITIES,
	FIELD_RAW_SCORE,
	FIELD_RAW_SCORES,
	FIELD_PREDICTED_SCORE,
	FIELD_COUNT
};

struct output_spec {
	enum output_field fields[FIELD_COUNT];
	size_t n_fields; /* 0: the plain prediction */
	bool lines;	 /* CSV: a line for each row (batch transform), else one line with commas */
};

/* "predicted_label,probability". ERR_USAGE names the unknown field. */
int output_parse_fields(const char *text, struct output_spec *ret, struct err *err) NODISCARD;
/* A field that the objective cannot give is written as nan (null in JSON). */
bool output_field_known(const struct booster_info *info, enum output_field field);
const char *output_field_name(enum output_field field);

/* An Accept header (NULL or "": CSV). ERR_INVALID with http_status 406 where
 * nothing in it can be served. */
int output_negotiate(const char *accept, enum output_format *ret, struct err *err) NODISCARD;
const char *output_content_type(enum output_format format);

/* Append all rows to out; out->overflow says whether its max was enough. */
void output_write(const struct output_spec *spec, enum output_format format, const struct booster_info *info,
		  const struct predictions *p, struct buf *out);

/* The shortest text that reads back as v. */
#define OUTPUT_NUMBER 32
const char *output_number(char buf[OUTPUT_NUMBER], float v);

#endif
