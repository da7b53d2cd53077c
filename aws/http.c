/* The transport over libcurl's multi interface. */
#include "aws/http.h"

#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws/http_library.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define MAX_HEADER_BYTES ((size_t)64 << 10)
#define MAX_HEADERS 256
#define DEFAULT_MAX_BODY ((size_t)32 << 20)
#define CONNECT_TIMEOUT_MS 5000
#define TOTAL_TIMEOUT_MS 60000
#define STALL_S 60L
/* A connection whose other end is not there any more (another network, a lid that was closed) is given up when
 * that long nothing was acknowledged. */
#define DEAD_MS 20000
#define KEEPALIVE_IDLE_S 15L
#define KEEPALIVE_EACH_S 5L

struct http_transfer {
	struct http *http;
	struct http_transfer *prev, *next;
	CURL *easy; /* NULL where there is no libcurl: it ends with cannot_send */
	struct err cannot_send;
	struct curl_slist *header_lines;
	char *body;
	int body_fd;
	int64_t body_offset, body_len, body_read;
	struct buf reply, header_text;
	size_t n_headers;
	int stop_code; /* why a callback of ours ended the transfer; 0 */
	int (*on_start)(void *user, const struct http_reply *reply);
	int (*on_data)(void *user, const void *data, size_t n);
	void *data_user;
	bool started, headers_whole;
	int64_t sent_ms, received_ms;
	int64_t moved_ms; /* monotonic: when the last bytes went or came */
	bool endless;	  /* silence is no sign of anything */
	http_reply_fn *fn;
	void *user;
	char curl_error[CURL_ERROR_SIZE];
};

/* What is waited for at once. */
struct http_loop {
	CURLM *multi; /* NULL before the first transfer */
	struct http *members;
};

struct http {
	struct http_loop *loop;
	struct http *next; /* of its members */
	struct http_transfer *first;
	size_t n;
	int64_t heard_ms; /* monotonic: when the last bytes came, of any transfer */
	char *ca_bundle, *user_agent;
	int64_t connect_timeout_ms, total_timeout_ms;
};

struct http *http_new(const struct http_options *opt)
{
	struct http *h = NEW(struct http);

	h->loop = opt->beside ? opt->beside->loop : NEW(struct http_loop);
	h->next = h->loop->members;
	h->loop->members = h;
	h->ca_bundle = xstrdup(opt->ca_bundle);
	h->user_agent = xstrdup(opt->user_agent ? opt->user_agent : "sagetop/" SAGETOP_VERSION);
	h->connect_timeout_ms = opt->connect_timeout_ms ? opt->connect_timeout_ms : CONNECT_TIMEOUT_MS;
	h->total_timeout_ms = opt->total_timeout_ms ? opt->total_timeout_ms : TOTAL_TIMEOUT_MS;
	return h;
}

/* With the first transfer. */
static int open_multi(struct http_loop *l, struct err *err)
{
	if (l->multi)
		return 0;
	if (http_library_open(err) < 0)
		return -err->code;
	l->multi = curl_multi_init();
	if (!l->multi)
		return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
	curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(l->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 16L);
	return 0;
}

static void transfer_free(struct http *h, struct http_transfer *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		h->first = t->next;
	if (t->next)
		t->next->prev = t->prev;
	h->n--;
	if (t->easy) {
		curl_multi_remove_handle(h->loop->multi, t->easy);
		curl_easy_cleanup(t->easy);
		curl_slist_free_all(t->header_lines);
	}
	free(t->body);
	fd_close(&t->body_fd);
	buf_done(&t->reply);
	buf_done(&t->header_text);
	free(t);
}

/* Its last member frees it. */
static void leave_loop(struct http *h)
{
	struct http **at = &h->loop->members;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	if (h->loop->members)
		return;
	if (h->loop->multi)
		curl_multi_cleanup(h->loop->multi);
	free(h->loop);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	for (struct http_transfer *t = h->first, *next; t; t = next) {
		next = t->next;
		transfer_free(h, t);
	}
	leave_loop(h);
	free(h->ca_bundle);
	free(h->user_agent);
	free(h);
}

void http_cancel(struct http_transfer *t)
{
	transfer_free(t->http, t);
}

int64_t http_silent_ms(const struct http *h)
{
	int64_t now = clock_mono_ms(), longest = 0;

	for (const struct http_transfer *t = h->first; t; t = t->next)
		if (!t->endless)
			longest = MAX(longest, now - t->moved_ms);
	return MIN(longest, now - h->heard_ms);
}

