/* sagetop prices update: the Price List API asked for whole regions, or an offer file read
 * while it streams by. */
#include "app/prices.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/output.h"
#include "aws/config.h"
#include "aws/http.h"
#include "aws/price_offer.h"

/* The regions named, by --region among them. */
static void regions_wanted(const struct app *a, struct strlist *ret)
{
	if (app_value(a, OPT_REGION))
		strlist_add(ret, app_value(a, OPT_REGION));
	for (size_t i = 1; i < a->cli.args.n; i++)
		if (!strlist_has(ret, a->cli.args.items[i]))
			strlist_add(ret, a->cli.args.items[i]);
}

/* --- the API --------------------------------------------------------------------------- */

struct update_reply {
	struct app_reply base;
	size_t got;
};

static void on_updated(void *user, size_t got, const struct err *err)
{
	struct update_reply *r = user;

	r->got = got;
	app_reply_done(&r->base, err);
}

static int update_region(struct app *a, const char *region, struct err *err)
{
	struct update_reply reply = {0};

	sync_prices_update(a->sync, region, on_updated, &reply);
	if (app_wait(a, &reply.base, err) < 0)
		return -err->code;
	fprintf(a->out, "%s\t%zu prices\tAWS Price List API\n", region, reply.got);
	return 0;
}

static int update_by_api(struct app *a, struct strlist *regions, struct err *err)
{
	int rc = app_connect(a, err);

	if (rc == 0 && regions->n == 0)
		strlist_add(regions, sync_session(a->sync)->region);
	for (size_t i = 0; rc == 0 && i < regions->n; i++)
		rc = update_region(a, regions->items[i], err);
	return rc;
}

/* --- an offer file ------------------------------------------------------------------------ */

static int feed_file(const char *path, struct price_offer *o, struct err *err)
{
	AUTO(fd) int fd = str_eq(path, "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 0;
	char *to = NULL;
	ssize_t n = 0;
	int rc = 0;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	while (rc == 0 && (to = price_offer_room(o, &room)) && (n = read(fd, to, room)) > 0) {
		rc = price_offer_filled(o, (size_t)n, err);
		if (rc == 0)
			rc = app_pause(0, err);
	}
	if (!to)
		return err_set(err, ERR_TOOBIG, "%s: no end of a text", path);
	if (n < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	return rc;
}

struct download {
	struct price_offer *offer;
	const char *url;
	struct err err;
	bool done;
};

static int on_data(void *user, const void *data, size_t n)
{
	struct download *d = user;

	return price_offer_feed(d->offer, data, n, &d->err);
}

static void on_downloaded(void *user, const struct http_reply *reply, const struct err *err)
{
	struct download *d = user;

	d->done = true;
	if (err)
		(void)err_set(&d->err, err->code, "%s: %s", d->url, err->msg);
	else if (reply->status != 200)
		(void)err_set(&d->err, reply->status == 404 ? ERR_NOTFOUND : ERR_SERVICE, "%s: HTTP %d", d->url,
			      reply->status);
}

static int feed_url(const struct app *a, const char *url, struct price_offer *o, struct err *err)
{
	AUTO(aws_config) struct aws_config config = {0};

	if (aws_config_load(&config, &aws_io_system, app_value(a, OPT_PROFILE), NULL, err) < 0)
		return -err->code;
	AUTO(str) char *ca_bundle = aws_config_ca_bundle(&config);
	struct http_options opt = {.ca_bundle = ca_bundle};
	AUTO(http) struct http *http = http_new(&opt);
	struct download d = {.offer = o, .url = url};
	const struct http_request request = {
		.method = "GET", .url = url, .total_timeout_ms = -1, .on_data = on_data, .data_user = &d};
	int rc = 0;

	http_send(http, &request, on_downloaded, &d);
	while (!d.done && rc == 0) {
		http_poll(http, NULL, 0, 200);
		rc = app_pause(0, err);
	}
	if (rc == 0 && d.err.code) {
		*err = d.err;
		rc = -d.err.code;
	}
	return rc;
}

struct offer_rows {
	const struct price_offer *offer;
	int64_t now_ms;
};

static bool offer_row(void *user, size_t i, struct price *ret)
{
	const struct offer_rows *r = user;
	bool is = price_offer_row(r->offer, i, ret);

	if (is)
		ret->fetched_ms = r->now_ms;
	return is;
}

static void print_offer(struct app *a, const char *path, const struct price_offer *o)
{
	AUTO(strlist) struct strlist regions = {0};
	struct price row;
	size_t usable = 0;

	for (size_t i = 0; i < price_offer_count(o); i++)
		if (price_offer_row(o, i, &row)) {
			usable++;
			if (!regions.n ||
			    (!str_eq(row.region, regions.items[regions.n - 1]) && !strlist_has(&regions, row.region)))
				strlist_add(&regions, row.region);
		}
	fprintf(a->out, "%s\t%zu prices of %zu region%s\tpublished %s\n", path, usable, regions.n,
		regions.n == 1 ? "" : "s", str_or(price_offer_published(o), "?"));
	for (size_t v = PRICE_TAKEN + 1; v < PRICE_VERDICT_COUNT; v++)
		if (price_offer_left_out(o, (enum price_verdict)v))
			fprintf(stderr, "sagetop: left out: %zu products %s\n",
				price_offer_left_out(o, (enum price_verdict)v),
				price_verdict_words((enum price_verdict)v));
}

static int update_by_file(struct app *a, const char *path, const struct strlist *regions, struct err *err)
{
	AUTO(price_offer) struct price_offer *offer = price_offer_new(path, regions);
	bool url = str_starts(path, "https://") || str_starts(path, "http://");
	int rc = url ? feed_url(a, path, offer, err) : feed_file(path, offer, err);

	if (rc == 0)
		rc = price_offer_end(offer, err);
	if (rc)
		return rc;
	AUTO(store) struct store *store = NULL;
	struct offer_rows user = {offer, clock_now_ms()};
	struct price_rows rows = {.n = price_offer_count(offer), .get = offer_row, .user = &user, .whole = true};

	if (store_open(NULL, NULL, "prices", &store, err) < 0 || store_prices_put(store, &rows, err) < 0)
		return -err->code;
	print_offer(a, path, offer);
	return 0;
}

int prices_update(struct app *a, struct err *err)
{
	AUTO(strlist) struct strlist regions = {0};
	const char *bulk = app_value(a, OPT_BULK);

	regions_wanted(a, &regions);
	return bulk ? update_by_file(a, bulk, &regions, err) : update_by_api(a, &regions, err);
}
