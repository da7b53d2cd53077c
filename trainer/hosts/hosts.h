/* hosts.h - this host's part in a job on several hosts.
 *
 * hosts_open takes up the line to the hub (the first host runs it, see tracker.h), which
 * a thread keeps from then on: while data load, while the hosts train. hosts_meet brings
 * all together, hosts_enter forms libxgboost's ring once the matrices are built,
 * hosts_leave ends it. When another host is lost or fails, the thread ends the process
 * with that as its reason, since the library would wait for ever. The hub is at
 * $SAGETOP_TRACKER (ADDRESS:PORT), else on the first host, port 9099.
 */
#ifndef SAGETOP_TRAINER_HOSTS_H
#define SAGETOP_TRAINER_HOSTS_H

#include <signal.h>

#include "trainer/settings/contract.h"

struct hosts;

/* At the very start: the first host begins to listen, all begin to connect. */
int hosts_open(const struct contract *c, int timeout_s, const volatile sig_atomic_t *stop, struct hosts **ret,
	       struct err *err) NODISCARD;

/* The data are loaded (rows 0: this host has none): wait for all. settings: what all
 * must have alike. On return columns is the widest of all hosts and fingerprint covers
 * all their data. *leave: this host is not needed. ERR_CANCELLED: one was stopped. */
int hosts_meet(struct hosts *h, size_t rows, const struct strmap *settings, size_t *columns, char fingerprint[65],
	       bool *leave, struct err *err) NODISCARD;
int hosts_enter(struct hosts *h, struct err *err) NODISCARD;

/* The end, for good (failure NULL) or bad: then the failure is reported
 * (contract_fail) and the other hosts are told. Where it follows from the loss of
 * another host, the process ends in here with that reason. On the first host this
 * waits for all others; an error is theirs. Frees h. */
int hosts_leave(struct hosts *h, const struct err *failure, struct err *err) NODISCARD;

#endif
