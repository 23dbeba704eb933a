// SPDX-License-Identifier: Apache-2.0
// The protobuf-c runtime as Swift sees it. Only CJobsProto and JobsAPI/Wire import this module.
#ifndef CPROTOBUFC_SHIM_H
#define CPROTOBUFC_SHIM_H

#include <protobuf-c/protobuf-c.h>

#if PROTOBUF_C_VERSION_NUMBER < 1004000
#error "libprotobuf-c 1.4 or later is needed"
#endif

#endif
