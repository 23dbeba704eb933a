// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What a caller wants to read, and which stored answers it would have.
struct ReadWish: Equatable, Sendable {
  let key: ReadKey
  let withDocument: Bool
  let control: CacheControl

  init(_ key: ReadKey, withDocument: Bool, control: CacheControl = .unspecified) {
    self.key = key
    self.withDocument = withDocument
    self.control = control
  }

  init(_ call: DescribeJobExecution, control: CacheControl) {
    self.init(ReadKey(call), withDocument: call.wantsDocument, control: control)
  }

  init(_ call: GetPendingJobExecutions, control: CacheControl) {
    self.init(ReadKey(call), withDocument: true, control: control)
  }

  /// What a start-next would like to know first.
  init(nextOf thing: String, control: CacheControl) {
    self.init(.next(of: thing), withDocument: false, control: control)
  }

  /// AWS must be asked for this very call: `no-cache`, or an age that no answer has.
  var bypasses: Bool {
    self.control.noCache || self.control.maxAgeSeconds.map { $0 <= 0 } ?? false
  }

  /// Who names an age wants nothing past its time either (RFC 9111 §5.2.1.1).
  var takesStale: Bool { !self.control.noCache && self.control.maxAgeSeconds == nil }

  /// How an answer serves a caller.
  enum Serving {
    case fresh
    /// Past its time, while another is fetched.
    case stale
  }

  /// How an answer serves this caller; nil if it does not.
  func serving(of read: StoredRead, at now: Int64) -> Serving? {
    if self.takes(fresh: read, at: now) { return .fresh }
    return self.takes(stale: read) && read.servesWhileRevalidating(at: now) ? .stale : nil
  }

  /// Whether an answer is fresh, young enough and whole enough for this caller.
  func takes(fresh read: StoredRead, at now: Int64) -> Bool {
    guard read.isFresh(at: now), read.serves(withDocument: self.withDocument) else { return false }
    guard let seconds = self.control.maxAgeSeconds else { return true }
    let (limit, isEndless) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return isEndless || now.subtractingReportingOverflow(read.storedAt).partialValue <= limit
  }

  /// Whether an answer that may be given for another reason will do for this caller.
  func takes(stale read: StoredRead) -> Bool {
    self.takesStale && read.serves(withDocument: self.withDocument)
  }
}
