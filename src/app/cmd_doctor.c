/* sagetop doctor: is everything there that sagetop needs? */
#include <stdlib.h>

#include "app/commands.h"
#include "app/doctor.h"
#include "app/output.h"
#include "aws/sts.h"
#include "base/timefmt.h"

#define CLOCK_TOLERANCE_MS 60000

static const char *const result_words[] = {
	[CHECK_OK] = "ok", [CHECK_WARNING] = "warning", [CHECK_FAILED] = "FAILED", [CHECK_SKIPPED] = "not tried"};

struct identity_reply {
	struct app_reply base;
	char *account, *arn;
};

static void on_identity(void *user, const struct sts_identity *id, const struct err *err)
{
	struct identity_reply *r = user;

	if (!err) {
		str_set(&r->account, id->account);
		str_set(&r->arn, id->arn);
	}
	app_reply_done(&r->base, err);
}

static void check_region(struct app *a, struct checkup *c, bool missing)
{
	const char *region = aws_client_region(sync_client(a->sync));
	struct check *item = checkup_add(c, "region");

	if (missing) {
		item->code = ERR_INVALID;
		check_set(item, CHECK_FAILED,
			  "none: give --region, or set AWS_REGION or region in ~/.aws/config; checked below: %s",
			  region);
	} else {
		check_set(item, CHECK_OK, "%s", region);
	}
}

static void check_settings(struct app *a, struct checkup *c)
{
	const struct config *config = &a->config;
	struct check *item = checkup_add(c, "settings");

	if (config->problems.n)
		check_set(item, CHECK_WARNING, "%s%s", config->problems.items[0],
			  config->problems.n > 1 ? "; sagetop config has them all" : "");
	else
		check_set(item, CHECK_OK, "%s%s", config->path, config->found ? "" : ": none, so the defaults");
}

static int check_credentials(struct app *a, struct checkup *c)
{
	struct check *item = checkup_add(c, "credentials");
	struct err failure = {0};

	if (aws_client_check_credentials(sync_client(a->sync), &failure) < 0) {
		item->code = failure.code;
		check_set(item, CHECK_FAILED, "%s", failure.msg);
		return -failure.code;
	}
	check_set(item, CHECK_OK, "from %s",
		  str_or(aws_client_credential_source(sync_client(a->sync)), "an unknown source"));
	return 0;
}

/* GetCallerIdentity needs no permission: a refusal means bad keys, no reply no
 * network. */
static int check_identity(struct app *a, struct checkup *c, struct err *err)
{
	struct identity_reply reply = {0};
	struct err failure = {0};
	int rc = -ERR_INTERNAL;

	if (sts_get_caller_identity(sync_client(a->sync), AWS_USER_ACTION, on_identity, &reply))
		rc = app_wait(a, &reply.base, &failure);
	struct check *item = checkup_add(c, "identity");
	item->code = failure.code;
	if (rc == 0)
		check_set(item, CHECK_OK, "%s", str_or(reply.arn, "?"));
	else
		check_set(item, CHECK_FAILED, "%s", failure.msg);
	str_copy(c->account, sizeof(c->account), str_or(reply.account, ""));
	free(reply.account);
	free(reply.arn);
	if (failure.code == ERR_CANCELLED)
		*err = failure;
	return rc;
}

/* From the replies of the identity's call. Requests are signed with the service's
 * time, so that a wrong clock does no harm here; but it does elsewhere. */
static void check_clock(struct app *a, struct checkup *c)
{
	int64_t ahead_ms;
	char text[TIMEFMT_LEN];

	if (!aws_client_clock_skew(sync_client(a->sync), &ahead_ms))
		return;
	struct check *item = checkup_add(c, "clock");
	int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
	if (off_ms < CLOCK_TOLERANCE_MS)
		check_set(item, CHECK_OK, "within %s of the service's",
			  timefmt_duration(text, MAX((off_ms + 999) / 1000 * 1000, 1000)));
	else
		check_set(item, CHECK_WARNING, "%s %s the service's; sagetop allows for it, others may not: set it",
			  timefmt_duration(text, off_ms), ahead_ms > 0 ? "behind" : "ahead of");
}

static void print_text(struct app *a, const struct checkup *c)
{
	AUTO(table) struct table t = {0};

	table_column(&t, "CHECK", false);
	table_column(&t, "RESULT", false);
	table_column(&t, "DETAIL", false);
	for (size_t i = 0; i < c->n; i++) {
		table_cell(&t, c->items[i].name);
		table_cell(&t, result_words[c->items[i].result]);
		table_cell(&t, c->items[i].detail);
	}
	table_print(&t, a);
	if (!c->missing.n)
		return;
	AUTO(json) json_t *policy = doctor_policy(c, aws_client_region(sync_client(a->sync)));
	fputs("\nThis IAM policy allows what is missing:\n", a->out);
	output_json(a, policy);
}

static void print_json(struct app *a, const struct checkup *c)
{
	AUTO(json) json_t *o = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < c->n; i++) {
		json_t *item = json_object();
		json_put_str(item, "check", c->items[i].name);
		json_put_str(item, "result", result_words[c->items[i].result]);
		json_put_str(item, "detail", c->items[i].detail);
		json_array_append_new(list, item);
	}
	json_object_set_new(o, "checks", list);
	json_object_set_new(o, "missing_policy",
			    c->missing.n ? doctor_policy(c, aws_client_region(sync_client(a->sync))) : json_null());
	output_json(a, o);
}

/* The status of the failure with the highest one, by the table of exit codes. */
static int worst_status(const struct checkup *c)
{
	int status = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].result == CHECK_FAILED)
			status = MAX(status, err_exit_status(c->items[i].code));
	return status;
}

int cmd_doctor(struct app *a, struct err *err)
{
	AUTO(checkup) struct checkup checkup = {0};

	bool no_region;

	if (app_connect_anywhere(a, &no_region, err) < 0)
		return -err->code;
	check_region(a, &checkup, no_region);
	int rc = check_credentials(a, &checkup);
	if (rc == 0) {
		rc = check_identity(a, &checkup, err);
		if (a->sync)
			check_clock(a, &checkup);
	}
	if (rc == 0)
		rc = doctor_check_permissions(a, &checkup, a->config.set.read_only, err);
	if (rc < 0 && err->code == ERR_CANCELLED)
		return -ERR_CANCELLED;
	check_settings(a, &checkup);
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, &checkup);
	else
		print_text(a, &checkup);
	a->exit_status = worst_status(&checkup);
	if (checkup.items[1].result == CHECK_FAILED && !a->local)
		fputs("sagetop: without an account: sagetop --local runs everything on this machine\n", stderr);
	return 0;
}
