/* commands.h - the trainer's sub-commands; main.c has one row for each. Every one
 * takes its own arguments (argv[0] is the command's name) and returns the exit
 * status. */
#ifndef SAGETOP_TRAINER_COMMANDS_H
#define SAGETOP_TRAINER_COMMANDS_H

int command_train(int argc, char **argv);
int command_hyperparameters(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_predict(int argc, char **argv);

/* Start the program anew with threads of the library that do not spin for long, unless
 * somebody has said how they are to wait. argv: as a command was given it. Before any
 * thread is started. */
void command_calm_threads(char **argv);

#endif
