/* announce.h - changes of status that the dashboard sees, of every kind, told to others.
 *
 * Each is a line of JSON in the file that the setting `events` names. Of ends, as the
 * setting `announce` wishes, the terminal is told (announce-by) and notice-command, with
 * one text for what ended at a time:
 *
 *   training job nba-c01-p3: Failed: AlgorithmError: ...
 *   40 have ended, 2 failed: training job nba-c01-p3: Failed: AlgorithmError: ...
 */
#ifndef SAGETOP_APP_ANNOUNCE_H
#define SAGETOP_APP_ANNOUNCE_H

#include "app/config.h"
#include "model/session.h"

struct announcer;

/* What cannot be done is said once, as a notice of the session. Both outlive it. */
struct announcer *announcer_new(const struct config *config, struct session *session) NODISCARD;
void announcer_free(struct announcer *a); /* a program that still runs goes on */
/* A sync_transition_fn; user is the announcer. */
void announcer_saw(void *user, const struct resource *r, const char *from);
/* Once a turn of the loop: tells of what has ended since, unless notice-command still works
 * on the last text. True where it has to be called again soon. */
bool announcer_turn(struct announcer *a);

#endif
