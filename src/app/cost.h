/* cost.h - the parts of `sagetop cost`: what is asked for (cost_fetch.c), summed
 * (cost_sum.c), and told as a table, JSON, CSV, Markdown (cost_print.c) or a page
 * (cost_html.c). */
#ifndef SAGETOP_APP_COST_H
#define SAGETOP_APP_COST_H

#include "app/app.h"
#include "model/price_rules.h"
#include "model/query.h"
#include "model/spend.h"

struct cost_report {
	struct spend spend;
	struct strlist left_out;	  /* kinds that are not in it, with why */
	struct usages usages[SCOPES_MAX]; /* of each scope: what is summed is told apart by where it lies */
	const char *by_text;		  /* as it was asked for, "tag:team" */
	struct money_currency currency;
	size_t top; /* 0: all rows */
};
void cost_report_done(struct cost_report *r);
AUTO_EMBEDDED(cost_report, struct cost_report, cost_report_done)

/* Everything that is billed, from the service, into the session of each scope; what is billed while it is
 * there is noted down. tags: those of all kinds are wanted. What is denied or not to be had
 * is a line of left_out, a scope as well. */
int cost_fetch(struct app *a, bool tags, struct strlist *left_out, struct err *err) NODISCARD;
/* The things that the words let through, summed. */
int cost_sum(struct app *a, const struct spend_options *opt, struct cost_report *ret, struct err *err) NODISCARD;

/* `cost --now`: what runs and stands there; what cost_fetch has left out is said below. */
int cost_running(struct app *a, const struct strlist *left_out, struct err *err) NODISCARD;

/* `cost --explorer`: what AWS says of whole days of the period, beside ours by usage type.
 * Each call costs a cent: cost_explorer_confirm says so and asks, where --yes does not
 * stand there, before anything is fetched. */
int cost_explorer_confirm(struct app *a, const struct spend_options *opt, struct err *err) NODISCARD;
int cost_explorer(struct app *a, const struct spend_options *opt, struct err *err) NODISCARD;

void cost_print_table(struct app *a, const struct cost_report *r);
void cost_print_json(struct app *a, const struct cost_report *r);
void cost_print_csv(struct app *a, const struct cost_report *r);
void cost_print_markdown(struct app *a, const struct cost_report *r);
int cost_write_html(struct app *a, const struct cost_report *r, const char *path, struct err *err) NODISCARD;

/* The lines below a table, without their ends: what was wasted, what is not known, the
 * prices' date, the other currency. */
void cost_notes(const struct app *a, const struct cost_report *r, struct strlist *ret);
/* "$12.40*"; "?" where nothing of a row is known. buf holds 34 bytes; shown is its rounded money. */
char *cost_text(char *buf, const struct spend_row *row, int64_t shown, int64_t unit);
/* The rows' money rounded so that it adds up; owned by the caller. */
int64_t *cost_rounded(const struct cost_report *r, int64_t *ret_total, int64_t *ret_unit) NODISCARD;

#endif
