/* page.c - lines, and the page of any kind: its fields, the rest of the service's
 * record by its members, tags, and what it leads to. */
#include "model/page.h"

#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/kind.h"
#include "model/session.h"

#include <ctype.h>

#define FOUND "CompletedWithViolations" /* of a monitoring execution */
#define LABEL_CELLS_MIN 12
#define LABEL_CELLS_MAX 28

void page_done(struct page *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->lines[i].n; k++)
			free(p->lines[i].parts[k].text);
		free(p->lines[i].parts);
		free(p->lines[i].label);
		free(p->lines[i].link);
	}
	free(p->lines);
	memset(p, 0, sizeof(*p));
}

struct page_line *page_line(struct page *p, const char *label)
{
	bool gap = p->n && !p->lines[p->n - 1].label; /* page_gap's mark */
	struct page_line *l;

	if (!gap) {
		GROW(p->lines, p->cap, p->n + 1);
		p->n++;
	}
	l = &p->lines[p->n - 1];
	*l = (struct page_line){.label = xstrdup(label), .gap = gap};
	p->label_cells = MAX(p->label_cells, MIN(utf8_width(label), LABEL_CELLS_MAX));
	return l;
}

void page_gap(struct page *p)
{
	if (p->n && p->lines[p->n - 1].label) {
		GROW(p->lines, p->cap, p->n + 1);
		p->lines[p->n++] = (struct page_line){0};
	}
}

void page_part(struct page *p, enum page_style style, const char *text)
{
	struct page_line *l = &p->lines[p->n - 1];

	if (str_empty(text))
		return;
	GROW(l->parts, l->cap, l->n + 1);
	l->parts[l->n++] = (struct page_part){.text = xstrdup(text), .style = style};
}

void page_partf(struct page *p, enum page_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);
	va_end(ap);
	page_part(p, style, text);
}

void page_clausef(struct page *p, enum page_style style, const char *fmt, ...)
{
	struct page_line *l = &p->lines[p->n - 1];
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);
	va_end(ap);
	page_partf(p, style, "  %s", text);
	l->parts[l->n - 1].clause = true;
}

void page_text(struct page *p, const char *label, const char *text)
{
	while (!str_empty(text)) {
		size_t n = strcspn(text, "\n");
		AUTO(str) char *line = xstrndup(text, n);

		(void)page_line(p, label);
		page_part(p, PAGE_NORMAL, line);
		label = "";
		text += n + (text[n] == '\n');
	}
}

void page_pairs(struct page *p, const char *label, const struct strmap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		page_line(p, i ? "" : label)->pair = true;
		page_part(p, PAGE_DIM, m->items[i].name);
		page_part(p, PAGE_NORMAL, m->items[i].value);
	}
}

/* --- any kind -------------------------------------------------------------------- */

