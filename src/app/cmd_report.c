/* sagetop report NAME...|WORD... -o FILE.html: jobs, or things of another kind, as one page that a person can mail. */
#include "app/commands.h"
#include "app/report.h"
#include "base/fs.h"
#include "base/utf8.h"

#define PAGE_MAX ((size_t)64 << 20)

static int write_page(struct app *a, const struct buf *page, const char *path, struct err *err)
{
	if (page->overflow)
		return err_set(err, ERR_TOOBIG,
			       "the page would be larger than %zu MB: fewer jobs, or fewer lines by -n",
			       PAGE_MAX >> 20);
	if (!str_eq(path, "-"))
		return fs_write_atomic(path, page->data, page->len, 0644, err);
	fwrite(page->data, 1, page->len, a->out);
	return 0;
}

static int check_options(struct app *a, struct report *r, struct err *err)
{
	if (!app_value(a, OPT_OUT))
		return err_set(err, ERR_USAGE, "report needs a file: -o FILE.html, or -o - for standard output");
	r->n_lines = app_value(a, OPT_LIMIT) ? (size_t)a->cli.numbers[OPT_LIMIT] : REPORT_LINES;
	if (r->n_lines > REPORT_LINES_MAX)
		return err_set(err, ERR_USAGE, "-n is at most %d lines of each log: sagetop logs prints all",
			       REPORT_LINES_MAX);
	return 0;
}

/* A list may leave it out, a report has a sum of it. */
static void add_cost(struct listing *l)
{
	const struct field *cost = field_find(l->kind, "cost", NULL);
	bool known = !cost;

	for (size_t i = 0; i < l->columns.n; i++)
		known |= l->columns.items[i].field == cost;
	if (!known)
		field_list_add(&l->columns, cost, NULL);
}

/* Reading may have trimmed the earlier ones. */
static void make_whole(struct app *a, struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		(void)sync_resource_full(app_sync_of(a, r->jobs[i].r), r->kind, r->jobs[i].r->name);
}

int cmd_report(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	AUTO(report) struct report r = {0};
	AUTO(buf) struct buf page = BUF_INIT(PAGE_MAX);
	AUTO(str) char *words = listing_words(&a->cli.args, 0);
	AUTO(str) char *asked = utf8_sanitize_dup(words);

	if (check_options(a, &r, err) < 0 || report_kind(a, &r.kind, err) < 0 ||
	    listing_parse(a, r.kind, r.kind == TRAINING_KIND ? 0 : a->cli.args.n, &listing, err) < 0 ||
	    report_choose(a, &listing, &r, err) < 0)
		return -err->code;
	add_cost(&listing);
	r.asked = asked;
	r.columns = &listing.columns;
	app_list_left_out(a, &r.left_out);
	if (report_read(a, &r, err) < 0)
		return -err->code;
	make_whole(a, &r);
	report_page(&page, &r);
	return write_page(a, &page, app_value(a, OPT_OUT), err);
}
