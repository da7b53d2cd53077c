/* monitor_read.c - data of any size, row by row: CSV here, JSON lines by monitor_capture.c. */
#include "app/monitor.h"

#include <errno.h>

#include "base/csv.h"
#include "base/utf8.h"

#define BLOCK ((size_t)1 << 20)
#define LINE_MAX_BYTES ((size_t)64 << 20)

void monitor_reader_init(struct monitor_reader *r, struct profile *p)
{
	*r = (struct monitor_reader){.profile = p, .cell = BUF_INIT(LINE_MAX_BYTES), .clean = BUF_INIT(LINE_MAX_BYTES)};
}

void monitor_reader_done(struct monitor_reader *r)
{
	strlist_done(&r->header_names);
	free(r->columns);
	buf_done(&r->cell);
	buf_done(&r->clean);
	free(r->first_unreadable);
}

char *monitor_position_name(const struct monitor_reader *r, size_t i)
{
	return r->baseline && i < r->baseline->n ? xstrdup(r->baseline->items[i].name) : xasprintf("_c%zu", i);
}

/* --- the columns of CSV ------------------------------------------------------------------ */

static int defect(const struct monitor_reader *r, struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "%s:%zu: %s", r->path, r->line, what);
}

/* The cell, made harmless where it has more than plain characters. */
static const char *clean_cell(struct monitor_reader *r)
{
	const char *text = buf_str(&r->cell);

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~') {
			buf_clear(&r->clean);
			(void)utf8_sanitize(&r->clean, text, r->cell.len, false);
			return buf_str(&r->clean);
		}
	return text;
}

static int split_line(struct monitor_reader *r, const char *line, const char *end, struct strlist *ret, struct err *err)
{
	for (const char *p = line;; p++) {
		p = csv_field(p, end, &r->cell);
		if (!p)
			return defect(r, err, "a quote is not closed in its line, or something follows it");
		strlist_add(ret, clean_cell(r));
		if (p == end)
			return 0;
	}
}

/* Names, as far as one can see: no cell is a number or empty. */
static bool looks_like_header(const struct strlist *cells)
{
	double number;

	for (size_t i = 0; i < cells->n; i++)
		if (cell_parse(cells->items[i], &number) != CELL_TEXT)
			return false;
	return true;
}

static int take_columns(struct monitor_reader *r, struct strlist *cells, bool names, struct err *err)
{
	AUTO(map) struct map seen = {0};

	r->columns = xcalloc(cells->n + 1, sizeof(*r->columns));
	r->width = cells->n;
	r->has_columns = true;
	r->has_names = names;
	for (size_t i = 0; i < cells->n; i++) {
		AUTO(str)
		char *name = names && *cells->items[i] ? xstrdup(cells->items[i]) : monitor_position_name(r, i);

		if (map_put(&seen, name, r))
			return err_set(err, ERR_INVALID, "%s:%zu: two columns are called %s", r->path, r->line, name);
		if (profile_column(r->profile, name, &r->columns[i], err) < 0)
			return err_prefix(err, "%s", r->path);
	}
	if (names) {
		r->header_names = *cells;
		*cells = (struct strlist){0};
	}
	return 0;
}

/* A later file has to have the same header. */
static int compare_header(const struct monitor_reader *r, const struct strlist *cells, struct err *err)
{
	for (size_t i = 0; i < MAX(cells->n, r->width); i++) {
		const char *name = i < cells->n ? cells->items[i] : NULL;
		const char *wanted = i < r->width ? r->header_names.items[i] : NULL;

		if (!name || !wanted || !str_eq(name, wanted))
			return err_set(err, ERR_INVALID, "%s:%zu: column %zu is %s where the first file has %s",
				       r->path, r->line, i + 1, str_or(name, "missing"), str_or(wanted, "none"));
	}
	return 0;
}

/* The first line of a file. *ret_row: it is one of values. */
static int begin_csv(struct monitor_reader *r, const char *line, const char *end, bool *ret_row, struct err *err)
{
	AUTO(strlist) struct strlist cells = {0};

	*ret_row = true;
	if (r->has_columns && !r->has_names)
		return 0;
	if (split_line(r, line, end, &cells, err) < 0)
		return -err->code;
	if (r->has_columns) {
		*ret_row = false;
		return compare_header(r, &cells, err);
	}
	*ret_row = r->header == HEADER_NO || (r->header == HEADER_LOOK && !looks_like_header(&cells));
	return take_columns(r, &cells, !*ret_row, err);
}

