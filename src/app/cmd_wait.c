/* sagetop wait NAME...: until every one has ended. */
#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "model/cost.h"

static void print_ended(struct app *a, const struct job *j)
{
	const struct session *s = sync_session(a->sync);
	struct cost c = cost_of_job(j, &s->prices, s->region, clock_now_ms());
	int64_t elapsed_s = job_elapsed_s(j, clock_now_ms());
	AUTO(buf) struct buf reason = BUF_INIT(BUF_MAX_TEXT);
	char took[TIMEFMT_LEN] = "", cost[32];

	if (elapsed_s >= 0)
		timefmt_duration(took, elapsed_s * 1000);
	field_one_line(str_or(j->failure_reason, ""), &reason);
	fprintf(a->out, "%s\t%s\t%s\t%s\t%s\n", j->name, job_state_text(j), took, money_text(cost, c.usd_micro),
		buf_str(&reason));
	fflush(a->out);
}

static json_t *ended_to_json(const struct job *j)
{
	json_t *o = json_object();

	json_put_str(o, "name", j->name);
	json_put_str(o, "status", j->status_text);
	json_put_str(o, "failure_reason", j->failure_reason);
	json_put_seconds(o, "training_seconds", j->training_s);
	json_put_seconds(o, "billable_seconds", j->billable_s);
	return o;
}

/* Every name must be a job; one pass over the list finds most at once. */
static int find_all(struct app *a, struct err *err)
{
	struct app_reply all = {0};

	sync_jobs(a->sync, app_reply_done, &all);
	if (app_wait(a, &all, err) < 0)
		return -err->code;
	for (size_t i = 0; i < a->cli.args.n; i++) {
		struct app_reply one = {0};
		if (jobs_find(session_jobs(sync_session(a->sync)), a->cli.args.items[i]))
			continue;
		sync_job(a->sync, a->cli.args.items[i], app_reply_done, &one);
		if (app_wait(a, &one, err) < 0)
			return -err->code;
	}
	return 0;
}

/* Report those that have ended since the last look; the number still running. */
static size_t look(struct app *a, bool *reported, json_t *list, bool *ret_failed)
{
	size_t running = 0;

	for (size_t i = 0; i < a->cli.args.n; i++) {
		const struct job *j = jobs_find(session_jobs(sync_session(a->sync)), a->cli.args.items[i]);
		if (!j || !job_is_terminal(j)) {
			running++;
			continue;
		}
		if (reported[i])
			continue;
		reported[i] = true;
		*ret_failed |= j->status == JOB_FAILED;
		if (output_format(a) == OUTPUT_JSON)
			json_array_append_new(list, ended_to_json(j));
		else
			print_ended(a, j);
	}
	return running;
}

int cmd_wait(struct app *a, struct err *err)
{
	AUTO(json) json_t *list = json_array();
	bool failed = false;
	int rc = 0;

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 || find_all(a, err) < 0)
		return -err->code;
	bool *reported = xcalloc(a->cli.args.n, sizeof(*reported));
	int64_t deadline = app_value(a, OPT_TIMEOUT) ? clock_mono_ms() + a->cli.numbers[OPT_TIMEOUT] : INT64_MAX;
	sync_start(a->sync);
	size_t running;
	while ((running = look(a, reported, list, &failed)) > 0 && rc == 0) {
		int64_t left = deadline - clock_mono_ms();
		if (left <= 0) {
			fprintf(stderr, "sagetop: gave up waiting: %zu of %zu jobs still run\n", running,
				a->cli.args.n);
			break;
		}
		rc = app_turn(a, (int)MIN(left, 1000), err);
	}
	if (rc == 0 && output_format(a) == OUTPUT_JSON)
		output_json(a, list);
	a->exit_status = failed ? 3 : running ? 1 : 0;
	free(reported);
	return rc;
}
