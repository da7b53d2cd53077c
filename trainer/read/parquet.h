/* parquet.h - the inside of the Parquet reader: footer, column chunks, pages. Flat
 * tables of numbers, booleans, dates, times and text in the encodings that pandas,
 * Spark, DuckDB, Polars and their like write; pages of both versions, uncompressed or
 * packed by snappy, zstd or gzip. Everything else is refused by its name.
 */
#ifndef SAGETOP_TRAINER_PARQUET_H
#define SAGETOP_TRAINER_PARQUET_H

#include "trainer/read/dataset_build.h"
#include "trainer/read/thrift.h"

/* How values are stored ... */
enum parquet_type {
	PARQUET_BOOLEAN,
	PARQUET_INT32,
	PARQUET_INT64,
	PARQUET_INT96, /* a time, as older writers have it */
	PARQUET_FLOAT,
	PARQUET_DOUBLE,
	PARQUET_BYTE_ARRAY,
	PARQUET_FIXED
};

/* ... and what they mean. */
enum parquet_meaning {
	PARQUET_PLAIN,
	PARQUET_UNSIGNED,
	PARQUET_DECIMAL,
	PARQUET_DATE, /* days since 1970 */
	PARQUET_TIME_MS,
	PARQUET_TIME_US,
	PARQUET_TIME_NS,
	PARQUET_FLOAT16
};

struct parquet_column {
	char *name;
	enum parquet_type type;
	enum parquet_meaning meaning;
	int scale;    /* decimal digits behind the point */
	size_t width; /* bytes of a PARQUET_FIXED */
	bool optional;
	bool index; /* of a frame: row numbers or names that are no data, as the file's metadata say */
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

/* A value as it is stored: the column's type says which. */
struct parquet_value {
	union {
		int64_t whole;	   /* booleans and integers; an unsigned one as its bits */
		double real;	   /* float and double */
		const char *bytes; /* all others; borrowed */
	};
	size_t n; /* of bytes */
};

/* The value as a number; false where its column holds none (text, other bytes). */
bool parquet_number(const struct parquet_column *c, const struct parquet_value *v, double *ret);
/* The day of a date or a time, from 1970; false where its column holds neither. */
bool parquet_day(const struct parquet_column *c, const struct parquet_value *v, int64_t *ret);

/* Decode one column chunk: cells() gets the values of n rows of the group from row on,
 * for those of them that are present (NULL: all). It returns false to stop, with a
 * fault of its own. problem (PARQUET_PROBLEM bytes) says what is wrong where this
 * returns false; it is empty where cells stopped. */
#define PARQUET_PROBLEM 160
struct parquet_sink {
	void *context;
	bool (*cells)(void *context, size_t row, size_t n, const uint32_t *present, const struct parquet_value *v);
};
bool parquet_chunk_read(const char *data, const struct parquet_column *column, const struct parquet_chunk *chunk,
			const struct parquet_sink *sink, char *problem);

/* --- encodings (parquet_values.c) ------------------------------------------------------ */

enum {
	ENCODING_PLAIN = 0,
	ENCODING_PLAIN_DICTIONARY = 2,
	ENCODING_RLE = 3,
	ENCODING_DELTA_BINARY_PACKED = 5,
	ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6,
	ENCODING_DELTA_BYTE_ARRAY = 7,
	ENCODING_RLE_DICTIONARY = 8,
	ENCODING_BYTE_STREAM_SPLIT = 9
};
#define PARQUET_MAX_PAGE ((size_t)256 << 20)

struct parquet_decoder {
	const struct parquet_column *column;
	const char *p, *end; /* the page's values */
	const struct parquet_value *dictionary;
	size_t dictionary_n;
	char *memory; /* of values that do not lie in the page as they are: free() it after use */
	char *problem;
};
/* n values into out; false with problem set where there are not so many. */
bool parquet_decode(struct parquet_decoder *d, int64_t encoding, struct parquet_value *out, size_t n);
/* n numbers of `width` bits (0 to 32) in the hybrid of runs and packed stretches. */
bool parquet_hybrid(const char *p, const char *end, unsigned width, uint32_t *out, size_t n);

#endif
