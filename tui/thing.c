/* thing.c - what can be done with a thing of any kind. */
#include "tui/thing.h"

#include "base/str.h"
#include "model/diagnosis.h"
#include "model/files.h"
#include "model/web_console.h"

bool thing_offers(const struct kind *kind, enum action a)
{
	switch (a) {
	case ACT_LOGS:
		return kind->log_group;
	case ACT_METRICS:
		return kind->metric_namespace;
	case ACT_CLONE:
		return kind->id == KIND_TRAINING_JOB;
	case ACT_STOP:
		return kind->stop.operation;
	case ACT_FILES:
		return files_of_kind(kind);
	case ACT_INVOKE:
	case ACT_VARY:
		return kind->id == KIND_ENDPOINT;
	case ACT_DELETE:
		return kind->delete.operation;
	case ACT_RAW:
		return kind->describe.operation;
	case ACT_CONSOLE:
		return kind->console;
	default:
		return true;
	}
}

bool thing_offers_now(const struct kind *kind, const struct resource *r, enum action a)
{
	return thing_offers(kind, a) && (a != ACT_STOP || !r || resource_is_running(r));
}

bool thing_takes_many(enum action a)
{
	return a == ACT_METRICS || a == ACT_STOP || a == ACT_DELETE || a == ACT_COMPARE || a == ACT_LOGS ||
	       a == ACT_CLONE;
}

bool thing_is_action(enum action a)
{
	static const enum action one[] = {ACT_OPEN, ACT_RAW, ACT_FILES, ACT_CONSOLE, ACT_COPY};

	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		if (one[i] == a)
			return true;
	return thing_takes_many(a);
}

static void push_names(struct view *v, enum view_id view, const struct kind *kind, const struct strlist *names,
		       enum view_mode mode)
{
	struct view_arg arg = {.kind = kind, .names = *names, .mode = mode};

	ui_push(v->ui, view, &arg);
}

static void say_not_offered(struct view *v, const struct kind *kind, enum action a)
{
	static const struct {
		enum action action;
		const char *words;
	} rows[] = {
		{ACT_LOGS, "have no log"},
		{ACT_METRICS, "have no metrics of their hosts"},
		{ACT_STOP, "cannot be stopped"},
		{ACT_DELETE, "cannot be deleted"},
		{ACT_CLONE, "cannot be cloned here"},
		{ACT_FILES, "have no files that are listed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].action == a)
			ui_notice(v->ui, NOTICE_WARNING, "%s %s", kind->title, rows[i].words);
}

static void copy_console(struct view *v, const struct resource *r)
{
	AUTO(str) char *url = NULL;
	struct err err = {0};

	if (web_console_url(session_own(view_session(v), r), r, &url, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
	else
		ui_copy(v->ui, url);
}

void thing_copy_remedy(struct view *v, const struct resource *r)
{
	AUTO(diagnosis) struct diagnosis d = {0};
	const struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};

	if (diagnosis_find(&d, r, &x) && d.remedy)
		ui_copy(v->ui, d.remedy);
	else
		ui_notice(v->ui, NOTICE_INFO, "there is no line to copy%s%s", d.attempt ? "; try: " : "",
			  str_or(d.attempt, ""));
}

/* One alone is compared with its neighbour in the list. */
static void compare(struct view *v, const struct kind *kind, const struct strlist *names)
{
	AUTO(strlist) struct strlist two = {0};
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);
	const char *other = names->n == 1 ? ui_beside(v, kind, names->items[0], &buf) : NULL;

	strlist_add_all(&two, names);
	if (other)
		strlist_add(&two, other);
	push_names(v, VIEW_COMPARE, kind, &two, MODE_SHOW);
}

bool thing_action(struct view *v, enum action a, const struct resource *r, const struct strlist *names)
{
	const struct kind *kind = r->kind;
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);
	const char *name = session_name_of(view_session(v), r, &buf);

	if (!thing_offers(kind, a) && a != ACT_CONSOLE) { /* which says itself why not */
		say_not_offered(v, kind, a);
		return true;
	}
	switch (a) {
	case ACT_OPEN:
		ui_push_one(v->ui, ui_page_of(kind), kind, name, MODE_SHOW);
		return true;
	case ACT_LOGS:
		push_names(v, VIEW_LOGS, kind, names, MODE_SHOW);
		return true;
	case ACT_RAW:
		ui_push_one(v->ui, VIEW_RAW, kind, name, MODE_SHOW);
		return true;
	case ACT_FILES:
		ui_push_one(v->ui, VIEW_FILES, kind, name, MODE_SHOW);
		return true;
	case ACT_CLONE:
		push_names(v, VIEW_LAUNCH, kind, names, MODE_CLONE);
		return true;
	case ACT_METRICS:
		push_names(v, VIEW_METRICS, kind, names, MODE_SHOW);
		return true;
	case ACT_COMPARE:
		compare(v, kind, names);
		return true;
	case ACT_STOP:
		ui_stop(v, kind, names);
		return true;
	case ACT_DELETE:
		ui_delete(v, kind, names);
		return true;
	case ACT_CONSOLE:
		copy_console(v, r);
		return true;
	case ACT_COPY:
		ui_copy(v->ui, r->name);
		return true;
	default:
		return false;
	}
}

static bool to_neighbour(struct view *v, enum view_id screen, const struct strlist *names, int by)
{
	const char *name = names->n == 1 ? ui_neighbour(v, names->items[0], by) : NULL;

	if (name) /* takes our place: v is gone */
		ui_push_one(v->ui, screen, v->kind, name, MODE_SHOW);
	return true;
}

bool thing_screen_action(struct view *v, enum action a, enum view_id screen, const struct strlist *names)
{
	if (a == ACT_NEXT || a == ACT_PREVIOUS)
		return to_neighbour(v, screen, names, a == ACT_NEXT ? 1 : -1);
	const struct resource *r = resources_lookup(&view_session(v)->tables[v->kind->id], names->items[0]);

	if ((a == ACT_METRICS && screen == VIEW_METRICS) || (a == ACT_RAW && screen == VIEW_RAW))
		return true; /* it is there */
	return r && thing_is_action(a) && thing_action(v, a, r, names);
}

int thing_missing(const struct view *v, const struct kind *kind, const char *name, struct err *err)
{
	if (resources_is_unread(&view_session(v)->tables[kind->id]))
		return err_set(err, ERR_NOTFOUND,
			       "whether there is a %s %s is not known: no answer yet (%s shows the requests)",
			       ui_kind_word(kind), name, KEY_OF(GLOBAL, REQUESTS));
	return err_set(err, ERR_NOTFOUND, "there is no %s %s", ui_kind_word(kind), name);
}

int thing_open_names(struct view *v, const struct view_arg *arg, struct strlist *ret, struct err *err)
{
	const struct resources *t = &view_session(v)->tables[arg->kind->id];

	for (size_t i = 0; i < arg->names.n; i++)
		if (!resources_find(t, arg->names.items[i]))
			return thing_missing(v, arg->kind, arg->names.items[i], err);
	for (size_t i = 0; i < arg->names.n; i++)
		if (!strlist_has(ret, arg->names.items[i]))
			strlist_add(ret, arg->names.items[i]);
	return 0;
}

void thing_watch(struct view *v, const struct strlist *names, bool on)
{
	for (size_t i = 0; i < names->n; i++)
		view_watch(v, v->kind, names->items[i], on);
}
