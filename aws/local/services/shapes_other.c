/* Input shapes of CloudWatch Logs, CloudWatch, STS and Pricing. */
#include "aws/local/services/shapes.h"

static const struct shape any = {.type = SHAPE_ANY};
static const struct shape boolean = {.type = SHAPE_BOOLEAN};
static const struct shape timestamp = {.type = SHAPE_TIME};
static const struct shape number = {.type = SHAPE_DOUBLE, .min = NOLIM, .max = NOLIM};
static const struct shape integer = INTEGER(NOLIM, NOLIM);
static const struct shape text = STRING(NOLIM, NOLIM, NULL);
static const struct shape token = STRING(1, NOLIM, NULL);

/* --- CloudWatch Logs ------------------------------------------------------------- */

static const char *const stream_orders[] = {"LogStreamName", "LastEventTime", NULL};
static const struct shape group_name = STRING(1, 512, "[\\.\\-_/#A-Za-z0-9]+");
static const struct shape group_identifier = STRING(1, 2048, "[\\w#+=/:,.@-]*");
static const struct shape stream_name = STRING(1, 512, "[^:*]*");
static const struct shape stream_names = LIST(1, 100, &stream_name);
static const struct shape epoch_ms = INTEGER(0, NOLIM);
static const struct shape describe_limit = INTEGER(1, 50);
static const struct shape events_limit = INTEGER(1, 10000);
static const struct shape filter_pattern = STRING(0, 1024, NULL);
static const struct shape stream_order = ENUM(stream_orders);

MEMBERS(groups_members) = {{"logGroupNamePrefix", false, &group_name},
			   {"logGroupNamePattern", false, &text},
			   {"nextToken", false, &token},
			   {"limit", false, &describe_limit},
			   {NULL}};
const struct shape shape_describe_log_groups = STRUCT(groups_members);

MEMBERS(streams_members) = {{"logGroupName", false, &group_name},
			    {"logGroupIdentifier", false, &group_identifier},
			    {"logStreamNamePrefix", false, &stream_name},
			    {"orderBy", false, &stream_order},
			    {"descending", false, &boolean},
			    {"nextToken", false, &token},
			    {"limit", false, &describe_limit},
			    {NULL}};
const struct shape shape_describe_log_streams = STRUCT(streams_members);

MEMBERS(get_members) = {{"logGroupName", false, &group_name},
			{"logGroupIdentifier", false, &group_identifier},
			{"logStreamName", true, &stream_name},
			{"startTime", false, &epoch_ms},
			{"endTime", false, &epoch_ms},
			{"nextToken", false, &token},
			{"limit", false, &events_limit},
			{"startFromHead", false, &boolean},
			{NULL}};
const struct shape shape_get_log_events = STRUCT(get_members);

MEMBERS(filter_members) = {{"logGroupName", false, &group_name},      {"logGroupIdentifier", false, &group_identifier},
			   {"logStreamNames", false, &stream_names},  {"logStreamNamePrefix", false, &stream_name},
			   {"startTime", false, &epoch_ms},	      {"endTime", false, &epoch_ms},
			   {"filterPattern", false, &filter_pattern}, {"nextToken", false, &token},
			   {"limit", false, &events_limit},	      {"startFromHead", false, &boolean},
			   {"interleaved", false, &boolean},	      {NULL}};
const struct shape shape_filter_log_events = STRUCT(filter_members);

static const struct shape group_identifiers = LIST(1, 10, &group_identifier);
MEMBERS(tail_members) = {{"logGroupIdentifiers", true, &group_identifiers},
			 {"logStreamNames", false, &stream_names},
			 {"logStreamNamePrefixes", false, &stream_names},
			 {"logEventFilterPattern", false, &filter_pattern},
			 {NULL}};
const struct shape shape_start_live_tail = STRUCT(tail_members);

static const struct shape message = STRING(1, NOLIM, NULL);
MEMBERS(event_members) = {{"timestamp", true, &epoch_ms}, {"message", true, &message}, {NULL}};
static const struct shape event = STRUCT(event_members);
static const struct shape events = LIST(1, 10000, &event);
MEMBERS(put_members) = {{"logGroupName", true, &group_name},
			{"logStreamName", true, &stream_name},
			{"logEvents", true, &events},
			{"sequenceToken", false, &token},
			{NULL}};
const struct shape shape_put_log_events = STRUCT(put_members);
MEMBERS(create_stream_members) = {{"logGroupName", true, &group_name}, {"logStreamName", true, &stream_name}, {NULL}};
const struct shape shape_create_log_stream = STRUCT(create_stream_members);
MEMBERS(create_group_members) = {{"logGroupName", true, &group_name}, {NULL}};
const struct shape shape_create_log_group = STRUCT(create_group_members);

/* --- CloudWatch -------------------------------------------------------------------- */

static const char *const scan_orders[] = {"TimestampDescending", "TimestampAscending", NULL};
static const char *const statistics[] = {"SampleCount", "Average", "Sum", "Minimum", "Maximum", NULL};
static const char *const recents[] = {"PT3H", NULL};
static const struct shape name_space = STRING(1, 255, "[^:].*");
static const struct shape name_255 = STRING(1, 255, NULL);
static const struct shape dimension_value = STRING(1, 1024, NULL);
static const struct shape period = INTEGER(1, NOLIM);
MEMBERS(dimension_members) = {{"Name", true, &name_255}, {"Value", true, &dimension_value}, {NULL}};
static const struct shape dimension = STRUCT(dimension_members);
static const struct shape dimensions = LIST(NOLIM, 30, &dimension);
MEMBERS(metric_members) = {{"Namespace", false, &name_space},
			   {"MetricName", false, &name_255},
			   {"Dimensions", false, &dimensions},
			   {NULL}};
