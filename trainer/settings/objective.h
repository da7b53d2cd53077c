/* objective.h - what the trainer must know of each objective and metric: which
 * labels it takes, whether its predictions are classes, which way is better. */
#ifndef SAGETOP_TRAINER_OBJECTIVE_H
#define SAGETOP_TRAINER_OBJECTIVE_H

#include "trainer/read/dataset.h"

enum objective_kind { KIND_REGRESSION, KIND_BINARY, KIND_MULTICLASS, KIND_RANKING, KIND_SURVIVAL };
enum label_rule {
	LABEL_ANY,
	LABEL_UNIT,	   /* [0, 1] */
	LABEL_BINARY,	   /* 0 or 1 */
	LABEL_CLASS,	   /* 0 .. num_class - 1 */
	LABEL_NONNEGATIVE, /* >= 0 */
	LABEL_POSITIVE,	   /* > 0 */
	LABEL_OVER_MINUS1, /* > -1 */
	LABEL_GRADE,	   /* whole number 0 .. 31 */
	LABEL_TIME,	   /* not 0; negative is right-censored */
};

struct objective {
	const char *name;
	enum objective_kind kind;
	enum label_rule labels;
	double threshold; /* prediction above it: class 1 (binary objectives) */
};

const struct objective *objective_find(const char *name); /* NULL where unknown */
size_t objective_count(void);
const char *objective_name(size_t i);

/* Margins (rows x width) as predictions, for metrics of classes and numbers; the
 * caller's. As the library's own transformation, within float precision. */
float *objective_transform(const struct objective *o, const float *margins, size_t rows, size_t width) NODISCARD;

/* Labels of one channel against the objective; ERR_INVALID names channel, row and
 * label. Finite, in range, and for classification more than one class. */
int objective_check_labels(const struct objective *o, int classes, const struct dataset *d, const char *channel,
			   bool all_classes, struct err *err) NODISCARD;

/* A metric by its name without "@threshold". */
struct metric {
	const char *name;
	bool maximize;
	bool own;	   /* computed here, not by the library */
	bool classes_only; /* needs a classification objective */
	bool binary_only;
};

const struct metric *metric_find(const char *name); /* accepts error@0.7 */
int metric_check(const char *name, const struct objective *o, int classes, struct err *err) NODISCARD;

#endif
