/* Our side of S3 for a comparison with other servers: what to do as lines of JSON on
 * standard input, {"do":"put","bucket":..,"key":..,"path":..}, get, head, list, make; what
 * came of each as a line on standard output, {"error":..} where it failed.
 *
 *   s3_drive ENDPOINT */
#include <stdio.h>

#include "aws/s3.h"
#include "base/err.h"

struct turn {
	json_t *result;
	bool done;
	char *next; /* of a list: where its next page begins */
};

static void end(struct turn *t, const struct err *err)
{
	if (err)
		json_object_set_new(t->result, "error", json_string(err->msg));
	t->done = true;
}

static void on_done(void *user, const struct err *err)
{
	end(user, err);
}

static json_t *object_json(const struct s3_object *o)
{
	return json_pack("{s:s*, s:I, s:s*}", "key", o->key, "size", (json_int_t)o->size, "etag", o->etag);
}

static void on_head(void *user, const struct s3_object *object, const struct err *err)
{
	struct turn *t = user;

	if (!err)
		json_object_set_new(t->result, "object", object_json(object));
	end(t, err);
}

static void on_list(void *user, const struct s3_object *objects, size_t n, const char *next_token,
		    const struct err *err)
{
	struct turn *t = user;

	for (size_t i = 0; !err && i < n; i++)
		json_array_append_new(json_object_get(t->result, "objects"), object_json(&objects[i]));
	t->next = err ? NULL : xstrdup(next_token);
	end(t, err);
}

static void wait_for(struct aws_client *c, struct turn *t)
{
	while (!t->done)
		aws_client_poll(c, NULL, 0, 1000);
}

static void list(struct aws_client *c, const char *bucket, const char *prefix, struct turn *t)
{
	AUTO(str) char *token = NULL;

	json_object_set_new(t->result, "objects", json_array());
	do {
		t->done = false;
		s3_list(c, bucket, prefix, token, on_list, t);
		wait_for(c, t);
		free(token);
		token = TAKE(t->next);
	} while (token);
}

static void act(struct aws_client *c, const json_t *what, struct turn *t)
{
	const char *verb = str_or(json_get_str(what, "do"), ""), *bucket = json_get_str(what, "bucket"),
		   *key = str_or(json_get_str(what, "key"), ""), *path = json_get_str(what, "path");

	if (!strcmp(verb, "put"))
		s3_put_file(c, bucket, key, path, on_done, t);
	else if (!strcmp(verb, "get"))
		s3_get_file(c, bucket, key, path, on_done, t);
	else if (!strcmp(verb, "head"))
		s3_head(c, bucket, key, on_head, t);
	else if (!strcmp(verb, "make"))
		s3_create_bucket(c, bucket, on_done, t);
	else
		list(c, bucket, key, t);
	wait_for(c, t);
}

int main(int argc, char **argv)
{
	struct aws_options opt = {.endpoint_url = argc > 1 ? argv[1] : NULL};
	AUTO(aws_client) struct aws_client *c = NULL;
	struct err err = {0};
	char *line = NULL;
	size_t cap = 0;

	if (aws_client_new(&opt, &c, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	while (getline(&line, &cap, stdin) > 0) {
		AUTO(json) json_t *what = NULL;
		struct turn t = {.result = json_object()};

		if (json_parse(line, strlen(line), "line", &what, NULL))
			return 1;
		act(c, what, &t);
		json_dumpf(t.result, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		json_decref(t.result);
	}
	free(line);
	return 0;
}
