/* The shipped price table, a row each. */
#include "aws/local/services/price_rows.h"

#include "base/fs.h"

#define TABLE_MAX ((size_t)16 << 20)

static const struct price_row ordinary = {.family = "ML Instance", .unit = "Hrs", .currency = "USD"};

/* One line apart, quotes as in RFC 4180. Fields point into the line. */
static bool split_line(char *line, struct price_row *row)
{
	size_t n = 0;

	*row = ordinary;
	for (char *p = line; n < ARRAY_LEN(row->fields);) {
		char *out = p;
		bool quoted = *p == '"';

		row->fields[n++] = out;
		if (quoted)
			p++;
		while (*p && (quoted || *p != ',')) {
			if (quoted && *p == '"' && p[1] != '"') {
				quoted = false;
				p++;
				continue;
			}
			if (quoted && *p == '"')
				p++;
			*out++ = *p++;
		}
		bool more = *p == ',';

		*out = 0;
		if (!more)
			break;
		p++;
	}
	return n == ARRAY_LEN(row->fields);
}

void price_rows_add(struct price_rows *rows, const struct price_row *row)
{
	GROW(rows->items, rows->cap, rows->n + 1);
	rows->items[rows->n++] = *row;
}

int price_rows_load(struct call *c, struct price_rows *ret)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	struct err err = {0};
	char *save = NULL;

	*ret = (struct price_rows){.text = BUF_INIT(TABLE_MAX)};
	if (!path || fs_read(path, &ret->text, &err) < 0)
		return fault_set(c->fault, 500, "InternalErrorException",
				 "the price table share/prices.csv is missing");
	for (char *line = strtok_r(ret->text.data, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		struct price_row row;

		if (!str_starts(line, "instance_type,") && split_line(line, &row))
			price_rows_add(ret, &row);
	}
	return 0;
}

void price_rows_done(struct price_rows *rows)
{
	buf_done(&rows->text);
	free(rows->items);
	*rows = (struct price_rows){0};
}
