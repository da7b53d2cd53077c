/* dataset_build.h - what the readers of the formats share: a data set under
 * construction, and dictionaries from text to code.
 */
#ifndef SAGETOP_TRAINER_DATASET_BUILD_H
#define SAGETOP_TRAINER_DATASET_BUILD_H

#include "base/map.h"
#include "trainer/read/dataset.h"
#include "trainer/read/text.h"

#define DATASET_MAX_COLUMNS ((size_t)4000000) /* a libsvm index beyond is taken for an id */

/* Arrays grow together. `with_*` is set before the first reserve. */
struct builder {
	struct dataset *d;
	bool sparse, with_labels, with_weights, with_query_ids, with_entities, with_dates;
	size_t cap_rows, cap_values;
	size_t spill_above; /* of the options */
};

/* Room for `rows` rows and `values` sparse values in all. expected is a guess at
 * the final number of rows, taken where it is larger (0: none). ERR_TOOBIG
 * where the size cannot be. d->columns must be set where dense. */
int builder_reserve(struct builder *b, size_t rows, size_t values, double growth, struct err *err) NODISCARD;
int builder_trim(struct builder *b, struct err *err) NODISCARD; /* give back what is not used */
/* Close the gaps that blank lines left: chunk by chunk, rows move down. */
void builder_compact(struct builder *b, const struct text_batch *batch);

/* Text to code in the order of first appearance. */
struct dictionary {
	struct map codes; /* text -> code + 1 */
	struct strlist names;
};
void dictionary_done(struct dictionary *d);
#define DICTIONARY_NONE UINT32_MAX
uint32_t dictionary_find(const struct dictionary *d, const char *text);
uint32_t dictionary_code(struct dictionary *d, const char *text); /* adds it */

/* The formats. Each batch function appends the batch's rows to b->d. */
struct csv;
struct csv *csv_new(const struct dataset_options *opt) NODISCARD;
void csv_free(struct csv *c);
int csv_batch(struct csv *c, struct text_feed *f, struct text_batch *batch, struct builder *b,
	      struct err *err) NODISCARD;
/* After the last batch: an error where the last file held nothing and there is no other. */
int csv_finish(const struct csv *c, struct source *s, struct err *err) NODISCARD;
/* Names and categories so far, into a data set. */
void csv_describe(const struct csv *c, struct dataset *d);

struct libsvm;
struct libsvm *libsvm_new(const struct dataset_options *opt) NODISCARD;
void libsvm_free(struct libsvm *l);
int libsvm_batch(struct libsvm *l, struct text_feed *f, struct text_batch *batch, struct builder *b,
		 struct err *err) NODISCARD;

/* RecordIO cuts its files itself: next fills the batch (1, 0 at the end, -code). */
struct recordio;
struct recordio *recordio_new(const struct dataset_options *opt) NODISCARD;
void recordio_free(struct recordio *r);
int recordio_next(struct recordio *r, struct text_feed *f, struct text_batch *b, struct err *err) NODISCARD;
int recordio_batch(struct recordio *r, struct text_feed *f, struct text_batch *batch, struct builder *b,
		   struct err *err) NODISCARD;

/* Parquet, where it is built in: append gives 1, 0 at the end, -code. */
struct parquet;
struct parquet *parquet_new(const struct dataset_options *opt) NODISCARD;
void parquet_free(struct parquet *p);
int parquet_append(struct parquet *p, struct text_feed *f, struct builder *b, struct err *err) NODISCARD;
void parquet_describe(const struct parquet *p, struct dataset *d);

/* The share of the input that has been handed out, as the factor by which what
 * has been read so far will still grow (at least 1). */
double text_feed_growth(const struct text_feed *f);

#endif
