/* predict.h - the command `predict`: the rows of a file through a model, as text. */
#ifndef SAGETOP_TRAINER_PREDICT_H
#define SAGETOP_TRAINER_PREDICT_H

int command_predict(int argc, char **argv);

#endif
