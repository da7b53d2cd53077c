/* app.h - the program: options, commands, and what they share. */
#ifndef SAGETOP_APP_APP_H
#define SAGETOP_APP_APP_H

/* Run the command line; returns the process exit status (sagetop(1)). */
int app_main(int argc, char **argv);

#endif
