// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// What the callbacks note in the session. See HTTP2Callbacks.swift.
extension HTTP2Session {
  func receivedRequestHeaders(on streamID: Int32, endStream: Bool) {
    let fields = self.incomingFields
    self.incomingFields = HeaderFields()
    self.streams[streamID] = StreamRecord(hasRequestEnded: endStream)
    if self.incomingIsTooLarge {
      self.events.append(
        .requestHeadersTooLarge(streamID: streamID, fields: fields, endStream: endStream))
    } else {
      self.events.append(.requestHeaders(streamID: streamID, fields: fields, endStream: endStream))
    }
  }

  func receivedData(_ bytes: UnsafeBufferPointer<UInt8>, on streamID: Int32) {
    guard let index = self.streams.index(forKey: streamID) else {
      self.deferred.connectionCredit += bytes.count
      return
    }
    self.streams.values[index].unconsumedBytes += bytes.count
    let start = self.arena.count
    unsafe self.arena.append(contentsOf: bytes)
    self.events.append(
      .data(streamID: streamID, ReceivedBytes(range: start..<self.arena.count)))
  }

  func receivedEndStream(on streamID: Int32) {
    guard let index = self.streams.index(forKey: streamID) else { return }
    self.streams.values[index].hasRequestEnded = true
    self.events.append(.requestEnded(streamID: streamID))
  }

  func receivedPingAcknowledgement(
    _ payload: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)
  ) {
    let bytes = [
      payload.0, payload.1, payload.2, payload.3, payload.4, payload.5, payload.6, payload.7,
    ]
    if bytes == shutdownPing { self.events.append(.shutdownNoticeAcknowledged) }
  }

  /// How much of a body was copied, and whether that was all of it.
  enum BodyEnd { case notYet, body, trailersFollow }

  func copyBody(
    into buffer: UnsafeMutableBufferPointer<UInt8>, on streamID: Int32
  ) -> (count: Int, end: BodyEnd) {
    guard let index = self.streams.index(forKey: streamID) else {
      return (Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue), .notYet)
    }
    let part = unsafe self.streams.values[index].copyBody(into: buffer)
    guard part.isLast else { return (part.count, .notYet) }
    let trailers = self.streams.values[index].takeTrailers()
    guard !trailers.isEmpty else { return (part.count, .body) }
    self.submitTrailers(trailers, on: streamID)
    return (part.count, .trailersFollow)
  }

  private func submitTrailers(_ trailers: HeaderFields, on streamID: Int32) {
    let code = unsafe trailers.withNative { fields, count in
      unsafe nghttp2_submit_trailer(self.native, streamID, fields, count)
    }
    if code != 0 { self.callbackFailure = .init(nativeCode: code, during: .submitTrailers) }
  }

  func sentEndStream(on streamID: Int32) {
    guard let stream = self.streams[streamID] else { return }
    self.peerFaults = max(0, self.peerFaults - 1)
    // A complete response to an incomplete request: RFC 9113 §8.1 asks the peer to stop.
    if !stream.hasRequestEnded { self.deferred.resets.append((streamID, .noError)) }
  }

  func closedStream(_ streamID: Int32, code: HTTP2ErrorCode) {
    guard let stream = self.streams.removeValue(forKey: streamID) else { return }
    self.deferred.connectionCredit += stream.unconsumedBytes
    self.events.append(.streamClosed(streamID: streamID, code: code))
  }
}
