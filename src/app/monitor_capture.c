/* monitor_capture.c - JSON lines as rows: objects whose members are columns, and what an
 * endpoint captured of its calls, whose payloads are CSV or JSON, plain or in base64. */
#include "app/monitor.h"

#include "base/csv.h"
#include "base/digest.h"
#include "base/utf8.h"

#define PAYLOAD_MAX ((size_t)64 << 20)
#define DEPTH_MAX 16

/* The cells of some rows; those without a name have their place for one. */
struct cells {
	struct cell {
		char *name; /* NULL */
		char *text;
		enum cell_type type;
		double number;
	} * items;
	size_t n, cap;
	size_t *ends; /* of each row */
	size_t rows, cap_rows;
};

static void cells_done(struct cells *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].name);
		free(c->items[i].text);
	}
	free(c->items);
	free(c->ends);
}
AUTO_EMBEDDED(cells, struct cells, cells_done)

static struct cell *add_cell(struct cells *c, const char *name)
{
	GROW(c->items, c->cap, c->n + 1);
	c->items[c->n] = (struct cell){.name = name && *name ? utf8_sanitize_dup(name) : NULL};
	return &c->items[c->n++];
}

static void end_row(struct cells *c)
{
	GROW(c->ends, c->cap_rows, c->rows + 1);
	c->ends[c->rows++] = c->n;
}

/* --- JSON ------------------------------------------------------------------------------ */

static void add_scalar(struct cells *c, const char *name, const json_t *v)
{
	struct cell *cell = add_cell(c, name);

	if (json_is_integer(v)) {
		cell->type = CELL_INTEGRAL;
		cell->number = (double)json_integer_value(v);
		cell->text = xasprintf("%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		cell->type = CELL_FRACTIONAL;
		cell->number = json_real_value(v);
		cell->text = xasprintf("%.17g", cell->number);
	} else if (json_is_null(v)) {
		cell->type = CELL_MISSING;
		cell->text = xstrdup("");
	} else {
		cell->type = CELL_TEXT;
		cell->text = json_is_string(v) ? utf8_sanitize_dup(json_string_value(v))
					       : xstrdup(json_is_true(v) ? "true" : "false");
	}
}

/* What lies deeper has a path for a name: "user.age", "tags.0". */
static void add_value(struct cells *c, const char *name, const json_t *v, int depth)
{
	const char *key;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, member)
		{
			AUTO(str) char *below = name && *name ? xasprintf("%s.%s", name, key) : xstrdup(key);

			add_value(c, below, member, depth + 1);
		}
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, member)
		{
			AUTO(str) char *below = name && *name ? xasprintf("%s.%zu", name, i) : NULL;

			add_value(c, below, member, depth + 1);
		}
	} else {
		add_scalar(c, name, v);
	}
}

static const json_t *only_list(const json_t *v)
{
	json_t *member = json_is_object(v) && json_object_size(v) == 1
				 ? json_object_iter_value(json_object_iter((json_t *)v))
				 : NULL;

	return json_is_array(member) ? member : v;
}

/* {"instances": [{"features": [1, 2]}, ...]}, {"predictions": [...]}, [[1, 2], [3, 4]]: a
 * list of lists or objects is rows, one of values is a row. */
static void add_json(struct cells *c, const json_t *v)
{
	size_t i;
	const json_t *row, *list = only_list(v);
	const json_t *first = json_array_get(list, 0);

	if (!json_is_object(first) && !json_is_array(first)) {
		add_value(c, NULL, list, 0);
		end_row(c);
		return;
	}
	json_array_foreach(list, i, row)
	{
		add_value(c, NULL, only_list(row), 0);
		end_row(c);
	}
}

/* --- payloads --------------------------------------------------------------------------- */

static const char *add_csv_line(struct cells *c, const char *p, const char *end, struct buf *field)
{
	for (;; p++) {
		struct cell *cell;

		p = csv_field(p, end, field);
		if (!p)
			return "a quote is not closed";
		cell = add_cell(c, NULL);
		cell->text = utf8_sanitize_dup(buf_str(field));
		cell->type = cell_parse(cell->text, &cell->number);
		if (p == end)
			break;
	}
	end_row(c);
	return NULL;
}

/* NULL, or why not. */
static const char *add_csv(struct cells *c, const char *text)
{
	AUTO(buf) struct buf field = BUF_INIT(PAYLOAD_MAX);

	for (const char *p = text; *p;) {
		const char *end = p + strcspn(p, "\n"), *stop = end;
		const char *why;

		while (stop > p && stop[-1] == '\r')
			stop--;
		why = stop > p ? add_csv_line(c, p, stop, &field) : NULL;
		if (why)
			return why;
		p = *end ? end + 1 : end;
	}
	return NULL;
}

/* A document, or a line for each row. */
static const char *add_json_text(struct cells *c, const char *text)
{
	AUTO(json) json_t *whole = json_loads(text, JSON_DECODE_ANY, NULL);

	if (whole) {
		add_json(c, whole);
		return NULL;
	}
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		AUTO(json) json_t *line = n ? json_loadb(p, n, JSON_DECODE_ANY, NULL) : NULL;

		if (line)
			add_json(c, line);
		else if (strspn(p, " \t\r") < n)
			return "a payload is no JSON";
		p += n + (p[n] == '\n');
	}
	return NULL;
}

