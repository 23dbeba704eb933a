// SPDX-License-Identifier: Apache-2.0

/// What the session keeps for one open stream, from its request headers until it closes.
struct StreamRecord {
  /// Bytes handed to the application that it has not yet consumed.
  var unconsumedBytes = 0

  /// A response or a reset is queued; no response may be.
  var isAnswered = false

  /// The last frame of the response is out.
  var hasResponseEnded = false

  /// A reset is queued; a second one would say nothing new.
  var isReset = false

  /// The response's body, its sent part included.
  var body: [UInt8] = []
  var sentBytes = 0

  /// Submitted when the last byte of the body goes out.
  var trailers = HeaderFields()

  mutating func answer(with response: HTTP2Response) {
    self.isAnswered = true
    self.body = response.body
    self.trailers = response.trailers
  }

  /// Copies the next part of the body and says whether it was the last.
  mutating func copyBody(
    into buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> (count: Int, isLast: Bool) {
    let count = min(buffer.count, self.body.count - self.sentBytes)
    let part = self.body[self.sentBytes..<self.sentBytes + count]
    _ = unsafe buffer.update(fromContentsOf: part)
    self.sentBytes += count
    guard self.sentBytes == self.body.count else { return (count, false) }
    self.body = []
    self.sentBytes = 0
    return (count, true)
  }

  mutating func takeTrailers() -> HeaderFields {
    defer { self.trailers = HeaderFields() }
    return self.trailers
  }
}
