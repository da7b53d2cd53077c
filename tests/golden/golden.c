/* golden - screens as text: a configuration, keystrokes, the expected screen.
 *
 *   golden FILE...          TAP on standard output
 *   UPDATE_GOLDEN=1 golden  writes the screens that come out into the files
 *
 * A file is a sequence of lines:
 *   test WHAT               begins a test (a new session and ui)
 *   seed NAME               of seed.c
 *   scopes                  a second scope beside it, ops/eu-west-1, with the same things but for other prices
 *   size COLSxROWS          may come again later: a resize
 *   ascii | blocks | mono | readonly
 *   columns TEXT | order TEXT   as the settings have them
 *   bind NAME KEYS          likewise: other keys, "jobs.stop x"
 *   estimate TEXT           what the host says of launches; without it nothing
 *   keys NAME...            names of key.c; "text with blanks" types it
 *   type KEY | /TEXT        as keys, but nothing is painted before the next line
 *   later SECONDS           moves the clock
 *   kept NAME TEXT          what an earlier start has kept
 *   restart                 the screens begin again, with what was kept
 *   fail TEXT               the host's next action ends with this error
 *   change WHAT             something happens in the session: new-job, gone, loading, log-lines ... (see change)
 *   ask-code TEXT           the program asks for a code (of an MFA device)
 *   screen                  followed by the lines of the screen and `end`
 *   painted                 likewise, with colours: "{28}" is what follows painted with (see painted_text)
 *   host TEXT               the last action asked of the host is TEXT
 * Trailing blanks of a screen line do not count. # is a comment. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "model/grid.h"
#include "model/scope.h"
#include "seed.h"
#include "sync/learned.h"
#include "sync/spec.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/ui.h"

#define PENDING_MAX 64
/* What the service says of anything. */
#define DESCRIBED                                                                                                  \
	"{\n  \"TrainingJobName\": \"x\",\n  \"CreationTime\": 1796074420.04106,\n  \"HyperParameters\": {\n"      \
	"    \"eta\": \"0.05\",\n    \"max_depth\": \"6\"\n  },\n  \"InputDataConfig\": [\n    {\n"                \
	"      \"ChannelName\": \"train\",\n      \"InputMode\": \"File\"\n    }\n  ],\n  \"ResourceConfig\": {\n" \
	"    \"InstanceCount\": 1,\n    \"InstanceType\": \"ml.m5.large\"\n  },\n  \"Tags\": []\n}"
#define SAVED "golden-saved.tmp" /* whatever is written piece by piece, in the folder we run in */

struct pending {
	host_done_fn *done;
	host_text_fn *text;
	host_preview_fn *preview;
	void *user;
	char *name;
	bool clone, is_estimate;
	struct grid grid; /* of a sweep */
};

static struct {
	struct session *session;
	struct session *other, *wide; /* of two scopes; NULL */
	struct ui *ui;
	struct pending pending[PENDING_MAX];
	size_t n_pending;
	char asked[4096]; /* of the host, the last thing but refreshing */
	struct err fail;
	int rows, cols, watched, refreshed;
	bool ascii, blocks, mono, read_only, scopes;
	char seed[32];
	char columns[64], order[32];
	char estimate[128];
	char launched[64];  /* the name; change new-job lets it appear */
	struct strmap kept; /* over restarts */
	enum theme theme;   /* that the terminal would show */
	char looked[128];   /* the endpoints whose traffic was asked for last, or "all" */
} t;

/* --- a host that answers at the next turn --- */

static void pend(struct pending p)
{
	if (t.n_pending < PENDING_MAX)
		t.pending[t.n_pending++] = p;
}

static void name_jobs(struct host_preview *v, const struct grid *g)
{
	AUTO(strlist) struct strlist names = {0};

	if (!g->jobs)
		return;
	grid_job_names(g, v->name, &names);
	v->n_jobs = g->jobs;
	v->first = xstrdup(names.items[0]);
	v->last = xstrdup(names.items[names.n - 1]);
}

static void answer_all(void)
{
	if (!t.n_pending)
		return;
	while (t.n_pending) {
		struct pending p = t.pending[0];
		struct err fail = t.fail, *err = fail.code ? &fail : NULL;
		memmove(t.pending, t.pending + 1, --t.n_pending * sizeof(p));
		if (p.done)
			p.done(p.user, err);
		if (p.text && p.is_estimate)
			p.text(p.user, err ? NULL : p.name, err);
		else if (p.text)
			p.text(p.user, err ? NULL : DESCRIBED, err);
		if (p.preview && err)
			p.preview(p.user, NULL, err);
		else if (p.preview) {
			struct host_preview *v = NEW(struct host_preview);
			v->name = xstrdup(p.name);
			v->text = xstrdup("TrainingJobName: x\nResourceConfig:\n  InstanceType: ml.m5.large\n");
			v->diff = xstrdup(p.clone ? "-TrainingJobName: nba-dfs-s24-c03-p013\n+TrainingJobName: x\n"
						    "-  eta: 0.05\n+  eta: 0.1\n"
						  : "");
			v->ceiling_micro = 230000;
			v->price_as_of = xstrdup("2026-09-24");
			v->warning = xstrdup("");
			name_jobs(v, &p.grid);
			p.preview(p.user, v, NULL);
		}
		grid_done(&p.grid);
		free(p.name);
	}
	t.fail.code = ERR_OK;
}

