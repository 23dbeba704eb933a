// SPDX-License-Identifier: Apache-2.0

/// How the messages of one direction may be compressed: the value of `grpc-encoding`
/// (compression.md of grpc/grpc). Each message still says by its flag whether it is.
package enum MessageEncoding: Equatable, Sendable {
  /// Not at all; a message that claims to be makes no sense.
  case identity
  case gzip

  /// The value of `grpc-accept-encoding`: all that there are here.
  package static let accepted: StaticString = "identity,gzip"

  /// The value of `grpc-encoding`.
  package var name: StaticString {
    switch self {
    case .identity: "identity"
    case .gzip: "gzip"
    }
  }
}