/* --- what curl calls ----------------------------------------------------------------- */

static void note_heard(struct http_transfer *t)
{
	t->moved_ms = t->http->heard_ms = clock_mono_ms();
}

static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	unsigned ms = DEAD_MS;

	(void)user;
	(void)purpose;
#ifdef TCP_USER_TIMEOUT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
#endif
	return CURL_SOCKOPT_OK;
}

static size_t on_header(char *data, size_t size, size_t n, void *user)
{
	struct http_transfer *t = user;
	size_t len = size * n;

	note_heard(t);
	if (len >= 5 && !strncmp(data, "HTTP/", 5)) {
		buf_clear(&t->header_text); /* an interim reply came before */
		t->n_headers = 0;
		t->headers_whole = false;
		t->received_ms = clock_machine_ms();
		return len;
	}
	if (*data == '\r' || *data == '\n') {
		t->headers_whole = true;
		return len;
	}
	if (++t->n_headers > MAX_HEADERS || buf_add(&t->header_text, data, len)) {
		t->stop_code = ERR_TOOBIG;
		return 0;
	}
	return len;
}

/* Cut header lines in place into name and value. */
static size_t split_headers(char *p, struct http_header *out)
{
	size_t n = 0;

	while (p && *p && n < MAX_HEADERS) {
		char *end = strchr(p, '\n'), *colon = strchr(p, ':');

		if (end)
			*end = '\0';
		if (colon && (!end || colon < end)) {
			*colon = '\0';
			str_lower(p);
			out[n].name = str_trim(p);
			out[n++].value = str_trim(colon + 1);
		}
		p = end ? end + 1 : NULL;
	}
	return n;
}

static int tell_start(struct http_transfer *t, int status)
{
	struct http_header headers[MAX_HEADERS];
	struct http_reply reply = {.status = status, .body = "", .headers = headers, .sent_ms = t->sent_ms};
	AUTO(str) char *text = xstrdup(buf_str(&t->header_text));

	t->started = true;
	reply.n_headers = split_headers(text, headers);
	reply.received_ms = t->received_ms;
	return t->on_start(t->data_user, &reply);
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
	struct http_transfer *t = user;
	size_t len = size * n;
	long status = 0;

	note_heard(t);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->on_data && status >= 200 && status < 300) {
		int rc = t->on_start && !t->started ? tell_start(t, (int)status) : 0;

		if (rc >= 0)
			rc = t->on_data(t->data_user, data, len);

		if (rc < 0) {
			t->stop_code = -rc;
			return 0;
		}
		return len;
	}
	if (buf_add(&t->reply, data, len)) {
		t->stop_code = ERR_TOOBIG;
		return 0;
	}
	return len;
}

static size_t on_read(char *out, size_t size, size_t n, void *user)
{
	struct http_transfer *t = user;
	size_t want = MIN(size * n, (size_t)(t->body_len - t->body_read));
	ssize_t got;

	if (!want)
		return 0;
	got = pread(t->body_fd, out, want, (off_t)(t->body_offset + t->body_read));
	if (got <= 0) {
		t->stop_code = ERR_IO;
		return CURL_READFUNC_ABORT;
	}
	t->body_read += got;
	t->moved_ms = clock_mono_ms();
	return (size_t)got;
}

static int on_seek(void *user, curl_off_t offset, int origin)
{
	struct http_transfer *t = user;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->body_read = offset;
	return CURL_SEEKFUNC_OK;
}

/* --- starting ------------------------------------------------------------------------- */

static bool is_loopback(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return str_starts(host, "127.") || str_starts(host, "[::1]") || str_starts(host, "localhost:") ||
	       str_starts(host, "localhost/");
}

