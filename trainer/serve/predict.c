/* The command predict: the rows of a file through a model, as text. */
#include <assert.h>
#include <unistd.h>

#include "base/fs.h"
#include "trainer/models/model_set.h"
#include "trainer/serve/predict.h"
#include "trainer/serve/serve_output.h"
#include "trainer/settings/contract.h"

#define PREDICT_STDIN_MAX ((size_t)1 << 33)
#define PREDICT_BLOCK 65536 /* rows put into text at a time */

struct predict_command {
	const char *model, *data, *content_type;
	struct dataset_options opt;
	struct output_spec spec;
	enum output_format format;
	bool margin;
	int threads;
};

static void predict_usage(FILE *out)
{
	fputs("usage: sagetop-trainer predict [OPTION...] MODEL DATA\n\n"
	      "Predict every row of DATA (a file, a folder, or - for standard input) with MODEL\n"
	      "(a model file or the model folder of a job) and write the predictions.\n\n"
	      "  --content-type TYPE  text/csv (default), text/libsvm, application/x-recordio-protobuf\n"
	      "  --header             the CSV data begins with the names of its columns\n"
	      "  --label-column NAME  leave this column out where the data has it (needs --header)\n"
	      "  --ignore A,B         leave these columns out: names, or numbers from 0\n"
	      "  --entity-column NAME the column that says which entity a row is about (needs --header)\n"
	      "  --accept TYPE        text/csv (default), application/json, application/jsonlines,\n"
	      "                       application/x-recordio-protobuf\n"
	      "  --output A,B         predicted_label, labels, probability, probabilities, raw_score,\n"
	      "                       raw_scores, predicted_score\n"
	      "  --margin             before the objective's transformation\n"
	      "  --threads N          processors to use (default: all)\n",
	      out);
}

/* The value of an option given as "--name value" or "--name=value". */
static const char *predict_value(int argc, char **argv, int *i, const char *name)
{
	size_t n = strlen(name);

	if (!strcmp(argv[*i], name) && *i + 1 < argc) {
		++*i;
		assert(argv[*i]);
		return argv[*i];
	}
	return !strncmp(argv[*i], name, n) && argv[*i][n] == '=' ? argv[*i] + n + 1 : NULL;
}

static int predict_parse(int argc, char **argv, struct predict_command *c, struct strlist *ignore, struct err *err)
{
	const char *v;
	int64_t n;
	int r;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--header")) {
			c->opt.header = true;
		} else if (!strcmp(argv[i], "--margin")) {
			c->margin = true;
		} else if ((v = predict_value(argc, argv, &i, "--content-type"))) {
			c->content_type = v;
		} else if ((v = predict_value(argc, argv, &i, "--label-column"))) {
			c->opt.label_column = v;
		} else if ((v = predict_value(argc, argv, &i, "--entity-column"))) {
			c->opt.entity_column = v;
		} else if ((v = predict_value(argc, argv, &i, "--ignore"))) {
			strlist_split(ignore, v, ',');
		} else if ((v = predict_value(argc, argv, &i, "--accept"))) {
			r = output_negotiate(v, &c->format, err);
			if (r)
				return r;
		} else if ((v = predict_value(argc, argv, &i, "--output"))) {
			r = output_parse_fields(v, true, &c->spec, err);
			if (r)
				return r;
		} else if ((v = predict_value(argc, argv, &i, "--threads"))) {
			if (!str_to_i64(v, &n) || n < 1 || n > 1024)
				return err_set(err, ERR_USAGE, "--threads takes a number from 1 to 1024");
			c->threads = (int)n;
		} else if (argv[i][0] == '-' && argv[i][1]) {
			return err_set(err, ERR_USAGE, "unknown option '%s': see sagetop-trainer predict --help",
				       argv[i]);
		} else if (!c->model) {
			c->model = argv[i];
		} else if (!c->data) {
			c->data = argv[i];
		} else {
			return err_set(err, ERR_USAGE, "one MODEL and one DATA, please");
		}
	}
	if (!c->data)
		return err_set(err, ERR_USAGE, "MODEL and DATA are needed: see sagetop-trainer predict --help");
	c->opt.format = data_format_parse(c->content_type);
	if (c->opt.format == DATA_UNKNOWN)
		return err_set(err, ERR_USAGE, "--content-type '%s' is not known", c->content_type);
	c->opt.ignore = ignore->n ? ignore : NULL;
	return 0;
}

static int predict_read(const struct predict_command *c, struct dataset **ret, struct err *err)
{
	AUTO(buf) struct buf input = BUF_INIT(PREDICT_STDIN_MAX);
	int r;

	if (fs_is_dir(c->data))
		return dataset_load_dir(c->data, &c->opt, ret, err);
	if (strcmp(c->data, "-"))
		return dataset_load_file(c->data, &c->opt, ret, err);
	r = fs_read("/dev/stdin", &input, err);
	return r ? r : dataset_load_memory(buf_str(&input), input.len, "standard input", &c->opt, ret, err);
}

static int predict_write(const struct predict_command *c, const struct model_set *m, const struct predictions *p,
			 struct err *err)
{
	for (size_t from = 0; from < p->rows; from += PREDICT_BLOCK) {
		AUTO(buf) struct buf out = BUF_INIT(SIZE_MAX / 2);
		struct predictions part = {.values = p->values + from * p->columns, .columns = p->columns};

		part.rows = c->format == OUTPUT_JSON ? p->rows : MIN(p->rows - from, (size_t)PREDICT_BLOCK);
		output_write(&c->spec, c->format, &m->info, &part, &out);
		if (fwrite(buf_str(&out), 1, out.len, stdout) != out.len)
			break;
		if (c->format == OUTPUT_JSON) {
			putchar('\n');
			break;
		}
	}
	if (fflush(stdout) || ferror(stdout))
		return err_set(err, ERR_IO, "standard output cannot be written");
	return 0;
}

int command_predict(int argc, char **argv)
{
	struct predict_command c = {
		.content_type = "text/csv", .threads = contract_processors("/sys/fs/cgroup"), .spec = {.ended = true}};
	AUTO(strlist) struct strlist ignore = {0};
	AUTO(model_set) struct model_set *m = NULL;
	AUTO(dataset) struct dataset *d = NULL;
	AUTO(predictions) struct predictions p = {0};
	struct err err = {0};
	int r;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		predict_usage(stdout);
		return 0;
	}
	r = predict_parse(argc, argv, &c, &ignore, &err);
	booster_thread_init(0);
	if (!r)
		r = model_set_load(c.model, &(struct model_options){.threads = c.threads, .late = true}, &m, &err);
	if (!r) {
		c.opt.like = m->schema;
		c.opt.threads = c.threads;
		c.opt.entity_first = m->kind == MODEL_SET_ENTITIES && !c.opt.entity_column && c.opt.format == DATA_CSV;
		r = predict_read(&c, &d, &err);
	}
	if (!r)
		r = model_set_predict(m, d, c.margin, c.threads, &p, &err);
	if (!r)
		r = predict_write(&c, m, &p, &err);
	for (size_t i = 0; !r && i < d->notes.n; i++)
		fprintf(stderr, "sagetop-trainer: %s\n", d->notes.items[i]);
	if (!r && d->unknown_categories)
		fprintf(stderr,
			"sagetop-trainer: %zu cells name a category that was not in the training data: taken as "
			"missing\n",
			d->unknown_categories);
	if (!r)
		return 0;
	fprintf(stderr, "sagetop-trainer: %s\n", err.msg);
	return err_exit_status(err.code);
}