static void host_watch(void *user, const struct kind *kind, const char *name, bool on)
{
	t.watched += on ? 1 : -1;
}

static void host_refresh(void *user, const struct kind *kind, const char *parent)
{
	t.refreshed++;
	if (kind && kind->id != KIND_TRAINING_JOB)
		snprintf(t.asked, sizeof(t.asked), "refresh %s %s", kind->name, str_or(parent, ""));
}

/* Of a job its name is enough, as a reference has it. */
static const char *prefix_of(const struct kind *kind)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s/", kind->name);
	return kind->id == KIND_TRAINING_JOB ? "" : text;
}

static void host_remove(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "delete %s%s", prefix_of(kind), name);
	pend((struct pending){.done = done, .user = done_user});
}

static void host_traffic(void *user, const struct strlist *names)
{
	size_t n = (size_t)snprintf(t.looked, sizeof(t.looked), "%s", names ? "" : "all");

	for (size_t i = 0; names && i < names->n && n < sizeof(t.looked); i++)
		n += (size_t)snprintf(t.looked + n, sizeof(t.looked) - n, "%s%s", i ? " " : "", names->items[i]);
}

static void host_counts(void *user)
{
	str_copy(t.asked, sizeof(t.asked), "counts");
}

static void host_columns(void *user, const struct kind *kind, const struct field_list *fields)
{
	snprintf(t.asked, sizeof(t.asked), "columns %s", fields->items[0].field->name);
	for (size_t i = 0; i < fields->n; i++) {
		session_cold_add(t.session, kind, &fields->items[i])->complete = true;
		if (t.other)
			session_cold_add(t.other, kind, &fields->items[i])->complete = true;
	}
}

/* Which of several scopes is asked: "ops/eu-west-1 ", "all "; "" of one. */
static const char *scope_of_host(const void *user)
{
	return str_or(user, t.wide ? "all " : "");
}

static void host_stop(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "%sstop %s%s", scope_of_host(user), prefix_of(kind), name);
	pend((struct pending){.done = done, .user = done_user});
}

/* Says how many changes it was told of. */
static void host_estimate(void *user, const struct host_launch_request *r, host_text_fn *done, void *done_user)
{
	pend((struct pending){.text = done,
			      .user = done_user,
			      .is_estimate = true,
			      .name = xasprintf("%s; %zu changes", t.estimate, r->changes->n)});
}

static void host_edit(void *user, host_preview_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "%sedit", scope_of_host(user));
	pend((struct pending){.preview = done, .user = done_user, .name = xstrdup("from-editor"), .clone = true});
}

static void host_prepare(void *user, const struct host_launch_request *r, host_preview_fn *done, void *done_user)
{
	size_t n = (size_t)snprintf(t.asked, sizeof(t.asked), "%sprepare %s name=%s", scope_of_host(user),
				    str_or(r->clone_of, str_or(r->spec_path, r->spec ? "what is at hand" : "")),
				    str_or(r->new_name, ""));

	for (size_t i = 0; r->changes && i < r->changes->n && n < sizeof(t.asked); i++)
		n += (size_t)snprintf(t.asked + n, sizeof(t.asked) - n, " %s", r->changes->items[i]);
	for (size_t i = 0; r->grid && i < r->grid->n && n < sizeof(t.asked); i++)
		n += (size_t)snprintf(t.asked + n, sizeof(t.asked) - n, " grid %s", r->grid->items[i]);
	struct pending p = {.preview = done,
			    .user = done_user,
			    .name = xstrdup(str_or(r->new_name, "from-file")),
			    .clone = r->clone_of != NULL};

	if (r->grid->n)
		(void)!grid_parse(r->grid, &p.grid, NULL);
	pend(p);
}

static void host_launch(void *user, const char *name, host_done_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "%slaunch %s", scope_of_host(user), name);
	str_copy(t.launched, sizeof(t.launched), name);
	pend((struct pending){.done = done, .user = done_user});
}

static void host_describe(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "%sdescribe %s%s", scope_of_host(user), prefix_of(kind), name);
	pend((struct pending){.text = done, .user = done_user});
}