static void set_body(struct http_transfer *t, const struct http_request *r)
{
	CURL *e = t->easy;

	if (r->body_path) {
		t->body_fd = open(r->body_path, O_RDONLY | O_CLOEXEC);
		t->body_offset = r->body_offset;
		t->body_len = (int64_t)r->body_len;
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, t);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
	} else if (!strcmp(r->method, "HEAD")) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	} else if (r->body_len || !strcmp(r->method, "POST") || !strcmp(r->method, "PUT")) {
		t->body = xmemdup(r->body_len ? r->body : "", MAX(r->body_len, (size_t)1));
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
	}
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_headers(struct http_transfer *t, const struct http_request *r)
{
	bool content_type = false;

	for (size_t i = 0; i < r->n_headers; i++) {
		const struct http_header *h = &r->headers[i];
		/* curl drops "name:" without a value and takes "name;" for it. */
		AUTO(str) char *line = *h->value ? xasprintf("%s: %s", h->name, h->value) : xasprintf("%s;", h->name);

		/* Whatever a file of the user's holds, it is no header of its own. */
		for (char *p = line; *p; p++)
			if (*p == '\r' || *p == '\n')
				*p = ' ';

		content_type |= str_ieq(h->name, "content-type");
		t->header_lines = curl_slist_append(t->header_lines, line);
	}
	t->header_lines = curl_slist_append(t->header_lines, "Expect:");
	if (!content_type)
		t->header_lines = curl_slist_append(t->header_lines, "Content-Type:");
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header_lines);
}

static void set_limits(struct http_transfer *t, const struct http_request *r)
{
	struct http *h = t->http;
	int64_t total = r->total_timeout_ms ? r->total_timeout_ms : h->total_timeout_ms;
	int64_t connect_ms = r->connect_timeout_ms ? r->connect_timeout_ms : h->connect_timeout_ms;

	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	t->endless = total <= 0;
	if (!t->endless)
		curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)total);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, STALL_S);
}

static void set_transport(struct http_transfer *t, const struct http_request *r)
{
	struct http *h = t->http;
	CURL *e = t->easy;

	curl_easy_setopt(e, CURLOPT_URL, r->url);
	curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->curl_error);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* a stuck resolver must not delay the exit */
#endif
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_EACH_S);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_USERAGENT, h->user_agent);
	if (!r->on_data)
		curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (h->ca_bundle)
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_bundle);
	if (r->no_proxy || is_loopback(r->url))
		curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

static void start(struct http_transfer *t, const struct http_request *r)
{
	if (open_multi(t->http->loop, &t->cannot_send) < 0)
		return;
	t->easy = curl_easy_init();
	if (!t->easy)
		abort();
	set_transport(t, r);
	set_body(t, r);
	set_headers(t, r);
	set_limits(t, r);
	curl_multi_add_handle(t->http->loop->multi, t->easy);
}

struct http_transfer *http_send(struct http *h, const struct http_request *r, http_reply_fn *fn, void *user)
{
	struct http_transfer *t = NEW(struct http_transfer);

	t->http = h;
	t->fn = fn;
	t->user = user;
	t->body_fd = -1;
	t->on_start = r->on_start;
	t->on_data = r->on_data;
	t->data_user = r->data_user;
	t->sent_ms = clock_machine_ms();
	t->moved_ms = clock_mono_ms();
	buf_init(&t->reply, r->max_body ? r->max_body : DEFAULT_MAX_BODY);
	buf_init(&t->header_text, MAX_HEADER_BYTES);
	t->next = h->first;
	if (h->first)
		h->first->prev = t;
	h->first = t;
	h->n++;
	start(t, r);
	return t;
}

/* --- ending ----------------------------------------------------------------------------- */

static const char *host_of(const char *url, char out[128])
{
	AUTO(str) char *clean = str_hide_userinfo(url);
	const char *host = strstr(clean, "://");
	size_t n;

	host = host ? host + 3 : clean;
	n = strcspn(host, "/?");
	snprintf(out, 128, "%.*s", (int)MIN(n, (size_t)120), host);
	return out;
}

/* CONNECT was answered with 407. */
static bool proxy_refused(struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status == 407;
}

