/* field_values.c - the getters of what all things have. */
#include "model/field_values.h"

struct field_value field_get_name(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(r->name);
}

struct field_value field_get_arn(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(r->arn);
}

struct field_value field_get_reason(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(r->failure_reason);
}

struct field_value field_get_age(const struct resource *r, const char *key, const struct field_context *x)
{
	return number_value((double)MAX(x->now_ms - r->created_ms, (int64_t)0), r->created_ms != TIME_UNKNOWN);
}

struct field_value field_get_created(const struct resource *r, const char *key, const struct field_context *x)
{
	return time_value(r->created_ms);
}

struct field_value field_get_modified(const struct resource *r, const char *key, const struct field_context *x)
{
	return time_value(r->modified_ms);
}

struct field_value field_get_started(const struct resource *r, const char *key, const struct field_context *x)
{
	return time_value(r->start_ms);
}

struct field_value field_get_ended(const struct resource *r, const char *key, const struct field_context *x)
{
	return time_value(r->end_ms);
}

const struct strmap *field_map_tags(const struct resource *r)
{
	return r->tags_known ? &r->tags : NULL;
}
