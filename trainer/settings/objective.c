/* The table of objectives, and labels held against it. */
#include <math.h>

#include "trainer/settings/objective.h"

static const struct objective objectives[] = {
	{"reg:squarederror", KIND_REGRESSION, LABEL_ANY, 0},
	{"reg:squaredlogerror", KIND_REGRESSION, LABEL_OVER_MINUS1, 0},
	{"reg:logistic", KIND_REGRESSION, LABEL_UNIT, 0},
	{"reg:pseudohubererror", KIND_REGRESSION, LABEL_ANY, 0},
	{"reg:absoluteerror", KIND_REGRESSION, LABEL_ANY, 0},
	{"reg:gamma", KIND_REGRESSION, LABEL_POSITIVE, 0},
	{"reg:tweedie", KIND_REGRESSION, LABEL_NONNEGATIVE, 0},
	{"reg:linear", KIND_REGRESSION, LABEL_ANY, 0},
	{"count:poisson", KIND_REGRESSION, LABEL_NONNEGATIVE, 0},
	{"binary:logistic", KIND_BINARY, LABEL_UNIT, 0.5},
	{"binary:logitraw", KIND_BINARY, LABEL_UNIT, 0},
	{"binary:hinge", KIND_BINARY, LABEL_BINARY, 0.5},
	{"multi:softmax", KIND_MULTICLASS, LABEL_CLASS, 0},
	{"multi:softprob", KIND_MULTICLASS, LABEL_CLASS, 0},
	{"rank:pairwise", KIND_RANKING, LABEL_ANY, 0},
	{"rank:ndcg", KIND_RANKING, LABEL_GRADE, 0},
	{"rank:map", KIND_RANKING, LABEL_BINARY, 0},
	{"survival:cox", KIND_SURVIVAL, LABEL_TIME, 0},
	{"survival:aft", KIND_SURVIVAL, LABEL_TIME, 0},
};

const struct objective *objective_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(objectives); i++)
		if (str_eq(objectives[i].name, name))
			return &objectives[i];
	return NULL;
}

size_t objective_count(void)
{
	return ARRAY_LEN(objectives);
}

const char *objective_name(size_t i)
{
	return objectives[i].name;
}

/* What a label must be, in words for the message; NULL where v is fine. */
static const char *label_fault(enum label_rule rule, int classes, float v)
{
	if (isnan(v))
		return "a number (it is missing)";
	if (isinf(v))
		return "finite";
	switch (rule) {
	case LABEL_ANY:
		return NULL;
	case LABEL_UNIT:
		return v >= 0 && v <= 1 ? NULL : "in [0, 1]";
	case LABEL_BINARY:
		return v == 0 || v == 1 ? NULL : "0 or 1";
	case LABEL_CLASS:
		return v >= 0 && v < (float)classes && v == floorf(v) ? NULL : "a whole number in [0, num_class)";
	case LABEL_NONNEGATIVE:
		return v >= 0 ? NULL : "0 or more";
	case LABEL_POSITIVE:
		return v > 0 ? NULL : "greater than 0";
	case LABEL_OVER_MINUS1:
		return v > -1 ? NULL : "greater than -1";
	case LABEL_GRADE:
		return v >= 0 && v <= 31 && v == floorf(v) ? NULL : "a whole number in [0, 31]";
	case LABEL_TIME:
		return v != 0 ? NULL : "a time (not 0; negative where it is right-censored)";
	}
	return NULL;
}

/* A classifier of one class learns nothing: name the class. */
static int check_classes(const struct objective *o, const struct dataset *d, const char *channel, struct err *err)
{
	if (o->kind != KIND_BINARY && o->kind != KIND_MULTICLASS)
		return 0;
	for (size_t i = 1; i < d->rows; i++)
		if (d->labels[i] != d->labels[0])
			return 0;
	return err_set(err, ERR_INVALID, "channel %s: all %zu labels are %g: %s needs more than one class", channel,
		       d->rows, (double)d->labels[0], o->name);
}

int objective_check_labels(const struct objective *o, int classes, const struct dataset *d, const char *channel,
			   bool all_classes, struct err *err)
{
	if (!d->rows)
		return err_set(err, ERR_INVALID, "channel %s has no rows", channel);
	if (!d->labels)
		return err_set(err, ERR_INVALID, "channel %s has no labels", channel);
	for (size_t i = 0; i < d->rows; i++) {
		const char *fault = label_fault(o->labels, classes, d->labels[i]);
		if (fault)
			return err_set(err, ERR_INVALID, "channel %s: row %zu: label %g must be %s for %s", channel,
				       i + 1, (double)d->labels[i], fault, o->name);
	}
	for (size_t i = 0; d->weights && i < d->rows; i++)
		if (!(d->weights[i] >= 0) || isinf(d->weights[i]))
			return err_set(err, ERR_INVALID, "channel %s: row %zu: weight %g must be finite and 0 or more",
				       channel, i + 1, (double)d->weights[i]);
	return all_classes ? check_classes(o, d, channel, err) : 0;
}

/* --- margins ---------------------------------------------------------------------- */

static float transform_one(const struct objective *o, float margin)
{
	static const char *const log_link[] = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox",
					       "survival:aft"};
	static const char *const logit[] = {"binary:logistic", "reg:logistic"};

	for (size_t i = 0; i < ARRAY_LEN(log_link); i++)
		if (str_eq(o->name, log_link[i]))
			return expf(margin);
	for (size_t i = 0; i < ARRAY_LEN(logit); i++)
		if (str_eq(o->name, logit[i]))
			return 1.0F / (1.0F + expf(-margin));
	return str_eq(o->name, "binary:hinge") ? (float)(margin > 0) : margin;
}

float *objective_transform(const struct objective *o, const float *margins, size_t rows, size_t width)
{
	float *out = xreallocarray(NULL, MAX(rows * width, 1), sizeof(float));

	/* The order of classes is that of their margins: no softmax is needed. */
	for (size_t i = 0; i < rows * width; i++)
		out[i] = width > 1 ? margins[i] : transform_one(o, margins[i]);
	return out;
}
