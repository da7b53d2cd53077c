/* What all kinds do alike: create, put, describe, change, delete. */
#include "aws/local/services/kinds_rows.h"
#include "aws/local/services/tags.h"

#include "base/digest.h"

static const struct document_kind *const tables[] = {
	kinds_of_jobs,	 kinds_of_hosting, kinds_of_registry, kinds_of_pipelines,  kinds_of_studio,
	kinds_of_events, kinds_of_alarms,  kinds_of_scaling,  kinds_of_monitoring, kinds_of_others};

const struct document_kind *kind_at(size_t i)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (const struct document_kind *k = tables[t]; k->id; k++) {
			if (i-- == 0)
				return k;
		}
	}
	return NULL;
}

const struct document_kind *kind_by_id(const char *id)
{
	const struct document_kind *k = NULL;

	for (size_t i = 0; (k = kind_at(i)) && !str_eq(k->id, id); i++)
		;
	return k;
}

const struct document_kind *kind_by_word(const char *text)
{
	const struct document_kind *k = NULL;

	for (size_t i = 0; (k = kind_at(i)) && !str_eq(k->id, text) && !str_eq(k->word, text); i++)
		;
	return k;
}

/* --- words ------------------------------------------------------------------------------ */

/* The next word of a list into `word`; false at its end. */
static bool next_word(const char **at, char *word, size_t size)
{
	while (**at == ' ')
		++*at;
	size_t n = strcspn(*at, " ");

	if (!n)
		return false;
	str_copy(word, MIN(size, n + 1), *at);
	*at += n;
	return true;
}

bool word_in(const char *words, const char *word)
{
	char one[128];

	for (const char *at = words ? words : ""; word && next_word(&at, one, sizeof(one));) {
		if (str_eq(one, word))
			return true;
	}
	return false;
}

json_t *kind_project(const json_t *doc, const char *names)
{
	json_t *out = json_object();
	char word[200];

	for (const char *at = names; next_word(&at, word, sizeof(word));) {
		char *eq = strchr(word, '=');
		json_t *value = json_path_get(doc, eq ? eq + 1 : word);

		if (eq)
			*eq = 0;
		if (value && json_path_set(out, word, json_incref(value), NULL) < 0)
			abort(); /* a row's own words are broken */
	}
	return out;
}

/* --- keys and ARNs ------------------------------------------------------------------------ */

static char *key_part(const json_t *in, const char *member)
{
	const json_t *value = json_object_get(in, member);

	if (json_is_number(value))
		return xasprintf("%.3f", json_number_value(value));
	return xstrdup(json_string_value(value));
}

char *kind_key(const struct document_kind *k, const json_t *in)
{
	AUTO(buf) struct buf key = BUF_INIT(BUF_MAX_TEXT);
	char word[128];

	for (const char *at = k->key; next_word(&at, word, sizeof(word));) {
		char *fallback = strchr(word, '?');

		if (fallback)
			*fallback++ = 0;
		AUTO(str) char *part = key_part(in, word);

		if (!part && !fallback)
			return NULL;
		if (!part && !*fallback)
			continue;
		buf_addf(&key, "%s%s", key.len ? "/" : "", part ? part : fallback);
	}
	return buf_take(&key);
}

static const char *name_in(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? slash + 1 : key;
}

static void first_member(const char *text, char *member, size_t size)
{
	str_copy(member, MIN(size, strcspn(text, " !:?") + 1), text);
}

/* Fill the places of a sentence or path. */
static void fill(struct buf *out, const char *text, const char *const *places, size_t n)
{
	while (*text) {
		size_t i = 0;

		for (i = 0; *text == '{' && i < n; i += 2) {
			if (str_starts(text, places[i]))
				break;
		}
		if (*text != '{' || i >= n) {
			buf_addc(out, *text++);
			continue;
		}
		buf_adds(out, places[i + 1]);
		text += strlen(places[i]);
	}
}

char *kind_arn(const struct document_kind *k, const char *region, const char *key)
{
	AUTO(buf) struct buf path = BUF_INIT(BUF_MAX_TEXT);
	char hash[SHA256_HEX_LEN];

	if (!k->arn_path)
		return xstrdup("");
	sha256_hex(key, strlen(key), hash);
	hash[34] = 0;
	const char *const places[] = {"{key}", key, "{name}", name_in(key), "{hash}", hash};

	fill(&path, k->arn_path, places, ARRAY_LEN(places));
	char *arn = xasprintf("arn:aws:%s:%s:" ACCOUNT_ID ":%s", str_or(k->arn_service, "sagemaker"),
			      k->arn_global ? "" : str_or(region, DEFAULT_REGION), buf_str(&path));

	/* SageMaker's ARNs are in lower case, whatever the name is. */
	if (!k->arn_service)
		str_lower(arn);
	return arn;
}

