// SPDX-License-Identifier: Apache-2.0

// The account's budgets: when a call may go to AWS, so that all calls together stay within what AWS
// lets the account do, and who goes first when they do not. This folder knows kinds, classes and
// names of things; it never looks at what a call says or what became of it, save that AWS found it
// one too many.

package import JobsAPI

/// What a waiting call matters. Each class has a share of its kind's budget while classes compete;
/// none goes strictly before another, so that none starves.
package enum CallClass: CaseIterable, Sendable {
  /// An update that ends an execution: until it is in, the device's work counts for nothing.
  case terminalUpdate
  case update
  case startNext
  case describe
  case pending
  /// A look around for all who watch a thing.
  case poll

  /// The class of an update.
  package init(_ call: UpdateJobExecution) {
    self = call.status.isTerminal ? .terminalUpdate : .update
  }

  package var kind: CallKind {
    switch self {
    case .terminalUpdate, .update, .startNext: .write
    case .describe, .pending, .poll: .read
    }
  }

  /// Its share, relative to the others of its kind.
  package var weight: Int {
    switch self {
    case .terminalUpdate: 8
    case .update, .describe: 4
    case .startNext, .pending: 2
    case .poll: 1
    }
  }

  /// Its position among the classes of its kind.
  package var index: Int {
    switch self {
    case .terminalUpdate, .describe: 0
    case .update, .pending: 1
    case .startNext, .poll: 2
    }
  }

  /// The weights of a kind's classes, by ``index``.
  package static func weights(of kind: CallKind) -> [Int] {
    Self.allCases.filter { $0.kind == kind }.map(\.weight)
  }
}
