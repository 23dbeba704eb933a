// SPDX-License-Identifier: Apache-2.0

/// Makes and checks request ids.
///
/// An id made here is the connection's random half and the stream's number: unique without asking
/// the system for randomness on each call.
package struct RequestIDs {
  /// What the ids of one connection have in common, the dash included.
  private let prefix: String
  /// The connection's random half.
  let number: UInt64

  init() {
    var generator = SystemRandomNumberGenerator()
    self.init(connection: generator.next())
  }

  init(connection: UInt64) {
    self.number = connection
    let digits = String(connection, radix: 16)
    self.prefix = String(repeating: "0", count: 16 - digits.count) + digits + "-"
  }

  func id(streamID: Int32) -> String {
    self.prefix + String(streamID)
  }

  /// The caller's id if it can go into logs and headers as it is: 1 to 128 visible ASCII bytes.
  func id(offered: ArraySlice<UInt8>?, streamID: Int32) -> String {
    guard let offered, Self.isPlain(offered) else { return self.id(streamID: streamID) }
    return String(decoding: offered, as: UTF8.self)
  }

  /// Whether an id, whoever made it, can go into logs and headers as it is.
  package static func isPlain(_ id: some Collection<UInt8>) -> Bool {
    (1...128).contains(id.count) && id.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
