/* sagetop delete KIND/NAME...: asks, says what goes, and goes on where one cannot be
 * deleted; the first failure is the result. */
#include "app/commands.h"
#include "app/reference.h"
#include "base/timefmt.h"

/* "Delete endpoint 'x' (InService, made 2026-11-21T05:48:06Z)?" */
static bool confirm(struct app *a, const struct resource *r)
{
	AUTO(str) char *title = reference_title(r->kind);
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char made[TIMEFMT_LEN];

	(void)buf_addf(&b, "Delete %s '%s'", title, r->name);
	if (r->status_text || r->created_ms != TIME_UNKNOWN)
		(void)buf_addf(&b, " (%s%s%s%s)", str_or(r->status_text, ""),
			       r->status_text && r->created_ms != TIME_UNKNOWN ? ", " : "",
			       r->created_ms != TIME_UNKNOWN ? "made " : "",
			       r->created_ms != TIME_UNKNOWN ? timefmt_iso(made, r->created_ms) : "");
	(void)buf_adds(&b, "?");
	return app_confirm(a, buf_str(&b));
}

/* 0 too where the user said no. */
static int delete_one(struct app *a, const char *reference, struct err *err)
{
	struct app_reply reply = {0};
	const struct kind *k;
	const char *name;
	struct resource *r;

	if (kind_parse_reference(reference, &k, &name, err) < 0 || reference_resolve(a, k, name, &r, err) < 0)
		return -err->code;
	if (!app_flag(a, OPT_YES) && !confirm(a, r)) {
		fprintf(stderr, "sagetop: %s was not deleted\n", reference);
		return 0;
	}
	AUTO(str) char *canonical = xstrdup(r->name);

	sync_delete(a->sync, k, canonical, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	fprintf(a->out, "%s/%s\tdeleted\n", k->name, canonical);
	return 0;
}

int cmd_delete(struct app *a, struct err *err)
{
	int rc = 0;

	if (!app_flag(a, OPT_YES) && !a->in_tty)
		return err_set(err, ERR_USAGE, "nobody can be asked here: --yes deletes without asking");
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
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
