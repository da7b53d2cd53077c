/* dataset.h - the rows of a channel in memory, whatever format they came in.
 *
 * One pass from the files into the layout that XGBoost takes: dense row-major
 * float32 with NaN for missing (CSV, dense RecordIO, Parquet), or CSR (libsvm,
 * sparse RecordIO). Files are read in byte order of their path, so the same
 * folder always gives the same rows in the same order.
 */
#ifndef SAGETOP_TRAINER_DATASET_H
#define SAGETOP_TRAINER_DATASET_H

#include "base/str.h"

enum data_format { DATA_UNKNOWN = 0, DATA_CSV, DATA_LIBSVM, DATA_RECORDIO, DATA_PARQUET };

struct dataset {
	size_t rows, columns;   /* feature columns, without label, weight, entity */
	float *dense;           /* rows x columns, or NULL where sparse */
	size_t *row_start;      /* CSR: rows + 1; NULL where dense */
	uint32_t *column_index; /* CSR */
	float *values;          /* CSR */
	float *labels;          /* rows; NULL where the data has none (prediction) */
	float *weights;         /* rows, or NULL */
	uint64_t *query_ids;    /* rows, or NULL: ranking groups */
	uint32_t *entities;     /* rows: index into entity_names, or NULL */
	struct strlist entity_names;
	struct strlist feature_names; /* empty where unnamed */
	uint8_t *categorical;   /* per column: 1 where categorical; NULL where none is */
	size_t bytes_read;      /* for rates */
	char data_hash[65];     /* SHA-256 over the files' content, in order */
};

struct dataset_options {
	enum data_format format;
	bool has_label;           /* false for prediction input */
	bool header;              /* first line names the columns */
	const char *label_column; /* NULL: the first column */
	bool csv_weights;         /* weight in the column after the label */
	const char *entity_column; /* NULL: none; needs a header */
	const struct strlist *categorical; /* names or 0-based indices; NULL: none */
	char delimiter;           /* 0: sniff , ; tab | and blank from the first line */
	int threads;
	size_t expect_columns;    /* 0: any; else a file with another number is an error */
};

void dataset_free(struct dataset *d);
AUTO_POINTER(dataset, struct dataset, dataset_free)

/* "text/csv", "csv", "text/libsvm; charset=utf-8" ... DATA_UNKNOWN where not known. */
enum data_format data_format_parse(const char *content_type);

/* Read every file below dir (at most three levels; a dot file is an error). The
 * error names file, line and column. */
int dataset_load_dir(const char *dir, const struct dataset_options *opt, struct dataset **ret,
		     struct err *err) NODISCARD;
int dataset_load_file(const char *path, const struct dataset_options *opt, struct dataset **ret,
		      struct err *err) NODISCARD;
/* A request body. what names it in messages. */
int dataset_load_memory(const void *data, size_t n, const char *what, const struct dataset_options *opt,
			struct dataset **ret, struct err *err) NODISCARD;

#endif
