/* resource_json.c - the fields of a thing as members of a JSON object. */
#include "app/resource_json.h"

#include <math.h>

#include "app/output.h"
#include "model/diagnosis.h"
#include "model/kind.h"

static void put_number(json_t *o, const struct field *f, double v)
{
	switch (f->type) {
	case FIELD_FLAG:
		json_object_set_new(o, f->json, json_boolean(v != 0));
		break;
	case FIELD_TIME:
		json_put_time(o, f->json, (int64_t)v);
		break;
	case FIELD_MONEY:
	case FIELD_RATE:
		json_put_usd(o, f->json, (int64_t)v);
		break;
	case FIELD_FIGURE:
	case FIELD_VALUE:
	case FIELD_SPARK: /* JSON has no nan */
		json_object_set_new(o, f->json, isfinite(v) ? json_real(v) : json_null());
		break;
	default:
		json_object_set_new(o, f->json, json_integer((json_int_t)v));
		break;
	}
}

static void put_field(json_t *o, const struct field *f, const struct resource *r, const struct field_context *x)
{
	struct field_ref ref = {f, NULL};

	if (f->flags & FIELD_KEYED) {
		const struct strmap *m = f->map ? f->map(r) : NULL;

		json_object_set_new(o, f->json, m ? json_from_strmap(m) : json_null());
		return;
	}
	struct field_value v = field_get(&ref, r, x);

	if (!v.known)
		json_object_set_new(o, f->json, json_null());
	else if (v.text)
		json_put_str(o, f->json, v.text);
	else
		put_number(o, f, v.number);
}

json_t *resource_to_json(const struct resource *r, const struct field_context *x)
{
	json_t *o = json_object();

	for (const struct field *f = r->kind->fields; f->name; f++) {
		if (f->json)
			put_field(o, f, r, x);
	}
	return o;
}

json_t *diagnosis_to_json(const struct resource *r, const struct field_context *x)
{
	AUTO(diagnosis) struct diagnosis d = {0};

	if (!diagnosis_find(&d, r, x))
		return json_null();
	json_t *o = json_object();

	json_put_str(o, "cause", d.cause);
	json_put_str(o, "words", d.words);
	json_put_str(o, "try", d.attempt);
	json_put_str(o, "remedy", d.remedy);
	return o;
}
