/* backtest_html.c - a backtest's report as one page. */
#include "app/backtest.h"

int backtest_write_html(const struct backtest_result *r, const char *path, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "%s %s", r->name, path);
}
