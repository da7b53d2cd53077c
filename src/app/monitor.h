/* monitor.h - the parts of `sagetop monitor`: data read row by row into a profile
 * (monitor_read.c; JSON lines and captures of an endpoint, monitor_capture.c), Model
 * Monitor's files (monitor_json.c), and what its container does (monitor_analyze.c). sagetop(1), MONITORING, has the
 * forms.
 */
#ifndef SAGETOP_APP_MONITOR_H
#define SAGETOP_APP_MONITOR_H

#include "app/app.h"
#include "base/json.h"
#include "model/constraint.h"

#define MONITOR(name, arguments, least, most, fn, help) int fn(struct app *a, struct err *err) NODISCARD;
#include "app/monitor.def"
#undef MONITOR

#define MONITOR_STATISTICS "statistics.json"
#define MONITOR_CONSTRAINTS "constraints.json"
#define MONITOR_VIOLATIONS "constraint_violations.json"

enum monitor_header { HEADER_LOOK, HEADER_YES, HEADER_NO };

struct monitor_reader {
	struct profile *profile;
	const struct constraints *baseline; /* names columns that have none; NULL */
	enum monitor_header header;
	/* of the file that is read */
	const char *path;
	size_t line;
	/* of all CSV files */
	bool has_columns;
	bool has_names; /* they come from a header */
	struct strlist header_names;
	size_t *columns; /* places in the profile */
	size_t width;
	struct buf cell, clean; /* of a line */
	/* captures that are no rows */
	size_t captures, unreadable;
	char *first_unreadable; /* "path:line: why" */
};
void monitor_reader_init(struct monitor_reader *r, struct profile *p);
void monitor_reader_done(struct monitor_reader *r);
AUTO_EMBEDDED(monitor_reader, struct monitor_reader, monitor_reader_done)

/* All rows of a file ("-": standard input): CSV, or JSON lines where it begins with an
 * object. The error names file and line. */
int monitor_read(struct monitor_reader *r, const char *path, struct err *err) NODISCARD;
/* One line of JSON lines: an object, a list, or a capture, which may be several rows. */
int monitor_read_json(struct monitor_reader *r, const char *line, size_t n, struct err *err) NODISCARD;
/* The name of the i'th column (from 0) of data that do not name it; owned by the caller. */
char *monitor_position_name(const struct monitor_reader *r, size_t i) NODISCARD;

/* New references. */
json_t *monitor_statistics(const struct profile *p) NODISCARD;
json_t *monitor_constraints(const struct constraints *l) NODISCARD;
json_t *monitor_violations(const struct violations *l) NODISCARD;
/* With 17 digits or, where a person reads and changes it, 15. */
int monitor_write(const char *dir, const char *name, const json_t *j, int digits, struct err *err) NODISCARD;
/* constraints.json of dir, and what statistics.json says of their distributions, where it is
 * there. */
int monitor_load_baseline(const char *dir, struct constraints *ret, struct err *err) NODISCARD;
int monitor_load_files(const char *constraints, const char *statistics, struct constraints *ret,
		       struct err *err) NODISCARD; /* statistics: NULL for none */
/* The rest of what was read: an error where there was no row, a word on captures left out. */
int monitor_end_reading(const struct monitor_reader *r, const char *of, struct err *err) NODISCARD;

#endif
