/* sagetop report NAME...|WORD... -o FILE.html: jobs as one page that a person can mail. */
#include "app/commands.h"
#include "app/listing.h"
#include "app/report.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "model/field_order.h"
#include "model/jobs.h"

#define PAGE_MAX ((size_t)64 << 20)

/* The jobs that are named, in that order, each once; 0 where a word is none's name. The array is the caller's. */
static size_t find_named(struct app *a, struct resource **ret)
{
	const struct strlist *args = &a->cli.args;
	const struct resources *jobs = session_jobs(sync_session(a->sync));
	AUTO(strlist) struct strlist seen = {0};
	size_t n = 0;

	for (size_t i = 0; i < args->n; i++) {
		struct resource *r = resources_find(jobs, args->items[i]);
		if (!r)
			return 0;
		if (!strlist_has(&seen, r->name))
			ret[n++] = r;
		strlist_add(&seen, r->name);
	}
	return n;
}

static int no_match(const struct listing *l, const struct report *r, struct err *err)
{
	const struct resources *jobs = session_jobs(r->x.session);
	struct query_vain vain = {0};

	while (!query_vain_turn(l->query, jobs, &r->x, &vain, SIZE_MAX))
		continue;
	return err_set(err, ERR_NOTFOUND, "no job of %zu matches \"%s\": sagetop jobs lists them", jobs->n,
		       vain.word ? vain.word : r->asked);
}

/* By their names where each word is one, else those that the filter lets through, ordered as sagetop jobs does. */
static int choose(struct app *a, const struct listing *l, struct report *r, struct err *err)
{
	struct resource **named = xcalloc(a->cli.args.n, sizeof(struct resource *)), **items = named;
	size_t n = find_named(a, named);

	if (!n) {
		free(named);
		items = listing_items(a, l, &n, err);
		if (!items)
			return -err->code;
		field_order_sort(items, n, &l->sort, l->descending, &r->x);
	}
	r->n_found = n;
	r->n = MIN(n, (size_t)REPORT_JOBS_MAX);
	r->jobs = xcalloc(r->n + 1, sizeof(*r->jobs));
	for (size_t i = 0; i < r->n; i++)
		r->jobs[i].r = items[i];
	free(items);
	return n ? 0 : no_match(l, r, err);
}

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

int cmd_report(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	AUTO(report) struct report r = {0};
	AUTO(buf) struct buf page = BUF_INIT(PAGE_MAX);
	AUTO(str) char *words = listing_words(&a->cli.args, 0);
	AUTO(str) char *asked = utf8_sanitize_dup(words);
	struct app_reply jobs = {0};

	if (check_options(a, &r, err) < 0 || listing_parse(a, TRAINING_KIND, 0, &listing, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	sync_jobs(a->sync, app_reply_done, &jobs);
	if (app_wait(a, &jobs, err) < 0)
		return -err->code;
	r.asked = asked;
	r.x = (struct field_context){.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	if (choose(a, &listing, &r, err) < 0 || report_read(a, &r, err) < 0)
		return -err->code;
	for (size_t i = 0; i < r.n; i++) /* reading may have trimmed the earlier ones */
		(void)sync_job_full(a->sync, r.jobs[i].r->name);
	report_page(&page, &r);
	return write_page(a, &page, app_value(a, OPT_OUT), err);
}
