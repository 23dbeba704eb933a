// SPDX-License-Identifier: Apache-2.0

/// Why nothing listens.
package enum ListenError: Error, Equatable, Sendable {
  /// The text is no address; `rule` says what is allowed.
  case malformedAddress(text: String, rule: String)
  /// The system refused: address in use, not of this machine, no permission.
  case bindFailed(address: ListenAddress, reason: String)
}

extension ListenError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedAddress(let text, let rule): "cannot listen on \"\(text)\": \(rule)"
    case .bindFailed(let address, let reason): "cannot listen on \(address): \(reason)"
    }
  }
}