/* Two violations, the second longer than the screen. */
static void host_findings(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "findings %s%s", prefix_of(kind), name);
	pend((struct pending){
		.text = done,
		.user = done_user,
		.is_estimate = true,
		.name = xstrdup("age: non_negative_check: 20 of 20 values are negative\n"
				"tenure: baseline_drift_check: the largest distance of the distributions is "
				"0.731, more than the threshold 0.1")});
}

static void host_invoke(void *user, const struct host_invoke_request *r, host_text_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "invoke %s file=%s body=%s type=%s accept=%s variant=%s model=%s %zu %zu",
		 r->endpoint, r->path, r->body, r->content_type, r->accept, r->variant, r->model, r->calls,
		 r->parallel);
	pend((struct pending){.text = done,
			      .user = done_user,
			      .is_estimate = true,
			      .name = xstrdup(r->calls > 1 ? "calls     200 in 0.16 s, 4 at a time\n"
							     "latency   p50 1.2 ms, p90 5.1 ms, p99 52.0 ms\n"
							   : "200, 1.2 ms, AllTraffic, 13 bytes of text/csv\n\n"
							     "0.9,0.1\n0.1,0.9\n")});
}

static void host_files(void *user, const struct kind *kind, const char *name)
{
	snprintf(t.asked, sizeof(t.asked), "files %s%s", prefix_of(kind), name);
}

/* A third of it is there at once; a file "taken" is there already. */
static int host_download(void *user, const struct file_object *o, const char *path, bool replace, struct err *err)
{
	struct file_download *d = &t.session->download;

	snprintf(t.asked, sizeof(t.asked), "download %s %s to %s%s", o->bucket, o->key, path, replace ? " over" : "");
	if (!replace && str_eq(path, "taken"))
		return err_set(err, ERR_EXISTS, "'%s' is there already", path);
	str_set(&d->name, files_base_name(o->key));
	d->all = o->size;
	d->got = o->size / 3;
	d->begun_ms = clock_now_ms() - 2000;
	d->under_way = true;
	d->generation++;
	return 0;
}

static void host_download_stop(void *user)
{
	t.session->download.under_way = false;
	t.session->download.generation++;
}

static void host_peek(void *user, const char *bucket, const char *key, int64_t size, host_text_fn *done,
		      void *done_user)
{
	bool capture = str_ends(key, ".jsonl");

	snprintf(t.asked, sizeof(t.asked), "peek %s %s %lld", bucket, key, (long long)size);
	pend((struct pending){
		.text = done,
		.user = done_user,
		.is_estimate = true,
		.name = xstrdup(capture ? "2026-11-21T05:40:00Z\n0.9,0.1,a row that is longer than half of "
					  "the screen\x1f"
					  "2.53\n0.1,0.9\x1f"
					  "-0.61\n"
					: "2.53\n-0.61\n0.02\n")});
}

static int host_save(void *user, const char *path, bool replace, const char *text, struct err *err)
{
	if (!replace && str_starts(path, "there"))
		return err_set(err, ERR_EXISTS, "it is there");
	snprintf(t.asked, sizeof(t.asked), "save %s %zu bytes", path, strlen(text));
	return 0;
}

static int host_draft(void *user, const char *path, bool replace, struct fs_draft **ret, struct err *err)
{
	if (t.fail.code) {
		*err = t.fail;
		t.fail.code = ERR_OK;
		return -err->code;
	}
	snprintf(t.asked, sizeof(t.asked), "draft %s%s", path, replace ? " replace" : "");
	return fs_draft_begin(SAVED, true, 0600, ret, err);
}

static int host_theme(void *user, enum theme theme, struct err *err)
{
	if (t.mono)
		return err_set(err, ERR_USAGE, "there are no colours here");
	t.theme = theme;
	return 0;
}

static void host_copy(void *user, const char *text)
{
	snprintf(t.asked, sizeof(t.asked), "copy %s", text);
}

static const char *host_kept(void *user, const char *name)
{
	const char *text = strmap_get(&t.kept, name);

	return text && text[0] ? text : NULL;
}

static int host_keep(void *user, const char *name, const char *text, struct err *err)
{
	strmap_set(&t.kept, name, str_or(text, ""));
	return 0;
}

static void host_move(void *user, const char *profile, const char *region)
{
	snprintf(t.asked, sizeof(t.asked), "move profile=%s region=%s", str_or(profile, ""), str_or(region, ""));
}

static int host_scopes(void *user, const char *list, struct err *err)
{
	AUTO(scope_list) struct scope_list parsed = {0};

	snprintf(t.asked, sizeof(t.asked), "scopes %s", list);
	return scope_list_parse(list, &parsed, err);
}

