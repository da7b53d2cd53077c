/* What a number of jobs comes to, as text and JSON. */
#include "app/quote_text.h"

#include <math.h>

#include "app/backtest.h"
#include "app/output.h"
#include "base/timefmt.h"

char *quote_span(char *buf, double seconds)
{
	return timefmt_duration(buf, (int64_t)(seconds * 1000 + 0.5));
}

void quote_print_head(FILE *out)
{
	fprintf(out, "%-24s %8s %9s %9s %9s %9s %9s\n", "", "JOBS", "BILLED", "DONE IN", "SPOT", "ON DEMAND",
		"AT MOST");
}

void quote_print(FILE *out, const char *way, const struct estimate_quote *q)
{
	char billed[TIMEFMT_LEN], wall[TIMEFMT_LEN], spot[24], demand[24], most[24], jobs[32];

	fprintf(out, "%-24s %8s %9s %9s %9s %9s %9s\n", way, backtest_count_text(jobs, q->jobs),
		quote_span(billed, q->billed_s), quote_span(wall, q->wall_s), money_text(spot, q->spot_micro),
		money_text(demand, q->demand_micro), money_text(most, q->most_micro));
}

json_t *quote_json(const struct estimate_quote *q)
{
	json_t *o = json_pack("{s:I, s:I, s:f, s:f}", "jobs", (json_int_t)q->jobs, "units", (json_int_t)q->units,
			      "billed_seconds", q->billed_s, "wall_seconds", q->wall_s);

	json_put_usd(o, "spot_usd", q->spot_micro);
	json_put_usd(o, "on_demand_usd", q->demand_micro);
	json_put_usd(o, "most_usd", q->most_micro);
	json_put_usd(o, "most_with_retries_usd", q->retried_micro);
	return o;
}