static int read_row(struct monitor_reader *r, const char *line, const char *end, struct err *err)
{
	size_t i = 0;

	profile_begin_row(r->profile);
	for (const char *p = line;; p++) {
		double number = 0;

		p = csv_field(p, end, &r->cell);
		if (!p)
			return defect(r, err, "a quote is not closed in its line, or something follows it");
		if (i < r->width) {
			const char *text = clean_cell(r);
			enum cell_type type = cell_parse(text, &number);

			profile_add(r->profile, r->columns[i], type, number, text);
		}
		i++;
		if (p == end)
			break;
	}
	if (i == r->width)
		return 0;
	return err_set(err, ERR_INVALID, "%s:%zu: %zu fields where the first line has %zu", r->path, r->line, i,
		       r->width);
}

/* --- files ----------------------------------------------------------------------------- */

enum form { FORM_UNKNOWN, FORM_CSV, FORM_JSON };

struct source {
	enum form form;
	bool begun; /* the first line of CSV has come */
};

static bool is_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p == end;
}

static int read_line(struct monitor_reader *r, struct source *s, const char *p, const char *end, struct err *err)
{
	bool row = true;

	r->line++;
	if (r->line == 1 && end - p >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3))
		p += 3;
	if (end > p && end[-1] == '\r')
		end--;
	if (is_blank(p, end))
		return 0;
	if (s->form == FORM_UNKNOWN)
		s->form = p[strspn(p, " \t")] == '{' ? FORM_JSON : FORM_CSV;
	if (s->form == FORM_JSON)
		return monitor_read_json(r, p, (size_t)(end - p), err);
	if (memchr(p, '\0', (size_t)(end - p)))
		return defect(r, err, "this is no text: CSV or JSON lines are wanted, unpacked");
	if (!s->begun && begin_csv(r, p, end, &row, err) < 0)
		return -err->code;
	s->begun = true;
	return row ? read_row(r, p, end, err) : 0;
}

/* The whole lines of what has come, the last one too where nothing follows. */
static int read_lines(struct monitor_reader *r, struct source *s, struct buf *block, bool last, struct err *err)
{
	const char *p = buf_str(block), *end = p + block->len, *newline;

	while (p < end && ((newline = memchr(p, '\n', (size_t)(end - p))) || last)) {
		const char *stop = newline ? newline : end;

		if (read_line(r, s, p, stop, err) < 0)
			return -err->code;
		p = newline ? newline + 1 : end;
	}
	buf_consume(block, (size_t)(p - buf_str(block)));
	return 0;
}

static int read_stream(struct monitor_reader *r, FILE *f, struct err *err)
{
	AUTO(buf) struct buf block = BUF_INIT(LINE_MAX_BYTES);
	struct source s = {0};
	size_t n;

	do {
		if (buf_reserve(&block, BLOCK) < 0)
			return err_set(err, ERR_TOOBIG, "%s:%zu: a line of more than %zu MB", r->path, r->line + 1,
				       (LINE_MAX_BYTES - BLOCK) >> 20);
		n = fread(block.data + block.len, 1, BLOCK, f);
		block.len += n;
		block.data[block.len] = '\0';
		if (ferror(f))
			return err_set(err, ERR_IO, "cannot read %s: %s", r->path, strerror(errno));
		if (read_lines(r, &s, &block, n == 0, err) < 0)
			return -err->code;
	} while (n);
	return 0;
}

int monitor_read(struct monitor_reader *r, const char *path, struct err *err)
{
	AUTO(file) FILE *f = str_eq(path, "-") ? NULL : fopen(path, "re");

	r->path = str_eq(path, "-") ? "standard input" : path;
	r->line = 0;
	if (!f && !str_eq(path, "-"))
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "cannot read %s: %s%s", path,
			       strerror(errno), str_starts(path, "s3://") ? ": copy it here first" : "");
	return read_stream(r, f ? f : stdin, err);
}

int monitor_end_reading(const struct monitor_reader *r, const char *of, struct err *err)
{
	if (!r->profile->rows)
		return err_set(err, ERR_INVALID, "%s: there is no row of data%s%s", of, r->first_unreadable ? "; " : "",
			       str_or(r->first_unreadable, ""));
	if (r->unreadable)
		fprintf(stderr, "sagetop: %zu of %zu captures left out, the first: %s\n", r->unreadable, r->captures,
			r->first_unreadable);
	return 0;
}
