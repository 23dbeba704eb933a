// SPDX-License-Identifier: Apache-2.0

import CDescriptorSet

extension DescriptorIndex {
  /// The files of Protos/ as they were when the program was built.
  package static func embedded() throws(ProtobufError) -> DescriptorIndex {
    // The bytes are there as long as the program; they are copied once.
    let bytes = unsafe UnsafeBufferPointer(
      start: descriptor_set_bytes(), count: descriptor_set_count())
    return try DescriptorIndex(set: unsafe Array(bytes))
  }
}
