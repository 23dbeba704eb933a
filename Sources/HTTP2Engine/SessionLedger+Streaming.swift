// SPDX-License-Identifier: Apache-2.0

/// What the ledger keeps of responses that come in pieces.
extension SessionLedger {
  mutating func began(on streamID: Int32) -> OnSubmitResponse {
    guard let index = self.streams.index(forKey: streamID) else { return .streamClosed }
    return self.streams.values[index].beginAnswer()
  }

  /// What is to be done once a piece or the end was noted.
  enum OnPiece {
    /// Nothing: the library asks by itself.
    case none
    /// Tell the library to ask again.
    case resume
    /// Nothing is left to send before the trailers.
    case submitTrailers(HeaderFields)
  }

  /// - Returns: Nil if the stream takes no pieces, or none any more.
  mutating func pushed(_ bytes: consuming [UInt8], on streamID: Int32) -> OnPiece? {
    guard let index = self.streams.index(forKey: streamID),
      self.streams.values[index].isStreaming
    else { return nil }
    self.unsentBytes += bytes.count
    self.streams.values[index].push(bytes)
    return self.resume(at: index)
  }

  /// The body is whole.
  mutating func ended(
    with trailers: consuming HeaderFields, discardingUnsent: Bool, on streamID: Int32
  ) -> OnPiece? {
    guard let index = self.streams.index(forKey: streamID),
      self.streams.values[index].isStreaming
    else { return nil }
    self.streams.values[index].isStreaming = false
    if discardingUnsent {
      self.unsentBytes -= self.streams.values[index].unsentBytes
      self.streams.values[index].discardUnsent()
      self.unsentBytes += self.streams.values[index].unsentBytes
    }
    if self.streams.values[index].unsentBytes == 0, !trailers.isEmpty {
      return .submitTrailers(trailers)
    }
    self.streams.values[index].trailers = trailers
    return self.resume(at: index)
  }

  /// The library took the last byte there is. The application hears of it when that really emptied
  /// a buffer, not when the library asks a second time.
  mutating func pause(
    at index: Dictionary<Int32, StreamRecord>.Index, _ streamID: Int32, after count: Int
  ) -> StreamRecord.AfterBody {
    guard count == 0 else {
      self.events.append(.responseDrained(streamID: streamID))
      return .moreBody
    }
    self.streams.values[index].isDeferred = true
    return .pause
  }

  private mutating func resume(at index: Dictionary<Int32, StreamRecord>.Index) -> OnPiece {
    guard self.streams.values[index].isDeferred else { return .none }
    self.streams.values[index].isDeferred = false
    return .resume
  }
}
