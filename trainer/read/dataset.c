/* Rows in memory, and how they are let go of. Reading them is a file of its own, so that what
 * only makes rows does not bring every reader and its libraries along. */
#include "trainer/read/dataset.h"

#include "trainer/read/spill.h"

void dataset_drop_cells(struct dataset *d)
{
	spill_release(d->spill, d->dense);
	spill_release(d->spill, d->values);
	d->dense = d->values = NULL;
}

void dataset_free(struct dataset *d)
{
	if (!d)
		return;
	dataset_drop_cells(d);
	free(d->row_start);
	spill_release(d->spill, d->column_index);
	spill_free(d->spill);
	free(d->labels);
	free(d->weights);
	free(d->query_ids);
	free(d->entities);
	free(d->dates);
	free(d->categorical);
	for (size_t i = 0; d->categories && i < d->columns; i++)
		strlist_done(&d->categories[i]);
	free(d->categories);
	strlist_done(&d->entity_names);
	strlist_done(&d->feature_names);
	strlist_done(&d->notes);
	free(d);
}
