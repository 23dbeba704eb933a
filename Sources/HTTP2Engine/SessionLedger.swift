// SPDX-License-Identifier: Apache-2.0

/// What libnghttp2's callbacks write and the session reads.
///
/// It lies in memory of its own, since the library keeps its address, and since a callback that goes
/// through the session object would pay for reference counts and exclusivity checks at every field
/// of every header (measured: an eighth of a call).
struct SessionLedger {
  let limits: HTTP2Limits
  var events = EventQueue<HTTP2Event>()

  /// The body bytes of all events not yet handled.
  var arena: [UInt8] = []

  /// Streams whose request headers were whole and which are not closed.
  var streams: [Int32: StreamRecord] = [:]

  /// How those ended that closed last.
  var closedStreams = ClosedStreams()

  /// Of the peer's streams, the last one opened (RFC 9113 §5.1.1).
  var highestStreamID: Int32 = 0

  /// New streams are no longer looked at.
  var isRefusing = false

  /// A rule that the peer broke and that ends the connection.
  var violation: HTTP2ErrorCode?

  /// What callbacks ask for. They must not call the library's send and receive side themselves.
  var resets: [(streamID: Int32, code: HTTP2ErrorCode)] = []

  /// Bytes the application can no longer consume, because their stream closed first. They go back
  /// to the connection's window, or it would shrink with every cancelled call.
  var connectionCredit = 0

  /// How far the shutdown notice is. Its PING goes out behind it: libnghttp2 would send it first, and
  /// the peer would confirm what it has not read.
  var notice = Notice.none

  enum Notice {
    case none
    case queued
    /// Sent; the PING is to be submitted.
    case sent
    case pingQueued
  }

  var peerFaults = 0

  /// Bytes of bodies that wait for their peer's windows.
  var unsentBytes = 0

  /// Bytes of bodies that were sent. Only grows, and wraps round in theory.
  var sentBodyBytes = 0

  /// What a callback or a submit function could not do; thrown at the next drain.
  var failure: HTTP2SessionError?

  /// The header list in arrival. There is one at most: RFC 9113 §4.3 lets no frame come between.
  private var fields = HeaderFields()
  private var listBytes = 0
  private var isTooLarge = false

  init(limits: HTTP2Limits) {
    self.limits = limits
  }

  var hasWork: Bool {
    !self.resets.isEmpty || self.connectionCredit > 0 || self.notice == .sent
  }
}

// MARK: - Inbound

extension SessionLedger {
  mutating func beganHeaders() {
    // Room for a usual gRPC request: some ten fields of some thirty bytes.
    self.fields = HeaderFields(reservingBytes: 512, fields: 16)
    self.listBytes = 0
    self.isTooLarge = false
  }

  /// - Returns: False if the list is so long that its bytes can only be meant to cost us.
  mutating func receivedField(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    // RFC 9113 §6.5.2: a field counts with 32 bytes more than it has.
    self.listBytes += name.count + value.count + 32
    guard self.listBytes <= self.limits.maxHeaderListBytes,
      self.fields.count < self.limits.maxHeaderFields
    else {
      self.isTooLarge = true
      return self.listBytes <= Self.floodFactor * self.limits.maxHeaderListBytes
    }
    unsafe self.fields.append(name: name, value: value, isIndexed: true)
    return true
  }

  /// How many times the greatest header list ends the connection. One byte can refer to a field of
  /// 4 KiB, so a frame of 16 KiB may stand for 64 MiB that others would have to wait for.
  private static let floodFactor = 16

  mutating func receivedRequestHeaders(on streamID: Int32, endStream: Bool) {
    let fields = self.fields
    self.fields = HeaderFields()
    self.streams[streamID] = StreamRecord(hasRequestEnded: endStream)
    if self.isTooLarge {
      self.events.append(
        .requestHeadersTooLarge(streamID: streamID, fields: fields, endStream: endStream))
    } else {
      self.events.append(.requestHeaders(streamID: streamID, fields: fields, endStream: endStream))
    }
  }

  mutating func receivedData(
    _ bytes: UnsafeBufferPointer<UInt8>, on streamID: Int32, endStream: Bool
  ) {
    guard let index = self.streams.index(forKey: streamID) else {
      self.connectionCredit += bytes.count
      return
    }
    guard self.streams.values[index].received(bytes.count) else {
      self.receivedUnwanted(bytes.count, on: streamID, endStream: endStream)
      return
    }
    let start = self.arena.count
    unsafe self.arena.append(contentsOf: bytes)
    self.events.append(
      .data(streamID: streamID, ReceivedBytes(range: start..<self.arena.count)))
  }

  /// The peer goes on with a request whose response it has: RFC 9113 §8.1 lets us ask it to stop.
  ///
  /// Not asked before it really goes on: a reset in one flight with the response makes clients such
  /// as curl 7.88 throw the response away, and most have sent their last frame anyway.
  private mutating func receivedUnwanted(_ count: Int, on streamID: Int32, endStream: Bool) {
    self.connectionCredit += count
    guard !endStream, let index = self.streams.index(forKey: streamID),
      self.streams.values[index].receivedUnwanted(count) > Self.toleratedBytes
    else { return }
    self.resets.append((streamID, .noError))
  }

