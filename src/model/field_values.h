/* field_values.h - what the tables of fields share: values out of plain data, and the
 * getters of what all things have (struct resource). */
#ifndef SAGETOP_MODEL_FIELD_VALUES_H
#define SAGETOP_MODEL_FIELD_VALUES_H

#include "model/field.h"
#include "model/resource.h"

static inline struct field_value text_value(const char *s)
{
	return (struct field_value){.text = s, .known = !str_empty(s)};
}

static inline struct field_value number_value(double v, bool known)
{
	return (struct field_value){.number = v, .known = known};
}

static inline struct field_value time_value(int64_t ms)
{
	return number_value((double)ms, ms != TIME_UNKNOWN);
}

field_get_fn field_get_name, field_get_arn, field_get_reason, field_get_age, field_get_created, field_get_modified,
	field_get_started, field_get_ended, field_get_profile, field_get_region, field_get_account;
field_map_fn field_map_tags;

#endif
