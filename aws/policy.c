/* Policies from rows: a statement holds the actions of one service with one access, and
 * the resources of all of them. What has no resource of its own ("*") stands apart, else
 * it would widen the rest. */
#include "aws/policy.h"

#include "aws/op.h"

#define MANY 5
#define MANY_RESOURCES 8

struct group {
	const struct aws_service *service; /* NULL: of any */
	enum aws_access access;
	bool on_all;
};

static bool belongs(const struct aws_op *op, const struct group *g, const struct strlist *actions, bool writes)
{
	AUTO(str) char *action = aws_op_action(op);

	if (!*op->resource || op->access != g->access || str_eq(op->resource, "*") != g->on_all)
		return false;
	if (g->service && !str_eq(op->service->iam, g->service->iam))
		return false;
	return actions ? strlist_has(actions, action) : writes || op->access == AWS_READ;
}

/* The form of a resource with partition, region and account in their places. */
static char *resource_arn(const char *form, const struct aws_policy_scope *scope)
{
	struct buf arn = BUF_INIT(BUF_MAX_TEXT);

	buf_addf(&arn, "arn:%s:", scope->partition);
	for (const char *p = form; *p; p++)
		if (str_starts(p, "%R") || str_starts(p, "%A"))
			buf_adds(&arn, *++p == 'R' ? scope->region : scope->account);
		else
			buf_addc(&arn, *p);
	return buf_take(&arn);
}

static void add_once(struct strlist *list, const char *text)
{
	if (!strlist_has(list, text))
		strlist_add(list, text);
}

static void add_row(const struct aws_op *op, const struct aws_policy_scope *scope, struct strlist *actions,
		    struct strlist *resources)
{
	AUTO(strlist) struct strlist forms = {0};
	AUTO(str) char *action = aws_op_action(op);

	add_once(actions, action);
	strlist_split(&forms, op->resource, ' ');
	for (size_t i = 0; i < forms.n; i++) {
		AUTO(str) char *arn = str_eq(forms.items[i], "*") ? xstrdup("*") : resource_arn(forms.items[i], scope);

		add_once(resources, arn);
	}
}

/* "List" of "sagemaker:ListModels"; 0 where there is no second word. */
static size_t verb_length(const char *action)
{
	const char *name = strchr(action, ':') + 1, *p = name + 1;

	while (*p && !(*p >= 'A' && *p <= 'Z'))
		p++;
	return *p ? (size_t)(p - action) : 0;
}

/* A policy may have 6144 characters. Where many actions that read share their verb, all
 * of that verb are allowed: "sagemaker:List*". */
static void shorten(struct strlist *actions)
{
	struct strlist out = {0};

	for (size_t i = 0; i < actions->n; i++) {
		const char *action = actions->items[i];
		size_t verb = verb_length(action), same = 0;

		for (size_t k = 0; k < actions->n && verb; k++)
			same += !strncmp(actions->items[k], action, verb) && verb_length(actions->items[k]) == verb;
		AUTO(str) char *text = same >= MANY ? xasprintf("%.*s*", (int)verb, action) : xstrdup(action);
		add_once(&out, text);
	}
	strlist_done(actions);
	*actions = out;
}

/* What stands before the type of a resource: "arn:aws:sagemaker:*:*:" of a model. */
static size_t owner_length(const char *arn)
{
	const char *p = arn;

	for (int colons = 0; *p && colons < 5; p++)
		colons += *p == ':';
	return (size_t)(p - arn);
}

/* Likewise the resources of what reads: many forms of one service are all of them. */
static void shorten_resources(struct strlist *resources)
{
	const char *first = resources->n ? resources->items[0] : "";
	size_t n = owner_length(first), same = 0;

	for (size_t i = 0; i < resources->n; i++)
		same += !strncmp(resources->items[i], first, n);
	if (same != resources->n || same < MANY_RESOURCES)
		return;
	AUTO(str) char *all = xasprintf("%.*s*", (int)n, first);

	strlist_done(resources);
	*resources = (struct strlist){0};
	strlist_add(resources, all);
}

/* "SagetopReadSagemaker", "SagetopRead". Letters and digits only, as IAM wants it. */
static char *statement_id(const struct group *g)
{
	struct buf id = BUF_INIT(BUF_MAX_TEXT);

	buf_addf(&id, "Sagetop%s", g->access == AWS_READ ? "Read" : "Change");
	for (const char *p = g->service ? g->service->iam : ""; *p; p++)
		if (*p != '-')
			buf_addc(&id, p == g->service->iam || p[-1] == '-' ? (char)(*p - 'a' + 'A') : *p);
	return buf_take(&id);
}

static void add_statement(json_t *statements, const struct group *g, const struct strlist *wanted, bool writes,
			  const struct aws_policy_scope *scope)
{
	AUTO(strlist) struct strlist actions = {0};
	AUTO(strlist) struct strlist resources = {0};
	AUTO(str) char *id = statement_id(g);

	for (size_t i = 0; i < AWS_OP_COUNT; i++)
		if (belongs(&aws_ops[i], g, wanted, writes))
			add_row(&aws_ops[i], scope, &actions, &resources);
	if (!actions.n)
		return;

	if (!wanted && g->access == AWS_READ) {
		shorten(&actions);
		shorten_resources(&resources);
	}
	json_t *s = json_object();
	json_object_set_new(s, "Sid", json_string(id));
	json_object_set_new(s, "Effect", json_string("Allow"));
	json_object_set_new(s, "Action", json_from_strlist(&actions));
	json_object_set_new(s, "Resource", json_from_strlist(&resources));
	if (g->service == &aws_iam) /* a role is passed to SageMaker and to nobody else */
		json_object_set_new(
			s, "Condition",
			json_pack("{s:{s:s}}", "StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"));
	json_array_append_new(statements, s);
}

json_t *aws_policy_new(const struct strlist *actions, bool writes, const struct aws_policy_scope *scope)
{
	static const struct aws_service *const services[] = {&aws_sagemaker, &aws_logs,	  &aws_cloudwatch,
							     &aws_scheduler, &aws_events, &aws_application_autoscaling,
							     &aws_iam,	     &aws_s3,	  &aws_ecr};
	json_t *policy = json_object(), *statements = json_array();

	for (enum aws_access access = AWS_READ; access <= AWS_WRITE; access++) {
		add_statement(statements, &(struct group){NULL, access, true}, actions, writes, scope);
		for (size_t i = 0; i < ARRAY_LEN(services); i++)
			add_statement(statements, &(struct group){services[i], access, false}, actions, writes, scope);
	}
	json_object_set_new(policy, "Version", json_string("2012-10-17"));
	json_object_set_new(policy, "Statement", statements);
	return policy;
}
