/* http_library.c - libcurl's functions, passed on to the library that is opened late. */
#define CURL_DISABLE_TYPECHECK
#include "aws/http_library.h"

#include "base/late.h"
#include "base/mem.h"

#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

static struct {
#define LATE_CALL(name) __typeof__(&name) name;
#include "aws/http_library.def"
#undef LATE_CALL
} calls;

static const char *const names[] = {
#define LATE_CALL(name) #name,
#include "aws/http_library.def"
#undef LATE_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

int http_library_open(struct err *err)
{
	static bool open;
	struct err why = {0};

	if (open)
		return 0;
	if (late_open(CURL_SONAME, names, ARRAY_LEN(names), &calls, &why) < 0)
		return err_set(err, ERR_IO, "%s: install libcurl", why.msg);
	if (calls.curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(err, ERR_INTERNAL, "libcurl cannot be initialised");
	open = true;
	return 0;
}

/* An option's number says what its value is. */
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	CURLcode rc;
	va_list ap;

	va_start(ap, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		rc = calls.curl_easy_setopt(easy, option, va_arg(ap, long));
	else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		rc = calls.curl_easy_setopt(easy, option, va_arg(ap, curl_off_t));
	else
		rc = calls.curl_easy_setopt(easy, option, va_arg(ap, void *));
	va_end(ap);
	return rc;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...)
{
	CURLMcode rc;
	va_list ap;

	va_start(ap, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		rc = calls.curl_multi_setopt(multi, option, va_arg(ap, long));
	else
		rc = calls.curl_multi_setopt(multi, option, va_arg(ap, void *));
	va_end(ap);
	return rc;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list ap;

	va_start(ap, info);
	CURLcode rc = calls.curl_easy_getinfo(easy, info, va_arg(ap, void *));
	va_end(ap);
	return rc;
}

CURL *curl_easy_init(void)
{
	return calls.curl_easy_init();
}

void curl_easy_cleanup(CURL *easy)
{
	calls.curl_easy_cleanup(easy);
}

const char *curl_easy_strerror(CURLcode code)
{
	return calls.curl_easy_strerror(code);
}

CURLM *curl_multi_init(void)
{
	return calls.curl_multi_init();
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
	return calls.curl_multi_cleanup(multi);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	return calls.curl_multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	return calls.curl_multi_remove_handle(multi, easy);
}

CURLMcode curl_multi_perform(CURLM *multi, int *ret_running)
{
	return calls.curl_multi_perform(multi, ret_running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *fds, unsigned n_fds, int timeout_ms, int *ret_ready)
{
	return calls.curl_multi_poll(multi, fds, n_fds, timeout_ms, ret_ready);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *ret_left)
{
	return calls.curl_multi_info_read(multi, ret_left);
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
	return calls.curl_slist_append(list, text);
}

void curl_slist_free_all(struct curl_slist *list)
{
	calls.curl_slist_free_all(list);
}
