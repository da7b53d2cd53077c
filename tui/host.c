/* What the answers of the program around the screens own. */
#include "tui/host.h"

void host_preview_free(struct host_preview *p)
{
	if (!p)
		return;
	free(p->name);
	free(p->text);
	free(p->diff);
	free(p->warning);
	free(p->price_as_of);
	free(p->training_plan);
	free(p->first);
	free(p->last);
	free(p);
}
