/* mfa.h - asking for the code of an MFA device on the terminal.
 *
 * A role of the AWS profile may need one (mfa_serial). Commands ask as soon as the
 * client does; the dashboard has a dialog of its own.
 */
#ifndef SAGETOP_APP_MFA_H
#define SAGETOP_APP_MFA_H

#include "base/mem.h"

/* Whether there is a terminal to ask on. */
bool mfa_can_ask(void);

/* Ask and wait. NULL where nothing was typed, or wake_fd (of the signals' pipe, not
 * read here) has become readable. Owned by the caller. */
char *mfa_read_code(const char *serial, int wake_fd) NODISCARD;

#endif
