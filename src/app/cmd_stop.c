/* sagetop stop NAME..., KIND/NAME...: every name is tried; the first failure is the result. */
#include "app/commands.h"

int cmd_stop(struct app *a, struct err *err)
{
	int rc = 0;

	if (app_connect(a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < a->cli.args.n; i++) {
		const char *reference = a->cli.args.items[i], *name = reference;
		const struct kind *k;
		struct app_reply reply = {0};
		struct err failure = {0};
		if (app_enter(a, reference, &k, &name, &failure) == 0) {
			sync_stop(a->sync, k, name, app_reply_done, &reply);
			if (app_wait(a, &reply, &failure) == 0) {
				fprintf(a->out, "%s\tstopping\n", reference);
				continue;
			}
		}
		if (failure.code == ERR_CANCELLED) {
			*err = failure;
			return -ERR_CANCELLED;
		}
		if (!strstr(failure.msg, name))
			err_prefix(&failure, "%s", name);
		if (rc < 0) /* the first one is reported by our caller */
			fprintf(stderr, "sagetop: %s\n", failure.msg);
		else
			*err = failure;
		rc = -err->code;
	}
	return rc;
}
