/* What a job of a backtest left: output.tar.gz, read, held against the plan, and kept in
 * parts/. Whatever is wrong with it is ERR_PARSE: then that pack alone is made again. */

#include <assert.h>

#include "app/archive_library.h"
#include "app/backtest_drive.h"
#include "base/csv.h"
#include "base/fs.h"
#include "trainer/panel/prediction.h"

#define PREDICTIONS_BYTES_MAX ((size_t)2 << 30)
#define BESIDE_MAX ((size_t)64 << 20)

static const char *const members[] = {"predictions.csv", "backtest.json", "importances.json", "never.csv"};
enum { PREDICTIONS, SUMMARY, IMPORTANCES, NEVER, MEMBERS };
static const char header_begin[] = PREDICTION_HEADER;

struct output {
	struct buf files[MEMBERS];
	json_t *summary;
};

static void output_done(struct output *o)
{
	for (size_t i = 0; i < MEMBERS; i++)
		buf_done(&o->files[i]);
	json_decref(o->summary);
}
AUTO_EMBEDDED(output, struct output, output_done)

/* --- the archive ------------------------------------------------------------------------- */

static int read_member(const struct archive_calls *la, struct archive *a, struct buf *ret, const char *name,
		       struct err *err)
{
	char chunk[65536];
	la_ssize_t n;

	while ((n = la->archive_read_data(a, chunk, sizeof(chunk))) > 0)
		if (buf_add(ret, chunk, (size_t)n))
			return err_set(err, ERR_PARSE, "%s is larger than %zu MB", name, ret->max >> 20);
	return n < 0 ? err_set(err, ERR_PARSE, "the archive is torn: %s", la->archive_error_string(a)) : 0;
}

static int read_entries(const struct archive_calls *la, struct archive *a, const char *const *names, struct buf *files,
			size_t n, struct err *err)
{
	struct archive_entry *entry;
	int rc, step;

	while ((step = la->archive_read_next_header(a, &entry)) == ARCHIVE_OK || step == ARCHIVE_WARN) {
		const char *path = str_or(la->archive_entry_pathname(entry), ""), *slash = strrchr(path, '/');

		for (size_t i = 0; i < n; i++) {
			if (!str_eq(slash ? slash + 1 : path, names[i]))
				continue;
			buf_clear(&files[i]);
			rc = read_member(la, a, &files[i], names[i], err);
			if (rc)
				return rc;
		}
	}
	if (step != ARCHIVE_EOF)
		return err_set(err, ERR_PARSE, "the archive is torn: %s", la->archive_error_string(a));
	return 0;
}

int backtest_archive_read(const char *path, const char *const *names, struct buf *files, size_t n, struct err *err)
{
	const struct archive_calls *la;

	if (archive_library_open(&la, err) < 0)
		return -err->code;
	struct archive *a = la->archive_read_new();

	la->archive_read_support_filter_gzip(a);
	la->archive_read_support_format_tar(a);
	int rc = la->archive_read_open_filename(a, path, 65536) == ARCHIVE_OK
			 ? read_entries(la, a, names, files, n, err)
			 : err_set(err, ERR_PARSE, "no archive: %s", la->archive_error_string(a));

	la->archive_read_free(a);
	return rc;
}

/* needed: so many of the members have to be there. */
static int read_archive(const char *path, size_t needed, struct output *o, struct err *err)
{
	int rc = backtest_archive_read(path, members, o->files, MEMBERS, err);

	for (size_t i = 0; rc == 0 && i < needed; i++)
		if (!o->files[i].len)
			rc = err_set(err, ERR_PARSE, "%s is missing or empty", members[i]);
	return rc;
}

/* --- what the plan says of it --------------------------------------------------------------- */

/* Cells of one line; the cell at `wanted` goes to ret. 0 where a quote is not closed. */
static size_t count_cells(const char *line, const char *end, size_t wanted, struct buf *ret)
{
	AUTO(buf) struct buf other = BUF_INIT(BUF_MAX_TEXT);
	size_t n = 0;

	for (const char *p = line;; p++) {
		p = csv_field(p, end, n == wanted ? ret : &other);
		if (!p)
			return 0;
		n++;
		if (p == end || *p == '\n')
			return n;
	}
}

static int check_header(const struct buf *b, size_t *ret_cells, struct err *err)
{
	AUTO(buf) struct buf cell = BUF_INIT(BUF_MAX_TEXT);

	assert(b->data); /* read_archive refuses an empty member */
	const char *eol = memchr(b->data, '\n', b->len);
	size_t n = strlen(header_begin);

	if (!eol || (size_t)(eol - b->data) < n || strncmp(b->data, header_begin, n) || !strchr(",\r\n", b->data[n]))
		return err_set(err, ERR_PARSE, "predictions.csv does not begin with %s", header_begin);
	*ret_cells = count_cells(b->data, eol, SIZE_MAX, &cell);
	return *ret_cells ? 0 : err_set(err, ERR_PARSE, "predictions.csv: the header has a quote without an end");
}

