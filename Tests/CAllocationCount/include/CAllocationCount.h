// SPDX-License-Identifier: Apache-2.0
// How often a thread asks for memory. Linked into the tests, it stands in front of glibc's allocator.
#ifndef C_ALLOCATION_COUNT_H
#define C_ALLOCATION_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/// False under a sanitizer, which brings an allocator of its own: then nothing is counted.
extern const bool allocations_are_counted;

/// How often the calling thread has asked for memory since it began. No other thread has part in it.
uint64_t allocations_of_this_thread(void);

#endif
