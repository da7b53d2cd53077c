/* Endpoints: their documents, what is told of them, the interface. */
#include "aws/local/running/endpoint_impl.h"

#include <dirent.h>
#include <unistd.h>

#include "aws/local/running/command.h"
#include "base/fs.h"

/* --- documents ---------------------------------------------------------------------------------- */

void endpoint_save(struct endpoint *ep)
{
	json_object_set_new(ep->doc->doc, "LastModifiedTime", json_epoch(engine_now_ms(ep->e)));
	document_save(ep->e, ep->doc);
	state_commit(ep->e->db);
}

void endpoint_set_status(struct endpoint *ep, const char *status, const char *reason)
{
	json_object_set_new(ep->doc->doc, "EndpointStatus", json_string(status));
	if (reason)
		json_object_set_new(ep->doc->doc, "FailureReason", json_string(reason));
	else
		json_object_del(ep->doc->doc, "FailureReason");
	endpoint_save(ep);
}

json_t *endpoint_variants(const struct endpoint *ep)
{
	return json_object_get(ep->doc->doc, "ProductionVariants");
}

void endpoint_tell_current(struct endpoint *ep)
{
	size_t i;
	json_t *variant;

	if (!ep->current)
		return;
	json_array_foreach(endpoint_variants(ep), i, variant)
	{
		json_t *weight = json_object_get(variant, "DesiredWeight");
		json_t *serverless = json_object_get(variant, "DesiredServerlessConfig");
		int n = serverless ? 0 : fleet_count(ep->current, json_get_str(variant, "VariantName"), true);

		if (weight)
			json_object_set(variant, "CurrentWeight", weight);
		if (serverless)
			json_object_set_new(variant, "CurrentServerlessConfig", json_deep_copy(serverless));
		json_object_set_new(variant, "CurrentInstanceCount", json_integer(n));
	}
}

json_t *endpoint_find_variant(const json_t *list, const char *name)
{
	size_t i;
	json_t *variant;

	json_array_foreach((json_t *)list, i, variant)
	{
		if (str_eq(json_get_str(variant, "VariantName"), name))
			return variant;
	}
	return NULL;
}

static void tell_capture(struct endpoint *ep, const json_t *config)
{
	json_object_del(ep->doc->doc, "DataCaptureConfig");
	if (!config)
		return;
	bool on = json_get_bool(config, "EnableCapture", false);

	json_object_set_new(ep->doc->doc, "DataCaptureConfig",
			    json_pack("{s:b, s:s, s:I, s:s, s:s}", "EnableCapture", on, "CaptureStatus",
				      on ? "Started" : "Stopped", "CurrentSamplingPercentage",
				      (json_int_t)json_get_i64(config, "InitialSamplingPercentage", 100),
				      "DestinationS3Uri", str_or(json_get_str(config, "DestinationS3Uri"), ""),
				      "KmsKeyId", str_or(json_get_str(config, "KmsKeyId"), "")));
}

json_t *endpoint_told_variants(struct fleet *f)
{
	struct engine *e = f->endpoint->e;
	json_t *list = json_deep_copy(f->told), *told;
	size_t i;

	json_array_foreach(list, i, told)
	{
		const json_t *variant = fleet_variant(f, json_get_str(told, "VariantName"));
		const json_t *container = model_container(e, json_get_str(variant, "ModelName"));
		const char *image = str_or(json_get_str(container, "Image"), "");

		json_object_set_new(told, "DeployedImages",
				    json_pack("[{s:s, s:s, s:o}]", "SpecifiedImage", image, "ResolvedImage", image,
					      "ResolutionTime", json_epoch(engine_now_ms(e))));
	}
	return list;
}

void endpoint_tell_fleet(struct endpoint *ep, struct fleet *f)
{
	json_object_set_new(ep->doc->doc, "ProductionVariants", endpoint_told_variants(f));
	json_object_set(ep->doc->doc, "EndpointConfigName", json_object_get(f->config, "EndpointConfigName"));
	json_object_set(ep->doc->doc, ENDPOINT_CONFIG, f->config);
	json_t *async = json_object_get(f->config, "AsyncInferenceConfig");

	if (async)
		json_object_set(ep->doc->doc, "AsyncInferenceConfig", async);
	else
		json_object_del(ep->doc->doc, "AsyncInferenceConfig");
	tell_capture(ep, json_object_get(f->config, "DataCaptureConfig"));
	endpoint_tell_current(ep);
}

/* --- servers ---------------------------------------------------------------------------------------- */

void fleet_server_ready(struct fleet *f, struct model_server *s)
{
	struct endpoint *ep = f->endpoint;

	if (!ep->doc)
		return;
	if (server_is_serverless(s) && !(f == ep->coming && update_is_starting(ep))) {
		serverless_ready(s);
	} else if (f == ep->current || f == ep->coming) {
		async_run(ep);
		endpoint_tell_current(ep);
		if (ep->update)
			update_server_ready(ep);
		else if (fleet_is_ready(f) && str_eq(json_get_str(ep->doc->doc, "EndpointStatus"), "Updating"))
			endpoint_set_status(ep, "InService", NULL);
		else
			endpoint_save(ep);
	}
}

