// SPDX-License-Identifier: Apache-2.0

// Cache keeps what reads were answered, and knows for how long such an answer may be given again.
// It knows calls, answers and bytes; it reads no clock, takes no lock, and has never heard of
// flights, event loops or AWS.

package import JobsAPI

/// What a read asks for: two reads with one key may share one answer.
///
/// Whether the job document is wanted is no part of the key: an answer knows whether it holds one,
/// and an answer with document serves both kinds of callers. Names are compared as the standard
/// library compares text; the names that pass the model's constraints are ASCII, where that is
/// byte by byte.
package struct ReadKey: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// One execution. The job id may be `$next`; without a number it is the job's latest.
    case execution(jobID: String, number: Int64?)
    /// The two lists of executions that have not ended.
    case pending
  }

  package let thing: String
  package let subject: Subject

  package init(thing: String, _ subject: Subject) {
    self.thing = thing
    self.subject = subject
  }

  package init(_ call: DescribeJobExecution) {
    self.init(
      thing: call.thingName, .execution(jobID: call.jobID, number: call.executionNumber))
  }

  package init(_ call: GetPendingJobExecutions) {
    self.init(thing: call.thingName, .pending)
  }

  /// What StartNext would hand out.
  package static func next(of thing: String) -> ReadKey {
    ReadKey(thing: thing, .execution(jobID: "$next", number: nil))
  }
}

extension DescribeJobExecution {
  /// AWS sends the document unless it is told not to.
  package var wantsDocument: Bool { self.includeJobDocument ?? true }
}
