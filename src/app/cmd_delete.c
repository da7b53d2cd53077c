/* sagetop delete KIND/NAME...: asks, says what goes, and goes on where one cannot be
 * deleted; the first failure is the result. */
#include "app/commands.h"
#include "app/delete_chain.h"
#include "app/reference.h"
#include "base/timefmt.h"

/* "Delete endpoint 'x' (InService, made 2026-11-21T05:48:06Z)?" Of several scopes 'PROFILE/REGION:x'. */
static bool confirm(struct app *a, const struct resource *r, const struct strlist *with)
{
	AUTO(str) char *title = reference_title(r->kind);
	AUTO(buf) struct buf b = BUF_INIT(4096);
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	char made[TIMEFMT_LEN];

	(void)buf_addf(&b, "Delete %s '%s'", title, session_name_of(scopes_session(&a->scopes), r, &name));
	if (r->status_text || r->created_ms != TIME_UNKNOWN)
		(void)buf_addf(&b, " (%s%s%s%s)", str_or(r->status_text, ""),
			       r->status_text && r->created_ms != TIME_UNKNOWN ? ", " : "",
			       r->created_ms != TIME_UNKNOWN ? "made " : "",
			       r->created_ms != TIME_UNKNOWN ? timefmt_iso(made, r->created_ms) : "");
	for (size_t i = 1; i < with->n; i++)
		(void)buf_addf(&b, "%s%s", i == 1 ? " with " : ", ", with->items[i]);
	(void)buf_adds(&b, "?");
	return app_confirm(a, buf_str(&b));
}

/* "KIND/NAME\twhat became of it" */
static void print(const struct app *a, const char *text)
{
	AUTO(str) char *line = app_scoped(a, text);

	fprintf(a->out, "%s\n", line);
}

static int delete_now(struct app *a, const char *reference, struct err *err)
{
	struct app_reply reply = {0};
	const struct kind *k;
	const char *name;

	if (kind_parse_reference(reference, &k, &name, err) < 0)
		return -err->code;
	sync_delete(a->sync, k, name, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	AUTO(str) char *line = xasprintf("%s\tdeleted", reference);

	print(a, line);
	return 0;
}

/* 0 too where the user said no. */
static int delete_one(struct app *a, const char *reference, struct err *err)
{
	AUTO(delete_chain) struct delete_chain chain = {0};
	const struct kind *k;
	const char *name;
	struct resource *r;

	if (app_enter(a, reference, &k, &name, err) < 0 || reference_resolve(a, k, name, &r, err) < 0)
		return -err->code;
	AUTO(str) char *canonical = xstrdup(r->name);

	if (!app_flag(a, OPT_ALL))
		strlist_take(&chain.go, xasprintf("%s/%s", k->name, canonical));
	else if (delete_chain_find(a, k, canonical, &chain, err) < 0)
		return -err->code;
	r = sync_resource_full(a->sync, k, canonical); /* the lists may have moved it */
	if (!r)
		return err_set(err, ERR_NOTFOUND, "%s is gone", reference);
	if (!app_flag(a, OPT_YES) && !confirm(a, r, &chain.go)) {
		fprintf(stderr, "sagetop: %s was not deleted\n", reference);
		return 0;
	}
	for (size_t i = 0; i < chain.go.n; i++)
		if (delete_now(a, chain.go.items[i], err) < 0)
			return -err->code;
	for (size_t i = 0; i < chain.kept.n; i++)
		print(a, chain.kept.items[i]);
	return 0;
}

/* "endpoint NAME..." is "endpoint/NAME...", as show has it. */
static void join_kind(struct strlist *args)
{
	const struct kind *k = args->n > 1 ? kind_find(args->items[0]) : NULL;
	struct strlist joined = {0};

	if (!k || strchr(args->items[1], '/'))
		return;
	for (size_t i = 1; i < args->n; i++)
		strlist_take(&joined, xasprintf("%s/%s", k->name, args->items[i]));
	strlist_done(args);
	*args = joined;
}

int cmd_delete(struct app *a, struct err *err)
{
	int rc = 0;

	if (!app_flag(a, OPT_YES) && !a->in_tty)
		return err_set(err, ERR_USAGE, "nobody can be asked here: --yes deletes without asking");
	join_kind(&a->cli.args);
	if (app_connect(a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < a->cli.args.n; i++) {
		struct err failure = {0};

		if (delete_one(a, a->cli.args.items[i], &failure) == 0)
			continue;
		if (failure.code == ERR_CANCELLED) {
			*err = failure;
			return -ERR_CANCELLED;
		}
		if (rc < 0) /* the first one is reported by our caller */
			fprintf(stderr, "sagetop: %s\n", failure.msg);
		else
			*err = failure;
		rc = -err->code;
	}
	return rc;
}