/* Every line whole, of a cycle of this job; their number by cycle. */
static int count_rows(const struct backtest_work *w, const struct backtest_job *job, const struct buf *b, size_t *rows,
		      struct err *err)
{
	AUTO(buf) struct buf cell = BUF_INIT(BUF_MAX_TEXT);
	const char *end = b->data + b->len, *p, *eol;
	size_t cells, line = 1;

	if (check_header(b, &cells, err) < 0)
		return -err->code;
	for (p = (const char *)memchr(b->data, '\n', b->len) + 1; p < end; p = eol + 1) {
		int64_t cycle;

		line++;
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			return err_set(err, ERR_PARSE, "predictions.csv: line %zu has no end", line);
		if (count_cells(p, eol, 3, &cell) != cells)
			return err_set(err, ERR_PARSE, "predictions.csv: line %zu has not the header's %zu cells", line,
				       cells);
		if (!str_to_i64(buf_str(&cell), &cycle) || cycle < (int64_t)job->first_cycle ||
		    cycle > (int64_t)job->last_cycle || (size_t)cycle >= w->asked.n)
			return err_set(err, ERR_PARSE,
				       "predictions.csv: line %zu is of cycle \"%.20s\", not one of %zu to %zu", line,
				       buf_str(&cell), job->first_cycle, job->last_cycle);
		rows[cycle]++;
	}
	return 0;
}

static int check_summary(const struct backtest_job *job, const json_t *summary, size_t rows, struct err *err)
{
	AUTO(str) char *part = xasprintf("%zu/%zu", job->part, job->parts);
	const char *said = json_get_str(summary, "part");

	if (said && !str_eq(said, part))
		return err_set(err, ERR_PARSE, "backtest.json is of part %s, not %s", said, part);
	if (json_get_i64(summary, "rows", -1) != (int64_t)rows)
		return err_set(err, ERR_PARSE, "backtest.json tells of %lld rows, predictions.csv has %zu",
			       (long long)json_get_i64(summary, "rows", -1), rows);
	return 0;
}

static int check_output(const struct backtest_work *w, const struct backtest_job *job, struct output *o,
			struct err *err)
{
	size_t *rows = xcalloc(w->asked.n + 1, sizeof(*rows)), all = 0;
	int rc = count_rows(w, job, &o->files[PREDICTIONS], rows, err);

	for (size_t i = job->first_cycle; rc == 0 && i <= job->last_cycle; i++) {
		const size_t planned = w->asked.cycles[i].rows;

		all += rows[i];
		if (job->parts == 1 ? rows[i] != planned : rows[i] > planned)
			rc = err_set(err, ERR_PARSE, "predictions.csv has %zu rows of cycle %zu, and not %zu", rows[i],
				     i, planned);
	}
	free(rows);
	if (rc == 0)
		rc = json_parse(o->files[SUMMARY].data, o->files[SUMMARY].len, "backtest.json", &o->summary, err);
	return rc ? rc : check_summary(job, o->summary, all, err);
}

/* A program of one's own leaves its predictions alone: the rest is put to them here. */
static int complete_own(const struct backtest_work *w, const struct backtest_job *job, struct output *o,
			struct err *err)
{
	struct buf all = BUF_INIT(PREDICTIONS_BYTES_MAX);
	size_t rows = 0;
	int rc = backtest_own_complete(w, job, &o->files[PREDICTIONS], &all, &rows, err);

	buf_done(&o->files[PREDICTIONS]);
	o->files[PREDICTIONS] = all;
	for (size_t i = SUMMARY; i < MEMBERS; i++)
		buf_clear(&o->files[i]);
	(void)buf_addf(&o->files[SUMMARY],
		       "{\"cycles\": [%zu, %zu], \"part\": \"1/1\", \"rows\": %zu, \"models\": 1}\n", job->first_cycle,
		       job->last_cycle, rows);
	return rc;
}

int backtest_output_take(const struct backtest_work *w, const struct backtest_job *job, const char *archive,
			 struct err *err)
{
	AUTO(output)
	struct output o = {.files = {BUF_INIT(PREDICTIONS_BYTES_MAX), BUF_INIT(BESIDE_MAX), BUF_INIT(BESIDE_MAX),
				     BUF_INIT(PREDICTIONS_BYTES_MAX)}};
	static const char *const endings[] = {".csv", ".json", ".importances.json", ".never.csv"};
	bool own = backtest_spec_is_own(w->spec);

	if (read_archive(archive, own ? SUMMARY : IMPORTANCES, &o, err) < 0 ||
	    (own && complete_own(w, job, &o, err) < 0) || check_output(w, job, &o, err) < 0)
		return -err->code;
	/* The predictions last: where they lie, the pack is done. */
	for (size_t i = MEMBERS; i-- > 0;) {
		AUTO(str) char *path = backtest_part_path(w->name, job, endings[i]);

		if (o.files[i].len && fs_write_atomic(path, o.files[i].data, o.files[i].len, 0600, err) < 0)
			return -err->code;
	}
	return 0;
}
