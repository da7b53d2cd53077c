/* instance.c - processors, memory and accelerators of an instance type. */
#include "model/instance.h"

static const struct family {
	const char *name;
	int64_t mib_per_vcpu;
} families[] = {
#define FAMILY(name, mib) {name, mib},
#define TYPE(...)
#include "model/instance_types.def"
#undef FAMILY
#undef TYPE
};

static const struct irregular {
	const char *name;
	struct instance_spec spec;
} irregular[] = {
#define FAMILY(...)
#define TYPE(name, vcpu, mib, gpus) {name, {vcpu, mib, gpus}},
#include "model/instance_types.def"
#undef FAMILY
#undef TYPE
};

static const char *without_prefix(const char *type)
{
	return str_starts(type, "ml.") ? type + 3 : type;
}

char *instance_family(const char *type)
{
	const char *from = without_prefix(str_or(type, ""));

	return xstrndup(from, strcspn(from, "."));
}

/* Processors of a size: "xlarge" has 4. 0 where the word is none. */
static int vcpu_of_size(const char *size)
{
	int64_t times;
	size_t digits = strspn(size, "0123456789");

	if (str_eq(size, "large"))
		return 2;
	if (str_eq(size, "xlarge"))
		return 4;
	AUTO(str) char *number = xstrndup(size, digits);

	return str_eq(size + digits, "xlarge") && str_to_i64(number, &times) && times > 1 && times <= 64
		       ? (int)times * 4
		       : 0;
}

bool instance_spec_find(const char *type, struct instance_spec *ret)
{
	const char *name = without_prefix(str_or(type, ""));
	AUTO(str) char *family = instance_family(name);
	const char *size = name + strlen(family);

	*ret = (struct instance_spec){0};
	for (size_t i = 0; i < ARRAY_LEN(irregular); i++)
		if (str_eq(irregular[i].name, name))
			*ret = irregular[i].spec;
	for (size_t i = 0; !ret->vcpu && *size == '.' && i < ARRAY_LEN(families); i++)
		if (str_eq(families[i].name, family)) {
			ret->vcpu = vcpu_of_size(size + 1);
			ret->memory_mib = ret->vcpu * families[i].mib_per_vcpu;
		}
	return ret->vcpu > 0;
}
