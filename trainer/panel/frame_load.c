/* CSV files with a header into columns. A column is numbers until a cell of it is not
 * one: then it is text, and the files are read again knowing that, which costs most tables
 * a hundred rows since these tell. */
#include "trainer/panel/frame.h"

#include <math.h>

#include "base/map.h"
#include "trainer/read/gzip.h"
#include "trainer/read/number.h"
#include "trainer/read/source.h"

#define FRAME_MAX_BYTES ((size_t)2 << 30) /* of one file, unpacked */
#define FRAME_MAX_COLUMNS 10000
#define FRAME_FIRST_ROWS 100 /* that are read before all is begun again */
#define FRAME_SHORT_READINGS 2
#define FRAME_EXACT_DIGITS 15 /* integers of so many digits are exact in a double */

/* --- the text of a file -------------------------------------------------------------- */

struct frame_text {
	char *data; /* with NUMBER_SLACK bytes of zero behind it */
	size_t n;
	char *name; /* for messages */
	uint32_t origin;
};

static void frame_text_done(struct frame_text *t)
{
	free(t->data);
	free(t->name);
}

static int unpack_text(const char *data, size_t n, const char *name, struct frame_text *ret, struct err *err)
{
	if (n > FRAME_MAX_BYTES)
		return err_set(err, ERR_TOOBIG, "%s: is larger than %zu MiB: split it", name, FRAME_MAX_BYTES >> 20);
	ret->name = xstrdup(name);
	if (gzip_is(data, n))
		return gzip_unpack(data, n, FRAME_MAX_BYTES, NUMBER_SLACK, name, &ret->data, &ret->n, err);
	ret->data = xmalloc(n + NUMBER_SLACK);
	if (n)
		memcpy(ret->data, data, n);
	memset(ret->data + n, 0, NUMBER_SLACK);
	ret->n = n;
	return 0;
}

/* --- one cell -------------------------------------------------------------------------- */

/* Reading: what is known of the frame so far. */
struct reader {
	struct frame *t;
	size_t cap;		    /* rows that the columns have room for */
	struct map *words;	    /* per column of the frame: word -> code + 1 */
	const struct strlist *text; /* columns that are text whatever they look like; may be NULL */
	struct strlist found;	    /* columns that turned out to be text: read again */
	size_t known;		    /* of these, before this reading */
	int readings;		    /* this one with them */
	struct buf unquoted;
};

/* What was read so far goes, what was found out about it stays. */
static void reader_drop(struct reader *r)
{
	for (size_t i = 0; r->words && i < r->t->n_columns; i++)
		map_done(&r->words[i]);
	free(r->words);
	frame_free(r->t);
	r->words = NULL;
	r->t = NULL;
	r->cap = 0;
}

static void reader_done(struct reader *r)
{
	reader_drop(r);
	strlist_done(&r->found);
	buf_done(&r->unquoted);
}
AUTO_EMBEDDED(reader, struct reader, reader_done)

/* Digits with a point and no exponent, few enough to be exact: most cells there are. */
static bool number_plain(const char *p, const char *end, double *ret)
{
	bool negative = *p == '-';
	uint64_t w = 0;
	unsigned digits, decimals = 0;

	p += negative;
	digits = number_take_digits(&p, &w);
	if (*p == '.' && p < end) {
		p++;
		decimals = number_take_digits(&p, &w);
	}
	if (p != end || digits + decimals == 0 || digits + decimals > FRAME_EXACT_DIGITS)
		return false;
	double value = (double)w / number_powers[NUMBER_MAX_EXPONENT + decimals];

	*ret = negative ? -value : value;
	return true;
}

static bool is_missing(const char *p, size_t n)
{
	static const char *const words[] = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (n == strlen(words[i]) && !memcmp(p, words[i], n))
			return true;
	return false;
}

