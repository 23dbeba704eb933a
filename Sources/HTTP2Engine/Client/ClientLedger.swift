// SPDX-License-Identifier: Apache-2.0

/// What libnghttp2's callbacks write and the client's session reads. In memory of its own, as
/// ``SessionLedger`` is, and for the same reasons.
struct ClientLedger {
  /// One request, from the moment it is submitted until its stream closes.
  private struct Request {
    var body: [UInt8]
    var sentBytes = 0
    /// Bytes handed to the application that it has not yet consumed.
    var unconsumedBytes = 0
    var hasResponse = false
    /// It was never sent: the server had said before that it takes none.
    var isUnsent = false
    var isReset = false
  }

  let limits: HTTP2ClientLimits
  var events = EventQueue<HTTP2ClientEvent>()

  /// The body bytes of all events not yet handled.
  var arena: [UInt8] = []

  /// Bytes that nobody can consume any more, because their stream closed first.
  private(set) var connectionCredit = 0

  /// The peer sends header lists that can only be meant to cost us.
  private(set) var isFlooded = false

  private var requests: [Int32: Request] = [:]
  private var fields = HeaderFields()
  private var listBytes = 0

  init(limits: HTTP2ClientLimits) {
    self.limits = limits
  }

  var openRequests: Int { self.requests.count }

  func isOpen(_ streamID: Int32) -> Bool { self.requests[streamID] != nil }

  // MARK: Outbound

  mutating func submitted(_ streamID: Int32, body: [UInt8]) {
    self.requests[streamID] = Request(body: body)
  }

  /// - Returns: The bytes copied and whether they are the last; nil for a stream that is closed.
  mutating func copyBody(
    into buffer: UnsafeMutableBufferPointer<UInt8>, on streamID: Int32
  ) -> (count: Int, isLast: Bool)? {
    guard let index = self.requests.index(forKey: streamID) else { return nil }
    let start = self.requests.values[index].sentBytes
    let end = min(start + buffer.count, self.requests.values[index].body.count)
    _ = unsafe buffer.update(fromContentsOf: self.requests.values[index].body[start..<end])
    self.requests.values[index].sentBytes = end
    let isLast = end == self.requests.values[index].body.count
    if isLast {
      self.requests.values[index].body = []
      self.requests.values[index].sentBytes = 0
    }
    return (end - start, isLast)
  }

  mutating func wasNotSent(_ streamID: Int32) {
    self.requests[streamID]?.isUnsent = true
  }

  /// - Returns: False if there is none to reset.
  mutating func wasReset(_ streamID: Int32) -> Bool {
    guard let index = self.requests.index(forKey: streamID), !self.requests.values[index].isReset
    else { return false }
    self.requests.values[index].isReset = true
    return true
  }

  // MARK: Inbound

  mutating func beganHeaders() {
    self.fields = HeaderFields(reservingBytes: 512, fields: 12)
    self.listBytes = 0
  }

  enum OnField: Equatable {
    case taken
    /// The list is over the limit: its stream is to be reset.
    case tooLarge
    /// It is so far over the limit that the connection is to end.
    case flooded
  }

  mutating func receivedField(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
  ) -> OnField {
    // RFC 9113 §6.5.2: a field counts with 32 bytes more than it has.
    self.listBytes += name.count + value.count + 32
    guard self.listBytes <= self.limits.maxHeaderListBytes,
      self.fields.count < self.limits.maxHeaderFields
    else {
      self.isFlooded = self.listBytes > Self.floodFactor * self.limits.maxHeaderListBytes
      return self.isFlooded ? .flooded : .tooLarge
    }
    unsafe self.fields.append(name: name, value: value, isIndexed: true)
    return .taken
  }

  /// How many times the greatest header list ends the connection.
  private static let floodFactor = 16

  mutating func receivedHeaders(on streamID: Int32, endStream: Bool) {
    let fields = self.fields
    self.fields = HeaderFields()
    guard let index = self.requests.index(forKey: streamID), !self.requests.values[index].isReset
    else { return }
    if self.requests.values[index].hasResponse {
      self.events.append(.trailers(streamID: streamID, fields: fields))
    } else if !fields.isInterim {
      self.requests.values[index].hasResponse = true
      self.events.append(.responseHeaders(streamID: streamID, fields: fields))
    }
    if endStream { self.receivedEndStream(on: streamID) }
  }

  mutating func receivedData(_ bytes: UnsafeBufferPointer<UInt8>, on streamID: Int32) {
    guard let index = self.requests.index(forKey: streamID), !self.requests.values[index].isReset
    else {
      self.connectionCredit += bytes.count
      return
    }
    self.requests.values[index].unconsumedBytes += bytes.count
    let start = self.arena.count
    unsafe self.arena.append(contentsOf: bytes)
    self.events.append(.data(streamID: streamID, ReceivedBytes(range: start..<self.arena.count)))
  }

  mutating func receivedEndStream(on streamID: Int32) {
    guard let index = self.requests.index(forKey: streamID), !self.requests.values[index].isReset
    else { return }
    self.events.append(.responseEnded(streamID: streamID))
  }

  mutating func receivedGoAway(code: HTTP2ErrorCode) {
    self.events.append(.goAwayReceived(code: code))
  }

  /// The application is done with bytes of a body.
  ///
  /// - Returns: How many of them it really had.
  mutating func consumed(_ count: Int, on streamID: Int32) -> Int {
    guard let index = self.requests.index(forKey: streamID) else { return 0 }
    let consumed = max(0, min(count, self.requests.values[index].unconsumedBytes))
    self.requests.values[index].unconsumedBytes -= consumed
    return consumed
  }

  mutating func closedStream(_ streamID: Int32, code: HTTP2ErrorCode) {
    guard let request = self.requests.removeValue(forKey: streamID) else { return }
    self.connectionCredit += request.unconsumedBytes
    self.events.append(
      .streamClosed(streamID: streamID, code: request.isUnsent ? .refusedStream : code))
  }

  mutating func takeCredit() -> Int {
    defer { self.connectionCredit = 0 }
    return self.connectionCredit
  }

  /// Forgets the bytes of the last read.
  mutating func recycleArena() {
    self.arena.removeAll(keepingCapacity: self.arena.capacity <= Self.keptArenaBytes)
  }

  private static let keptArenaBytes = 65_536
}

extension HeaderFields {
  /// `:status` is 1xx. libnghttp2 lets no response through that lacks it, or whose first field is
  /// another.
  fileprivate var isInterim: Bool {
    guard let first = self.fields.first, first.valueCount == 3 else { return false }
    return self.bytes[first.valueRange.lowerBound] == UInt8(ascii: "1")
  }
}
