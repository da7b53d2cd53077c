/* parquet.h - the inside of the Parquet reader: footer, column chunks, pages. Flat
 * tables of numbers, booleans, dates and text; plain and dictionary pages of both
 * versions, uncompressed or packed by snappy, zstd or gzip. Everything else is
 * refused by its name.
 */
#ifndef SAGETOP_TRAINER_PARQUET_H
#define SAGETOP_TRAINER_PARQUET_H

#include "trainer/dataset_build.h"
#include "trainer/thrift.h"

enum parquet_type {
	PARQUET_BOOLEAN,
	PARQUET_INT32,
	PARQUET_INT64,
	PARQUET_INT96,
	PARQUET_FLOAT,
	PARQUET_DOUBLE,
	PARQUET_BYTE_ARRAY,
	PARQUET_FIXED
};

enum parquet_meaning { PARQUET_PLAIN, PARQUET_UNSIGNED, PARQUET_DECIMAL, PARQUET_DATE };

struct parquet_column {
	char *name;
	enum parquet_type type;
	enum parquet_meaning meaning;
	int scale; /* decimal digits behind the point */
	bool optional;
};

struct parquet_chunk {
	enum parquet_type type;
	int codec;
	int64_t values, start, size; /* start: of its first page in the file */
};

struct parquet_group {
	int64_t rows;
	struct parquet_chunk *chunks; /* one a column */
};

struct parquet_file {
	struct parquet_column *columns;
	size_t n_columns;
	struct parquet_group *groups;
	size_t n_groups;
};

void parquet_file_done(struct parquet_file *f);
/* ERR_PARSE, or ERR_INVALID where the table is not flat. */
int parquet_file_parse(const char *data, size_t n, const char *name, struct parquet_file *ret,
		       struct err *err) NODISCARD;

/* What the cells of a chunk go to: value() for a number, text() for a byte array,
 * nothing for a missing cell. False stops with the sink's own fault. */
struct parquet_sink {
	void *context;
	bool (*value)(void *context, size_t row, double v);
	bool (*text)(void *context, size_t row, const char *p, size_t n);
};

/* Decode one column chunk. problem (PARQUET_PROBLEM bytes) says what is wrong where
 * it returns false; it is left empty where the sink stopped. */
#define PARQUET_PROBLEM 160
bool parquet_chunk_read(const char *data, size_t n, const struct parquet_column *column,
			const struct parquet_chunk *chunk, const struct parquet_sink *sink, char *problem);

#endif
