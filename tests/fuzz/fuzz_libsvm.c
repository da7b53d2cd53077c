/* fuzz_libsvm.c - libsvm, for training and for prediction. The first byte chooses. */
#include "fuzz_readers.h"

static bool float_at(char **p, float *ret)
{
	char *end;

	*ret = strtof(*p, &end);
	if (end == *p)
		return false;
	*p = end;
	return true;
}

/* One row the slow and obvious way: strtok and strtof. */
static void check_row(const struct dataset *d, size_t row, char *line)
{
	size_t at = d->row_start[row], found = 0;
	char *save, *token = strtok_r(line, " \t\r", &save);
	float value;

	FUZZ_CHECK(token && float_at(&token, &value) && value == d->labels[row]);
	value = 1;
	FUZZ_CHECK(!d->weights == !*token);
	FUZZ_CHECK(!*token || (*token++ == ':' && float_at(&token, &value) && !*token && value == d->weights[row]));
	while ((token = strtok_r(NULL, " \t\r", &save))) {
		unsigned long long index;
		size_t i = at;
		char *end;

		if (d->query_ids && !strncmp(token, "qid:", 4)) {
			FUZZ_CHECK(strtoull(token + 4, &end, 10) == d->query_ids[row] && !*end);
			continue;
		}
		index = strtoull(token, &end, 10);
		FUZZ_CHECK(end > token && *end++ == ':');
		FUZZ_CHECK(float_at(&end, &value) && !*end && index < d->columns);
		if (isnan(value))
			continue;
		while (i < d->row_start[row + 1] && d->column_index[i] != index)
			i++;
		FUZZ_CHECK(i < d->row_start[row + 1] && d->values[i] == value);
		found++;
	}
	FUZZ_CHECK(found == d->row_start[row + 1] - at);
}

static void check_rows(const struct dataset *d, const char *text)
{
	size_t row = 0;

	for (; *text; text += *text == '\n') {
		size_t n = strcspn(text, "\n");
		AUTO(str) char *line = xstrndup(text, n);

		text += n;
		line[strcspn(line, "#")] = 0;
		if (!line[strspn(line, " \t\r")])
			continue;
		FUZZ_CHECK(row < d->rows);
		check_row(d, row++, line);
	}
	FUZZ_CHECK(row == d->rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dataset_options opt = {.format = DATA_LIBSVM};
	AUTO(dataset) struct dataset *d = NULL;

	if (!n)
		return 0;
	opt.has_label = !(data[0] & 1);
	opt.expect_columns = data[0] & 2 ? 9 : 0;
	d = fuzz_read(data + 1, n - 1, &opt);
	if (d && opt.has_label && !memchr(data + 1, 0, n - 1) && !gzip_is(data + 1, n - 1)) {
		AUTO(str) char *text = xstrndup((const char *)data + 1, n - 1);

		check_rows(d, str_starts(text, "\xef\xbb\xbf") ? text + 3 : text);
	}
	return 0;
}
