// SPDX-License-Identifier: Apache-2.0
// libnghttp2 as Swift sees it. Only HTTP2Engine imports this module.
#ifndef CNGHTTP2_SHIM_H
#define CNGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>

// Debian 12 carries 1.52 with the rapid-reset and continuation-flood limits patched in.
#if NGHTTP2_VERSION_NUM < 0x013400
#error "libnghttp2 1.52 or later is needed"
#endif

#endif