/* "instance_type" and "instance" as a label: "Instance type". */
static void label_of(char *out, size_t size, const char *name)
{
	str_copy(out, size, name);
	for (char *c = out; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	out[0] = (char)toupper((unsigned char)out[0]);
}

/* What of the head of the page says it already. */
static bool is_in_head(const struct field *f)
{
	static const char *const names[] = {"name", "status", "reason", "arn", "age", "profile", "region", "account"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(f->name, names[i]))
			return true;
	return f->flags & FIELD_KEYED;
}

/* By the lines of the variants, where the record has them. */
static bool is_told_elsewhere(const struct resource *r, const char *path)
{
	return r->kind->id == KIND_ENDPOINT && path && page_endpoint_tells(path) &&
	       strmap_get(&resource_record(r)->members, path);
}

/* What is told of a whole list is a table's, where the record has its members: the page tells each. */
static bool is_of_tables(const struct resource *r, const struct field *f)
{
	const char *star = f->path ? strstr(f->path, "[*]") : NULL;
	AUTO(str)
	char *first = star ? xasprintf("%.*s[0]%s", (int)(star - f->path), f->path, star + strlen("[*]")) : NULL;

	return f->flags & (FIELD_LINKED | FIELD_MEASURED) || (first && strmap_get(&resource_record(r)->members, first));
}

static void add_fields(struct page *p, const struct resource *r, const struct field_context *x)
{
	for (const struct field *f = r->kind->fields; f->name; f++) {
		struct field_ref ref = {.field = f};
		AUTO(buf) struct buf text = BUF_INIT(65536);
		char label[64];

		if (is_in_head(f) || is_of_tables(r, f) || is_told_elsewhere(r, f->path))
			continue;
		field_text(&ref, r, x, FIELD_FOR_PEOPLE, &text);
		if (f->type == FIELD_MACHINE && text.len && field_get(&ref, r, x).number > 1)
			(void)buf_addf(&text, "×%.0f", field_get(&ref, r, x).number);
		label_of(label, sizeof(label), f->name);
		page_text(p, label, buf_str(&text));
	}
}

/* Whether a row's path, "A.B|C", is that of a member. */
static bool is_path(const char *alternatives, const char *path)
{
	size_t n = strlen(path);

	for (const char *p = alternatives; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (!strncmp(p, path, n) && (p[n] == '\0' || p[n] == '|'))
			return true;
	}
	return false;
}

/* The field that shows this member of the service's record. */
static bool has_field(const struct resource *r, const char *path)
{
	const struct kind_members *m = &r->kind->members;
	const char *const common[] = {m->name,	   m->arn,     m->status, m->created,
				      m->modified, m->started, m->ended,  m->reason};

	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		if (is_path(common[i], path))
			return true;
	for (const struct field *f = r->kind->fields; f->name; f++)
		if (is_path(f->path, path))
			return true;
	return false;
}

/* Members of one structure stand together below its name; those that are alone stand
 * behind it. */
static void add_members(struct page *p, const struct resource *r)
{
	const struct strmap *m = &resource_record(r)->members;
	size_t n_top = 0;
	const char *top = "";

	page_gap(p);
	for (size_t i = 0; i < m->n; i++) {
		const char *path = m->items[i].name;
		size_t n = strcspn(path, ".[");
		bool same = n == n_top && !strncmp(top, path, n);

		if (has_field(r, path) || is_told_elsewhere(r, path))
			continue;
		AUTO(str) char *label = xstrndup(path, n);
		(void)page_line(p, same ? "" : label);
		if (path[n])
			page_partf(p, PAGE_DIM, "%s ", path + n + (path[n] == '.'));
		page_part(p, PAGE_NORMAL, m->items[i].value);
		top = path;
		n_top = n;
	}
}

static size_t count_children(const struct session *s, const struct kind *kind, const char *parent)
{
	size_t n = 0;

	for (size_t i = 0; s && i < s->tables[kind->id].n; i++)
		n += str_eq(s->tables[kind->id].items[i]->parent, parent);
	return n;
}

static void add_children(struct page *p, const struct resource *r, const struct session *s)
{
	AUTO(strlist) struct strlist kinds = {0};

	strlist_split(&kinds, str_or(r->kind->children, ""), ' ');
	for (size_t i = 0; i < kinds.n; i++) {
		const struct kind *k = kind_find(kinds.items[i]);
		if (!k)
			continue;
		struct page_line *l = page_line(p, i ? "" : "Leads to");
		l->kind = k;
		size_t n = count_children(s, k, r->name);
		page_part(p, PAGE_NORMAL, k->title);
		if (n)
			page_partf(p, PAGE_DIM, "  %zu", n);
	}
}

/* "Member=kind ..." of the kind's row: the things that its members name. */
static void add_links(struct page *p, const struct resource *r)
{
	AUTO(strlist) struct strlist rows = {0};

	strlist_split(&rows, str_or(r->kind->links, ""), ' ');
	for (size_t i = 0; i < rows.n; i++) {
		char *equals = strchr(rows.items[i], '=');
		const struct kind *k = equals ? kind_find(equals + 1) : NULL;
		if (!k)
			continue;
		*equals = '\0';
		const char *whole = strmap_get(&resource_record(r)->members, rows.items[i]);
		const char *value = whole ? whole : record_value(r, rows.items[i]); /* of its row in the list */
		if (str_empty(value))
			continue;
		const char *slash = str_starts(value, "arn:") ? strrchr(value, '/') : NULL;
		struct page_line *l = page_line(p, rows.items[i]);
		l->kind = k;
		l->link = xstrdup(slash && k->key != KEY_BY_ARN ? slash + 1 : value);
		page_partf(p, PAGE_NORMAL, "%s/%s", k->name, l->link);
	}
}

static void add_parent(struct page *p, const struct resource *r)
{
	const struct kind *k = r->kind->parent_kind ? kind_find(r->kind->parent_kind) : NULL;

	if (!k || str_empty(r->parent))
		return;
	struct page_line *l = page_line(p, "Belongs to");
	l->kind = k;
	l->link = xstrdup(r->parent);
	page_partf(p, PAGE_NORMAL, "%s/%s", k->name, r->parent);
}

static void add_head(struct page *p, const struct resource *r)
{
	char text[TIMEFMT_LEN];

	if (p->what_for == PAGE_FOR_TEXT) {
		page_text(p, "Name", r->name);
		page_text(p, "Status", resource_state_text(r));
	}
	if (p->what_for == PAGE_FOR_TEXT)
		page_text(p, "Reason", r->failure_reason);
	if (r->created_ms != TIME_UNKNOWN && !field_find(r->kind, "created", NULL)) {
		(void)page_line(p, "Created");
		page_part(p, PAGE_NORMAL, timefmt_show(text, r->created_ms));
	}
}

/* Of a transform job's files; behind them the first that failed. */
static void add_progress(struct page *p, const struct resource *r, const struct field_context *x)
{
	const struct files *f = session_find_files(x->session, r->kind, r->name);
	AUTO(buf) struct buf text = BUF_INIT(65536);

	if (!f)
		return;
	files_progress(f, r, x->now_ms, &text);
	page_text(p, "Progress", buf_str(&text));
}

static void add_record(struct page *p, const struct resource *r, const struct field_context *x)
{
	add_head(p, r);
	add_fields(p, r, x);
	if (r->kind->id == KIND_ENDPOINT)
		page_add_endpoint(p, r, x);
	if (r->kind->id == KIND_TRANSFORM_JOB && x->session)
		add_progress(p, r, x);
	add_members(p, r);
	page_gap(p);
	page_pairs(p, "Tags", &r->tags);
	page_text(p, "ARN", r->arn);
	page_gap(p);
	add_parent(p, r);
	add_links(p, r);
	add_children(p, r, x->session);
}

const char *page_findings_job(const struct resource *r)
{
	bool schedule = r->kind->id == KIND_MONITORING_SCHEDULE;
	const char *last =
		schedule ? record_value(r, "LastMonitoringExecutionSummary.MonitoringExecutionStatus") : NULL;

	if (schedule)
		return str_eq(last, FOUND) ? strmap_get(&resource_record(r)->members,
							"LastMonitoringExecutionSummary.ProcessingJobArn")
					   : NULL;
	return r->kind->id == KIND_MONITORING_EXECUTION && str_eq(r->status_text, FOUND)
		       ? record_value(r, "ProcessingJobArn")
		       : NULL;
}

/* What is known is what a list says of it. */
static void add_lack(struct page *p, const struct resource *r, const struct field_context *x)
{
	const struct feed *f = x->session ? session_find_feed(x->session, r->kind, r->name) : NULL;

	page_gap(p);
	(void)page_line(p, "");
	if (f && f->details_note[0])
		page_partf(p, PAGE_DIM, "Only a summary is known: %s", f->details_note);
	else
		page_part(p, PAGE_DIM, "Only a summary is known so far; the details are being asked for.");
}

void page_build(struct page *p, const struct resource *r, const struct field_context *x, enum page_for what_for)
{
	page_done(p);
	p->what_for = what_for;
	p->label_cells = LABEL_CELLS_MIN;
	if (r->kind->id == KIND_TRAINING_JOB)
		page_add_job(p, r, x);
	else
		add_record(p, r, x);
	if (r->detail == DETAIL_SUMMARY && what_for == PAGE_FOR_SCREEN && r->kind->describe.operation)
		add_lack(p, r, x);
	if (p->n && !p->lines[p->n - 1].label)
		p->n--; /* a gap that nothing came behind */
}
