/* own_columns.h - columns that a program of the user's makes (data.program): it reads the
 * rows as CSV and prints a frame with as many rows, whose columns are features. */
#ifndef SAGETOP_TRAINER_OWN_COLUMNS_H
#define SAGETOP_TRAINER_OWN_COLUMNS_H

#include "trainer/panel/backtest_spec.h"
#include "trainer/panel/frame.h"

/* Run the program of the specification on t, add its columns to t, and to the specification
 * as known columns and as features, where they are not yet. Nothing without a program.
 * ERR_INVALID where it fails, prints another number of rows, or a column that is there. */
int own_columns_add(struct backtest_spec *spec, struct frame *t, struct err *err) NODISCARD;

/* For jobs, which have no such program: the rows with their columns as files below `folder`,
 * one for each season, in place of those that the lists name; the specification asks
 * for no program any more. Nothing without one. */
int own_columns_write(struct backtest_spec *spec, struct strlist *files, struct strlist *earlier, const char *folder,
		      struct err *err) NODISCARD;

#endif
