// SPDX-License-Identifier: Apache-2.0

/// What one store, or several together, hold and have given up.
struct StoreLevels: Equatable, Sendable {
  var bytes = 0
  var entries = 0
  var evictions = ReadStore.Evictions()

  static func += (total: inout StoreLevels, part: StoreLevels) {
    total.bytes += part.bytes
    total.entries += part.entries
    total.evictions.capacity += part.evictions.capacity
    total.evictions.expired += part.evictions.expired
    total.evictions.invalidated += part.evictions.invalidated
    total.evictions.replaced += part.evictions.replaced
  }
}
