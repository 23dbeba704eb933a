// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

// What libnghttp2 lets pass and RFC 9113 does not: it forgets closed streams, and ignores a frame
// for one it does not know.

extension SessionLedger {
  /// Looks at a frame's header before the library does.
  ///
  /// - Returns: The error that ends the connection, or nil.
  mutating func beganFrame(_ header: nghttp2_frame_hd) -> HTTP2ErrorCode? {
    switch nghttp2_frame_type(rawValue: UInt32(header.type)) {
    case NGHTTP2_HEADERS: self.beganHeaders(on: header.stream_id)
    // Not looked into otherwise (§6.3).
    case NGHTTP2_PRIORITY where header.stream_id == 0: .protocolError
    default: nil
    }
  }

  private mutating func beganHeaders(on streamID: Int32) -> HTTP2ErrorCode? {
    if streamID > self.highestStreamID {
      self.highestStreamID = streamID
      return nil
    }
    guard streamID > 0, self.streams.index(forKey: streamID) == nil else { return nil }
    switch self.closedStreams.end(of: streamID) {
    case .finished, .resetByPeer: return .streamClosed
    case .resetHere: return nil
    // §5.1.1: an identifier that was passed over is closed for ever. One that came after our
    // GOAWAY was ignored, and so may be what follows on it.
    case nil: return self.isRefusing ? nil : .protocolError
    }
  }

  /// The same for DATA, which the library drops without a word to anybody.
  func beganData(on streamID: Int32) -> HTTP2ErrorCode? {
    guard streamID <= self.highestStreamID, self.streams.index(forKey: streamID) == nil
    else { return nil }
    switch self.closedStreams.end(of: streamID) {
    case .finished, .resetByPeer: return .streamClosed
    // What is on its way to a stream that was reset from here has to be dropped.
    case .resetHere, nil: return nil
    }
  }

  mutating func receivedReset(on streamID: Int32) {
    guard let index = self.streams.index(forKey: streamID) else { return }
    self.streams.values[index].isResetByPeer = true
  }

  /// The library refused a request before it was one.
  mutating func refusedHeaders(on streamID: Int32) {
    guard self.streams.index(forKey: streamID) == nil else { return }
    self.closedStreams.note(streamID, .resetHere)
  }
}
