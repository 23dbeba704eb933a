// SPDX-License-Identifier: Apache-2.0
// libyaml as Swift sees it. Only the configuration's file reader imports this module.
#ifndef CYAML_SHIM_H
#define CYAML_SHIM_H

#include <yaml.h>

#endif