void fleet_server_failed(struct fleet *f, struct model_server *s, const char *reason)
{
	struct endpoint *ep = f->endpoint;

	if (ep->doc && update_server_failed(f, s, reason))
		return;
	if (server_is_serverless(s)) {
		serverless_failed(s, reason);
		return;
	}
	/* One more instance, or one that was started again, and is not. */
	model_server_leave(s);
	if (f != ep->current || !ep->doc)
		return;
	json_t *told = endpoint_find_variant(endpoint_variants(ep), s->variant);
	int left = fleet_count(f, s->variant, false);

	if (left)
		json_object_set_new(told, "DesiredInstanceCount", json_integer(left));
	endpoint_tell_current(ep);
	if (ep->update)
		endpoint_save(ep);
	else
		endpoint_set_status(ep, left ? "InService" : "OutOfService", reason);
}

/* --- the end ----------------------------------------------------------------------------------------- */

void endpoint_free(struct endpoint *ep)
{
	struct endpoint **at = &ep->e->endpoints;
	AUTO(str) char *dir = xasprintf("%s/endpoints/%s", ep->e->opt.state_dir, ep->name);

	while (*at && *at != ep)
		at = &(*at)->next;
	if (*at)
		*at = ep->next;
	update_free(ep);
	endpoint_write_metrics(ep);
	loop_cancel(ep->e->loop, ep->metric_timer);
	loop_cancel(ep->e->loop, ep->idle_timer);
	loop_cancel(ep->e->loop, ep->async_timer);
	loop_cancel(ep->e->loop, ep->async_wake);
	free(ep->samples);
	if (!ep->doc && rmdir(dir) < 0) {
		/* Another one of that name has its servers there. */
	}
	free(ep->name);
	free(ep->group);
	free(ep);
}

/* --- the interface ------------------------------------------------------------------------------------ */

static int check_variant(struct engine *e, const json_t *variant, struct err *err)
{
	const char *name = json_get_str(variant, "VariantName"), *model = json_get_str(variant, "ModelName");
	const json_t *container = model_container(e, model);

	if (!container)
		return err_set(err, ERR_INVALID,
			       "The variant %.63s has no model of one container; the local engine serves no others.",
			       name);
	if (str_eq(json_get_str(container, "Mode"), "MultiModel"))
		return err_set(
			err, ERR_INVALID,
			"The model of the variant %.63s is a MultiModel one, which the local engine does not serve.",
			name);
	return 0;
}

int endpoint_check(struct engine *e, const json_t *config, struct err *err)
{
	static const char *const not_served[] = {"ShadowProductionVariants", "ExplainerConfig"};
	size_t i;
	json_t *variant;

	for (size_t k = 0; k < ARRAY_LEN(not_served); k++) {
		const json_t *member = json_object_get(config, not_served[k]);

		if (json_array_size(member) || json_object_size(member))
			return err_set(err, ERR_INVALID, "The local engine does not serve endpoints with %s.",
				       not_served[k]);
	}
	const json_t *async = json_object_get(config, "AsyncInferenceConfig");
	const json_t *output = json_object_get(async, "OutputConfig");

	if (async && (!json_get_str(output, "S3OutputPath") || json_object_get(output, "NotificationConfig")))
		return err_set(err, ERR_INVALID,
			       "The local engine has no SNS: an asynchronous endpoint has S3OutputPath and "
			       "no NotificationConfig.");
	if (async && json_object_get(config, "DataCaptureConfig"))
		return err_set(err, ERR_INVALID, "The local engine captures no data of asynchronous endpoints.");
	json_array_foreach(json_object_get(config, "ProductionVariants"), i, variant)
	{
		if (check_variant(e, variant, err) < 0)
			return -ERR_INVALID;
	}
	return 0;
}

struct endpoint *endpoint_find(struct engine *e, const struct document *doc)
{
	struct endpoint *ep = e->endpoints;

	while (ep && ep->doc != doc)
		ep = ep->next;
	return ep;
}

static struct endpoint *add(struct engine *e, struct document *doc)
{
	struct endpoint *ep = NEW(struct endpoint);

	*ep = (struct endpoint){.e = e,
				.name = xstrdup(doc->key),
				.group = xasprintf("/aws/sagemaker/Endpoints/%s", doc->key),
				.doc = doc,
				.next = e->endpoints};
	e->endpoints = ep;
	return ep;
}

/* The fleet that the document tells of. */
static struct fleet *fleet_of_document(struct endpoint *ep)
{
	const json_t *kept = json_object_get(ep->doc->doc, ENDPOINT_CONFIG);
	const struct document *config =
		document_find(ep->e, "endpoint-config", json_get_str(ep->doc->doc, "EndpointConfigName"));

	return fleet_new(ep, kept ? kept : config ? config->doc : NULL, endpoint_variants(ep));
}