static void host_places(void *user, struct strlist *ret)
{
	static const char *const places[] = {"ops", "research", "eu-west-1", "us-east-1"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		strlist_add(ret, places[i]);
}

/* What the session's jobs have, the newest first. */
static const struct member_values *host_member_values(void *user)
{
	static struct member_values values;
	const struct resources *jobs = session_jobs(t.session);

	member_values_done(&values);
	for (size_t i = jobs->n; i-- > 0;)
		member_values_add_job(&values, jobs_at(jobs, i));
	return &values;
}

static const char spec[] =
	"{\"TrainingJobName\":\"nba-sweep\",\"HyperParameters\":{\"max_depth\":\"6\",\"eta\":\"0.1\"},"
	"\"ResourceConfig\":{\"InstanceType\":\"ml.m5.large\",\"InstanceCount\":1}}";

static char *host_prepared(void *user)
{
	return xstrdup(spec);
}

static int host_check_change(void *user, const char *change, struct err *err)
{
	return spec_check_change(change, err);
}

static struct job *host_job_of(void *user, const char *text, struct err *err)
{
	AUTO(json) json_t *o = NULL;
	struct job *j = NULL;

	return json_parse(text, strlen(text), "spec", &o, err) || learned_job_of_spec(o, &j, err) ? NULL : j;
}

static void host_launches(void *user)
{
	static const struct {
		const char *name, *error;
		bool is_sweep;
		size_t queued, sent, accepted, refused;
	} rows[] = {{"nba-sweep", "the quota of ml.m5.large is 2", true, 6, 0, 2, 0},
		    {"churn-nightly-1121", NULL, false, 0, 0, 1, 0},
		    {"bert-grid", "there is a training job", true, 0, 0, 3, 1},
		    {"bert-ner-8", NULL, false, 0, 1, 0, 0}};
	struct launch_summaries *l = &t.session->launches;

	launch_summaries_done(l);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		GROW(l->items, l->cap, l->n + 1);
		l->items[l->n++] = (struct launch_summary){xstrdup(rows[i].name),
							   rows[i].is_sweep,
							   rows[i].queued,
							   rows[i].sent,
							   rows[i].accepted,
							   rows[i].refused,
							   SEED_NOW_MS - (int64_t)(i * 3600 + 60) * 1000,
							   xstrdup(rows[i].error)};
	}
	t.session->launches_generation++;
}

static int host_launched(void *user, const char *name, char **ret, struct err *err)
{
	*ret = xstrdup(spec);
	return 0;
}

static int host_discard(void *user, const char *name, struct launch_discarded *ret, struct err *err)
{
	snprintf(t.asked, sizeof(t.asked), "discard %s", name);
	*ret = (struct launch_discarded){.queued = 6};
	return 0;
}

static void host_paths(void *user, const char *text, struct strlist *ret)
{
	static const char *const paths[] = {"specs/", "specs/churn.yaml", "specs/nba.json"};

	for (size_t i = str_starts(text, paths[0]) ? 1 : 0; i < ARRAY_LEN(paths); i++)
		if (str_starts(paths[i], text) && (i || text[0]))
			strlist_add(ret, paths[i]);
}

static const struct ui_host *host_of_scope(void *user, size_t i);

static void host_live(void *user, const struct kind *kind, const char *job, bool on)
{
	snprintf(t.asked, sizeof(t.asked), "live %s %s", job, on ? "on" : "off");
	struct feed *f = session_feed(t.session, TRAINING_KIND, job);
	f->live = on;
	f->live_minutes = on;
	f->live_usd_micro = on ? 10000 : 0;
}

static void code_typed(void *user, const char *code)
{
	snprintf(t.asked, sizeof(t.asked), "code %s", code ? code : "(none)");
}

static void host_vary(void *user, const char *endpoint, const char *text, host_done_fn *done, void *done_user)
{
	snprintf(t.asked, sizeof(t.asked), "vary %s %s", endpoint, text);
	if (t.n_pending < PENDING_MAX)
		t.pending[t.n_pending++] = (struct pending){.name = xstrdup(endpoint), .done = done, .user = done_user};
}

static struct ui_host host = {
	.live = host_live,
	.live_usd_micro = 10000,
	.watch = host_watch,
	.refresh = host_refresh,
	.stop = host_stop,
	.remove = host_remove,
	.vary = host_vary,
	.columns = host_columns,
	.traffic = host_traffic,
	.counts = host_counts,
	.prepare_launch = host_prepare,
	.edit_launch = host_edit,
	.launch = host_launch,
	.describe = host_describe,
	.files = host_files,
	.peek = host_peek,
	.download = host_download,
	.download_stop = host_download_stop,
	.findings = host_findings,
	.invoke = host_invoke,
	.save = host_save,
	.draft = host_draft,
	.copy = host_copy,
	.theme = host_theme,
	.move = host_move,
	.scopes = host_scopes,
	.places = host_places,
	.member_values = host_member_values,
	.paths = host_paths,
	.prepared = host_prepared,
	.check_change = host_check_change,
	.job_of = host_job_of,
	.launches = host_launches,
	.launched = host_launched,
	.discard = host_discard,
	.of_scope = host_of_scope,
	.kept = host_kept,
	.keep = host_keep,
};