int kind_fault(struct call *c, const struct document_kind *k, const struct kind_words *words, const char *key,
	       const char *status)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *arn = str_starts(key, "arn:") ? xstrdup(key) : kind_arn(k, c->rq->region, key);
	const char *const places[] = {"{key}", key,	 "{name}", name_in(key), "{arn}",
				      arn,     "{noun}", k->noun,  "{status}",	 status ? status : ""};

	fill(&text, words->text, places, ARRAY_LEN(places));
	if (words->shape && !c->fault->code[0])
		str_copy(c->fault->shape, sizeof(c->fault->shape), words->shape);
	return fault_set(c->fault, words->http_status, words->code, "%s", buf_str(&text));
}

struct document *kind_lookup(struct call *c, const struct document_kind *k, const char *key)
{
	struct document *r = k->by_arn ? NULL : document_find(c->e, k->id, key);

	if (!k->by_arn)
		return r;
	if (str_starts(key, "arn:"))
		r = document_by_arn(c->e, key);
	else if (!(r = document_find(c->e, k->id, key)) && k->arn_path) {
		AUTO(str) char *arn = kind_arn(k, c->rq->region, key);

		r = document_by_arn(c->e, arn);
	}
	return r && str_eq(r->kind, k->id) ? r : NULL;
}

struct document *kind_asked(struct call *c, const struct document_kind *k, const json_t *in)
{
	AUTO(str) char *key = kind_key(k, in);

	if (!key && k->by_arn) {
		char member[128];

		first_member(k->key_input, member, sizeof(member));
		key = xstrdup(json_get_str(in, member));
	}
	if (!key)
		key = xstrdup("");
	struct document *r = kind_lookup(c, k, key);

	if (!r)
		(void)kind_fault(c, k, c->kind == k && c->op && c->op->missing.code ? &c->op->missing : &k->missing,
				 key, NULL);
	return r;
}

/* --- documents ------------------------------------------------------------------------------ */

static void delete_members(json_t *doc, const char *names)
{
	char word[128];

	for (const char *at = names ? names : ""; next_word(&at, word, sizeof(word));)
		json_object_del(doc, word);
}

json_t *kind_document(const struct document_kind *k, const struct document *r, bool for_search)
{
	json_t *doc = json_copy(r->doc);

	if (for_search)
		json_object_set_new(doc, "Tags", tags_list(&r->tags, 0, r->tags.n));
	delete_members(doc, for_search ? k->search_drop : k->hidden);
	return doc;
}

static void touch(struct call *c, const struct document_kind *k, struct document *r)
{
	if (k->modified)
		json_object_set_new(r->doc, k->modified, json_epoch(engine_now_ms(c->e)));
}

static void rename_members(json_t *doc, const char *renames)
{
	char word[200];

	for (const char *at = renames ? renames : ""; next_word(&at, word, sizeof(word));) {
		char *eq = strchr(word, '=');
		json_t *value = json_object_get(doc, eq + 1);

		*eq = 0;
		if (value) {
			json_object_set(doc, word, value);
			json_object_del(doc, eq + 1);
		}
	}
}

/* The request as the document keeps it. */
static json_t *kept_members(const struct document_kind *k, const json_t *in)
{
	json_t *doc = json_deep_copy(in);

	json_object_del(doc, "Tags");
	delete_members(doc, k->drop);
	rename_members(doc, k->rename);
	return doc;
}

void kind_defaults(const struct document_kind *k, json_t *doc)
{
	AUTO(json) json_t *begin = NULL;
	char word[128];

	if (k->begin && json_parse(k->begin, strlen(k->begin), k->id, &begin, NULL) < 0)
		abort(); /* a row's own JSON is broken */
	json_object_update_missing(doc, begin);
	for (const char *at = k->key; next_word(&at, word, sizeof(word));) {
		char *fallback = strchr(word, '?');

		if (!fallback || !fallback[1])
			continue;
		*fallback = 0;
		if (!json_object_get(doc, word))
			json_object_set_new(doc, word, json_string(fallback + 1));
	}
}

static json_t *reply_of(const struct kind_op *op, const json_t *doc)
{
	return op->reply ? kind_project(doc, op->reply) : json_null();
}

/* --- create, put, replace --------------------------------------------------------------------- */

/* Its key and ARN as the request tells them; a hook may know better. */
static struct document *new_resource(struct call *c)
{
	const struct document_kind *k = c->kind;
	AUTO(str) char *key = kind_key(k, c->in);
	const char *name = k->name ? json_get_str(c->in, k->name) : NULL;
	AUTO(str) char *arn = kind_arn(k, c->rq->region, key ? key : str_or(name, ""));
	struct document *r = document_new(k->id, key ? key : arn, arn, kept_members(k, c->in));
	json_t *now = json_epoch(engine_now_ms(c->e));

