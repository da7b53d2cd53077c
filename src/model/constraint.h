/* constraint.h - what a baseline says of data, and where other data violate it: Model
 * Monitor's constraints and checks on plain structs.
 */
#ifndef SAGETOP_MODEL_CONSTRAINT_H
#define SAGETOP_MODEL_CONSTRAINT_H

#include "model/profile.h"

enum drift_method { DRIFT_ROBUST, DRIFT_SIMPLE };

/* monitoring_config, of the whole or of one feature. */
struct constraint_settings {
	bool evaluate; /* evaluate_constraints */
	bool compare;  /* distribution_constraints.perform_comparison */
	enum drift_method method;
	double type_share;   /* datatype_check_threshold: of the cells that are there */
	double domain_share; /* domain_content_threshold: the same */
	double drift;	     /* comparison_threshold */
	double categorical;  /* categorical_comparison_threshold */
};
#define CONSTRAINT_SETTINGS_USUAL                                                                              \
	{                                                                                                      \
		.evaluate = true, .compare = true, .method = DRIFT_ROBUST, .type_share = 1, .domain_share = 1, \
		.drift = 0.1, .categorical = 0.1                                                               \
	}

struct constraint {
	char *name;
	enum column_type type;
	double completeness; /* least share of cells that are there; NAN: not said */
	bool non_negative;
	struct strlist domain; /* empty: any text */
	struct constraint_settings settings;
	/* the baseline's distribution; empty where it is not known */
	struct sketch_points points; /* numbers */
	bool points_are_bounds;	     /* upper bounds of buckets, not values */
	struct constraint_category {
		char *text;
		double count;
	} * categories;
	size_t n_categories, cap_categories;
};
struct constraints {
	struct constraint *items;
	size_t n, cap;
};
void constraints_done(struct constraints *l);
AUTO_EMBEDDED(constraints, struct constraints, constraints_done)
/* Borrowed until the next one is added. */
struct constraint *constraints_add(struct constraints *l, const char *name);
struct constraint *constraints_find(const struct constraints *l, const char *name); /* NULL */

/* What the columns of these data have in common, as a proposal: types, completeness, no
 * negative numbers, and of texts the domain where there are at most
 * PROFILE_CATEGORIES_MAX and few occur only once. */
void constraints_suggest(const struct profile *p, struct constraints *ret);

/* Before data are read that will be checked: their columns in the baseline's order, and
 * texts that have to be counted. ERR_TOOBIG. */
int constraints_prepare(const struct constraints *l, struct profile *p, struct err *err) NODISCARD;

enum violation_check {
	CHECK_MISSING_COLUMN,
	CHECK_EXTRA_COLUMN,
	CHECK_DATA_TYPE,
	CHECK_COMPLETENESS,
	CHECK_NON_NEGATIVE,
	CHECK_CATEGORIES,
	CHECK_DRIFT,
};
extern const char *const violation_check_names[]; /* "missing_column_check" ... */

struct violations {
	struct violation {
		char *feature;
		enum violation_check check;
		char *description;
	} * items;
	size_t n, cap;
	struct strlist not_compared; /* "NAME: why", of distributions that could not be */
};
void violations_done(struct violations *l);
AUTO_EMBEDDED(violations, struct violations, violations_done)

/* In the order of the baseline's features, what is new last. */
void constraints_check(const struct constraints *l, const struct profile *p, struct violations *ret);

#endif