static const struct ui_host *host_of_scope(void *user, size_t i)
{
	static struct ui_host hosts[2];
	static char labels[2][64];

	snprintf(labels[i], sizeof(labels[i]), "%s ", session_label(i ? t.other : t.session));
	hosts[i] = host;
	hosts[i].user = labels[i];
	return &hosts[i];
}

/* --- running --- */

static bool failed, updating, unpainted;
static unsigned n_tests, n_failed;
static char title[200];

static void settle(void)
{
	for (int i = 0; i < 1000; i++) {
		answer_all();
		session_wide_refresh(t.wide ? t.wide : t.session);
		bool more = ui_work(t.ui);
		bool drawn = ui_draw(t.ui);
		if (!more && !drawn && !t.n_pending)
			return;
	}
}

static void open_ui(void)
{
	struct ui_options opt = {.ascii = t.ascii,
				 .marks = t.blocks ? MARKS_BLOCKS : MARKS_BRAILLE,
				 .mono = t.mono,
				 .rows = t.rows ? t.rows : 24,
				 .cols = t.cols ? t.cols : 80,
				 .notice_ms = 8000,
				 .log_gap_ms = 60000,
				 .columns = t.columns[0] ? t.columns : NULL,
				 .order = t.order[0] ? t.order : NULL,
				 .theme = THEME_USUAL};

	t.theme = THEME_USUAL;
	t.ui = ui_new(t.wide ? t.wide : t.session, &host, &opt);
	settle();
}

static void bind(const char *arg)
{
	size_t n = strcspn(arg, " ");
	AUTO(str) char *name = xstrndup(arg, n);
	struct err err = {0};

	if (keymap_change(name, arg + n, false, &err) < 0) {
		printf("# %s\n", err.msg);
		failed = true;
	}
}

static void settle_keys(void)
{
	AUTO(strlist) struct strlist problems = {0};

	ui_keys_settle(&problems);
	for (size_t i = 0; i < problems.n; i++)
		printf("# %s\n", problems.items[i]);
	failed |= problems.n > 0;
}

/* A second one, with jobs of the same names. */
static void begin_scopes(void)
{
	t.other = seed_session(t.seed[0] ? t.seed : "basic");
	str_set(&t.other->profile, "ops");
	str_set(&t.other->region, "eu-west-1");
	str_set(&t.other->account, "210987654321");
	str_set(&t.other->label, "ops/eu-west-1");
	t.wide = session_wide_new((struct session *[]){t.session, t.other}, 2);
}

static void begin(void)
{
	if (t.ui)
		return;
	t.session = seed_session(t.seed[0] ? t.seed : "basic");
	if (!t.session) {
		printf("# no such seed: %s\n", t.seed);
		failed = true;
		t.session = seed_session("empty");
	}
	t.session->read_only = t.read_only;
	if (t.scopes)
		begin_scopes();
	settle_keys();
	host.estimate = t.estimate[0] ? host_estimate : NULL;
	open_ui();
}

static void finish(void)
{
	if (!title[0])
		return;
	begin(); /* a test without a screen of its own still runs */
	unlink(SAVED);
	ui_free(t.ui);
	answer_all(); /* late answers must find nobody */
	session_free(t.wide);
	session_free(t.other);
	session_free(t.session);
	if (t.watched) {
		printf("# %d watches left behind\n", t.watched);
		failed = true;
	}
	strmap_done(&t.kept);
	keymap_restore(NULL);
	memset(&t, 0, sizeof(t));
	printf("%sok %u - %s\n", failed ? "not " : "", n_tests, title);
	n_failed += failed;
	title[0] = '\0';
}

static void press(const char *keys)
{
	while (*keys) {
		char name[64];
		if (*keys == '"') { /* typed text */
			for (keys++; *keys && *keys != '"'; keys++)
				ui_key(t.ui, (unsigned char)*keys);
			keys += *keys == '"';
		} else {
			size_t n = strcspn(keys, " ");
			str_copy(name, MIN(sizeof(name), n + 1), keys);
			int key = keyc_parse(name);
			if (!key) {
				printf("# no such key: %s\n", name);
				failed = true;
			}
			ui_key(t.ui, key);
			settle();
			keys += n;
		}
		keys += strspn(keys, " ");
	}
	settle();
}

