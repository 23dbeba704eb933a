// SPDX-License-Identifier: Apache-2.0
// The one function of libFuzzer's that has no header of its own (llvm.org/docs/LibFuzzer.html,
// "Using libFuzzer as a library").

#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*run)(const uint8_t *data, size_t size));
