/* job_cold.c - the cold part of a job as one JSON text.
 *
 * Written by hand into a buffer, since thousands are written at a time; read with
 * jansson, one at a time. Absent members are absent, so the format can grow. */
#include "store/store_priv.h"

#include "base/json.h"

static void member(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	if (b->len > 0 && b->data[b->len - 1] != '{')
		(void)buf_addc(b, ',');
	json_add_quoted(b, name);
	(void)buf_addc(b, ':');
	json_add_quoted(b, value);
}

static void open_member(struct buf *b, const char *name, char bracket)
{
	if (b->data[b->len - 1] != '{')
		(void)buf_addc(b, ',');
	json_add_quoted(b, name);
	(void)buf_addc(b, ':');
	(void)buf_addc(b, bracket);
}

static void number(struct buf *b, const char *name, int64_t value)
{
	if (b->data[b->len - 1] != '{')
		(void)buf_addc(b, ',');
	(void)buf_addf(b, "\"%s\":%lld", name, (long long)value);
}

static void write_map(struct buf *b, const char *name, const struct strmap *m)
{
	if (m->n == 0)
		return;
	open_member(b, name, '{');
	for (size_t i = 0; i < m->n; i++)
		member(b, m->items[i].name, str_or(m->items[i].value, ""));
	(void)buf_addc(b, '}');
}

static void write_channels(struct buf *b, const struct job *j)
{
	open_member(b, "channels", '[');
	for (size_t i = 0; i < j->cold->n_channels; i++) {
		const struct job_channel *c = &j->cold->channels[i];

		(void)buf_adds(b, i ? ",{" : "{");
		member(b, "name", c->name);
		member(b, "uri", c->uri);
		member(b, "data_type", c->data_type);
		member(b, "content_type", c->content_type);
		member(b, "input_mode", c->input_mode);
		member(b, "compression", c->compression);
		member(b, "distribution", c->distribution);
		(void)buf_addc(b, '}');
	}
	(void)buf_addc(b, ']');
}

static void write_lists(struct buf *b, const struct job *j)
{
	open_member(b, "transitions", '[');
	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		(void)buf_adds(b, i ? ",{" : "{");
		member(b, "status", j->cold->transitions[i].status);
		number(b, "start_ms", j->cold->transitions[i].start_ms);
		number(b, "end_ms", j->cold->transitions[i].end_ms);
		member(b, "message", j->cold->transitions[i].message);
		(void)buf_addc(b, '}');
	}
	(void)buf_addc(b, ']');
	open_member(b, "final_metrics", '[');
	for (size_t i = 0; i < j->cold->n_final_metrics; i++) {
		double v = j->cold->final_metrics[i].value;

		(void)buf_adds(b, i ? ",{" : "{");
		member(b, "name", j->cold->final_metrics[i].name);
		number(b, "time_ms", j->cold->final_metrics[i].time_ms);
		if (v - v == 0) /* JSON has no NaN and no infinity */
			(void)buf_addf(b, ",\"value\":%.17g", v);
		(void)buf_addc(b, '}');
	}
	(void)buf_addc(b, ']');
	open_member(b, "metric_definitions", '[');
	for (size_t i = 0; i < j->cold->n_metric_definitions; i++) {
		(void)buf_adds(b, i ? ",{" : "{");
		member(b, "name", j->cold->metric_definitions[i].name);
		member(b, "regex", j->cold->metric_definitions[i].regex);
		(void)buf_addc(b, '}');
	}
	(void)buf_addc(b, ']');
}

int job_cold_write(const struct job *j, struct buf *out)
{
	(void)buf_addc(out, '{');
	member(out, "arn", j->arn);
	member(out, "image", j->cold->image);
	member(out, "input_mode", j->cold->input_mode);
	member(out, "role_arn", j->cold->role_arn);
	member(out, "output_uri", j->cold->output_uri);
	member(out, "model_uri", j->cold->model_uri);
	member(out, "checkpoint_uri", j->cold->checkpoint_uri);
	member(out, "tuning_job_arn", j->cold->tuning_job_arn);
	member(out, "vpc", j->cold->vpc);
	write_map(out, "hyperparameters", &j->cold->hyperparameters);
	write_map(out, "environment", &j->cold->environment);
	write_map(out, "particulars", &j->cold->particulars);
	write_map(out, "tags", &j->tags);
	write_channels(out, j);
	write_lists(out, j);
	(void)buf_addc(out, '}');
	return out->overflow ? -ERR_TOOBIG : 0;
}

static void read_lists(struct job *j, const json_t *root)
{
	size_t i;
	json_t *o;

	json_array_foreach(json_object_get(root, "channels"), i, o)
	{
		struct job_channel *c = job_add_channel(j, str_or(json_get_str(o, "name"), ""));

		c->uri = xstrdup(json_get_str(o, "uri"));
		c->data_type = xstrdup(json_get_str(o, "data_type"));
		c->content_type = xstrdup(json_get_str(o, "content_type"));
		c->input_mode = xstrdup(json_get_str(o, "input_mode"));
		c->compression = xstrdup(json_get_str(o, "compression"));
		c->distribution = xstrdup(json_get_str(o, "distribution"));
	}
	json_array_foreach(json_object_get(root, "transitions"), i, o)
		job_add_transition(j, str_or(json_get_str(o, "status"), ""), json_get_i64(o, "start_ms", TIME_UNKNOWN),
				   json_get_i64(o, "end_ms", TIME_UNKNOWN), json_get_str(o, "message"));
	json_array_foreach(json_object_get(root, "final_metrics"), i, o) job_add_final_metric(
		j, str_or(json_get_str(o, "name"), ""), json_get_f64(o, "value", __builtin_nan("")),
		json_get_i64(o, "time_ms", TIME_UNKNOWN));
	json_array_foreach(json_object_get(root, "metric_definitions"), i, o)
		job_add_metric_definition(j, str_or(json_get_str(o, "name"), ""), str_or(json_get_str(o, "regex"), ""));
}

int job_cold_read(struct job *j, const char *text, size_t n, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	int rc = json_parse(text, n, "the job's record in the cache", &root, err);

	if (rc)
		return rc;
	j->arn = xstrdup(json_get_str(root, "arn"));
	j->cold->image = xstrdup(json_get_str(root, "image"));
	j->cold->input_mode = xstrdup(json_get_str(root, "input_mode"));
	j->cold->role_arn = xstrdup(json_get_str(root, "role_arn"));
	j->cold->output_uri = xstrdup(json_get_str(root, "output_uri"));
	j->cold->model_uri = xstrdup(json_get_str(root, "model_uri"));
	j->cold->checkpoint_uri = xstrdup(json_get_str(root, "checkpoint_uri"));
	j->cold->tuning_job_arn = xstrdup(json_get_str(root, "tuning_job_arn"));
	j->cold->vpc = xstrdup(json_get_str(root, "vpc"));
	json_to_strmap(json_object_get(root, "hyperparameters"), &j->cold->hyperparameters);
	json_to_strmap(json_object_get(root, "environment"), &j->cold->environment);
	json_to_strmap(json_object_get(root, "particulars"), &j->cold->particulars);
	json_to_strmap(json_object_get(root, "tags"), &j->tags);
	read_lists(j, root);
	return 0;
}