/* Of what the service, or the disk, said. */
static bool change_answers(const char *what)
{
	if (!strcmp(what, "list-refused")) {
		struct request_record r = {.operation = "sagemaker:ListEndpoints", .http_status = 400};

		str_copy(r.error, sizeof(r.error),
			 "sagemaker:ListEndpoints: AccessDeniedException: you may not list the endpoints of this "
			 "account: allow sagemaker:ListEndpoints (sagetop doctor prints the policy)");
		session_add_request(t.session, &r);
		t.session->tables[KIND_ENDPOINT].failed = ERR_DENIED;
	} else if (!strcmp(what, "log-refused")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "nba-dfs-s24-c03-p013");

		str_copy(
			f->logs_note, sizeof(f->logs_note),
			"log: AccessDeniedException: you may not read the log group /aws/sagemaker/TrainingJobs: allow "
			"logs:FilterLogEvents (sagetop doctor prints the policy); retrying in 30 s");
	} else if (!strcmp(what, "never-read")) {
		struct resources *jobs = session_jobs(t.session);

		jobs->complete = false;
		jobs->synced_ms = TIME_UNKNOWN;
	} else if (!strcmp(what, "disk-full")) {
		static size_t kib;

		session_notify(t.session, NOTICE_WARNING,
			       "not saved: the cache cannot grow beyond %zu KiB: no space left", 400 + kib++);
	} else if (!strcmp(what, "refused")) {
		struct request_record r = {.at_ms = SEED_NOW_MS,
					   .operation = "logs:FilterLogEvents",
					   .http_status = 400,
					   .attempts = 1,
					   .took_ms = 61,
					   .request_id = "9d0c6a5e-7f0e-4b7a"};

		str_copy(r.error, sizeof(r.error),
			 "logs:FilterLogEvents: AccessDeniedException: User: "
			 "arn:aws:sts::123456789012:assumed-role/a-role "
			 "is not authorized to perform: logs:FilterLogEvents on resource: arn:aws:logs:us-east-1: "
			 "allow it (sagetop doctor prints the policy)");
		session_add_request(t.session, &r);
	} else {
		return false;
	}
	return true;
}

/* False where it is no change of a log. */
static bool change_log(const char *what)
{
	if (!strcmp(what, "log-lines")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "nba-dfs-s24-c03-p012");
		for (int i = 0; i < 5; i++) {
			char text[64];
			int n = snprintf(text, sizeof(text), "[%d]\ttrain-rmse:1.0\tvalidation-rmse:2.0", 60 + i);
			loglines_add(&f->logs, f->logs.streams.items[0], NULL, SEED_NOW_MS + i, text, (size_t)n);
		}
	} else if (!strcmp(what, "log-reading") || !strcmp(what, "log-read")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "nba-dfs-s24-c03-p013");
		bool read = !strcmp(what, "log-read");
		f->logs_loaded = true;
		f->logs_reading = !read;
		for (int i = 0; i < 20; i++)
			series_add(&f->metrics, read ? "train:rmse" : "CPUUtilization", NULL,
				   SEED_NOW_MS - (20 - i) * 6000, read ? i : -1, read ? 9.0 - i * 0.2 : 50.0 + i % 7);
	} else if (!strcmp(what, "log-older") || !strcmp(what, "log-older-wild")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "nba-dfs-s24-c03-p012");
		f->logs_reading = true;
		f->logs_about = f->logs.n * (strcmp(what, "log-older") ? 1000 : 10);
		f->logs.generation++;
	} else if (!strcmp(what, "log-dropped")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "nba-dfs-s24-c03-p012");
		f->logs.n_dropped = 250000;
		f->logs_cut = true;
		f->logs.generation++;
	} else if (!strcmp(what, "log-unread")) {
		struct feed *f = session_feed(t.session, TRAINING_KIND, "pack-00");
		str_copy(f->logs_note, sizeof(f->logs_note), "throttled, retrying in 3 s");
	} else if (!strcmp(what, "merged-lines")) {
		static const char *const names[] = {"pack-09", "pack-00"};
		for (int i = 0; i < 6; i++) {
			struct feed *f = session_feed(t.session, TRAINING_KIND, names[i % 2]);
			char text[64];
			int n = snprintf(text, sizeof(text), "[%d] of %s", i / 2, names[i % 2]);
			f->logs_loaded = true;
			loglines_add(&f->logs, "algo-1", NULL, SEED_NOW_MS + i, text, (size_t)n);
		}
	} else {
		return false;
	}
	return true;
}

