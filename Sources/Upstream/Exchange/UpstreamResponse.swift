// SPDX-License-Identifier: Apache-2.0

/// An upstream's answer: the body, and of the head only what somebody here reads.
package struct UpstreamResponse: Equatable, Sendable {
  package var status: Int
  /// `x-amzn-RequestId`.
  package var requestID: String?
  /// `x-amzn-ErrorType`, as it came.
  package var errorType: String?
  /// `Retry-After`, as it came: seconds or a date.
  package var retryAfter: String?
  /// `x-amz-retry-after`, as it came: milliseconds.
  package var retryAfterMilliseconds: String?
  /// `Date`, as it came: for the correction of our clock.
  package var date: String?
  package var body: [UInt8] = []

  package init(status: Int) {
    self.status = status
  }
}
