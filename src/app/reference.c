/* reference.c - KIND/NAME of the command line: the thing that is meant. */
#include "app/reference.h"

struct described {
	struct app_reply base;
	struct resource *r;
	json_t *raw;
};

static void on_described(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct described *d = user;

	d->r = r;
	d->raw = json_incref((json_t *)raw);
	app_reply_done(&d->base, err);
}

int reference_describe(struct app *a, const struct kind *k, const char *name, struct resource **ret, json_t **ret_raw,
		       struct err *err)
{
	struct described d = {0};

	sync_resource(a->sync, k, name, on_described, &d);
	if (app_wait(a, &d.base, err) < 0) {
		json_decref(d.raw);
		return -err->code;
	}
	*ret = d.r;
	*ret_raw = d.raw;
	return 0;
}

int reference_resolve(struct app *a, const struct kind *k, const char *name, struct resource **ret, struct err *err)
{
	json_t *raw = NULL;
	int rc = reference_describe(a, k, name, ret, &raw, err);

	json_decref(raw);
	return rc;
}

int reference_look(struct app *a, const struct kind *k, const char *name, json_t **ret_raw, struct err *err)
{
	struct resource *r;

	*ret_raw = NULL;
	if (reference_describe(a, k, name, &r, ret_raw, err) == 0 || err->code != ERR_NOTFOUND)
		return -err->code;
	err_clear(err);
	return 0;
}

char *reference_title(const struct kind *k)
{
	char *title = xstrdup(k->name);

	for (char *p = title; *p; p++)
		*p = *p == '-' ? ' ' : *p;
	return title;
}
