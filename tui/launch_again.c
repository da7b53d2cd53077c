/* launch_again.c - the launch form from a specification that is at hand: a template, or what was launched before.
 *
 * The text of a template is a line "grid NAME=VALUES" for each hyperparameter of a sweep, then the specification. */
#include "tui/launch_internal.h"

#include "model/job_name.h"

#define GRID "grid "
#define HYPERPARAMETERS "HyperParameters."

/* --- in --- */

/* Where the member stands in the form it has these values, else they are a change. */
static void put_values(struct launch_state *st, const char *line)
{
	size_t n = strcspn(line, "=");
	AUTO(str) char *member = xstrndup(line, n);
	AUTO(str) char *path = xasprintf(HYPERPARAMETERS "%s", member);

	for (size_t i = st->first_change; i < st->form.n; i++) {
		struct form_field *f = &st->form.fields[i];
		const struct job_member *m = launch_member_of(st, f);

		if (m && (str_eq(m->path, path) || str_eq(m->path, member))) {
			lineedit_set(&f->edit, line[n] ? line + n + 1 : "");
			return;
		}
	}
	for (size_t i = st->first_change; i < st->first_member; i++) {
		struct lineedit *e = &st->form.fields[i].edit;
		AUTO(str) char *change = xasprintf("%s%s", strchr(member, '.') ? "" : HYPERPARAMETERS, line);

		if (!e->len) {
			lineedit_set(e, change);
			return;
		}
	}
}

int launch_again_open(struct view *v, const char *text, struct err *err)
{
	struct launch_state *st = v->state;
	const struct ui_host *host = view_host(v);
	AUTO(strlist) struct strlist grid = {0};

	while (str_starts(text, GRID)) {
		size_t n = strcspn(text, "\n");

		strlist_take(&grid, xstrndup(text + strlen(GRID), n - strlen(GRID)));
		text += n + (text[n] == '\n');
	}
	if (!host->job_of)
		return err_set(err, ERR_USAGE, "this is not offered here");
	AUTO(job) struct job *j = host->job_of(host->user, text, err);

	if (!j)
		return -err->code;
	st->spec = xstrdup(text);
	AUTO(str) char *name = job_clone_name(session_jobs(view_session(v)), j->name, ui_now_ms(v->ui));

	lineedit_set(&st->form.fields[0].edit, name);
	launch_show_members(st, j);
	for (size_t i = 0; i < grid.n; i++)
		put_values(st, grid.items[i]);
	return 0;
}

/* --- out --- */

int launch_again_text(struct view *v, char **ret, struct err *err)
{
	const struct launch_state *st = v->state;
	const struct ui_host *host = view_host(v);
	AUTO(str) char *spec = st->stage == STAGE_PREVIEW && host->prepared ? host->prepared(host->user) : NULL;
	AUTO(launch_asked) struct launch_asked a = {0};
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	if (launch_is_of_many(st))
		return err_set(err, ERR_USAGE, "a template is made of one launch: these are %zu", st->clones.n);
	if (!spec)
		return err_set(err, ERR_USAGE, "a template is made of a launch: :template save in its preview");
	if (st->untaken)
		return err_set(err, ERR_USAGE, "what was changed in the editor is not in it yet: e goes on with it");
	launch_ask(v, false, &a);
	for (size_t i = 0; i < a.grid.n && !st->edited; i++)
		(void)buf_addf(&out, GRID "%s\n", a.grid.items[i]);
	if (buf_adds(&out, spec) < 0)
		return err_set(err, ERR_TOOBIG, "the specification is too long to be kept as a template");
	*ret = buf_take(&out);
	return 0;
}
