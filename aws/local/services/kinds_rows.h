/* kinds_rows.h - what the files with rows of the table of kinds share. */
#ifndef SAGETOP_LOCAL_KINDS_ROWS_H
#define SAGETOP_LOCAL_KINDS_ROWS_H

#include "aws/local/services/kinds.h"

/* JSON as it stands in a row. */
#define JSON(...) #__VA_ARGS__

/* How most lists are filtered and sorted. */
#define JOB_FILTERS (LIST_NAME | LIST_STATUS | LIST_CREATED | LIST_MODIFIED)
#define JOB_SORT "CreationTime|Name|Status"

#define NOT_STOPPED                                                                                        \
	{                                                                                                  \
		"ValidationException", "The request was rejected because the {noun} is in status {status}" \
	}
#define NOT_DELETED                                                                                                   \
	{                                                                                                             \
		"ResourceInUse", "The {noun} {name} is in status {status}; only jobs that have ended can be deleted." \
	}
#define IN_PROGRESS                                                                  \
	{                                                                            \
		"ValidationException", "Cannot update in-progress {noun} \"{arn}\"." \
	}
#define WRONG_STATUS                                                                                         \
	{                                                                                                    \
		"ValidationException", "The {noun} {name} is in status {status}, which does not allow this." \
	}

/* Each ends with a row without id. */
extern const struct document_kind kinds_of_jobs[], kinds_of_hosting[], kinds_of_registry[], kinds_of_pipelines[],
	kinds_of_studio[], kinds_of_events[], kinds_of_alarms[], kinds_of_scaling[], kinds_of_monitoring[],
	kinds_of_others[];

#endif
