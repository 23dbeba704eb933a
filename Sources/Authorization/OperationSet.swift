// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Operations that a rule allows.
package struct OperationSet: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package init(_ operation: JobsOperation) {
    self.rawValue = 1 << operation.index
  }

  /// Reads one word: `all`, `read`, `write`, or an operation as AWS spells it.
  /// - Throws: ``AuthorizationFault/unreadable(text:rule:)``.
  package init(word: String) throws(AuthorizationFault) {
    let meant = JobsOperation.allCases.filter { operation in
      word == "all" || word == operation.kind.rawValue || word == operation.rawValue
    }
    guard !meant.isEmpty else {
      let names = JobsOperation.allCases.map(\.rawValue).joined(separator: ", ")
      throw .unreadable(text: word, rule: "an operation is all, read, write, or one of \(names)")
    }
    self = meant.reduce(into: []) { $0.insert(OperationSet($1)) }
  }
}
