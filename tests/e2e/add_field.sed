# One row more in the table of src/model/job_fields.c, and its getter.
/^\/\* name, other names, JSON/i\
FIELD(twice)\
{\
	return number_value(2.0 * job(r)->instance_count, job(r)->instance_count > 0);\
}\

/^	{NULL}};/i\
	{"twice", "double", "twice_as_many", "BOTH", "instances, twice", FIELD_COUNT,\
	 FIELD_USUAL | FIELD_SCREEN, {5, 5, 0, 0}, "Z", NULL, get_twice},
