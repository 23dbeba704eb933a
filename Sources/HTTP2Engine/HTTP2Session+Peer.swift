// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

// What a peer does that is no call, for whoever has to judge it; and what is said to it of that.

/// What the PING carries that asks whether a peer is there: the bytes of "keepaliv" in whatever order
/// this machine keeps them. Any answer will do, so nobody looks for it.
private let keepalivePing: UInt64 = 0x6B65_6570_616C_6976

extension HTTP2Session {
  /// What the peer sent so far.
  package var frameCounts: FrameCounts { self.scanner.counts }

  /// The client's preface and its SETTINGS are in.
  package var isOpen: Bool { self.scanner.isOpen }

  /// The peer has begun the preface, a frame or a header block, and not finished it.
  package var isMidway: Bool { self.scanner.isMidway }

  /// Queues a PING, which any peer has to answer (RFC 9113 §6.7).
  package func ping() {
    let code = unsafe withUnsafeBytes(of: keepalivePing) { payload in
      // libnghttp2 copies the eight bytes.
      unsafe nghttp2_submit_ping(
        self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        payload.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    self.note(code, during: .submitPing)
  }

  /// Ends the connection now with a GOAWAY that tells people why; drain once more, then close.
  ///
  /// - Parameter debug: its debug data (RFC 9113 §6.8). Some texts are part of gRPC's own protocol.
  package func goAway(code: HTTP2ErrorCode, debug: String) {
    let result = unsafe Array(debug.utf8).withUnsafeBufferPointer { text in
      // libnghttp2 copies the text.
      unsafe nghttp2_submit_goaway(
        self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        nghttp2_session_get_last_proc_stream_id(self.native), code.rawValue, text.baseAddress,
        text.count)
    }
    self.note(result, during: .submitGoAway)
  }

  /// Resets streams that were answered in full before the last such sweep and whose request still has
  /// no end (RFC 9113 §8.1): who has its answer and says nothing must not hold a stream for ever.
  package func sweepAnswered() {
    unsafe self.ledger.pointee.sweepAnswered()
  }

  /// Resets streams whose own windows have let next to nothing of their answers pass for so many such
  /// sweeps: who takes the answers of its other calls must not make this end keep these for ever.
  /// Nothing is held against a stream while the connection as a whole cannot send.
  package func sweepStalled(after sweeps: Int) {
    guard self.unsentBytes > 0, !self.wantsWrite,
      unsafe nghttp2_session_get_remote_window_size(self.native) > 0
    else { return }
    unsafe self.ledger.pointee.sweepStalled(after: sweeps)
  }

  /// Bytes of response bodies that were sent so far.
  package var sentBodyBytes: Int { unsafe self.ledger.pointee.sentBodyBytes }
}