static void transfer_error(struct http_transfer *t, CURLcode code, struct err *err)
{
	/* libcurl quotes URLs, that of the proxy too. */
	AUTO(str) char *text = str_hide_userinfo(*t->curl_error ? t->curl_error : curl_easy_strerror(code));
	const char *url = "";
	char host[128];
	curl_off_t connected_us = 0;

	if (err && curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us) == CURLE_OK)
		err->unsent = connected_us == 0;
	curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
	host_of(url ? url : "", host);
	if (t->stop_code == ERR_TOOBIG)
		err_set(err, ERR_TOOBIG, "the reply of %s is larger than %zu MiB", host, t->reply.max >> 20);
	else if (t->stop_code == ERR_IO)
		err_set(err, ERR_IO, "the file to upload cannot be read, or has become shorter");
	else if (t->stop_code)
		err_set(err, (enum err_code)t->stop_code, "transfer from %s ended by the receiver", host);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		err_set(err, ERR_TIMEOUT, "%s: %s", host, text);
	else if (code == CURLE_URL_MALFORMAT)
		err_set(err, ERR_INVALID, "%s: %s", host, text);
	else if (code == CURLE_OK)
		err_set(err, ERR_NET, "%s: the reply ended within its header", host);
	else if (code == CURLE_PEER_FAILED_VERIFICATION && strcasestr(text, "expired"))
		err_set(err, ERR_NET,
			"%s: %s: look at this machine's clock; if it is right, the server's owner must renew it", host,
			text);
	else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		err_set(err, ERR_NET, "%s: %s; set AWS_CA_BUNDLE where a proxy re-signs", host, text);
	else if (proxy_refused(t))
		err_set(err, ERR_NET,
			"%s: the proxy refuses (HTTP 407, proxy authentication required): put name and password into "
			"HTTPS_PROXY, as http://name:password@proxy:port",
			host);
	else
		err_set(err, ERR_NET, "%s: %s", host, text);
}

static void transfer_finish(struct http_transfer *t, CURLcode code)
{
	struct http_header *headers = xcalloc(MAX_HEADERS, sizeof(*headers));
	struct http_reply reply = {.headers = headers, .sent_ms = t->sent_ms};
	struct err err = {0};
	long status = 0, version = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	reply.received_ms = t->received_ms ? t->received_ms : clock_machine_ms();
	reply.http2 = version == CURL_HTTP_VERSION_2_0;
	if (code == CURLE_OK && t->headers_whole) {
		reply.status = (int)status;
		reply.body = buf_str(&t->reply);
		reply.len = t->reply.len;
		reply.whole = &t->reply;
		reply.n_headers = split_headers(t->header_text.data, headers);
	} else {
		reply.body = "";
		transfer_error(t, code, &err);
	}
	t->fn(t->user, &reply, err.code ? &err : NULL);
	free(headers);
	transfer_free(t->http, t);
}

/* Those that could not even begin; how many there were. */
static unsigned run_unsent(struct http *h)
{
	unsigned n = 0;

	for (size_t left = h->n; left > 0; left--) { /* a callback may send again */
		struct http_transfer *t = h->first;

		while (t && t->easy)
			t = t->next;
		if (!t)
			break;
		struct http_reply reply = {.body = "", .sent_ms = t->sent_ms, .received_ms = t->sent_ms};

		t->fn(t->user, &reply, &t->cannot_send);
		transfer_free(h, t);
#ifdef __clang_analyzer__ /* does not see that the one before it, which points to it no more, is in the list */
		h->first = NULL;
#endif
		n++;
	}
	return n;
}

static unsigned run_finished(struct http_loop *l)
{
	CURLMsg *m;
	unsigned n = 0;
	int left;

	while ((m = curl_multi_info_read(l->multi, &left))) {
		struct http_transfer *t = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_finish(t, m->data.result);
		n++;
	}
	return n;
}

static void poll_fds(struct pollfd *fds, unsigned n_fds, int timeout_ms)
{
	if (poll(fds, n_fds, timeout_ms) < 0)
		for (unsigned i = 0; i < n_fds; i++)
			fds[i].revents = 0;
}

int http_poll(struct http *h, struct pollfd *fds, unsigned n_fds, int timeout_ms)
{
	struct curl_waitfd wait[HTTP_FDS_MAX];
	struct http_loop *l = h->loop;
	int running = 0, ready = 0;

	for (struct http *one = l->members; one; one = one->next)
		if (run_unsent(one))
			timeout_ms = 0; /* their callbacks may have made work */
	if (!l->multi) {
		poll_fds(fds, n_fds, timeout_ms);
		return 0;
	}
	n_fds = MIN(n_fds, (unsigned)ARRAY_LEN(wait));
	for (unsigned i = 0; i < n_fds; i++) {
		fds[i].revents = 0;
		wait[i] = (struct curl_waitfd){.fd = fds[i].fd,
					       .events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
								 (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0))};
	}
	curl_multi_perform(l->multi, &running);
	if (run_finished(l))
		timeout_ms = 0; /* their callbacks may have made work */
	curl_multi_poll(l->multi, wait, n_fds, timeout_ms, &ready);
	/* curl's own flags know nothing of hang-ups. */
	poll_fds(fds, n_fds, 0);
	curl_multi_perform(l->multi, &running);
	run_finished(l);
	return 0;
}
