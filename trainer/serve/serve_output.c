/* Predictions as CSV, JSON, JSON lines or RecordIO. */
#include "trainer/serve/serve_output.h"

#include <math.h>
#include <strings.h>

#include "base/utf8.h"
#include "trainer/read/number.h"
#include "trainer/read/recordio.h"

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_PREDICTED_LABEL] = "predicted_label",
	[FIELD_LABELS] = "labels",
	[FIELD_PROBABILITY] = "probability",
	[FIELD_PROBABILITIES] = "probabilities",
	[FIELD_RAW_SCORE] = "raw_score",
	[FIELD_RAW_SCORES] = "raw_scores",
	[FIELD_PREDICTED_SCORE] = "predicted_score",
};

static int refuse_field(const char *name, struct err *err)
{
	const char *near = str_nearest(name, field_names, FIELD_COUNT);

	return err_set(err, ERR_USAGE, "unknown output '%s'%s%s%s", name, near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

int output_parse_fields(const char *text, bool strict, struct output_spec *ret, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};
	AUTO(str) char *plain = utf8_sanitize_dup(text);
	size_t n = 0;

	for (const char *p = plain; *p; p++)
		if (*p != ' ')
			plain[n++] = *p;
	plain[n] = '\0';
	str_lower(plain);
	ret->n_fields = 0;
	strlist_split(&words, plain, ',');
	for (size_t i = 0; i < words.n; i++) {
		size_t k = 0;

		if (!*words.items[i])
			continue;
		while (k < FIELD_COUNT && !str_eq(words.items[i], field_names[k]))
			k++;
		if (k == FIELD_COUNT && strict)
			return refuse_field(words.items[i], err);
		if (ret->n_fields == OUTPUT_FIELDS_MAX)
			return err_set(err, ERR_USAGE, "more than %d outputs", OUTPUT_FIELDS_MAX);
		struct output_choice *c = &ret->fields[ret->n_fields++];
		c->field = (enum output_field)k;
		str_copy(c->name, sizeof(c->name), words.items[i]);
		for (size_t cut = strlen(c->name); !utf8_valid(c->name, cut); cut--)
			c->name[cut - 1] = '\0';
	}
	return 0;
}

/* --- what is accepted ---------------------------------------------------------- */

static const struct {
	const char *name;
	enum output_format format;
} output_types[] = {
	{"text/csv", OUTPUT_CSV},
	{"application/json", OUTPUT_JSON},
	{"application/jsonlines", OUTPUT_JSON_LINES},
	{"application/x-recordio-protobuf", OUTPUT_RECORDIO},
	{"*/*", OUTPUT_CSV},
	{"text/*", OUTPUT_CSV},
	{"csv", OUTPUT_CSV},
	{"application/*", OUTPUT_JSON},
	{"json", OUTPUT_JSON},
	{"application/x-jsonlines", OUTPUT_JSON_LINES},
	{"application/x-ndjson", OUTPUT_JSON_LINES},
	{"jsonlines", OUTPUT_JSON_LINES},
	{"recordio-protobuf", OUTPUT_RECORDIO},
};

const char *output_content_type(enum output_format format)
{
	return output_types[format].name;
}

int output_negotiate(const char *accept, enum output_format *ret, struct err *err)
{
	AUTO(strlist) struct strlist types = {0};
	double best = 0;

	*ret = OUTPUT_CSV;
	if (str_empty(accept))
		return 0;
	strlist_split(&types, accept, ',');
	for (size_t i = 0; i < types.n; i++) {
		AUTO(strlist) struct strlist parts = {0};
		double quality = 1;

		strlist_split(&parts, types.items[i], ';');
		for (size_t k = 1; k < parts.n; k++)
			if (!strncasecmp(parts.items[k], "q=", 2) && !str_to_f64(parts.items[k] + 2, &quality))
				quality = 0;
		for (size_t k = 0; parts.n && k < ARRAY_LEN(output_types); k++)
			if (str_ieq(parts.items[0], output_types[k].name) && quality > best) {
				best = quality;
				*ret = output_types[k].format;
			}
	}
	if (best > 0)
		return 0;
	if (err)
		err->http_status = 406;
	return err_set(err, ERR_INVALID,
		       "Accept '%.100s' is not supported: use text/csv, application/json, "
		       "application/jsonlines or application/x-recordio-protobuf",
		       accept);
}

/* --- values ------------------------------------------------------------------------ */

/* As printf's %.*g writes a positive number from 0.0001 to 999999. The product below has
 * at most 52 bits, so that it is exact and rounds as printf does. NULL where the text does
 * not read back as v, or might not. */
static const char *output_digits(char *buf, float v, int exponent, int digits)
{
	int places = digits - 1 - exponent;
	double power = number_powers[NUMBER_MAX_EXPONENT + places], back;
	uint64_t n = (uint64_t)llrint((double)v * power), bits;
	char text[OUTPUT_NUMBER], *p = text + sizeof(text);

	back = (double)n / power;
	memcpy(&bits, &back, sizeof(bits));
	if ((float)back != v || (bits & 0x1FFFFFFF) == 0x10000000) /* between two floats: it was rounded twice */
		return NULL;
	while (places && n % 10 == 0) {
		n /= 10;
		places--;
	}
	*--p = 0;
	for (int i = 0; i < places; i++, n /= 10)
		*--p = (char)('0' + n % 10);
	if (places)
		*--p = '.';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	return memcpy(buf, p, (size_t)(text + sizeof(text) - p));
}

const char *output_number(char buf[OUTPUT_NUMBER], float v)
{
	float size = fabsf(v);
	int exponent = -4;

	if (isnan(v))
		return strcpy(buf, "nan");
	if (size >= 1e-4f && size < 999999) {
		while (exponent < 5 && (double)size >= number_powers[NUMBER_MAX_EXPONENT + exponent + 1])
			exponent++;
		buf[0] = '-';
		for (int digits = 6; digits <= 9; digits++)
			if (output_digits(buf + (v < 0), size, exponent, digits))
				return buf;
	}
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(buf, OUTPUT_NUMBER, "%.*g", digits, (double)v);
		if (strtof(buf, NULL) == v)
			break;
	}
	return buf;
}

