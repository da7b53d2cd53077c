/* First and second derivatives of each loss at a margin, in the float arithmetic
 * of libxgboost (src/objective/). */
#include <math.h>

#include "trainer/grow/grow_impl.h"

struct loss {
	const char *objective;
	/* label and margins (one a group) of one row to one gradient a group, not
	 * yet weighted; NULL: of_class */
	struct gradient (*of_row)(const struct grow_settings *s, float margin, float label);
	bool weighs_positives; /* label 1 counts scale_pos_weight times */
};

float sigmoid(float x)
{
	float e = -x < 88.7f ? -x : 88.7f;
	float denominator = expf(e) + 1.0f + 1e-16f;

	return 1.0f / denominator;
}

static struct gradient squared_error(const struct grow_settings *s, float margin, float label)
{
	return (struct gradient){margin - label, 1.0f};
}

static struct gradient logistic(const struct grow_settings *s, float margin, float label)
{
	float p = sigmoid(margin);

	return (struct gradient){p - label, fmaxf(p * (1.0f - p), 1e-16f)};
}

static struct gradient poisson(const struct grow_settings *s, float margin, float label)
{
	return (struct gradient){expf(margin) - label, expf(margin + s->poisson_step)};
}

static struct gradient gamma_deviance(const struct grow_settings *s, float margin, float label)
{
	return (struct gradient){1 - label / expf(margin), label / expf(margin)};
}

static struct gradient tweedie(const struct grow_settings *s, float margin, float label)
{
	const float rho = s->variance_power;
	float a = expf((1 - rho) * margin), b = expf((2 - rho) * margin);

	return (struct gradient){-label * a + b, -label * (1 - rho) * a + (2 - rho) * b};
}

static const struct loss losses[] = {
	{"reg:squarederror", squared_error, true},
	{"reg:linear", squared_error, true},
	{"reg:logistic", logistic, true},
	{"binary:logistic", logistic, true},
	{"binary:logitraw", logistic, true},
	{"count:poisson", poisson, false},
	{"reg:gamma", gamma_deviance, false},
	{"reg:tweedie", tweedie, false},
	{"multi:softmax", NULL, false},
	{"multi:softprob", NULL, false},
};

const struct loss *loss_find(const char *objective)
{
	for (size_t i = 0; i < ARRAY_LEN(losses); i++)
		if (str_eq(losses[i].objective, objective))
			return &losses[i];
	return NULL;
}

/* The softmax of one row, for every class. */
static void of_class(const float *margins, int classes, float label, float weight, size_t row,
		     struct gradient *const *out)
{
	float most = 1.17549435e-38f; /* the least positive float, where the library's own search begins */
	double sum = 0;

	for (int k = 0; k < classes; k++)
		most = fmaxf(margins[k], most);
	for (int k = 0; k < classes; k++)
		sum += (double)expf(margins[k] - most);
	for (int k = 0; k < classes; k++) {
		float p = expf(margins[k] - most) / (float)sum;
		float h = fmaxf(2.0f * p * (1.0f - p) * weight, 1e-16f);
		p = label == (float)k ? p - 1.0f : p;
		out[k][row] = (struct gradient){p * weight, h};
	}
}

void loss_gradients(const struct loss *l, const struct grow_settings *s, const float *margins, const float *labels,
		    const float *weights, size_t first, size_t end, struct gradient *const *out)
{
	for (size_t i = first; i < end; i++) {
		float weight = weights ? weights[i] : 1.0f;
		if (!l->of_row) {
			of_class(margins + i * (size_t)s->groups, s->groups, labels[i], weight, i, out);
			continue;
		}
		if (l->weighs_positives && labels[i] == 1.0f)
			weight *= s->scale_pos_weight;
		struct gradient g = l->of_row(s, margins[i], labels[i]);
		out[0][i] = (struct gradient){g.grad * weight, g.hess * weight};
	}
}
