/* page_print.c - the page of a thing (model/page.h) as `job` and `show` print it. */
#include "app/page_print.h"

#include "app/output.h"
#include "model/page.h"

/* A value of several parts on one line; of pairs "name=value". */
static void print_line(const struct app *a, const struct page_line *l)
{
	AUTO(buf) struct buf value = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < l->n; i++)
		(void)buf_addf(&value, "%s%s", l->pair && i ? "=" : "", l->parts[i].text);
	output_field(a, l->label, buf_str(&value));
}

void page_print(const struct app *a, const struct resource *r)
{
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	AUTO(page) struct page page = {0};

	page_build(&page, r, &x, PAGE_FOR_TEXT);
	for (size_t i = 0; i < page.n; i++)
		print_line(a, &page.lines[i]);
}
