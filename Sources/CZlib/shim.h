// SPDX-License-Identifier: Apache-2.0
// zlib as Swift sees it. Only CompressionEngine imports this module.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

#if ZLIB_VERNUM < 0x12d0
#error "zlib 1.2.13 or later is needed"
#endif

// The functions that begin a stream are macros over the version and size that the caller was
// compiled with. 16 more window bits mean the gzip format (RFC 1952) and nothing else.

static inline int czlib_inflate_gzip_init(z_stream *stream) {
  return inflateInit2(stream, MAX_WBITS + 16);
}

static inline int czlib_deflate_gzip_init(
    z_stream *stream, int level, int window_bits, int memory_level) {
  return deflateInit2(
      stream, level, Z_DEFLATED, window_bits + 16, memory_level, Z_DEFAULT_STRATEGY);
}

#endif
