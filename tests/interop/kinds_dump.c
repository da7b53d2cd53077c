/* kinds_dump.c - the table of kinds with its fields as JSON, for kinds_judge.py and
 * the tests that go through all kinds. */
#include "base/json.h"
#include "model/kind.h"

static void add(json_t *o, const char *name, const char *value)
{
	if (value)
		json_object_set_new(o, name, json_string(value));
}

static json_t *call(const struct kind_call *c)
{
	json_t *o = json_object();

	add(o, "operation", c->operation);
	add(o, "argument", c->argument);
	add(o, "item", c->item);
	return o;
}

static json_t *list(const struct kind_list *l)
{
	json_t *o = json_object();

	add(o, "operation", l->operation);
	add(o, "items", l->items);
	add(o, "name_contains", l->name_contains);
	add(o, "name_prefix", l->name_prefix);
	add(o, "status_equals", l->status_equals);
	add(o, "parent", l->parent);
	add(o, "sort_keys", l->sort_keys);
	add(o, "directions", l->directions);
	add(o, "fixed", l->fixed);
	add(o, "page_size", l->page_size);
	add(o, "created_after", l->created_after);
	add(o, "modified_after", l->modified_after);
	json_object_set_new(o, "page", json_integer(l->page));
	json_object_set_new(o, "parent_required", json_boolean(l->parent_required));
	return o;
}

static json_t *fields(const struct field *f)
{
	json_t *a = json_array();

	for (; f && f->name; f++) {
		json_t *o = json_object();

		add(o, "name", f->name);
		add(o, "aliases", f->aliases);
		add(o, "json", f->json);
		add(o, "path", f->path);
		add(o, "help", f->help);
		add(o, "heading", f->heading);
		json_object_set_new(o, "type", json_integer(f->type));
		json_object_set_new(o, "cold", json_boolean(f->flags & FIELD_COLD));
		json_object_set_new(o, "keyed", json_boolean(f->flags & FIELD_KEYED));
		json_object_set_new(o, "usual", json_boolean(f->flags & FIELD_USUAL));
		json_object_set_new(o, "screen", json_boolean(f->flags & FIELD_SCREEN));
		json_object_set_new(o, "cells", json_integer(f->cells.min));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *kind(const struct kind *k)
{
	json_t *o = json_object(), *members = json_object(), *search = json_object();

	add(o, "name", k->name);
	add(o, "plural", k->plural);
	add(o, "aliases", k->aliases);
	add(o, "service", k->service);
	add(o, "running", k->running);
	add(o, "good", k->good);
	add(o, "bad", k->bad);
	add(o, "neutral", k->neutral);
	add(o, "parent_kind", k->parent_kind);
	add(o, "children", k->children);
	add(o, "links", k->links);
	add(o, "price_type", k->price_type);
	add(o, "price_count", k->price_count);
	add(search, "resource", k->search.resource);
	add(search, "item", k->search.item);
	add(search, "filter_name", k->search.filter_name);
	add(members, "name", k->members.name);
	add(members, "arn", k->members.arn);
	add(members, "status", k->members.status);
	add(members, "created", k->members.created);
	add(members, "modified", k->members.modified);
	add(members, "started", k->members.started);
	add(members, "ended", k->members.ended);
	add(members, "reason", k->members.reason);
	add(members, "tags", k->members.tags);
	add(members, "parent", k->members.parent);
	json_object_set_new(o, "key", json_integer(k->key));
	json_object_set_new(o, "list", list(&k->list));
	json_object_set_new(o, "search", search);
	json_object_set_new(o, "describe", call(&k->describe));
	json_object_set_new(o, "stop", call(&k->stop));
	json_object_set_new(o, "delete", call(&k->delete));
	json_object_set_new(o, "members", members);
	json_object_set_new(o, "fields", fields(k->fields));
	return o;
}

int main(void)
{
	AUTO(json) json_t *all = json_array();

	for (size_t i = 0; i < KIND_COUNT; i++)
		json_array_append_new(all, kind(&kind_table[i]));
	AUTO(str) char *text = json_text_pretty(all);

	puts(text);
	return 0;
}