static const struct shape metric = STRUCT(metric_members);
MEMBERS(stat_members) = {
	{"Metric", true, &metric}, {"Period", true, &period}, {"Stat", true, &text}, {"Unit", false, &text}, {NULL}};
static const struct shape metric_stat = STRUCT(stat_members);
static const struct shape metric_expression = STRING(1, 2048, NULL);
MEMBERS(query_members) = {{"Id", true, &name_255},
			  {"MetricStat", false, &metric_stat},
			  {"Expression", false, &metric_expression},
			  {"Label", false, &text},
			  {"ReturnData", false, &boolean},
			  {"Period", false, &period},
			  {"AccountId", false, &name_255},
			  {NULL}};
static const struct shape query = STRUCT(query_members);
static const struct shape queries = LIST(NOLIM, 500, &query);
static const struct shape scan_order = ENUM(scan_orders);
MEMBERS(data_members) = {{"MetricDataQueries", true, &queries}, {"StartTime", true, &timestamp},
			 {"EndTime", true, &timestamp},		{"NextToken", false, &text},
			 {"ScanBy", false, &scan_order},	{"MaxDatapoints", false, &integer},
			 {"LabelOptions", false, &any},		{NULL}};
const struct shape shape_get_metric_data = STRUCT(data_members);

MEMBERS(dimension_filter_members) = {{"Name", true, &name_255}, {"Value", false, &dimension_value}, {NULL}};
static const struct shape dimension_filter = STRUCT(dimension_filter_members);
static const struct shape dimension_filters = LIST(NOLIM, 10, &dimension_filter);
static const struct shape recently = ENUM(recents);
MEMBERS(list_metrics_members) = {{"Namespace", false, &name_space},	    {"MetricName", false, &name_255},
				 {"Dimensions", false, &dimension_filters}, {"NextToken", false, &text},
				 {"RecentlyActive", false, &recently},	    {NULL}};
const struct shape shape_list_metrics = STRUCT(list_metrics_members);

static const struct shape numbers = LIST(NOLIM, 150, &number);
MEMBERS(set_members) = {{"SampleCount", true, &number},
			{"Sum", true, &number},
			{"Minimum", true, &number},
			{"Maximum", true, &number},
			{NULL}};
static const struct shape statistic_set = STRUCT(set_members);
MEMBERS(datum_members) = {{"MetricName", true, &name_255},
			  {"Dimensions", false, &dimensions},
			  {"Timestamp", false, &timestamp},
			  {"Value", false, &number},
			  {"StatisticValues", false, &statistic_set},
			  {"Values", false, &numbers},
			  {"Counts", false, &numbers},
			  {"Unit", false, &text},
			  {"StorageResolution", false, &period},
			  {NULL}};
static const struct shape datum = STRUCT(datum_members);
static const struct shape data = LIST(NOLIM, 1000, &datum);
MEMBERS(put_metric_members) = {{"Namespace", true, &name_space}, {"MetricData", false, &data}, {NULL}};
const struct shape shape_put_metric_data = STRUCT(put_metric_members);

static const struct shape statistic = ENUM(statistics);
static const struct shape statistic_list = LIST(1, 5, &statistic);
MEMBERS(get_statistics_members) = {
	{"Namespace", true, &name_space},	{"MetricName", true, &name_255}, {"Dimensions", false, &dimensions},
	{"StartTime", true, &timestamp},	{"EndTime", true, &timestamp},	 {"Period", true, &period},
	{"Statistics", false, &statistic_list}, {"Unit", false, &text},		 {NULL}};
const struct shape shape_get_metric_statistics = STRUCT(get_statistics_members);

/* --- STS, Pricing -------------------------------------------------------------------- */

MEMBERS(nothing) = {{NULL}};
const struct shape shape_get_caller_identity = STRUCT(nothing);
static const struct shape arn = STRING(20, 2048, NULL);
static const struct shape session_name = STRING(2, 64, "[\\w+=,.@-]*");
static const struct shape duration = INTEGER(900, 43200);
static const struct shape external_id = STRING(2, 1224, "[\\w+=,.@:\\/-]*");
static const struct shape serial = STRING(9, 256, "[\\w+=/:,.@-]*");
static const struct shape token_code = STRING(6, 6, "[\\d]*");
MEMBERS(assume_members) = {{"RoleArn", true, &arn},
			   {"RoleSessionName", true, &session_name},
			   {"DurationSeconds", false, &duration},
			   {"ExternalId", false, &external_id},
			   {"SerialNumber", false, &serial},
			   {"TokenCode", false, &token_code},
			   {NULL}};
const struct shape shape_assume_role = STRUCT(assume_members);

static const char *const filter_types[] = {"TERM_MATCH", "EQUALS", "CONTAINS", "ANY_OF", "NONE_OF", NULL};
static const struct shape filter_type = ENUM(filter_types);
static const struct shape text_1024 = STRING(1, 1024, NULL);
static const struct shape format_version = STRING(1, 32, NULL);
static const struct shape hundred = INTEGER(1, 100);
MEMBERS(price_filter_members) = {
	{"Type", true, &filter_type}, {"Field", true, &text_1024}, {"Value", true, &text_1024}, {NULL}};
static const struct shape price_filter = STRUCT(price_filter_members);
static const struct shape price_filters = LIST(0, 50, &price_filter);
MEMBERS(products_members) = {
	{"ServiceCode", true, &text}, {"Filters", false, &price_filters}, {"FormatVersion", false, &format_version},
	{"NextToken", false, &text},  {"MaxResults", false, &hundred},	  {NULL}};
const struct shape shape_get_products = STRUCT(products_members);
