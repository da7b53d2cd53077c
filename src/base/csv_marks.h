/* csv_marks.h - where the fields of CSV records end, 64 bytes at a time.
 *
 * For large files of which a few columns are wanted: commas and newlines outside quotes
 * come as bits, so nothing is looked at byte by byte. RFC 4180, more strictly than
 * csv_field: a quote stands around a whole field or, doubled, within such a one; a carriage
 * return outside quotes stands before the end of a field only. What is neither is `wrong`.
 */
#ifndef SAGETOP_BASE_CSV_MARKS_H
#define SAGETOP_BASE_CSV_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define CSV_BLOCK 64

/* What of the bytes before matters. All zero is inside of a field: begin with CSV_MARKS_START. */
struct csv_marks {
	uint64_t inside; /* all bits: of quotes */
	uint64_t may_open, closed, returned;
};
#define CSV_MARKS_START ((struct csv_marks){.may_open = 1})

/* A bit for each byte, the first one lowest. */
struct csv_block {
	uint64_t ends;	   /* commas and newlines that end a field */
	uint64_t newlines; /* whichever; those among ends end a record */
	uint64_t doubled;  /* the second of two quotes that mean one */
	uint64_t wrong;	   /* here it is no CSV any more: nothing at or behind the first of them counts */
};

/* The next CSV_BLOCK bytes at p, or n where there are fewer: those are the last then. */
struct csv_block csv_marks_next(struct csv_marks *m, const char *p, size_t n);

#endif