static void change(const char *what)
{
	if (!strcmp(what, "new-job")) {
		struct job *j = job_new(t.launched[0] ? t.launched : "aaa-new-arrival");
		job_set_status(j, "InProgress");
		j->secondary_text = intern("Starting");
		j->created_ms = clock_now_ms();
		(void)jobs_put(session_jobs(t.session), j, NULL);
	} else if (!strcmp(what, "gone")) {
		(void)resources_remove(session_jobs(t.session), "nba-dfs-s24-c03-p012");
	} else if (!strcmp(what, "over-limit")) {
		struct job *j = jobs_find(session_jobs(t.session), "churn-nightly-1120");
		job_set_status(j, "Stopped");
		j->secondary_text = intern("MaxRuntimeExceeded");
		session_jobs(t.session)->generation++;
	} else if (!strcmp(what, "scope-fails")) {
		str_copy(t.other->trouble, sizeof(t.other->trouble),
			 "credentials expired: aws sso login --profile ops");
		session_notify(t.other, NOTICE_ERROR, "jobs: %s", t.other->trouble);
	} else if (!strcmp(what, "scope-mends")) {
		t.other->trouble[0] = '\0';
		session_notify(t.other, NOTICE_INFO, "the jobs are up to date again");
	} else if (!strcmp(what, "loading")) {
		struct resources *jobs = session_jobs(t.session);
		jobs->partial = true;
		jobs->complete = false;
		jobs->generation++;
	} else if (!change_log(what) && !change_answers(what)) {
		printf("# no such change: %s\n", what);
		failed = true;
	}
	settle();
}

static void compare(const char *expected, const char *got)
{
	if (!strcmp(got, expected))
		return;
	failed = true;
	printf("# expected:\n");
	for (const char *s = expected; *s; s += strcspn(s, "\n"), s += *s == '\n')
		printf("#  %.*s\n", (int)strcspn(s, "\n"), s);
	printf("# got:\n");
	for (const char *s = got; *s; s += strcspn(s, "\n"), s += *s == '\n')
		printf("#  %.*s\n", (int)strcspn(s, "\n"), s);
}

static void set_size(const char *arg)
{
	if (sscanf(arg, "%dx%d", &t.cols, &t.rows) != 2) {
		printf("# bad size: %s\n", arg);
		failed = true;
		return;
	}
	if (t.ui) {
		ui_resize(t.ui, t.rows, t.cols);
		settle();
	}
}

static void keep_text(const char *arg)
{
	size_t n = strcspn(arg, " ");
	AUTO(str) char *name = xstrndup(arg, n);

	strmap_set(&t.kept, name, arg + n + (arg[n] == ' '));
}

static void restart(void)
{
	begin();
	ui_free(t.ui);
	open_ui();
}

/* Keys of which nothing is painted before the next line. */
static void type(const char *arg)
{
	bool text = arg[0] == '/';

	begin();
	if (!text)
		ui_key(t.ui, keyc_parse(arg));
	for (; text && *arg; arg++)
		ui_key(t.ui, (unsigned char)*arg);
	unpainted = true;
}

static void check_asked(const char *what, const char *expected, const char *asked)
{
	if (!strcmp(expected, asked))
		return;
	printf("# %s: %s\n", what, asked);
	failed = true;
}

/* What a word alone sets; NULL. */
static bool *flag_of(const char *word)
{
	static const struct {
		const char *word;
		bool *flag;
	} flags[] = {{"ascii", &t.ascii},
		     {"blocks", &t.blocks},
		     {"mono", &t.mono},
		     {"readonly", &t.read_only},
		     {"scopes", &t.scopes}};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (!strcmp(word, flags[i].word))
			return flags[i].flag;
	return NULL;
}

static void run_line(const char *word, const char *arg)
{
	if (!strcmp(word, "test")) {
		finish();
		n_tests++;
		failed = false;
		str_copy(title, sizeof(title), arg);
		clock_freeze_ms(SEED_NOW_MS);
		return;
	}
	if (!strcmp(word, "seed"))
		str_copy(t.seed, sizeof(t.seed), arg);
	else if (!strcmp(word, "size"))
		set_size(arg);
	else if (!strcmp(word, "estimate"))
		str_copy(t.estimate, sizeof(t.estimate), arg);
	else if (!strcmp(word, "columns"))
		str_copy(t.columns, sizeof(t.columns), arg);
	else if (!strcmp(word, "order"))
		str_copy(t.order, sizeof(t.order), arg);
	else if (!strcmp(word, "bind"))
		bind(arg);
	else if (!strcmp(word, "kept"))
		keep_text(arg);
	else if (flag_of(word))
		*flag_of(word) = true;
	else if (!strcmp(word, "fail"))
		(void)err_set(&t.fail, ERR_SERVICE, "%s", arg);
	else if (!strcmp(word, "keys")) {
		begin();
		press(arg);
	} else if (!strcmp(word, "ask-code")) {
		begin();
		ui_ask_code(t.ui, arg, code_typed, NULL);
		settle();
	} else if (!strcmp(word, "type")) {
		type(arg);
	} else if (!strcmp(word, "restart")) {
		restart();
	} else if (!strcmp(word, "change")) {
		begin();
		change(arg);
	} else if (!strcmp(word, "later")) {
		begin();
		clock_freeze_ms(clock_now_ms() + atoll(arg) * 1000);
		settle();
	} else if (!strcmp(word, "host")) {
		check_asked("the host was asked", arg, t.asked);
	} else if (!strcmp(word, "looked")) {
		check_asked("the traffic was asked for of", arg, t.looked);
	} else if (!strcmp(word, "quit")) {
		if (!ui_quit_wanted(t.ui)) {
			printf("# it did not quit\n");
			failed = true;
		}
	} else {
		printf("# no such word: %s\n", word);
		failed = true;
	}
}