static bool cell_number(const char *p, const char *end, double *ret)
{
	char text[64];

	if (number_plain(p, end, ret))
		return true;
	while (p < end && *p == ' ')
		p++;
	while (p < end && end[-1] == ' ')
		end--;
	if (is_missing(p, (size_t)(end - p))) {
		*ret = NAN;
		return true;
	}
	if ((size_t)(end - p) >= sizeof(text))
		return false;
	memcpy(text, p, (size_t)(end - p));
	text[end - p] = 0;
	return str_to_f64(text, ret);
}

/* The word of the row before once more, as in a sorted table most are. */
static bool is_word(const struct frame_column *c, uint32_t code, const char *p, size_t n)
{
	const char *word = code == FRAME_NO_WORD ? "" : c->words.items[code];

	return strlen(word) == n && !memcmp(word, p, n);
}

static uint32_t cell_code(struct reader *r, size_t column, const char *p, size_t n)
{
	struct frame_column *c = &r->t->columns[column];
	AUTO(str) char *word = NULL;

	if (!n)
		return FRAME_NO_WORD;
	if (r->t->n_rows && is_word(c, c->codes[r->t->n_rows - 1], p, n))
		return c->codes[r->t->n_rows - 1];
	word = xstrndup(p, n);
	uintptr_t code = (uintptr_t)map_get(&r->words[column], word);

	if (!code) {
		strlist_add(&c->words, word);
		code = c->words.n;
		map_put(&r->words[column], word, (void *)code);
	}
	return (uint32_t)(code - 1);
}

/* The cell at *p, without its quotes, up to the delimiter or the end of the line. */
static bool next_cell(struct reader *r, const char **p, const char *end, char delimiter, const char **ret,
		      size_t *ret_n)
{
	const char *q = *p, *close;

	if (q < end && *q == '"') {
		buf_clear(&r->unquoted);
		for (q++;; q = close + 2) {
			close = memchr(q, '"', (size_t)(end - q));
			if (!close)
				return false;
			buf_add(&r->unquoted, q, (size_t)(close - q));
			if (close + 1 >= end || close[1] != '"')
				break;
			buf_addc(&r->unquoted, '"');
		}
		*p = close + 1;
		*ret = r->unquoted.len ? r->unquoted.data : "";
		*ret_n = r->unquoted.len;
		return *p == end || **p == delimiter || **p == '\n' || **p == '\r';
	}
	while (q < end && *q != delimiter && *q != '\n' && *q != '\r')
		q++;
	*ret = *p;
	*ret_n = (size_t)(q - *p);
	*p = q;
	return true;
}

/* Behind the line's end: "\n", "\r\n" or "\r". */
static const char *skip_newline(const char *p, const char *end)
{
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p == '\n')
		p++;
	return p;
}

/* --- the header ------------------------------------------------------------------------- */

static char find_delimiter(const struct frame_text *f)
{
	size_t line = 0, best_n = 0;
	char best = ',';

	while (line < f->n && f->data[line] != '\n')
		line++;
	for (const char *c = ",;\t|"; *c; c++) {
		size_t n = 0;

		for (size_t i = 0; i < line; i++)
			n += f->data[i] == *c;
		if (n > best_n) {
			best_n = n;
			best = *c;
		}
	}
	return best;
}

static int read_header(struct reader *r, const struct frame_text *f, const char **p, char delimiter,
		       struct strlist *names, struct err *err)
{
	const char *end = f->data + f->n, *cell;
	size_t n;

