/* diagnosis_said.c - causes that are read out of a message: the permission, the file and line, the module, the script's
 * own last word. */
#include "model/diagnosis_impl.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "model/failure.h"

#define TOKEN_CELLS 400 /* of what is taken out of a message; the rest is cut */

/* --- words of a message -------------------------------------------------------------- */

#define BLANKS " .\t" /* the sentence that a line stands in has its own full stop */
#define MARKS BLANKS "'\"`()[]{},;:"

/* n bytes at s as a text of the caller's, without what of these characters stands at its ends. */
static char *trimmed(const char *s, size_t n, const char *around)
{
	while (n && strchr(around, *s)) {
		s++;
		n--;
	}
	while (n && strchr(around, s[n - 1]))
		n--;
	return xstrndup(s, MIN(n, utf8_fit(s, TOKEN_CELLS)));
}

/* The word at s, up to the next blank. */
static char *word_at(const char *s)
{
	return trimmed(s, strcspn(s, " \n\t"), MARKS);
}

/* The word behind a text, capitals or not; NULL where it does not stand there. */
static char *word_behind(const char *said, const char *text)
{
	const char *s = diagnosis_hit(said, text);

	return s ? word_at(s + strlen(text)) : NULL;
}

/* Whether it can stand in a command as one word. */
static bool is_plain_uri(const char *uri)
{
	return str_starts(uri, "s3://") && diagnosis_is_plain(uri) && !strchr(uri, ' ');
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The line of said that s is in, without blanks at its ends. */
static char *whole_line(const char *said, const char *s)
{
	const char *from = s;

	while (from > said && from[-1] != '\n')
		from--;
	return trimmed(from, strcspn(from, "\n"), BLANKS);
}

bool diagnosis_says(const struct diagnosis_look *look, struct diagnosis *d)
{
	AUTO(str) char *line = whole_line(look->said, look->hit);

	diagnosis_tell(&d->words, "It says: %s.", line);
	return true;
}

/* --- permissions ------------------------------------------------------------------------ */

/* "... to perform: s3:GetObject on resource ...", or such a word anywhere. */
static char *action_named(const char *said)
{
	static const char *const services[] = {"s3:", "kms:", "ecr:"};
	char *named = word_behind(said, "to perform: ");

	for (size_t i = 0; !named && i < ARRAY_LEN(services); i++)
		for (const char *s = strstr(said, services[i]); s && !named; s = strstr(s + 1, services[i]))
			if (isupper((unsigned char)s[strlen(services[i])]))
				named = word_at(s);
	return named;
}

/* By the call that was refused, or what it was about. */
static char *action_meant(const char *said)
{
	static const struct {
		const char *said, *action;
	} rows[] = {
		{"HeadObject|GetObject", "s3:GetObject"},
		{"PutObject|CreateMultipartUpload|upload", "s3:PutObject"},
		{"ListObjects|HeadBucket|ListBucket", "s3:ListBucket"},
		{"GenerateDataKey", "kms:GenerateDataKey"},
		{"KMS|Decrypt", "kms:Decrypt"},
		{".ecr.|ECR ", "ecr:BatchGetImage"},
		{"s3", "s3:GetObject"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (diagnosis_hit(said, rows[i].said))
			return xstrdup(rows[i].action);
	return NULL;
}

/* "on resource: arn:...", else the first URI of S3; NULL. */
static char *resource_named(const char *said)
{
	const char *uri = strstr(said, "s3://");
	char *resource = word_behind(said, "resource: ");

	return resource ? resource : uri ? word_at(uri) : NULL;
}

/* What a policy lets an action have of it: the objects beside the one that was asked for, a bucket itself. The
 * partition is that of the job's ARN. */
static char *policy_resource(const struct job *j, const char *action, const char *resource)
{
	const char *partition = str_starts(j->arn, "arn:") ? j->arn + 4 : "aws";
	int n = (int)strcspn(partition, ":");
	const char *path = str_starts(resource, "s3://") ? resource + 5 : NULL, *slash, *last;
	AUTO(str) char *arn = path ? xasprintf("arn:%.*s:s3:::%s", n, partition, path) : xstrdup(resource);

	if (!strstr(arn, ":s3:::"))
		return TAKE(arn);
	slash = strchr(arn, '/');
	last = strrchr(arn, '/');
	if (str_starts(action, "s3:List"))
		return slash ? xstrndup(arn, (size_t)(slash - arn)) : TAKE(arn);
	return last ? xasprintf("%.*s/*", (int)(last - arn), arn) : xasprintf("%s/*", arn);
}

static const char *role_of(const struct job *j)
{
	return str_empty(j->cold->role_arn) ? "the job's role" : base_name(j->cold->role_arn);
}

bool diagnosis_access(const struct diagnosis_look *look, struct diagnosis *d)
{
	char *named = action_named(look->said);
	AUTO(str) char *action = named ? named : action_meant(look->said);
	AUTO(str) char *resource = resource_named(look->said);

	if (!action)
		return true;
	diagnosis_tell(&d->words, "Access denied: %s on %s.", action, str_or(resource, "what it asked for"));
	if (diagnosis_hit(look->said, "explicit deny")) {
		diagnosis_tell(&d->attempt,
			       "find the statement that denies %s by name: in the policies of %s, of the bucket or "
			       "key, or of the organisation",
			       action, role_of(look->job));
		diagnosis_tell(&d->brief, "the policy that denies it");
		return true;
	}
	diagnosis_tell(&d->attempt, "let %s have %s, by its policies and by those of what it asks for",
		       role_of(look->job), action);
	diagnosis_tell(&d->brief, "allow %s", action);
	if (!resource)
		return true;
	AUTO(str) char *arn = policy_resource(look->job, action, resource);

	if (diagnosis_is_plain(arn) && diagnosis_is_plain(action))
		diagnosis_tell(&d->remedy, "{\"Effect\": \"Allow\", \"Action\": \"%s\", \"Resource\": \"%s\"}", action,
			       arn);
	return true;
}

/* --- images ------------------------------------------------------------------------------- */

bool diagnosis_image(const struct diagnosis_look *look, struct diagnosis *d)
{
	const char *image = look->job->cold->image;
	AUTO(str) char *line = whole_line(look->said, look->hit);

	if (!str_empty(image))
		diagnosis_tell(&d->words, "The image %s does not start: %s.", image, line);
	return true;
}

/* --- data ----------------------------------------------------------------------------------- */

/* Where in the data. */
struct place {
	char *file;		/* owned; NULL: not told */
	long long line, column; /* -1: not told */
	const char *behind;	/* what is said of it; borrowed from the message; NULL */
};

static bool is_source(const char *file)
{
	static const char *const ends[] = {".py", ".pyx", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".cuh", ".so"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(file, ends[i]))
			return true;
	return false;
}

/* The number behind a word such as "column", which stands at *s behind blanks and commas; -1, and *s stays. */
static long long numbered(const char **s, const char *word)
{
	const char *p = *s + strspn(*s, " ,:");
	char *end;

	if (strncasecmp(p, word, strlen(word)) != 0)
		return -1;
	p += strlen(word);
	p += strspn(p, " :");
	if (!isdigit((unsigned char)*p))
		return -1;
	long long number = strtoll(p, &end, 10);

	*s = end;
	return number;
}

/* The word before s: the file that a line is of. */
static char *word_before(const char *said, const char *s)
{
	const char *end = s, *from;

	while (end > said && strchr(" ,:", end[-1]))
		end--;
	for (from = end; from > said && !strchr(" \n", from[-1]);)
		from--;
	return trimmed(from, (size_t)(end - from), MARKS);
}

/* A frame of Python's: 'File "<frozen importlib._bootstrap>", line 228'. */
static bool is_frame(const char *said, const char *line)
{
	return line - said >= 3 && str_starts(line - 3, "\", ");
}

/* "train.csv line 25 column 6: text": the first line of a file that is not a program's. ret->file is the caller's. */
static bool find_place(const char *said, struct place *ret)
{
	const char *s = said;

	while ((s = diagnosis_hit(s, "line ")) != NULL) {
		const char *behind = s;
		AUTO(str) char *file = word_before(said, s);
		long long line = is_frame(said, s) ? -1 : numbered(&behind, "line");

		s += strlen("line ");
		if (line < 0 || is_source(file) || (!strchr(file, '.') && !strchr(file, '/')))
			continue;
		*ret = (struct place){.file = TAKE(file), .line = line, .column = numbered(&behind, "column")};
		ret->behind = behind + strspn(behind, " ,:");
		return true;
	}
	return false;
}

/* XGBoost's container names a file and shows its first line; pandas a line alone. */
static bool find_place_elsewhere(const char *said, struct place *ret)
{
	const char *of = diagnosis_hit(said, "of file '"), *in = diagnosis_hit(said, "in line ");

	*ret = (struct place){.line = -1, .column = -1};
	if (of)
		ret->file = trimmed(of + 9, strcspn(of + 9, "'\n"), BLANKS);
	else if (in && diagnosis_hit(said, "Error tokenizing"))
		ret->line = numbered(&in, "in line");
	return ret->file || ret->line >= 0;
}

/* "train.csv line 25 column 6". */
static void add_place(const struct place *p, const char *file, struct buf *out)
{
	(void)buf_adds(out, str_or(file, "the data"));
	if (p->line >= 0)
		(void)buf_addf(out, " line %lld", p->line);
	if (p->column >= 0)
		(void)buf_addf(out, " column %lld", p->column);
}

/* A file of a channel, "train/data.csv" or by its path in the container, as the object that it was; another as it is.
 */
static char *object_of(const struct job *j, const char *file)
{
	static const char folder[] = "/opt/ml/input/data/";
	const char *name = str_starts(file, folder) ? file + strlen(folder) : file;

	for (size_t i = 0; i < j->cold->n_channels; i++) {
		const struct job_channel *c = &j->cold->channels[i];
		size_t n = strlen(str_or(c->name, ""));

		if (!n || !str_starts(name, c->name) || name[n] != '/' || !str_starts(c->uri, "s3://"))
			continue;
		if (str_eq(base_name(c->uri), name + n + 1))
			return xstrdup(c->uri);
		return xasprintf("%s%s%s", c->uri, str_ends(c->uri, "/") ? "" : "/", name + n + 1);
	}
	return xstrdup(file);
}

static void tell_place(const struct diagnosis_look *look, const struct place *p, struct diagnosis *d)
{
	AUTO(buf) struct buf whole = BUF_INIT(4096), brief = BUF_INIT(4096);
	AUTO(str) char *line = whole_line(look->said, look->hit);
	AUTO(str) char *behind = p->behind ? trimmed(p->behind, strcspn(p->behind, "\n"), BLANKS) : NULL;

	add_place(p, p->file, &whole);
	add_place(p, p->file ? base_name(p->file) : NULL, &brief);
	diagnosis_tell(&d->words, "The data cannot be read: %s: %s.", buf_str(&whole), str_or(behind, line));
	diagnosis_tell(&d->attempt, "mend %s, or leave it out", buf_str(&brief));
	diagnosis_tell(&d->brief, "%s", buf_str(&brief));
	AUTO(str) char *object = object_of(look->job, str_or(p->file, ""));

	if (p->line >= 0 && is_plain_uri(object))
		diagnosis_tell(&d->remedy, "aws s3 cp %s - | sed -n %lldp", object, p->line);
}

/* "line" alone is said of much else. */
bool diagnosis_data(const struct diagnosis_look *look, struct diagnosis *d)
{
	static const char telling[] = "could not convert string|Non-numeric|is not a number|Error tokenizing|"
				      "UnicodeDecodeError|contains NaN|NaN or infinity|does not have the same number";
	struct diagnosis_look own = *look;
	struct place place;
	bool found = find_place(look->said, &place);

	own.hit = found ? look->said : diagnosis_hit(look->said, telling);
	if (!own.hit)
		return false;
	if (found || find_place_elsewhere(look->said, &place)) {
		tell_place(&own, &place, d);
		free(place.file);
		return true;
	}
	return diagnosis_says(&own, d);
}

/* The URI that is named, else those of its channels. */
bool diagnosis_no_data(const struct diagnosis_look *look, struct diagnosis *d)
{
	const char *uri = strstr(look->said, "s3://");
	AUTO(str) char *named = uri ? word_at(uri) : NULL;
	AUTO(str) char *line = whole_line(look->said, look->hit);

	diagnosis_tell(&d->words, "Data are not where the job looks for them: %s.", line);
	if (!named)
		return true;
	diagnosis_tell(&d->words, "There are no data at %s.", named);
	diagnosis_tell(&d->brief, "objects at %s", base_name(named));
	if (is_plain_uri(named))
		diagnosis_tell(&d->remedy, "aws s3 ls %s", named);
	return true;
}

bool diagnosis_content_type(const struct diagnosis_look *look, struct diagnosis *d)
{
	const struct job_cold *c = look->job->cold;
	AUTO(buf) struct buf words = BUF_INIT(65536);
	AUTO(str) char *line = whole_line(look->said, look->hit);

	(void)buf_addf(&words, "The data are not of the content type that they should be: %s.", line);
	for (size_t i = 0; i < c->n_channels; i++)
		(void)buf_addf(&words, " Channel %s has %s.", str_or(c->channels[i].name, "?"),
			       str_or(c->channels[i].content_type, "no content type"));
	diagnosis_tell(&d->words, "%s", buf_str(&words));
	return true;
}

/* --- scripts ---------------------------------------------------------------------------------- */

bool diagnosis_module(const struct diagnosis_look *look, struct diagnosis *d)
{
	const char *quote = diagnosis_hit(look->said, "No module named");
	AUTO(str) char *module = quote ? word_at(quote + strlen("No module named ")) : NULL;
	AUTO(str) char *line = whole_line(look->said, look->hit);

	diagnosis_tell(&d->words, "The script needs what the image does not have: %s.", line);
	if (!module)
		return true;
	module[strcspn(module, ".'\"")] = '\0';
	diagnosis_tell(&d->attempt, "a line with %s in requirements.txt beside the script, or in the image", module);
	diagnosis_tell(&d->brief, "%s in requirements.txt", module);
	return true;
}

bool diagnosis_diverged(const struct diagnosis_look *look, struct diagnosis *d)
{
	static const char *const names[] = {"learning_rate", "learning-rate", "lr", "eta"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = job_hyperparameter(look->job, names[i]);
		if (!value)
			continue;
		diagnosis_tell(&d->attempt, "a smaller %s (%s now), clipped gradients, and data without empty values",
			       names[i], value);
		diagnosis_tell(&d->brief, "a smaller %s", names[i]);
		break;
	}
	return true;
}

static void tell_log(const struct diagnosis_look *look, struct diagnosis *d, const char *what)
{
	diagnosis_tell(&d->attempt, "%s", what);
	if (diagnosis_is_plain(look->job->name))
		diagnosis_tell(&d->remedy, "sagetop logs %s -n 50", look->job->name);
}

/* What ends a traceback, "KeyError: 'price'", behind the service's own word for whose failure it is. */
bool diagnosis_script(const struct diagnosis_look *look, struct diagnosis *d)
{
	static const char *const services[] = {"AlgorithmError: ", "ClientError: "};
	const char *s = look->line + strspn(look->line, " ");

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (str_starts(s, services[i]))
			s += strlen(services[i]);
	AUTO(str) char *name = xstrndup(s, strcspn(s, ": \n"));

	if ((!str_ends(name, "Error") && !str_ends(name, "Exception")) || str_eq(name, "InternalServerError"))
		return false;
	AUTO(str) char *line = trimmed(s, strcspn(s, "\n"), BLANKS);

	diagnosis_tell(&d->words, "The script failed: %s.", line);
	tell_log(look, d, "see its log before that line: a traceback names the script's own lines");
	return true;
}

bool diagnosis_exit_code(const struct diagnosis_look *look, struct diagnosis *d)
{
	int code = failure_exit_code(look->job->failure_reason);

	if (!failure_is_bare(look->job->failure_reason) || code < 0)
		return false;
	AUTO(str) char *line = trimmed(look->line, strcspn(look->line, "\n"), BLANKS);

	if (str_starts(line, "exit code "))
		diagnosis_tell(&d->words, "It ended with exit code %d and said nothing else.", code);
	else
		diagnosis_tell(&d->words, "It ended with exit code %d; what its log says: %s.", code, line);
	tell_log(look, d, "see the end of its log");
	return true;
}
