/* field_values.c - the getters of what all things have. */
#include "model/field_values.h"

#include "model/session.h"

#define CLOCK_SKEW_MS 60000 /* so far ahead may be another's clock alone */

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
	int64_t ms = x->now_ms - r->created_ms;

	if (ms < 0 && ms > -CLOCK_SKEW_MS)
		ms = 0;
	return number_value((double)ms, r->created_ms != TIME_UNKNOWN);
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

struct field_value field_get_profile(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(x->session ? x->session->profile : NULL);
}

struct field_value field_get_region(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(x->session ? x->session->region : NULL);
}

struct field_value field_get_account(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(x->session ? x->session->account : NULL);
}

const struct strmap *field_map_tags(const struct resource *r)
{
	return r->tags_known ? &r->tags : NULL;
}
