/* sagetop backtest VERB: see backtest.def. */
#include "app/commands.h"
#include "app/verbs.h"

int cmd_backtest(struct app *a, struct err *err)
{
	return verbs_run(a, CMD_BACKTEST, err);
}
