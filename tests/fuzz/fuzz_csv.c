/* fuzz_csv.c - CSV, plain and with every column role. The first byte chooses. */
#include "fuzz_readers.h"

/* Plain numbers without quotes, the slow and obvious way. */
static void check_against_strtof(const struct dataset *d, const char *text)
{
	AUTO(strlist) struct strlist lines = {0};
	size_t row = 0;

	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strlist) struct strlist cells = {0};

		if (!*lines.items[i])
			continue;
		strlist_split(&cells, lines.items[i], ',');
		FUZZ_CHECK(row < d->rows && cells.n == d->columns + 1);
		for (size_t c = 0; c < cells.n; c++) {
			float got = c ? d->dense[row * d->columns + c - 1] : d->labels[row], want;
			char *end;

			want = strtof(cells.items[c], &end);
			if (isnan(got))
				FUZZ_CHECK(end == cells.items[c] || isnan(want) ||
					   !strncasecmp(cells.items[c], "n", 1));
			else
				FUZZ_CHECK(*cells.items[c] && !*end && got == want);
		}
		row++;
	}
	FUZZ_CHECK(row == d->rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(strlist) struct strlist team = {0};
	struct dataset_options opt = {.format = DATA_CSV, .has_label = true};
	AUTO(dataset) struct dataset *d = NULL;

	if (!n)
		return 0;
	strlist_add(&team, "team");
	switch (data[0] % 4) {
	case 1:
		opt.csv_weights = true;
		break;
	case 2:
		opt.header = true;
		opt.label_column = "y";
		opt.entity_column = "who";
		opt.date_column = "day";
		opt.categorical = &team;
		break;
	case 3:
		opt.has_label = false;
		break;
	default:
		opt.delimiter = data[0] & 32 ? 0 : ',';
	}
	d = fuzz_read(data + 1, n - 1, &opt);
	if (d && data[0] % 4 == 0 && opt.delimiter == ',' && !memchr(data, '"', n) && !memchr(data, 0, n) &&
	    !(n > 3 && data[1] == 0xef) && !(n > 2 && data[1] == 0x1f)) {
		AUTO(str) char *text = xstrndup((const char *)data + 1, n - 1);

		check_against_strtof(d, text);
	}
	return 0;
}