static const char *add_payload(struct cells *c, const json_t *side)
{
	AUTO(buf) struct buf decoded = BUF_INIT(PAYLOAD_MAX);
	const char *text = json_get_str(side, "data"), *encoding = str_or(json_get_str(side, "encoding"), "");
	const char *type = str_or(json_get_str(side, "observedContentType"), "");
	struct err why = {0};

	if (!text)
		return "a payload has no data";
	if (!strcasecmp(encoding, "BASE64")) {
		if (base64_decode(text, &decoded, &why) < 0 || memchr(buf_str(&decoded), '\0', decoded.len))
			return "a payload is no text in base64";
		text = buf_str(&decoded);
	}
	if (strcasestr(type, "csv") || !strcasecmp(encoding, "CSV"))
		return add_csv(c, text);
	if (strcasestr(type, "json") || !strcasecmp(encoding, "JSON"))
		return add_json_text(c, text);
	return "a payload is neither CSV nor JSON";
}

/* --- rows -------------------------------------------------------------------------------- */

/* The names of a row's cells, which become columns in their order. places: of cells without
 * a name, counted on. */
static int find_columns(struct monitor_reader *r, const struct cells *c, size_t row, size_t *places, size_t *columns,
			struct err *err)
{
	for (size_t i = row ? c->ends[row - 1] : 0; i < c->ends[row]; i++) {
		AUTO(str) char *place = c->items[i].name ? NULL : monitor_position_name(r, (*places)++);

		if (profile_column(r->profile, str_or(c->items[i].name, place), &columns[i], err) < 0)
			return err_prefix(err, "%s:%zu", r->path, r->line);
	}
	return 0;
}

static void add_row(struct monitor_reader *r, const struct cells *c, size_t row, const size_t *columns)
{
	for (size_t i = row ? c->ends[row - 1] : 0; i < c->ends[row]; i++)
		profile_add(r->profile, columns[i], c->items[i].type, c->items[i].number, c->items[i].text);
}

/* Answers first, as the service has them, then what was asked; of a name that both have what
 * was asked counts. */
static int add_rows(struct monitor_reader *r, const struct cells *answers, const struct cells *asked, struct err *err)
{
	size_t *answer_columns = xcalloc(answers->n + 1, sizeof(size_t));
	size_t *asked_columns = xcalloc(asked->n + 1, sizeof(size_t));
	int rc = 0;

	for (size_t i = 0; i < MAX(answers->rows, asked->rows) && rc == 0; i++) {
		size_t places = 0;

		if (answers->rows)
			rc = find_columns(r, answers, i, &places, answer_columns, err);
		if (asked->rows && rc == 0)
			rc = find_columns(r, asked, i, &places, asked_columns, err);
		if (rc < 0)
			break;
		profile_begin_row(r->profile);
		if (asked->rows)
			add_row(r, asked, i, asked_columns);
		if (answers->rows)
			add_row(r, answers, i, answer_columns);
	}
	free(answer_columns);
	free(asked_columns);
	return rc;
}

/* "0.1,0.9" in answer to two rows is a value for each. */
static void split_values(struct cells *answers, size_t rows)
{
	if (answers->rows != 1 || rows < 2 || answers->n != rows)
		return;
	answers->rows = 0;
	for (size_t i = 0; i < rows; i++) {
		GROW(answers->ends, answers->cap_rows, answers->rows + 1);
		answers->ends[answers->rows++] = i + 1;
	}
}

static void count_unreadable(struct monitor_reader *r, const char *why)
{
	r->unreadable++;
	if (!r->first_unreadable)
		r->first_unreadable = xasprintf("%s:%zu: %s", r->path, r->line, why);
}

static int read_capture(struct monitor_reader *r, const json_t *data, struct err *err)
{
	AUTO(cells) struct cells answers = {0};
	AUTO(cells) struct cells asked = {0};
	const json_t *input = json_object_get(data, "endpointInput"), *output = json_object_get(data, "endpointOutput");
	const char *why = input ? add_payload(&asked, input) : NULL;

	r->captures++;
	if (!why && output)
		why = add_payload(&answers, output);
	split_values(&answers, asked.rows);
	if (!why && asked.rows && answers.rows && asked.rows != answers.rows)
		why = "the answer has another number of rows than was asked for";
	if (!why && !asked.rows && !answers.rows)
		why = "it has no row";
	if (why) {
		count_unreadable(r, why);
		return 0;
	}
	return add_rows(r, &answers, &asked, err);
}

int monitor_read_json(struct monitor_reader *r, const char *line, size_t n, struct err *err)
{
	AUTO(cells) struct cells row = {0}, none = {0};
	json_error_t defect;
	AUTO(json) json_t *j = json_loadb(line, n, 0, &defect);

	if (!j)
		return err_set(err, ERR_INVALID, "%s:%zu: not a line of JSON: %s", r->path, r->line, defect.text);
	if (json_object_get(j, "captureData"))
		return read_capture(r, json_object_get(j, "captureData"), err);
	add_json(&row, j);
	return add_rows(r, &none, &row, err);
}
