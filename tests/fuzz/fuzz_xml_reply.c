/* XML replies of STS and S3, errors included. */
#include "aws/op.h"
#include "aws/s3_impl.h"
#include "aws/sts.h"
#include "aws/xml.h"
#include "base/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct http_reply reply = {.status = 403, .body = text, .len = size};
	struct s3_listing l = {0};
	struct sts_identity id = {0};
	struct xml_node *tree = NULL;
	struct err err = {0};

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	aws_reply_error(&reply, AWS_QUERY, "GetCallerIdentity", &err);
	FUZZ_CHECK(err.code != ERR_OK && utf8_valid(err.msg, strlen(err.msg)));
	if (!s3_parse_list(text, size, &l, NULL)) {
		for (size_t i = 0; i < l.n; i++)
			FUZZ_CHECK(l.objects[i].key);
		s3_listing_done(&l);
	}
	if (!sts_parse_identity(text, size, &tree, &id, NULL))
		FUZZ_CHECK(id.account && id.arn);
	xml_free(tree);
	reply.status = 200;
	err_clear(&err);
	json_decref(aws_reply_read(AWS_OP_ROW(s3, CompleteMultipartUpload), &reply, &err));
	free(text);
	return 0;
}