  /// What a peer may send on after it was answered before it is asked to stop. Most have nearly
  /// sent their request by then, and what they do wrong in its rest is still told them.
  static let toleratedBytes = 16_384

  mutating func receivedEndStream(on streamID: Int32) {
    guard let index = self.streams.index(forKey: streamID) else { return }
    self.streams.values[index].hasRequestEnded = true
    guard self.streams.values[index].received(0) else { return }
    self.events.append(.requestEnded(streamID: streamID))
  }

  /// The application is done with bytes of a body.
  ///
  /// - Returns: How many of them it really had.
  mutating func consumed(_ count: Int, on streamID: Int32) -> Int {
    guard let index = self.streams.index(forKey: streamID) else { return 0 }
    return self.streams.values[index].consumed(count)
  }

  /// Memory of the arena kept from one read to the next; a burst's goes back.
  private static let keptArenaBytes = 65_536

  /// Makes room for the next read, unless somebody may still want the last one's bytes.
  mutating func recycleArena() {
    guard self.events.isEmpty else { return }
    self.arena.removeAll(keepingCapacity: self.arena.capacity <= Self.keptArenaBytes)
  }

  /// Gives back what is kept for the next read and the next stream.
  mutating func releaseMemory() {
    if self.events.isEmpty {
      self.events = EventQueue<HTTP2Event>()
      self.arena = []
    }
    if self.streams.isEmpty { self.streams = [:] }
  }
}

// MARK: - Outbound

extension SessionLedger {
  /// The application answers a stream. `queued` means that it may.
  mutating func answered(
    with response: consuming HTTP2Response, on streamID: Int32
  ) -> OnSubmitResponse {
    guard let index = self.streams.index(forKey: streamID) else { return .streamClosed }
    let count = response.body.count
    let answer = self.streams.values[index].answer(with: response)
    if answer == .queued { self.unsentBytes += count }
    return answer
  }

  /// The application or the session resets a stream.
  ///
  /// - Returns: False if there is none to reset.
  mutating func wasReset(_ streamID: Int32) -> Bool {
    guard let index = self.streams.index(forKey: streamID) else { return false }
    return self.streams.values[index].reset()
  }

  mutating func copyBody(
    into buffer: UnsafeMutableBufferPointer<UInt8>, on streamID: Int32
  ) -> (count: Int, next: StreamRecord.AfterBody)? {
    guard let index = self.streams.index(forKey: streamID) else { return nil }
    let part = unsafe self.streams.values[index].copyBody(into: buffer)
    self.unsentBytes -= part.count
    self.sentBodyBytes &+= part.count
    guard case .pause = part.next else { return part }
    return (part.count, self.pause(at: index, streamID, after: part.count))
  }

  mutating func sentEndStream(on streamID: Int32) {
    guard let index = self.streams.index(forKey: streamID) else { return }
    self.peerFaults = max(0, self.peerFaults - 1)
    self.streams.values[index].hasResponseEnded = true
  }

  /// Asks for a reset of streams that this finds for the second time: answered, and open.
  mutating func sweepAnswered() {
    var index = self.streams.startIndex
    while index != self.streams.endIndex {
      defer { self.streams.formIndex(after: &index) }
      guard self.streams.values[index].hasResponseEnded, !self.streams.values[index].isReset
      else { continue }
      if self.streams.values[index].isSwept {
        self.resets.append((self.streams.keys[index], .noError))
      }
      self.streams.values[index].isSwept = true
    }
  }

  /// Asks for a reset of streams whose window has been closed for so many sweeps.
  mutating func sweepStalled(after sweeps: Int) {
    var index = self.streams.startIndex
    while index != self.streams.endIndex {
      defer { self.streams.formIndex(after: &index) }
      if self.streams.values[index].sweptUnsent() >= sweeps, !self.streams.values[index].isReset {
        self.resets.append((self.streams.keys[index], .cancel))
      }
    }
  }

  mutating func closedStream(_ streamID: Int32, code: HTTP2ErrorCode) {
    guard let stream = self.streams.removeValue(forKey: streamID) else { return }
    self.connectionCredit += stream.unconsumedBytes
    self.unsentBytes -= stream.unsentBytes
    self.closedStreams.note(streamID, stream.end)
    self.events.append(.streamClosed(streamID: streamID, code: code))
  }

  mutating func takeWork() -> (
    resets: [(streamID: Int32, code: HTTP2ErrorCode)], connectionCredit: Int
  ) {
    defer {
      self.resets = []
      self.connectionCredit = 0
    }
    return (self.resets, self.connectionCredit)
  }

  /// Keeps the first failure of a function of libnghttp2 for the next drain.
  mutating func note(_ code: Int32, during call: HTTP2SessionError.NativeCall) {
    guard code != 0, self.failure == nil else { return }
    self.failure = HTTP2SessionError(nativeCode: code, during: call)
  }
}
