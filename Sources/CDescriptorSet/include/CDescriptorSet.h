// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/// An encoded google.protobuf.FileDescriptorSet with every .proto file of Protos/ and what these
/// import. It is there as long as the program.
const unsigned char *descriptor_set_bytes(void);
size_t descriptor_set_count(void);