static void add_paint(struct buf *out, struct paint p)
{
	static const struct {
		unsigned bit;
		char letter;
	} letters[] = {{LOOK_BOLD, 'b'}, {LOOK_DIM, 'd'}, {LOOK_REVERSE, 'r'}, {LOOK_UNDERLINE, 'u'}};

	(void)buf_addc(out, '{');
	if (p.fg >= 0)
		(void)buf_addf(out, "%d", p.fg);
	if (p.bg >= 0)
		(void)buf_addf(out, "/%d", p.bg);
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (p.attrs & letters[i].bit)
			(void)buf_addc(out, letters[i].letter);
	(void)buf_addc(out, '}');
}

static bool is_same(struct paint a, struct paint b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

/* The screen as text with what each part is painted with on a terminal of 256 colours:
 * "{28}" its number, "{231/24}" with that of the background, b d r u bold, dim, reversed, underlined. */
static void painted_text(struct buf *out)
{
	const struct surface *s = ui_surface(t.ui);

	for (int row = 0; row < s->rows; row++) {
		const struct cell *line = &s->cells[(size_t)row * (size_t)s->cols];
		struct paint now = {-1, -1, 0};
		char utf8[8];
		int end = s->cols;

		while (end && line[end - 1].cp == ' ')
			end--;
		for (int col = 0; col < end; col++) {
			const struct cell *c = &line[col];
			struct paint p = theme_paint(t.theme, c->style, c->attr & ATTR_SELECTED, t.mono ? 0 : 256);
			if (!c->cp)
				continue;
			if (!is_same(p, now))
				add_paint(out, p);
			now = p;
			(void)buf_add(out, utf8, utf8_encode(c->cp, utf8));
		}
		(void)buf_addc(out, '\n');
	}
}

static void plain_text(struct buf *out)
{
	surface_text(ui_surface(t.ui), out);
}

/* The expected screen up to `end`; returns what follows. */
static const char *run_screen(const char *s, struct buf *out, void (*text)(struct buf *out))
{
	AUTO(buf) struct buf expected = BUF_INIT(1 << 20);
	AUTO(buf) struct buf got = BUF_INIT(1 << 20);

	begin();
	if (unpainted)
		settle();
	unpainted = false;
	while (*s && strncmp(s, "end\n", 4)) {
		size_t n = strcspn(s, "\n");
		(void)buf_add(&expected, s, n);
		(void)buf_addc(&expected, '\n');
		s += n + (s[n] == '\n');
	}
	text(&got);
	if (!updating)
		compare(buf_str(&expected), buf_str(&got));
	(void)buf_addf(out, "%send\n", buf_str(&got));
	return *s ? s + 4 : s;
}

static int run_file(const char *path)
{
	AUTO(buf) struct buf text = BUF_INIT(16 << 20);
	AUTO(buf) struct buf out = BUF_INIT(16 << 20);
	struct err err = {0};

	if (fs_read(path, &text, &err) < 0) {
		fprintf(stderr, "golden: %s\n", err.msg);
		return 1;
	}
	for (const char *s = buf_str(&text); *s;) {
		size_t n = strcspn(s, "\n");
		AUTO(str) char *line = xstrndup(s, n);
		(void)buf_addf(&out, "%s\n", line);
		s += n + (s[n] == '\n');
		if (line[0] == '#' || !line[0])
			continue;
		if (!strcmp(line, "screen") || !strcmp(line, "painted")) {
			s = run_screen(s, &out, line[0] == 's' ? plain_text : painted_text);
			continue;
		}
		size_t word = strcspn(line, " ");
		char *arg = line + word + strspn(line + word, " ");
		line[word] = '\0';
		run_line(line, arg);
	}
	finish();
	if (updating && fs_write_atomic(path, buf_str(&out), out.len, 0644, &err) < 0) {
		fprintf(stderr, "golden: %s\n", err.msg);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	updating = getenv("UPDATE_GOLDEN") != NULL;
	for (int i = 1; i < argc; i++)
		if (run_file(argv[i]))
			return 1;
	printf("1..%u\n", n_tests);
	return n_failed ? 1 : 0;
}
