/* view_jobs.h - the state of the jobs view, shared by view_jobs.c (what is shown,
 * and the keys) and view_jobs_draw.c (how it looks). */
#ifndef SAGETOP_TUI_VIEW_JOBS_H
#define SAGETOP_TUI_VIEW_JOBS_H

#include "base/map.h"
#include "tui/jobindex.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

#define NAME_CELLS_MAX 63 /* the service's limit */

struct jobs_state {
	struct job_index index;
	struct table_view table;
	char *selected;	 /* the job's name: survives sorting and new rows */
	char *awaited;	 /* just launched: selected as soon as it is in the list */
	char *objective; /* the metric column's heading */
	char *filter;	 /* as typed; NULL: all */
	struct query *query;
	char *filter_before; /* while one is being typed */
	bool faults, reverse, wide;
	enum job_sort sort;
	struct map marks; /* name -> anything */
	char *last_mark;
	bool stale; /* index must be built */
	uint64_t built_generation;
	uint64_t name_widths;	   /* a bit for each width among the names; forgotten when the filter changes */
	struct strlist watched;	   /* running jobs on the screen, for their metrics */
	struct cost_legend legend; /* of the rows that were drawn last */
	bool look_again;	   /* other rows may be on the screen now */
};

void view_jobs_draw(struct view *v, struct area a);
/* The job under the cursor; NULL where the list is empty. */
const struct job *view_jobs_selected(const struct jobs_state *st);
/* Keep its name: the selection follows the job, not the row. */
void view_jobs_remember(struct jobs_state *st);

#endif
