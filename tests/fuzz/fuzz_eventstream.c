/* Event-stream frames: bytes as they come, and the same bytes as the inside of a
 * frame whose checksums are right, so that the header parser is reached. */
#include "aws/eventstream.h"
#include "base/digest.h"
#include "fuzz.h"

static void decode_all(const uint8_t *data, size_t size)
{
	size_t at = 0, used = 0;
	struct es_message m;

	while (eventstream_decode(data + at, size - at, &m, &used, NULL) == 1) {
		struct buf again = BUF_INIT((size_t)32 << 20);

		FUZZ_CHECK(used > 0 && used <= size - at);
		FUZZ_CHECK(m.payload_len <= used);
		(void)es_is(&m, ":event-type", "sessionUpdate");
		/* What was decoded encodes to the same bytes. */
		FUZZ_CHECK(eventstream_encode(&again, m.headers, m.n_headers, m.payload, m.payload_len) == 0);
		FUZZ_CHECK(again.len == used && !memcmp(again.data, data + at, used));
		buf_done(&again);
		at += used;
	}
}

static void put_be(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *frame;
	uint32_t headers, total;

	decode_all(data, size);
	if (size < 2 || size > 60000)
		return 0;
	headers = (uint32_t)((data[0] | data[1] << 8) % (int)(size - 1));
	total = 16 + (uint32_t)size - 2;
	if (headers > size - 2)
		headers = (uint32_t)size - 2;
	frame = malloc(total);
	if (!frame)
		abort();
	put_be(frame, total);
	put_be(frame + 4, headers);
	put_be(frame + 8, crc32_ieee(frame, 8));
	memcpy(frame + 12, data + 2, size - 2);
	put_be(frame + total - 4, crc32_ieee(frame, total - 4));
	decode_all(frame, total);
	free(frame);
	return 0;
}
