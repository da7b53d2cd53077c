/* spec_table.h - the members of a CreateTrainingJob request; private to spec_*.c. */
#ifndef SAGETOP_SYNC_SPEC_TABLE_H
#define SAGETOP_SYNC_SPEC_TABLE_H

#include "sync/spec.h"

enum spec_type {
	SPEC_STR,
	SPEC_REGEX,
	SPEC_INT,
	SPEC_BOOL,
	SPEC_OBJ,
	SPEC_MAP,  /* name -> string; sub_min: longest name, sub_max: longest value */
	SPEC_STRS, /* list of strings; sub_min, sub_max: their lengths */
	SPEC_OBJS, /* list of objects */
	SPEC_ANY   /* passed on as it is */
};

struct spec_row {
	const char *parent, *name;
	enum spec_type type;
	bool required;
	int64_t min, max;
	const char *pattern;
	int64_t sub_min, sub_max;
};

extern const struct spec_row spec_rows[]; /* the last has no parent */
const struct spec_row *spec_row_find(const char *parent, const char *name);
const char *spec_row_nearest(const char *parent, const char *name); /* NULL where none is near */

#endif
