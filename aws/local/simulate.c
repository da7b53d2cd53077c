#include "aws/local/simulate.h"

json_t *simulation_request(struct engine *e, const struct training_job *job)
{
	return json_object();
}
