/* libxgboost's communication between hosts. */
#include "base/json.h"
#include "trainer/library/booster_impl.h"
#include "trainer/library/booster_library.h"

/* collective::DataType and Operation of the library, which its C header does
 * not name. */
enum { COLLECTIVE_DOUBLE = 7, COLLECTIVE_SUM = 2 };

/* The library gives up on a host that keeps it waiting that long: 11 days, since one
 * that is slow is no loss, and one that is lost is found by the hub. */
#define PATIENCE_S 1000000

int booster_join(const char *tracker_host, int port, int task, struct err *err)
{
	AUTO(json)
	json_t *config = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:i}", "xgboost_communicator", "rabit",
				   "DMLC_TRACKER_URI", tracker_host, "DMLC_TASK_ID", "", "DMLC_ROLE", "worker",
				   "DMLC_TRACKER_PORT", port, "rabit_timeout", 1, "rabit_timeout_sec", PATIENCE_S);
	char text[16];

	/* Tasks sort as text in the tracker, hence the leading zeros. */
	snprintf(text, sizeof(text), "%06d", task);
	json_object_set_new(config, "DMLC_TASK_ID", json_string(text));
	AUTO(str) char *dump = json_text(config);
	return xgb()->XGCommunicatorInit(dump) ? xgb_fail(err, "cannot join the other hosts") : 0;
}

int booster_leave(struct err *err)
{
	return xgb()->XGCommunicatorFinalize() ? xgb_fail(err, "cannot leave the other hosts") : 0;
}

int booster_rank(void)
{
	return xgb()->XGCommunicatorIsDistributed() ? xgb()->XGCommunicatorGetRank() : 0;
}

int booster_world(void)
{
	return xgb()->XGCommunicatorIsDistributed() ? xgb()->XGCommunicatorGetWorldSize() : 1;
}

int booster_broadcast(void *bytes, size_t n, int root, struct err *err)
{
	if (!xgb()->XGCommunicatorIsDistributed())
		return 0;
	return xgb()->XGCommunicatorBroadcast(bytes, n, root) ? xgb_fail(err, "the hosts cannot share the checkpoint")
							      : 0;
}

int booster_sum(double *values, size_t n, struct err *err)
{
	if (!xgb()->XGCommunicatorIsDistributed())
		return 0;
	return xgb()->XGCommunicatorAllreduce(values, n, COLLECTIVE_DOUBLE, COLLECTIVE_SUM)
		       ? xgb_fail(err, "the hosts cannot add up a metric")
		       : 0;
}
