/* A launch specification: any text as YAML or JSON, checked, changed by a path that
 * the text's last line gives, compared with what it was. */
#include "fuzz.h"
#include "model/job_name.h"
#include "sync/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(source_lines) struct source_lines lines = {0};
	AUTO(json) json_t *spec = NULL;
	struct err err = {0};
	AUTO(str) char *text = xstrndup((const char *)data, size);
	char *last = strrchr(text, '\n');

	if (yaml_parse(text, strlen(text), "s.yaml", &spec, &lines, NULL) || !json_is_object(spec))
		return 0;
	if (spec_check(spec, "s.yaml", &lines, &err))
		FUZZ_CHECK(err.code == ERR_INVALID && err.msg[0]);
	AUTO(json) json_t *before = json_deep_copy(spec);
	AUTO(str) char *same = spec_diff(before, spec);

	FUZZ_CHECK(!*same);
	if (last && strchr(last, ':')) {
		*strchr(last, ':') = '='; /* "a.b: c" as the change "a.b=c" */
		(void)!spec_set(spec, last + 1, NULL);
		free(spec_diff(before, spec));
	}
	AUTO(json) json_t *again = spec_from_describe(spec, NULL);
	const char *name = json_get_str(spec, "TrainingJobName");

	(void)spec_is_of(again, spec);
	if (name) {
		AUTO(str) char *clone = job_clone_name(NULL, name, 1795243686000);

		AUTO(strlist) struct strlist shared = {0};

		FUZZ_CHECK(strlen(clone) <= 63);
		spec_rename(again, clone);
		FUZZ_CHECK(strcmp(json_get_str(again, "TrainingJobName"), clone) == 0);
		spec_shared(spec, again, &shared);
	}
	return 0;
}
