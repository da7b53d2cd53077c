/* backtest_docs.h - the members of a specification, for the manual. */
#ifndef SAGETOP_TRAINER_BACKTEST_DOCS_H
#define SAGETOP_TRAINER_BACKTEST_DOCS_H

#include "base/mem.h"

struct backtest_member {
	const char *path, *help;
	char takes[256];      /* "A number from 0 to 1", "One of pooled, ridge"; "" where all is said */
	const char *fallback; /* "" where there is none */
	bool required;
};
/* In the order of the table, the members of models behind them; false behind the last. */
bool backtest_member_docs(size_t i, struct backtest_member *ret);

#endif
