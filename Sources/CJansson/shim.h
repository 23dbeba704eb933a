// SPDX-License-Identifier: Apache-2.0
// jansson as Swift sees it. Only JobsAPI/REST imports this module.
#ifndef CJANSSON_SHIM_H
#define CJANSSON_SHIM_H

#include <jansson.h>

#if JANSSON_VERSION_HEX < 0x020e00
#error "jansson 2.14 or later is needed"
#endif

/// `json_typeof` is a macro over a field that Swift does not see the same way on every version.
static inline json_type cjansson_typeof(const json_t *value) { return json_typeof(value); }

#endif