void endpoint_create(struct engine *e, struct document *doc)
{
	struct endpoint *ep = add(e, doc);

	const struct document *config =
		document_find(e, "endpoint-config", json_get_str(doc->doc, "EndpointConfigName"));

	json_object_set_new(doc->doc, ENDPOINT_STATE, json_string("creating"));
	json_object_set_new(doc->doc, ENDPOINT_CONFIG, json_deep_copy(config->doc));
	document_save(e, doc);
	update_first(ep, fleet_of_document(ep), true);
}

bool endpoint_has_servers(struct engine *e, const struct document *doc)
{
	return endpoint_find(e, doc) != NULL;
}

void endpoint_update(struct engine *e, struct document *doc, const json_t *config, const json_t *told)
{
	struct endpoint *ep = endpoint_find(e, doc);

	if (!ep || !ep->current)
		return;
	/* To come back to, as it is now. */
	json_decref(ep->current->told);
	ep->current->told = json_deep_copy(endpoint_variants(ep));
	json_object_set(doc->doc, "EndpointConfigName", json_object_get(ep->current->config, "EndpointConfigName"));
	update_begin(ep, config, told, engine_now_ms(e));
}

void endpoint_resize(struct engine *e, struct document *doc)
{
	struct endpoint *ep = endpoint_find(e, doc);
	size_t i;
	json_t *variant;

	if (!ep || !ep->current)
		return;
	json_array_foreach(ep->current->variants, i, variant)
		fleet_set_count(ep->current, variant, fleet_wanted(ep->current, variant, false));
	endpoint_tell_current(ep);
	if (fleet_is_ready(ep->current))
		json_object_set_new(doc->doc, "EndpointStatus", json_string("InService"));
}

void endpoint_delete(struct engine *e, const struct document *doc)
{
	struct endpoint *ep = endpoint_find(e, doc);

	if (!ep)
		return;
	ep->doc = NULL;
	ep->current = ep->coming = NULL;
	update_free(ep);
	serverless_give_up(ep, "the endpoint was deleted");
	async_drop(ep, true);
	if (!ep->fleets) {
		endpoint_free(ep);
		return;
	}
	for (struct fleet *f = ep->fleets, *next; f; f = next) {
		next = f->next;
		fleet_leave(f); /* may free the endpoint with its last one */
	}
}

/* --- the engine's start and end ------------------------------------------------------------------------ */

/* What a killed engine left running: each folder is a server's. */
static void kill_left(struct engine *e, const char *name)
{
	AUTO(str) char *dir = xasprintf("%s/endpoints/%s", e->opt.state_dir, name);
	DIR *d = opendir(dir);

	for (struct dirent *entry; d && (entry = readdir(d));) {
		AUTO(str) char *server = fs_join(dir, entry->d_name);

		if (entry->d_name[0] != '.')
			processes_kill_under(server);
	}
	if (d)
		closedir(d);
	if (fs_remove_tree(dir, NULL) < 0) {
		/* The new servers have other folders. */
	}
}

/* The servers are started again; until they are there the endpoint is Updating. */
static void take_up(struct engine *e, struct document *doc)
{
	const char *status = json_get_str(doc->doc, "EndpointStatus");

	if (!json_get_str(doc->doc, ENDPOINT_STATE) || str_eq(status, "Failed"))
		return;
	struct endpoint *ep = add(e, doc);

	kill_left(e, ep->name);
	bool created = !str_eq(status, "Creating");

	if (created)
		endpoint_set_status(ep, "Updating", NULL);
	update_first(ep, fleet_of_document(ep), !created);
}

void endpoints_take_up(struct engine *e)
{
	const struct document_list *list = documents_of(e, ENDPOINT_KIND);

	for (size_t i = 0; i < list->n; i++)
		take_up(e, list->items[i]);
}

void endpoints_shut_down(struct engine *e)
{
	for (struct endpoint *ep = e->endpoints; ep; ep = ep->next) {
		update_pause(ep);
		serverless_give_up(ep, "the engine ends");
		async_drop(ep, false);
		for (struct fleet *f = ep->fleets; f; f = f->next) {
			for (struct model_server *s = f->servers; s; s = s->next)
				model_server_leave(s);
		}
	}
}

bool endpoints_busy(const struct engine *e)
{
	for (const struct endpoint *ep = e->endpoints; ep; ep = ep->next) {
		for (const struct fleet *f = ep->fleets; f; f = f->next) {
			if (f->servers)
				return true;
		}
	}
	return false;
}

/* Their servers have ended (endpoints_busy). */
void endpoints_free(struct engine *e)
{
	for (struct endpoint *ep = e->endpoints, *next; ep; ep = next) {
		next = ep->next;
		for (struct fleet *f = ep->fleets, *behind; f; f = behind) {
			behind = f->next;
			fleet_free(f);
		}
		ep->fleets = ep->current = ep->coming = NULL;
		endpoint_free(ep);
	}
}
