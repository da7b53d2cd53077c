/* endpoint_values.h - values of an endpoint's fields (kind_fields.c): instances and price of all its
 * variants, and what CloudWatch counted of them. */
#ifndef SAGETOP_MODEL_ENDPOINT_VALUES_H
#define SAGETOP_MODEL_ENDPOINT_VALUES_H

#include "model/field.h"

/* Paths of the fields; with a star they are those of a configuration, too. */
#define VARIANT_NAMES "ProductionVariants[*].VariantName"
#define VARIANT_TYPES "ProductionVariants[*].InstanceType"
#define VARIANT_COUNTS "ProductionVariants[*].CurrentInstanceCount"
#define CAPTURE_URI "DataCaptureConfig.DestinationS3Uri"
#define ASYNC_OUTPUT "AsyncInferenceConfig.OutputConfig.S3OutputPath"

field_get_fn endpoint_get_instances;
field_get_fn endpoint_get_rate;
field_get_fn endpoint_get_month;
field_get_fn endpoint_get_calls;
field_get_fn endpoint_get_errors;
field_get_fn endpoint_get_p50;
field_get_fn endpoint_get_p95;
field_get_fn endpoint_get_idle;

/* Billed, though nobody calls it (traffic.h). */
bool endpoint_is_idle(const struct resource *r, const struct field_context *x);

#endif
