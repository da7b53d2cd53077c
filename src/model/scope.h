/* scope.h - several profiles and regions that are looked at together: the list of them as --scope and `:scope`
 * take it, and how a thing of one of them is named.
 *
 *   a/us-east-1,b/eu-west-1    profile and region
 *   eu-west-1  or  /eu-west-1  the profile in force, in that region
 *   prod  or  prod/            that profile, in its own region
 *
 * A scope is called PROFILE/REGION, a thing in it PROFILE/REGION:NAME.
 */
#ifndef SAGETOP_MODEL_SCOPE_H
#define SAGETOP_MODEL_SCOPE_H

#include "base/str.h"

#define SCOPES_MAX 16 /* each has its own connections and requests */

struct scope_list {
	struct scope {
		char *profile, *region; /* NULL: left out */
	} items[SCOPES_MAX];
	size_t n; /* at least one after parsing */
};
void scope_list_done(struct scope_list *l);
AUTO_EMBEDDED(scope_list, struct scope_list, scope_list_done)

/* ERR_USAGE names the part that is wrong. Whether a profile exists is not looked at. */
int scope_list_parse(const char *text, struct scope_list *ret, struct err *err) NODISCARD;

/* Of "PROFILE/REGION:NAME" the place of its scope among the names of scopes, and its name (borrowed from text);
 * scopes->n, and the text itself, where it begins with none of them. */
size_t scope_of(const struct strlist *scopes, const char *text, const char **ret_name);

#endif
