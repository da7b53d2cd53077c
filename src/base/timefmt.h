/* timefmt.h - times and durations as text, both ways. UTC and int64 milliseconds
 * throughout; only what is shown to people may be in the zone of TZ. */
#ifndef SAGETOP_BASE_TIMEFMT_H
#define SAGETOP_BASE_TIMEFMT_H

#include "base/mem.h"

#define TIMEFMT_LEN 40

/* Each writes into buf (TIMEFMT_LEN bytes) and returns it. */
char *timefmt_iso(char *buf, int64_t ms);    /* 2026-11-21T05:48:06Z */
char *timefmt_iso_ms(char *buf, int64_t ms); /* 2026-11-21T05:48:06.120Z */
char *timefmt_amz(char *buf, int64_t ms);    /* 20261121T054806Z (SigV4) */
char *timefmt_http(char *buf, int64_t ms);   /* Sat, 21 Nov 2026 05:48:06 GMT (RFC 9110) */
char *timefmt_search(char *buf, int64_t ms); /* 2026-11-21T05:48:06 (SageMaker Search values) */

/* "split-20261121-054806": a name for what is made of something, at most 56 bytes. The caller's. */
char *timefmt_name(const char *stem, int64_t ms) NODISCARD;

/* For people's eyes: UTC, or the local zone after timefmt_show_zone(true). */
void timefmt_show_zone(bool local);
bool timefmt_shows_local(void);
int64_t timefmt_offset(int64_t ms);	       /* of that zone then, to be added to UTC: ms */
char *timefmt_show(char *buf, int64_t ms);     /* 2026-11-21T05:48:06Z, 2026-11-21T06:48:06+01:00 */
char *timefmt_show_ms(char *buf, int64_t ms);  /* 2026-11-21T05:48:06.120Z */
char *timefmt_clock(char *buf, int64_t ms);    /* 05:48:06 */
char *timefmt_clock_ms(char *buf, int64_t ms); /* 05:48:06.120 */
/* The zone of TZ, whatever is shown: how far it is from UTC then, and its name then. */
int64_t timefmt_local_offset(int64_t ms);
const char *timefmt_local_name(int64_t ms);
char *timefmt_clock_at(char *buf, int64_t ms, int64_t offset_ms); /* 05:48:06.120, where a clock is so far from UTC */

/* Durations. The table form: "46s", "9m04s", "2h14m", "3d04h"; a dash where
 * ms < 0. The age form is its first unit only: "46s", "9m", "2h", "3d". */
char *timefmt_duration(char *buf, int64_t ms);
char *timefmt_age(char *buf, int64_t ms);

/* A clock time, "15:00" or "15:00:00,123": when it was last, in UTC. */
bool timefmt_parse_clock(const char *s, int64_t now_ms, int64_t *ret_ms);
/* ISO 8601 / RFC 3339 with optional fraction (behind a point or a comma) and offset ("2026-11-21",
 * "2026-11-21T05:48:06.12+01:00"); without an offset it is UTC. */
bool timefmt_parse_iso(const char *s, int64_t *ret_ms);
bool timefmt_parse_http(const char *s, int64_t *ret_ms);     /* the Date header */
bool timefmt_parse_duration(const char *s, int64_t *ret_ms); /* 90s 15m 2h 3d 1w 1h30m */

#endif