	if (f->n >= 3 && !memcmp(*p, "\xef\xbb\xbf", 3))
		*p += 3;
	do {
		*p += names->n > 0;
		if (!next_cell(r, p, end, delimiter, &cell, &n))
			return err_set(err, ERR_PARSE, "%s:1: a quote is not closed", f->name);
		AUTO(str) char *name = xstrndup(cell, n);

		if (str_empty(str_trim(name)))
			return err_set(err, ERR_PARSE, "%s:1: column %zu has no name: the first line names the columns",
				       f->name, names->n + 1);
		if (strlist_has(names, str_trim(name)))
			return err_set(err, ERR_PARSE, "%s:1: there are two columns named %s", f->name, name);
		strlist_add(names, str_trim(name));
	} while (*p < end && **p == delimiter && names->n < FRAME_MAX_COLUMNS);
	if (*p < end && **p == delimiter)
		return err_set(err, ERR_TOOBIG, "%s:1: has more than %d columns", f->name, FRAME_MAX_COLUMNS);
	*p = skip_newline(*p, end);
	return 0;
}

static void make_columns(struct reader *r, const struct strlist *names)
{
	struct frame *t = r->t;

	t->n_columns = names->n;
	t->columns = xcalloc(names->n, sizeof(*t->columns));
	r->words = xcalloc(names->n, sizeof(*r->words));
	for (size_t i = 0; i < names->n; i++) {
		t->columns[i].name = xstrdup(names->items[i]);
		t->columns[i].text =
			(r->text && strlist_has(r->text, names->items[i])) || strlist_has(&r->found, names->items[i]);
	}
}

/* place[i]: the frame's column that the file's column i is. */
static int map_columns(const struct reader *r, const struct frame_text *f, const struct strlist *names, size_t *place,
		       struct err *err)
{
	const struct frame *t = r->t;

	for (size_t i = 0; i < names->n; i++)
		place[i] = frame_find(t, names->items[i]);
	for (size_t k = 0; k < t->n_columns; k++)
		if (!strlist_has(names, t->columns[k].name))
			return err_set(err, ERR_PARSE, "%s: has no column %s, which the files before it have", f->name,
				       t->columns[k].name);
	return 0;
}

/* --- rows --------------------------------------------------------------------------------- */

static void make_room(struct reader *r)
{
	if (r->t->n_rows < r->cap)
		return;
	r->cap = MAX(r->cap * 2, (size_t)4096);
	r->t->origin = xreallocarray(r->t->origin, r->cap, sizeof(*r->t->origin));
	for (size_t i = 0; i < r->t->n_columns; i++) {
		struct frame_column *c = &r->t->columns[i];

		if (c->text)
			c->codes = xreallocarray(c->codes, r->cap, sizeof(*c->codes));
		else
			c->numbers = xreallocarray(c->numbers, r->cap, sizeof(*c->numbers));
	}
}

static void store_cell(struct reader *r, size_t column, const char *cell, size_t n)
{
	struct frame_column *c = &r->t->columns[column];

	if (c->text)
		c->codes[r->t->n_rows] = cell_code(r, column, cell, n);
	else if (!cell_number(cell, cell + n, &c->numbers[r->t->n_rows]) && !strlist_has(&r->found, c->name))
		strlist_add(&r->found, c->name);
}

static int read_row(struct reader *r, const struct frame_text *f, const char **p, size_t line, char delimiter,
		    const size_t *place, size_t width, struct err *err)
{
	const char *end = f->data + f->n, *cell;
	size_t n, i = 0;

	make_room(r);
	for (;; i++, (*p)++) {
		if (!next_cell(r, p, end, delimiter, &cell, &n))
			return err_set(err, ERR_PARSE, "%s:%zu: a quote is not closed, or text follows it", f->name,
				       line);
		if (i < width && place[i] != FRAME_NO_COLUMN)
			store_cell(r, place[i], cell, n);
		if (*p >= end || **p != delimiter)
			break;
	}
	if (i + 1 != width)
		return err_set(err, ERR_PARSE, "%s:%zu: has %zu cells where the first line names %zu columns", f->name,
			       line, i + 1, width);
	r->t->origin[r->t->n_rows++] = f->origin;
	return 0;
}

/* Is it known by now that all has to be read again? A few rows tell of most columns; where
 * columns turn out to be text one after the other, the third reading goes on to the end. */
