/* hosts.h - this host's part in a job on several hosts.
 *
 * hosts_meet brings all together (the first host runs the tracker), hosts_enter
 * forms libxgboost's ring once the matrices are built, hosts_leave ends it. In
 * between a thread keeps the line to the hub: when another host is lost or fails,
 * the process ends with that as its reason, since the library would wait for ever.
 * The hub is at $SAGETOP_TRACKER (ADDRESS:PORT), else on the first host, port 9099.
 */
#ifndef SAGETOP_TRAINER_HOSTS_H
#define SAGETOP_TRAINER_HOSTS_H

#include <signal.h>

#include "trainer/contract.h"

struct hosts;

/* At the very start: the first host begins to listen. */
int hosts_open(const struct contract *c, int timeout_s, const volatile sig_atomic_t *stop, struct hosts **ret,
	       struct err *err) NODISCARD;

/* Say hello with the size of this host's data (rows 0: none) and wait for all. On
 * return columns is the widest of all hosts and fingerprint covers all their data.
 * *leave: this host has no data and is not needed. ERR_CANCELLED: stopped. */
int hosts_meet(struct hosts *h, size_t rows, size_t *columns, char fingerprint[65], bool *leave,
	       struct err *err) NODISCARD;
int hosts_enter(struct hosts *h, struct err *err) NODISCARD;

/* The end, for good (failure NULL) or bad: then the other hosts are told. Where
 * the failure follows from the loss of another host, the process ends in here with
 * that reason. Frees h. */
void hosts_leave(struct hosts *h, const struct err *failure);

#endif
