/* view_invoke.c - calls to an endpoint: a form above, below it the answer of one call, or what many of them
 * told. What was typed stays, so that it can be sent again with a change. */
#include "model/endpoint_values.h"
#include "tui/doc.h"
#include "tui/form.h"
#include "tui/key.h"
#include "tui/view.h"

enum {
	FIELD_OF_FILE,
	FIELD_OF_BODY,
	FIELD_OF_TYPE,
	FIELD_OF_ACCEPT,
	FIELD_OF_VARIANT,
	FIELD_OF_MODEL,
	FIELD_OF_CALLS,
	FIELD_OF_PARALLEL
};

struct invoke_state {
	char *endpoint;
	struct form form;
	struct doc doc; /* what came of it */
	char *text;	/* the same, to be laid out again */
	bool is_error, sending;
	int width; /* it was laid out for; 0: not yet */
	char problem[200];
};

static int invoke_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct invoke_state *st = v->state;
	const struct session *s = view_session(v);
	const char *name = arg->names.items[0];

	if (arg->kind->id != KIND_ENDPOINT)
		return err_set(err, ERR_USAGE, "endpoints answer: :invoke endpoint/NAME");
	const struct resource *r = resources_lookup(&s->tables[KIND_ENDPOINT], name);

	if (!r)
		return err_set(err, ERR_NOTFOUND, "there is no endpoint %s", name);
	if (s->read_only)
		return err_set(err, ERR_DENIED, "read-only forbids calls: what they do is the model's affair");
	if (record_value(r, ASYNC_OUTPUT))
		return err_set(err, ERR_USAGE, "%s answers by its queue: sagetop invoke %s FILE --async", r->name,
			       r->name);
	st->endpoint = xstrdup(r->name);
	form_add(&st->form, "File", "path of what is sent, or", "");
	form_add(&st->form, "Body", "type it here", "");
	form_add(&st->form, "Content type", "by the file's name; text/csv", "");
	form_add(&st->form, "Accept", "as the model likes", "");
	form_add(&st->form, "Variant", "by the weights", "");
	form_add(&st->form, "Model", "of an endpoint of many models: which", "");
	form_add(&st->form, "Calls", "", "1");
	form_add(&st->form, "At a time", "", "1");
	return 0;
}

static void invoke_close(struct view *v)
{
	struct invoke_state *st = v->state;

	form_done(&st->form);
	doc_done(&st->doc);
	free(st->text);
	free(st->endpoint);
}

static void invoke_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct invoke_state *st = v->state;
	const struct resource *r = resources_find(&view_session(v)->tables[KIND_ENDPOINT], st->endpoint);

	(void)buf_addf(left, "invoke · %s", st->endpoint);
	if (r)
		(void)buf_adds(right, resource_state_text(r));
}

/* --- sending --------------------------------------------------------------------------- */

static void answered(struct view *v, const char *text, const struct err *err)
{
	struct invoke_state *st = v->state;

	st->sending = false;
	st->is_error = err != NULL;
	str_set(&st->text, err ? err->msg : text);
	st->width = 0;
	st->doc.top = 0;
}

static bool count_of(struct invoke_state *st, int field, const char *what, size_t *ret)
{
	int64_t n;

	if (str_to_i64(st->form.fields[field].edit.text, &n) && n > 0) {
		*ret = (size_t)n;
		return true;
	}
	snprintf(st->problem, sizeof(st->problem), "%s: a number from 1 on", what);
	st->form.focus = (size_t)field;
	return false;
}

static void send(struct view *v)
{
	struct invoke_state *st = v->state;
	const struct form_field *f = st->form.fields;
	struct host_invoke_request r = {.endpoint = st->endpoint,
					.path = f[FIELD_OF_FILE].edit.text,
					.body = f[FIELD_OF_BODY].edit.text,
					.content_type = f[FIELD_OF_TYPE].edit.text,
					.accept = f[FIELD_OF_ACCEPT].edit.text,
					.variant = f[FIELD_OF_VARIANT].edit.text,
					.model = f[FIELD_OF_MODEL].edit.text};

	st->problem[0] = '\0';
	if (!count_of(st, FIELD_OF_CALLS, "calls", &r.calls) ||
	    !count_of(st, FIELD_OF_PARALLEL, "at a time", &r.parallel))
		return;
	if (!*r.path == !*r.body) {
		str_copy(st->problem, sizeof(st->problem),
			 *r.path ? "a file or a body, not both" : "name a file, or type a body");
		st->form.focus = *r.path ? FIELD_OF_BODY : FIELD_OF_FILE;
		return;
	}
	st->sending = ui_ask_invoke(v, &r, answered);
}

/* Enter sends from wherever it is: what is empty is as usual. */
static bool invoke_key(struct view *v, int key)
{
	struct invoke_state *st = v->state;

	if (key == KEYC_ENTER) {
		if (!st->sending)
			send(v);
		return true;
	}
	switch (form_key(&st->form, key)) {
	case FORM_CANCEL:
		ui_pop(v->ui);
		return true;
	case FORM_IGNORED:
		return doc_action(&st->doc, keymap_find(CTX_TEXT, key)) || key_is_text(key);
	default:
		return true;
	}
}

static struct lineedit *invoke_field(struct view *v)
{
	struct invoke_state *st = v->state;

	return &st->form.fields[st->form.focus].edit;
}

/* --- drawing ----------------------------------------------------------------------------- */

static void lay_out(struct invoke_state *st, int width)
{
	const char *text = st->text;

	st->width = width;
	doc_clear(&st->doc);
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		AUTO(str) char *line = xstrndup(text, n);

		if (n)
			doc_wrapped(&st->doc, st->is_error ? ST_BAD : ST_NORMAL, 1, width - 2, line);
		else
			doc_line(&st->doc);
		text += n + (text[n] == '\n');
	}
}

static void invoke_draw(struct view *v, struct area a)
{
	struct invoke_state *st = v->state;
	int form = MIN((int)st->form.n, MAX(a.rows - 3, 1));
	struct area below = area_part(a, form + 1, 0, a.rows - form - 1, a.cols);

	form_draw(&st->form, area_part(a, 0, 1, form, a.cols - 2));
	if (st->width != a.cols)
		lay_out(st, a.cols);
	if (st->sending)
		area_put(below, 0, 1, ST_DIM, "Waiting for the answer …");
	else if (st->problem[0])
		area_put_cut(below, 0, 1, a.cols - 2, ST_BAD, st->problem);
	else
		doc_draw(&st->doc, below);
}

static void invoke_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct invoke_state *st = v->state;

	if (!st->text)
		(void)buf_adds(left, "a call may cost money, and what it does is the model's affair");
	doc_position(&st->doc, right);
}

static const char *invoke_hint(struct view *v)
{
	return "Esc back  Enter send  Tab Up Down field  PgDn PgUp answer";
}

const struct view_ops view_invoke_ops = {
	.name = "invoke",
	.reach = REACH_ONE,
	.argument = "endpoint/NAME",
	.takes = TAKES_NAME,
	.help = "Call an endpoint: its answer, or what many calls take and cost",
	.contexts = {CTX_TEXT},
	.passing = true,
	.state_size = sizeof(struct invoke_state),
	.open = invoke_open,
	.close = invoke_close,
	.title = invoke_title,
	.draw = invoke_draw,
	.status = invoke_status,
	.key = invoke_key,
	.field = invoke_field,
	.hint = invoke_hint,
};
