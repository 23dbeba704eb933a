// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// Responses that come in pieces: ``beginResponse(_:on:)``, then ``push(_:on:)`` as often as there
/// is something to say, then ``endResponse(with:discardingUnsent:on:)``.
///
/// A peer whose window is closed takes nothing, and what is pushed to it piles up here. Whoever
/// pushes once and then waits for ``HTTP2Event/responseDrained(streamID:)`` never holds more than
/// one piece for a slow reader.
extension HTTP2Session {
  /// Queues the headers of a response whose body follows.
  package func beginResponse(_ headers: HeaderFields, on streamID: Int32) -> OnSubmitResponse {
    let answer = unsafe self.ledger.pointee.began(on: streamID)
    guard answer == .queued else { return answer }
    self.note(self.submit(headers, hasMore: true, on: streamID), during: .submitResponse)
    return .queued
  }

  /// Queues a piece of the body. It may be cut into frames anywhere.
  package func push(_ bytes: [UInt8], on streamID: Int32) -> OnPush {
    let next = unsafe self.ledger.pointee.pushed(bytes, on: streamID)
    return self.carryOut(next, on: streamID)
  }

  /// Queues the end of the body and what follows it.
  ///
  /// Trailers with no body before them need no window, so a peer that opens none gets them too.
  /// - Parameter discardingUnsent: leaves out what was pushed, if no byte of it is sent: the end is
  ///   more urgent.
  package func endResponse(
    with trailers: HeaderFields, discardingUnsent: Bool = false, on streamID: Int32
  ) -> OnPush {
    let next = unsafe self.ledger.pointee.ended(
      with: trailers, discardingUnsent: discardingUnsent, on: streamID)
    return self.carryOut(next, on: streamID)
  }

  private func carryOut(_ next: SessionLedger.OnPiece?, on streamID: Int32) -> OnPush {
    switch next {
    case nil: return .notStreaming
    case .none?: break
    case .resume?:
      self.note(unsafe nghttp2_session_resume_data(self.native, streamID), during: .resume)
    case .submitTrailers(let trailers)?:
      let code = unsafe trailers.withNative { fields, count in
        unsafe nghttp2_submit_trailer(self.native, streamID, fields, count)
      }
      self.note(code, during: .submitTrailers)
    }
    return .queued
  }
}
