/* Event-stream frames: the published ones, damaged ones, and what we encode. */
#include "unit.h"

#include "aws/eventstream.h"
#include "base/digest.h"
#include "vectors.h"

static void from_hex(const char *hex, struct buf *out)
{
	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = {hex[0], hex[1], 0};

		assert_int_equal(buf_addc(out, (char)strtol(two, NULL, 16)), 0);
	}
}

static void check_header(const char *name, const struct es_message *m, const char *key, const json_t *want)
{
	const struct es_header *h = es_find(m, key);

	if (!h)
		fail_msg("%s: no header %s", name, key);
	if (json_is_boolean(want)) {
		assert_int_equal(h->type, json_is_true(want) ? ES_TRUE : ES_FALSE);
	} else if (json_is_integer(want)) {
		assert_int_equal(h->number, json_integer_value(want));
	} else if (json_is_string(want)) {
		assert_true(es_is(m, key, json_string_value(want)));
	} else {
		AUTO(buf) struct buf bytes = BUF_INIT(1024);

		from_hex(json_get_str(want, "hex"), &bytes);
		assert_int_equal(h->len, bytes.len);
		assert_memory_equal(h->data, bytes.data, bytes.len);
	}
}

static void check_good(const char *name, const struct buf *frame, const json_t *want)
{
	struct es_message m;
	struct err err = {0};
	const char *key;
	json_t *value;
	size_t used = 0;
	AUTO(buf) struct buf payload = BUF_INIT(1024);
	AUTO(buf) struct buf again = BUF_INIT(1024);

	for (size_t n = 0; n < frame->len; n++)
		assert_int_equal(eventstream_decode(frame->data, n, &m, &used, &err), 0);
	if (eventstream_decode(frame->data, frame->len, &m, &used, &err) != 1)
		fail_msg("%s: %s", name, err.msg);
	assert_int_equal(used, frame->len);
	assert_int_equal(m.total_length, json_get_i64(json_object_get(want, "prelude"), "total_length", -1));
	assert_int_equal(m.headers_length, json_get_i64(json_object_get(want, "prelude"), "headers_length", -1));
	assert_int_equal(m.prelude_crc, json_get_i64(json_object_get(want, "prelude"), "crc", -1));
	assert_int_equal(m.crc, json_get_i64(want, "crc", -1));
	assert_int_equal(m.n_headers, json_object_size(json_object_get(want, "headers")));
	json_object_foreach(json_object_get(want, "headers"), key, value) check_header(name, &m, key, value);
	from_hex(json_get_str(json_object_get(want, "payload"), "hex"), &payload);
	assert_int_equal(m.payload_len, payload.len);
	assert_memory_equal(m.payload, buf_str(&payload), payload.len);
	/* Encoding what was decoded gives the same frame. */
	assert_int_equal(eventstream_encode(&again, m.headers, m.n_headers, m.payload, m.payload_len), 0);
	assert_int_equal(again.len, frame->len);
	assert_memory_equal(again.data, frame->data, frame->len);
}

static void test_published_frames(void **state)
{
	AUTO(str) char *dir = vectors_folder("eventstream");
	AUTO(json) json_t *vectors = dir ? vector_read_json(dir, "vectors.json") : NULL;
	const char *name;
	json_t *v;
	size_t n = 0;

	if (!vectors)
		skip();
	json_object_foreach(vectors, name, v)
	{
		const json_t *want = json_object_get(v, "expect");
		AUTO(buf) struct buf frame = BUF_INIT(1 << 20);
		struct es_message m;
		struct err err = {0};
		size_t used;

		from_hex(json_get_str(v, "message_hex"), &frame);
		if (json_is_string(want)) {
			if (eventstream_decode(frame.data, frame.len, &m, &used, &err) >= 0 ||
			    !strstr(err.msg, json_string_value(want)))
				fail_msg("%s: '%s'", name, err.msg);
		} else {
			check_good(name, &frame, want);
		}
		n++;
	}
	print_message("# %zu frames\n", n);
	assert_true(n > 0);
}

/* Any single changed byte is noticed. */
static void test_every_byte_counts(void **state)
{
	struct es_header headers[] = {es_string(":message-type", "event"), es_string(":event-type", "sessionUpdate")};
	AUTO(buf) struct buf frame = BUF_INIT(1024);
	struct es_message m;
	size_t used;

	assert_int_equal(eventstream_encode(&frame, headers, 2, "{\"a\":1}", 7), 0);
	assert_int_equal(eventstream_decode(frame.data, frame.len, &m, &used, NULL), 1);
	assert_true(es_is(&m, ":event-type", "sessionUpdate"));
	assert_false(es_is(&m, ":event-type", "session"));
	assert_null(es_find(&m, "x"));
	for (size_t i = 0; i < frame.len; i++) {
		frame.data[i] = (char)(frame.data[i] ^ 0x10);
		assert_true(eventstream_decode(frame.data, frame.len, &m, &used, NULL) < 0);
		frame.data[i] = (char)(frame.data[i] ^ 0x10);
	}
}

static void test_limits(void **state)
{
	AUTO(str) char *long_name = xmalloc(301);
	AUTO(buf) struct buf out = BUF_INIT(1024);
	struct es_header h;

	memset(long_name, 'a', 300);
	long_name[300] = '\0';
	h = es_string(long_name, "x");
	assert_int_equal(eventstream_encode(&out, &h, 1, "", 0), -ERR_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_frames),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("eventstream", tests, NULL, NULL);
}
