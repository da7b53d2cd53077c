/* badge.c - the table of badges, and their words together. */
#include "model/badge_impl.h"

static const struct badge {
	const char *word;
	badge_fn *fn;
} badges[BADGE_COUNT] = {
#define BADGE(id, word, fn, help) [BADGE_##id] = {word, fn},
#include "model/badge.def"
#undef BADGE
};

const char *badge_word(enum badge_id b)
{
	return badges[b].word;
}

bool badge_of(enum badge_id b, const struct badge_look *look, char **ret_why)
{
	struct buf why = BUF_INIT(BUF_MAX_TEXT);
	bool has = job_is_active(look->job) && badges[b].fn(look, &why);

	if (has && ret_why)
		*ret_why = buf_take(&why);
	buf_done(&why);
	return has;
}

/* A text of each set of badges, so that it is good for as long as a table may show it. */
const char *badge_words(const struct badge_look *look)
{
	static char texts[1 << BADGE_COUNT][64];
	unsigned set = 0;
	size_t n = 0;

	for (int i = 0; i < BADGE_COUNT; i++)
		set |= badge_of((enum badge_id)i, look, NULL) ? 1u << i : 0;
	for (int i = 0; i < BADGE_COUNT; i++)
		if (set & 1u << i)
			n += (size_t)snprintf(texts[set] + n, sizeof(texts[set]) - n, "%s%s", n ? " " : "",
					      badges[i].word);
	return texts[set];
}
