// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// How an attempt failed, where AWS's own name for it says nothing or there is none.
package enum AttemptError: String, CaseIterable {
  case overloaded
  case connect
  case closed
  case malformedResponse = "malformed_response"
  case timeout
  case cancelled
  /// AWS's name for the error means nothing here.
  case unknown
  /// An error with a status and no name, mostly of a proxy or a front door.
  case unnamed
}

/// Whoever counts attempts. Called in the attempt's event loop: it counts and returns.
package protocol UpstreamObserver: Sendable {
  /// An attempt that was handed to the pool is over.
  ///
  /// - Parameters:
  ///   - httpStatus: nil if no response came.
  ///   - errorName: nil for success; AWS's name for an error that is known here
  ///     (``AWSErrorKind/names``), else an ``AttemptError``.
  ///   - duration: from the signature to the end of the response, waiting for a connection included.
  func attemptEnded(
    operation: JobsOperation, httpStatus: Int?, errorName: String?, duration: Duration)

  /// AWS refused a signature for its time, and was right: its clock is so far ahead of the one here.
  /// Told once for each change.
  func clockCorrected(bySeconds seconds: Int64)
}

extension UpstreamObserver {
  package func clockCorrected(bySeconds seconds: Int64) {}
}

/// Counts nothing.
package struct UnobservedUpstream: UpstreamObserver {
  package init() {}

  package func attemptEnded(
    operation: JobsOperation, httpStatus: Int?, errorName: String?, duration: Duration
  ) {}
}
