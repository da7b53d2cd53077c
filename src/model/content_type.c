/* content_type.c - content types by the ends of names. */
#include "model/content_type.h"

#include "base/str.h"

const char *content_type_of_name(const char *path)
{
	static const char *const types[][2] = {
		{".json", "application/json"}, {".jsonl", "application/jsonlines"},
		{".libsvm", "text/libsvm"},    {".svm", "text/libsvm"},
		{".txt", "text/plain"},	       {".parquet", "application/x-parquet"},
		{".npy", "application/x-npy"}, {".pb", "application/x-recordio-protobuf"},
		{".png", "image/png"},	       {".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"}};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ends(path, types[i][0]))
			return types[i][1];
	return "text/csv";
}

bool content_type_has_lines(const char *type)
{
	static const char *const types[] = {"text/csv", "text/libsvm", "application/jsonlines"};
	size_t n = strcspn(type, "; ");

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i]) == n && strncmp(types[i], type, n) == 0)
			return true;
	return false;
}
