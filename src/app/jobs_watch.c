/* jobs_watch.c - sagetop jobs --watch: the table again and again, or a line for each change. */
#include "app/jobs_watch.h"

#include "app/output.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#define LINES_BESIDE 3 /* the line above the table, its titles, the cursor's line */
#define TO_TOP "\033[H\033[J"

struct watching {
	struct app *a;
	const struct listing *listing;
	size_t told;						 /* changes, as a stream */
	char trouble[sizeof(((struct session *)NULL)->trouble)]; /* as it was told */
};

int jobs_watch_check(const struct app *a, struct err *err)
{
	bool watch = app_flag(a, OPT_WATCH);

	if (watch && app_value(a, OPT_GROUP))
		return err_set(err, ERR_USAGE, "--watch or --group: one of them");
	if (watch && app_flag(a, OPT_CSV))
		return err_set(err, ERR_USAGE,
			       "--watch prints lines with tabs or, with --json, objects: leave out --csv");
	if (!watch && app_value(a, OPT_INTERVAL))
		return err_set(err, ERR_USAGE, "--interval goes with --watch");
	return 0;
}

/* --- a line for each change ---------------------------------------------------------------- */

/* A sync_transition_fn. */
static void on_transition(void *user, const struct resource *r, const char *from)
{
	struct watching *w = user;
	struct field_context x = {.session = app_session(w->a), .now_ms = clock_now_ms()};
	char now[TIMEFMT_LEN];
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	const struct session *own = session_own(x.session, r);
	const char *to = resource_state_text(r);

	if (r->kind != w->listing->kind || w->told >= w->listing->limit || !query_match(w->listing->query, r, &x))
		return;
	timefmt_iso_ms(now, x.now_ms);
	if (output_format(w->a) == OUTPUT_JSON) {
		AUTO(json)
		json_t *o = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s}", "time", now, "name", r->name, "profile",
				      own->profile, "region", own->region, "from", from, "to", to);
		AUTO(str) char *text = json_text(o);

		fprintf(w->a->out, "%s\n", text);
	} else {
		fprintf(w->a->out, "%s\t%s\t%s\t%s\n", now, session_name_of(x.session, r, &name), str_or(from, ""), to);
	}
	fflush(w->a->out);
	w->told++;
}

static void say_trouble(struct watching *w)
{
	const char *trouble = app_session(w->a)->trouble;

	if (*trouble && !str_eq(trouble, w->trouble))
		fprintf(stderr, "sagetop: %s: still watching\n", trouble);
	str_copy(w->trouble, sizeof(w->trouble), trouble);
}

static int stream(struct watching *w, struct err *err)
{
	if (output_format(w->a) != OUTPUT_JSON && !app_flag(w->a, OPT_NO_HEADER))
		fputs("TIME\tNAME\tFROM\tTO\n", w->a->out);
	fflush(w->a->out);
	while (!app_reader_gone(w->a) && w->told < w->listing->limit) {
		if (app_turn(w->a, 1000, err) < 0)
			return -err->code;
		say_trouble(w);
	}
	return 0;
}

/* --- the table in place -------------------------------------------------------------------- */

static int paint(struct app *a, struct listing *l, struct err *err)
{
	const struct session *s = app_session(a);
	AUTO(buf) struct buf top = BUF_INIT(BUF_MAX_TEXT);
	char now[TIMEFMT_LEN];
	AUTO(str)
	char *text = xasprintf("%s  %s%s%s", timefmt_clock(now, clock_now_ms()), session_label(s),
			       *s->trouble ? "  " : "", s->trouble);

	if (!app_value(a, OPT_LIMIT))
		l->limit = (size_t)MAX(output_height(a) - LINES_BESIDE, 1);
	utf8_add_cut(&top, text, output_width(a));
	fprintf(a->out, TO_TOP "%s\n", buf_str(&top));
	int rc = listing_print(a, l, err);

	fflush(a->out);
	return rc;
}

/* Where nothing has changed ages grow. */
static int repaint(struct app *a, struct listing *l, struct err *err)
{
	const struct resources *t = &app_session(a)->tables[l->kind->id];

	while (!app_reader_gone(a)) {
		int64_t painted_ms = clock_mono_ms();
		uint64_t generation = t->generation;

		if (paint(a, l, err) < 0)
			return -err->code;
		do {
			if (app_turn(a, 1000, err) < 0)
				return -err->code;
		} while (t->generation == generation && clock_mono_ms() - painted_ms < a->config.set.refresh_ms);
	}
	return 0;
}

int jobs_watch(struct app *a, struct listing *l, struct err *err)
{
	struct watching w = {.a = a, .listing = l};
	bool in_place = a->out_tty && output_format(a) == OUTPUT_TABLE;

	l->cut = true;
	if (listing_fill_query(a, l, err) < 0)
		return -err->code;
	for (size_t i = 0; i < a->scopes.n; i++) {
		if (a->parts[i].why.code)
			continue;
		if (!in_place)
			sync_on_transition(a->scopes.items[i], on_transition, &w);
		sync_start(a->scopes.items[i]);
	}
	int rc = in_place ? repaint(a, l, err) : stream(&w, err);

	for (size_t i = 0; i < a->scopes.n; i++)
		sync_on_transition(a->scopes.items[i], NULL, NULL);
	return rc;
}