enum output_objective {
	OBJECTIVE_LOGISTIC,
	OBJECTIVE_LOGITRAW,
	OBJECTIVE_HINGE,
	OBJECTIVE_SOFTMAX,
	OBJECTIVE_SOFTPROB,
	OBJECTIVE_SCORE
};

static enum output_objective output_objective(const struct booster_info *info)
{
	static const char *const names[] = {"binary:logistic", "binary:logitraw", "binary:hinge", "multi:softmax",
					    "multi:softprob"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(info->objective, names[i]))
			return (enum output_objective)i;
	return OBJECTIVE_SCORE;
}

bool output_field_known(const struct booster_info *info, enum output_field field)
{
	enum output_objective o = output_objective(info);

	switch (field) {
	case FIELD_UNKNOWN:
		return false;
	case FIELD_PREDICTED_SCORE:
		return o == OBJECTIVE_SCORE;
	case FIELD_PROBABILITY:
	case FIELD_PROBABILITIES:
		return o == OBJECTIVE_LOGISTIC || o == OBJECTIVE_SOFTPROB;
	default:
		return o != OBJECTIVE_SCORE;
	}
}

/* A field of one row: one number, or a list. */
struct field_value {
	bool list;
	bool whole; /* integers, which have no decimal point */
	size_t n;
	float *values; /* room for max(2, classes, columns) */
};

static size_t output_argmax(const float *row, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (row[i] > row[best])
			best = i;
	return best;
}

static float output_label(enum output_objective o, const float *row, size_t n)
{
	switch (o) {
	case OBJECTIVE_LOGISTIC:
		return row[0] > 0.5f;
	case OBJECTIVE_LOGITRAW:
		return row[0] > 0;
	case OBJECTIVE_SOFTPROB:
		return (float)output_argmax(row, n);
	default:
		return row[0];
	}
}

static void output_field_value(const struct booster_info *info, enum output_field field, const float *row, size_t n,
			       struct field_value *ret)
{
	enum output_objective o = output_objective(info);

	ret->list = ret->whole = false;
	ret->n = 1;
	ret->values[0] = NAN;
	if (!output_field_known(info, field))
		return;
	switch (field) {
	case FIELD_PREDICTED_LABEL:
		ret->values[0] = output_label(o, row, n);
		ret->whole = o == OBJECTIVE_LOGISTIC || o == OBJECTIVE_LOGITRAW || o == OBJECTIVE_SOFTPROB;
		break;
	case FIELD_LABELS:
		ret->list = ret->whole = true;
		ret->n = o == OBJECTIVE_SOFTMAX || o == OBJECTIVE_SOFTPROB ? (size_t)MAX(info->classes, 1) : 2;
		for (size_t i = 0; i < ret->n; i++)
			ret->values[i] = (float)i;
		break;
	case FIELD_PROBABILITY:
	case FIELD_RAW_SCORE:
	case FIELD_PREDICTED_SCORE:
		ret->values[0] = o == OBJECTIVE_SOFTPROB ? row[output_argmax(row, n)] : row[0];
		break;
	default:
		ret->list = true;
		if (o == OBJECTIVE_SOFTPROB) {
			ret->n = n;
			memcpy(ret->values, row, n * sizeof(*row));
		} else {
			ret->n = 2;
			ret->values[0] = 1 - row[0];
			ret->values[1] = row[0];
		}
	}
}

/* --- formats ------------------------------------------------------------------------- */

