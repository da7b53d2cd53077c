/* The checks of doctor: its permissions are the rows of aws/operations.def with a probe. */
#include "app/doctor.h"

#include "aws/op.h"
#include "aws/policy.h"

void checkup_done(struct checkup *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].name);
	free(c->items);
	strlist_done(&c->missing);
	*c = (struct checkup){0};
}

struct check *checkup_add(struct checkup *c, const char *name)
{
	GROW(c->items, c->cap, c->n + 1);
	struct check *item = &c->items[c->n++];
	*item = (struct check){.name = xstrdup(name)};
	return item;
}

void check_set(struct check *c, enum check_result result, const char *fmt, ...)
{
	va_list ap;

	c->result = result;
	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

/* --- permissions ------------------------------------------------------------------------ */

/* A probe's text with what only the session knows in its places: $FROM and $TO are
 * epoch seconds (logs write 000 behind them for milliseconds). */
static char *probe_text(struct app *a, const struct checkup *c, const char *probe)
{
	const char *region = aws_client_region(sync_client(a->sync));
	int64_t now_s = clock_now_ms() / 1000;
	AUTO(str) char *from = xasprintf("%lld", (long long)now_s - 300);
	AUTO(str) char *to = xasprintf("%lld", (long long)now_s);
	const struct {
		const char *token, *text;
	} places[] = {{"$PARTITION", partition_of(region)},
		      {"$REGION", region},
		      {"$ACCOUNT", *c->account ? c->account : "000000000000"},
		      {"$FROM", from},
		      {"$TO", to}};
	struct buf out = BUF_INIT(BUF_MAX_TEXT);

	while (*probe) {
		size_t i = 0;

		while (i < ARRAY_LEN(places) && !str_starts(probe, places[i].token))
			i++;
		if (i < ARRAY_LEN(places)) {
			buf_adds(&out, places[i].text);
			probe += strlen(places[i].token);
		} else {
			buf_addc(&out, *probe++);
		}
	}
	return buf_take(&out);
}

static void on_probe(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	app_reply_done(ctx, err);
}

/* What the service says to the probe of op, in failure; -ERR_CANCELLED where the user
 * had enough of it. */
static int probe_send(struct app *a, const struct checkup *c, const struct aws_op *op, struct err *failure)
{
	struct app_reply reply = {0};
	AUTO(str) char *text = probe_text(a, c, op->probe);
	json_t *body = NULL;

	if (json_parse(text, strlen(text), op->name, &body, failure) < 0)
		return 0;
	aws_call_named(sync_client(a->sync), op, AWS_USER_ACTION, body, on_probe, &reply);
	return app_wait(a, &reply, failure) < 0 && failure->code == ERR_CANCELLED ? -ERR_CANCELLED : 0;
}

/* Allowed is anything that the service answered about the matter itself. */
static void judge(struct check *item, const struct aws_op *op, const struct err *e, struct checkup *c)
{
	item->code = e->code;
	if (e->code == ERR_OK || e->code == ERR_NOTFOUND || e->code == ERR_INVALID) {
		check_set(item, CHECK_OK, "for %s", op->need);
	} else if (e->code == ERR_DENIED) {
		check_set(item, CHECK_FAILED, "denied; it is needed for %s", op->need);
		strlist_add(&c->missing, item->name);
	} else {
		check_set(item, CHECK_FAILED, "%s", e->msg);
	}
}

int doctor_check_permissions(struct app *a, struct checkup *c, bool read_only, struct err *err)
{
	for (size_t i = 0; i < AWS_OP_COUNT; i++) {
		const struct aws_op *op = &aws_ops[i];
		struct err failure = {0};

		if (!op->probe)
			continue;

		AUTO(str) char *action = aws_op_action(op);
		struct check *item = checkup_add(c, action);
		if (op->access == AWS_WRITE && read_only) {
			check_set(item, CHECK_SKIPPED, "not needed with --read-only");
		} else if (!*op->probe) {
			check_set(item, CHECK_SKIPPED, "for %s; it cannot be tried without creating something",
				  op->need);
		} else if (probe_send(a, c, op, &failure) < 0) {
			*err = failure;
			return -ERR_CANCELLED;
		} else {
			judge(item, op, &failure, c);
		}
	}
	return 0;
}

json_t *doctor_policy(const struct checkup *c, const char *region)
{
	struct aws_policy_scope scope = {partition_of(region), region, *c->account ? c->account : "*"};

	return aws_policy_new(&c->missing, true, &scope);
}