	kind_defaults(k, r->doc);
	if (k->arn)
		json_object_set_new(r->doc, k->arn, json_string(arn));
	if (k->created)
		json_object_set(r->doc, k->created, now);
	if (k->modified)
		json_object_set(r->doc, k->modified, now);
	json_decref(now);
	return r;
}

/* The new document in the old one's place. */
static void replace(struct call *c, struct document *old, struct document *r)
{
	json_t *created = c->kind->created ? json_object_get(old->doc, c->kind->created) : NULL;

	if (created)
		json_object_set(r->doc, c->kind->created, created);
	json_decref(old->doc);
	old->doc = json_incref(r->doc);
	document_save(c->e, old);
}

static int check_name(struct call *c, const struct document *old, const struct document *r)
{
	if (old && c->op->verb == VERB_CREATE)
		return kind_fault(c, c->kind, &c->kind->taken, r->key, NULL);
	if (!old && c->op->verb == VERB_REPLACE)
		return kind_fault(c, c->kind, &c->kind->missing, r->key, NULL);
	return 0;
}

static int op_create(struct call *c, json_t **out)
{
	const json_t *tags = json_object_get(c->in, "Tags");
	struct document *r = new_resource(c), *old = document_find(c->e, r->kind, r->key);

	if (tags_check(c, tags) < 0 || check_name(c, old, r) < 0 || (c->op->hook && c->op->hook(c, r) < 0)) {
		document_free(r);
		return -1;
	}
	*out = reply_of(c->op, r->doc);
	if (old) {
		replace(c, old, r);
		document_free(r);
		return 0;
	}
	tags_set(&r->tags, tags);
	document_add(c->e, r);
	document_save(c->e, r);
	if (c->op->after)
		c->op->after(c->e, r);
	return 0;
}

/* --- the others --------------------------------------------------------------------------------- */

static int op_describe(struct call *c, json_t **out)
{
	const struct document *r = kind_asked(c, c->kind, c->in);

	if (!r)
		return -1;
	*out = c->op->reply ? kind_project(r->doc, c->op->reply) : kind_document(c->kind, r, false);
	return 0;
}

static struct document *find_allowed(struct call *c)
{
	struct document *r = kind_asked(c, c->kind, c->in);
	const char *status = r && c->kind->status ? json_get_str(r->doc, c->kind->status) : NULL;

	if (!r || !c->op->from || word_in(c->op->from, status))
		return r;
	(void)kind_fault(c, c->kind, &c->op->refused, r->key, status);
	return NULL;
}

static int op_change(struct call *c, json_t **out)
{
	struct document *r = find_allowed(c);

	if (!r)
		return -1;
	json_t *before = r->doc, *change = kept_members(c->kind, c->in);
	char member[128];

	/* What names it stays as it is: it may have been an ARN. */
	first_member(c->kind->key_input, member, sizeof(member));
	json_object_del(change, member);
	if (c->kind->arn)
		json_object_del(change, c->kind->arn);
	r->doc = json_deep_copy(before);
	json_object_update(r->doc, change);
	json_decref(change);
	if (c->op->to)
		json_object_set_new(r->doc, c->kind->status, json_string(c->op->to));
	touch(c, c->kind, r);
	if (c->op->hook && c->op->hook(c, r) < 0) {
		json_decref(r->doc);
		r->doc = before;
		return -1;
	}
	if (c->op->stamp)
		json_object_set_new(r->doc, c->op->stamp, json_epoch(engine_now_ms(c->e)));
	json_decref(before);
	document_save(c->e, r);
	*out = reply_of(c->op, r->doc);
	return 0;
}

static int op_delete(struct call *c, json_t **out)
{
	struct document *r = find_allowed(c);

	if (!r || (c->op->hook && c->op->hook(c, r) < 0))
		return -1;
	*out = reply_of(c->op, r->doc);
	document_remove(c->e, r);
	return 0;
}

op_fn *kind_op_of(enum kind_verb verb)
{
	static op_fn *const functions[] = {
		[VERB_CREATE] = op_create, [VERB_PUT] = op_create,	  [VERB_REPLACE] = op_create,
		[VERB_CHANGE] = op_change, [VERB_DESCRIBE] = op_describe, [VERB_DELETE] = op_delete};

	return functions[verb];
}

void kinds_begin(struct engine *e)
{
	const struct document_kind *groups = kind_by_id("schedule-group");

	if (document_find(e, groups->id, "default"))
		return;
	AUTO(str) char *arn = kind_arn(groups, DEFAULT_REGION, "default");
	json_t *now = json_epoch(engine_now_ms(e));
	struct document *r = document_new(groups->id, "default", arn,
					  json_pack("{s:s, s:s, s:s, s:O, s:O}", "Name", "default", "Arn", arn, "State",
						    "ACTIVE", "CreationDate", now, "LastModificationDate", now));

	json_decref(now);
	document_add(e, r);
	document_save(e, r);
}