enum output_style {
	STYLE_CSV,
	STYLE_JSON = 1,	 /* what is no number is null */
	STYLE_WHOLE = 2, /* integers; other numbers are told from them by a decimal point */
};

static void output_add_number(struct buf *out, float v, unsigned style)
{
	char text[OUTPUT_NUMBER];

	if (style & STYLE_JSON && !isfinite(v)) {
		buf_adds(out, "null");
		return;
	}
	output_number(text, v);
	buf_adds(out, text);
	if (!(style & STYLE_WHOLE) && isfinite(v) && !strpbrk(text, ".e"))
		buf_adds(out, ".0");
}

static void output_add_numbers(struct buf *out, const float *values, size_t n, const char *separator, unsigned style)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_adds(out, separator);
		output_add_number(out, values[i], style);
	}
}

static void output_add_list(struct buf *out, const float *values, size_t n, unsigned style)
{
	buf_addc(out, '[');
	output_add_numbers(out, values, n, ", ", style);
	buf_addc(out, ']');
}

static void output_add_field(struct buf *out, const struct field_value *value, unsigned style)
{
	if (value->whole)
		style |= STYLE_WHOLE;
	if (value->list)
		output_add_list(out, value->values, value->n, style);
	else
		output_add_number(out, value->values[0], style);
}

static void output_csv_row(const struct output_spec *spec, const struct booster_info *info, const float *row, size_t n,
			   struct field_value *value, struct buf *out)
{
	for (size_t f = 0; f < spec->n_fields; f++) {
		if (f)
			buf_addc(out, ',');
		output_field_value(info, spec->fields[f].field, row, n, value);
		buf_adds(out, value->list ? "\"" : "");
		output_add_field(out, value, STYLE_CSV);
		buf_adds(out, value->list ? "\"" : "");
	}
	if (!spec->n_fields && n > 1 && spec->brackets)
		output_add_list(out, row, n, STYLE_CSV);
	else if (!spec->n_fields)
		output_add_numbers(out, row, n, ",", STYLE_CSV);
}

static void output_json_row(const struct output_spec *spec, const struct booster_info *info, const float *row, size_t n,
			    struct field_value *value, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t f = 0; f < spec->n_fields; f++) {
		output_field_value(info, spec->fields[f].field, row, n, value);
		buf_adds(out, f ? ", " : "");
		json_add_quoted(out, spec->fields[f].name);
		buf_adds(out, ": ");
		output_add_field(out, value, STYLE_JSON);
	}
	if (!spec->n_fields) {
		buf_adds(out, "\"score\": ");
		if (n == 1)
			output_add_number(out, row[0], STYLE_JSON);
		else
			output_add_list(out, row, n, STYLE_JSON);
	}
	buf_addc(out, '}');
}

static void output_recordio_row(const struct output_spec *spec, const struct booster_info *info, const float *row,
				size_t n, struct field_value *value, struct buf *out)
{
	struct recordio_label labels[OUTPUT_FIELDS_MAX];
	float *copies[OUTPUT_FIELDS_MAX] = {0};

	for (size_t f = 0; f < spec->n_fields; f++) {
		output_field_value(info, spec->fields[f].field, row, n, value);
		copies[f] = xmemdup(value->values, value->n * sizeof(float));
		labels[f] = (struct recordio_label){spec->fields[f].name, copies[f], value->n};
	}
	if (spec->n_fields)
		recordio_write(out, labels, spec->n_fields);
	else
		recordio_write(out, &(struct recordio_label){"score", row, n}, 1);
	for (size_t f = 0; f < spec->n_fields; f++)
		free(copies[f]);
}

void output_write(const struct output_spec *spec, enum output_format format, const struct booster_info *info,
		  const struct predictions *p, struct buf *out)
{
	size_t room = MAX(MAX((size_t)MAX(info->classes, 2), p->columns), (size_t)2);
	struct field_value value = {.values = xcalloc(room, sizeof(float))};

	if (format == OUTPUT_JSON)
		buf_adds(out, "{\"predictions\": [");
	for (size_t r = 0; r < p->rows && !out->overflow; r++) {
		const float *row = p->values + r * p->columns;

		switch (format) {
		case OUTPUT_CSV:
			output_csv_row(spec, info, row, p->columns, &value, out);
			if (!spec->n_fields || spec->ended || r + 1 < p->rows)
				buf_addc(out, '\n');
			break;
		case OUTPUT_JSON:
			if (r)
				buf_adds(out, ", ");
			output_json_row(spec, info, row, p->columns, &value, out);
			break;
		case OUTPUT_JSON_LINES:
			output_json_row(spec, info, row, p->columns, &value, out);
			buf_addc(out, '\n');
			break;
		case OUTPUT_RECORDIO:
			output_recordio_row(spec, info, row, p->columns, &value, out);
		}
	}
	if (format == OUTPUT_JSON)
		buf_adds(out, "]}");
	free(value.values);
}
