/* The shared AWS files: any bytes as config, then as credentials file; and what the
 * profiles that come of it mean for credentials. */
#include "aws/cred_plan.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size / 2;
	struct ini ini = {0};

	/* A file that is refused leaves what was read before; it must still be usable. */
	(void)!ini_parse(&ini, (const char *)data, half, INI_CONFIG_FILE, "config", NULL);
	(void)!ini_parse(&ini, (const char *)data + half, size - half, INI_CREDENTIALS_FILE, "credentials", NULL);
	(void)!ini_parse(&ini, (const char *)data, size, INI_CONFIG_FILE, "config", NULL);
	for (size_t i = 0; i < ini.n && i < 20; i++) {
		const struct ini_section *s = &ini.sections[i];
		struct cred_plan plan = {0};

		FUZZ_CHECK(ini_find(&ini, s->kind, s->name) == s);
		for (size_t k = 0; k < s->values.n; k++) {
			char *nested = ini_get_nested(s, s->values.items[k].name, "endpoint_url");

			free(nested);
		}
		if (!cred_plan_make(&ini, s->name, &plan, NULL))
			FUZZ_CHECK(plan.profile || plan.base != CRED_BASE_KEYS);
		cred_plan_done(&plan);
	}
	ini_done(&ini);
	return 0;
}
