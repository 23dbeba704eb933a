// SPDX-License-Identifier: Apache-2.0
// malloc.h, which the module Glibc leaves out.
#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

#include <malloc.h>

#endif