static bool reads_again(const struct reader *r)
{
	return r->readings <= FRAME_SHORT_READINGS && r->found.n > r->known && r->t->n_rows >= FRAME_FIRST_ROWS;
}

static int read_file(struct reader *r, const struct frame_text *f, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	const char *p = f->data, *end = f->data + f->n;
	char delimiter = find_delimiter(f);
	size_t line = 1, *place;
	int rc = read_header(r, f, &p, delimiter, &names, err);

	if (rc)
		return rc;
	if (!r->t->columns)
		make_columns(r, &names);
	place = xcalloc(names.n, sizeof(*place));
	rc = map_columns(r, f, &names, place, err);
	while (rc == 0 && p < end && !reads_again(r)) {
		const char *from = p;

		line++;
		if ((*p == '\n' || *p == '\r') && names.n > 1) /* a blank line says nothing */
			p = skip_newline(p, end);
		else {
			rc = read_row(r, f, &p, line, delimiter, place, names.n, err);
			for (const char *q = from; (q = memchr(q, '\n', (size_t)(p - q))); q++)
				line++; /* inside quotes */
			p = skip_newline(p, end);
		}
	}
	free(place);
	return rc;
}

static int read_texts(const struct frame_text *texts, size_t n, const struct strlist *text, struct frame **ret,
		      struct err *err)
{
	AUTO(reader) struct reader r = {.text = text, .unquoted = BUF_INIT(FRAME_MAX_BYTES)};

	do { /* again where a column turned out to be text */
		r.known = r.found.n;
		r.readings++;
		reader_drop(&r);
		r.t = NEW(struct frame);
		for (size_t i = 0; i < n; i++) {
			int rc = read_file(&r, &texts[i], err);

			if (rc)
				return rc;
		}
	} while (r.found.n > r.known);
	for (size_t i = 0; i < r.t->n_columns; i++)
		map_done(&r.words[i]);
	free(TAKE(r.words));
	*ret = TAKE(r.t);
	return 0;
}

int frame_load_memory(const void *data, size_t n, const char *what, const struct strlist *text, struct frame **ret,
		      struct err *err)
{
	struct frame_text f = {0};
	int rc = unpack_text(data, n, what, &f, err);

	if (rc == 0)
		rc = read_texts(&f, 1, text, ret, err);
	frame_text_done(&f);
	return rc;
}

static int load_texts(struct source *s, struct frame_text *texts, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		int rc = source_open(&s->files[i], err);

		if (rc == 0)
			rc = unpack_text(s->files[i].data, s->files[i].size, s->files[i].name, &texts[i], err);
		source_close(&s->files[i]);
		if (rc)
			return rc;
	}
	return source_check(s, err);
}

int frame_load(const struct strlist *paths, const struct strlist *text, struct frame **ret, struct err *err)
{
	AUTO(source) struct source s = {0};
	size_t *ends = xcalloc(paths->n + 1, sizeof(*ends));
	int rc = 0;

	for (size_t i = 0; i < paths->n && rc == 0; i++) {
		rc = source_add_dir(&s, paths->items[i], NULL);
		if (rc)
			rc = source_add_file(&s, paths->items[i], err);
		ends[i] = s.n;
	}
	struct frame_text *texts = xcalloc(MAX(s.n, (size_t)1), sizeof(*texts));

	for (size_t i = 0, path = 0; i < s.n; i++) {
		while (i >= ends[path] && path + 1 < paths->n)
			path++;
		texts[i].origin = (uint32_t)path;
	}
	free(ends);
	if (rc) {
		free(texts);
		return rc;
	}

	rc = load_texts(&s, texts, err);
	if (rc == 0)
		rc = read_texts(texts, s.n, text, ret, err);
	for (size_t i = 0; i < s.n; i++)
		frame_text_done(&texts[i]);
	free(texts);
	return rc;
}
