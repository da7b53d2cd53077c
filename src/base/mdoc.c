/* What mdoc(7) would take for a request, an escape or a quotation, as plain text. */
#include "base/mdoc.h"

void mdoc_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			fputs("\\e", out);
		else if (*p == '-')
			fputs("\\-", out);
		else if (*p == '"')
			fputs("\\(dq", out);
		else
			fputc(*p == ' ' && p > text && p[-1] == '.' ? '\n' : *p, out);
	}
}
