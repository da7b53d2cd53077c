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
	FIELD_COUNT,
	FIELD_UNKNOWN = FIELD_COUNT
};

#define OUTPUT_FIELDS_MAX 16

struct output_spec {
	struct output_choice {
		enum output_field field;
		char name[32]; /* as it was asked for, in small letters */
	} fields[OUTPUT_FIELDS_MAX];
	size_t n_fields; /* 0: the plain prediction */
	/* CSV. Every row of plain predictions ends with a newline; one of fields is only
	 * parted from the next by it, as in the image that this one stands in for. */
	bool ended;    /* the last one of fields as well */
	bool brackets; /* the classes of a row in brackets (batch transform) */
};

/* "predicted_label,probability" in letters of any size, blanks left out. strict:
 * ERR_USAGE names an unknown field; else its values are nan. */
int output_parse_fields(const char *text, bool strict, struct output_spec *ret, struct err *err) NODISCARD;
/* A field that the objective cannot give is written as nan (null in JSON). */
bool output_field_known(const struct booster_info *info, enum output_field field);

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
