// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// Whoever counts attempts. Called in the attempt's event loop: it counts and returns.
package protocol UpstreamObserver: Sendable {
  /// An attempt that was handed to the pool is over.
  ///
  /// - Parameters:
  ///   - httpStatus: nil if no response came.
  ///   - errorName: nil for success; AWS's name for an error that is known here, else one of a few
  ///     words of our own. A label of bounded variety.
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
