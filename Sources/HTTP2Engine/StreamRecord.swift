// SPDX-License-Identifier: Apache-2.0

/// What the session keeps for one open stream, from its request headers until it closes.
struct StreamRecord {
  /// Bytes handed to the application that it has not yet consumed.
  var unconsumedBytes = 0

  /// A response or a reset is queued; no response may be.
  var isAnswered = false

  /// The peer has said that its request is complete.
  var hasRequestEnded: Bool

  /// The last frame of the response is out.
  var hasResponseEnded = false

  /// It was found open after the last frame of its response.
  var isSwept = false

  /// A reset is queued; a second one would say nothing new.
  var isReset = false

  var isResetByPeer = false

  /// Bytes of the request that came after the response.
  private var unwantedBytes = 0

  /// The response's body, its sent part included.
  var body: [UInt8] = []
  var sentBytes = 0

  /// All bytes of the body that went out so far.
  private var takenBytes = 0
  /// The same when a sweep last found that enough had gone, and how many sweeps have not since.
  private var takenBefore = 0
  private var stalledSweeps = 0

  /// Submitted when the last byte of the body goes out.
  var trailers = HeaderFields()

  /// More of the body may come: its last byte so far is not the end.
  var isStreaming = false

  /// The library asked for more when there was none, and waits to be told.
  var isDeferred = false

  init(hasRequestEnded: Bool) {
    self.hasRequestEnded = hasRequestEnded
  }

  /// How it ends if it ends now.
  var end: ClosedStreams.End {
    if self.isResetByPeer { return .resetByPeer }
    // The library resets streams too, for faults of the peer's.
    let isWhole = self.hasRequestEnded && self.hasResponseEnded
    return isWhole && !self.isReset ? .finished : .resetHere
  }

  // What changes or asks a record does so in its place: a record that is read out of a dictionary to
  // look at one member is copied whole.

  /// Bytes of a body came.
  ///
  /// - Returns: False if nobody wants them, since the response is out.
  mutating func received(_ count: Int) -> Bool {
    guard !self.hasResponseEnded else { return false }
    self.unconsumedBytes += count
    return true
  }

  /// Bytes of a body came that nobody wants.
  ///
  /// - Returns: How many there were so far.
  mutating func receivedUnwanted(_ count: Int) -> Int {
    self.unwantedBytes += count
    return self.unwantedBytes
  }

  /// The application is done with bytes of the body.
  ///
  /// - Returns: How many of them it really had.
  mutating func consumed(_ count: Int) -> Int {
    let consumed = max(0, min(count, self.unconsumedBytes))
    self.unconsumedBytes -= consumed
    return consumed
  }

  mutating func answer(with response: consuming HTTP2Response) -> OnSubmitResponse {
    guard !self.isAnswered else { return .alreadyAnswered }
    self.isAnswered = true
    self.body = response.body
    self.trailers = response.trailers
    return .queued
  }

  /// As ``answer(with:)``, for a body that comes in pieces.
  mutating func beginAnswer() -> OnSubmitResponse {
    guard !self.isAnswered else { return .alreadyAnswered }
    self.isAnswered = true
    self.isStreaming = true
    return .queued
  }

  /// Adds a piece to the body.
  mutating func push(_ bytes: consuming [UInt8]) {
    if self.body.isEmpty { self.body = bytes } else { self.body += bytes }
  }

  var unsentBytes: Int { self.body.count - self.sentBytes }

  /// Forgets what is not sent, unless a part of it is: a message that was begun must be finished.
  mutating func discardUnsent() {
    if self.sentBytes == 0 { self.body = [] }
  }

  /// Less than this between two sweeps is as good as nothing.
  static let leastTakenBytes = 1_024

  /// - Returns: For how many sweeps in a row the peer has left bytes lying that are meant for it.
  mutating func sweptUnsent() -> Int {
    let isMoving = self.takenBytes &- self.takenBefore >= Self.leastTakenBytes
    if isMoving || self.unsentBytes == 0 {
      self.takenBefore = self.takenBytes
      self.stalledSweeps = 0
    } else {
      self.stalledSweeps += 1
    }
    return self.stalledSweeps
  }

  /// - Returns: False if it was reset before.
  mutating func reset() -> Bool {
    guard !self.isReset else { return false }
    self.isAnswered = true
    self.isStreaming = false
    self.isReset = true
    return true
  }

  /// What follows the part of a body that was copied.
  enum AfterBody {
    case moreBody, nothing
    /// There is no more now; ask again when told to.
    case pause
    case trailers(HeaderFields)
  }

  /// Copies the next part of the body and says what follows it.
  mutating func copyBody(
    into buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> (count: Int, next: AfterBody) {
    let count = min(buffer.count, self.body.count - self.sentBytes)
    let part = self.body[self.sentBytes..<self.sentBytes + count]
    _ = unsafe buffer.update(fromContentsOf: part)
    self.sentBytes += count
    self.takenBytes &+= count
    guard self.sentBytes == self.body.count else { return (count, .moreBody) }
    self.body = []
    self.sentBytes = 0
    if self.isStreaming { return (count, .pause) }
    guard !self.trailers.isEmpty else { return (count, .nothing) }
    defer { self.trailers = HeaderFields() }
    return (count, .trailers(self.trailers))
  }
}
