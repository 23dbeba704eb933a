// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// The client's end of one HTTP/2 connection (RFC 9113), without I/O.
///
/// The order of calls is that of ``HTTP2Session``: ``receive(_:)`` what the socket gave,
/// ``nextEvent()`` until nil, ``drainOutbound(atMost:into:)``, ``nextEvent()`` until nil again, and
/// close the socket when ``isFinished``. Requests may be submitted at any time between.
///
/// A session belongs to one event loop. It is a class since libnghttp2 keeps its address.
@safe
package final class HTTP2ClientSession {
  private let native: OpaquePointer
  private let ledger: UnsafeMutablePointer<ClientLedger>
  private let limits: HTTP2ClientLimits
  private var hasFailed = false
  private var hasTerminated = false
  /// What a submit function could not do; thrown at the next drain.
  private var failure: HTTP2SessionError?

  /// Queues the preface, SETTINGS and the connection's WINDOW_UPDATE; they go out ahead of the first
  /// request, which need not wait for the server's.
  ///
  /// - Throws: ``HTTP2SessionError/outOfMemory`` or ``HTTP2SessionError/native(code:during:)``.
  package init(limits: HTTP2ClientLimits = HTTP2ClientLimits()) throws(HTTP2SessionError) {
    self.limits = limits
    // Freed in `deinit`, or here if there is no session to write to it.
    let ledger = UnsafeMutablePointer<ClientLedger>.allocate(capacity: 1)
    unsafe ledger.initialize(to: ClientLedger(limits: limits))
    do throws(HTTP2SessionError) {
      unsafe self.native = try makeNativeClientSession(limits: limits, ledger: ledger)
    } catch {
      unsafe ledger.deinitialize(count: 1)
      unsafe ledger.deallocate()
      throw error
    }
    unsafe self.ledger = ledger
    try unsafe submitClientSettings(limits, to: self.native)
  }

  deinit {
    // In this order: deleting a session may still call back.
    unsafe nghttp2_session_del(self.native)
    unsafe self.ledger.deinitialize(count: 1)
    unsafe self.ledger.deallocate()
  }

  // MARK: - Inbound

  /// Takes bytes from the server. What they mean is in ``nextEvent()`` afterwards, also after a throw.
  ///
  /// - Throws: What ends the connection. Drain once more, so that the server learns why, then close.
  package func receive(_ bytes: Span<UInt8>) throws(HTTP2SessionError) {
    if self.hasFailed { throw .alreadyFailed }
    unsafe self.ledger.pointee.recycleArena()
    let count = unsafe bytes.withUnsafeBufferPointer { bytes in
      // libnghttp2 reads within the bounds given and keeps no pointer.
      unsafe nghttp2_session_mem_recv(self.native, bytes.baseAddress, bytes.count)
    }
    guard count >= 0 else { throw self.failed(Int32(clamping: count)) }
    guard unsafe nghttp2_session_get_outbound_queue_size(self.native) <= self.limits.maxQueuedFrames
    else {
      self.terminate(code: .enhanceYourCalm)
      throw self.fail(with: .flooded)
    }
  }

  /// The next thing the server did, or nil when everything received so far is handled.
  package func nextEvent() -> HTTP2ClientEvent? {
    unsafe self.ledger.pointee.events.popFirst()
  }

  /// Reads body bytes in place.
  ///
  /// - Precondition: There was no ``receive(_:)`` since the event that carried `bytes`.
  package func withBytes<Result, Failure: Error>(
    of bytes: ReceivedBytes, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let arena = unsafe self.ledger.pointee.arena
    return try body(arena.span.extracting(bytes.range))
  }

  /// Opens the windows again by as many bytes as the application is done with (RFC 9113 §6.9).
  ///
  /// Counts more than a stream has delivered are cut; a closed stream's bytes went back by themselves.
  package func consume(_ count: Int, on streamID: Int32) {
    let consumed = unsafe self.ledger.pointee.consumed(count, on: streamID)
    guard consumed > 0 else { return }
    self.note(unsafe nghttp2_session_consume(self.native, streamID, consumed), during: .consume)
  }

  // MARK: - Outbound

  /// Queues a whole request.
  ///
  /// - Parameter headers: Pseudo-header fields first (RFC 9113 §8.3.1).
  package func submitRequest(_ headers: HeaderFields, body: [UInt8]) -> OnSubmitRequest {
    guard self.takesRequests else { return .connectionEnding }
    guard unsafe self.ledger.pointee.openRequests < self.limits.maxOpenRequests
    else { return .tooMany }
    var provider = unsafe nghttp2_data_provider()
    unsafe provider.read_callback = readRequestBody
    let streamID = unsafe headers.withNative { fields, count in
      unsafe withUnsafePointer(to: &provider) { provider in
        // All arguments are copied; the body is asked for through `readRequestBody`.
        unsafe nghttp2_submit_request(
          self.native, nil, fields, count, body.isEmpty ? nil : provider, nil)
      }
    }
    guard streamID > 0 else {
      if nghttp2_error(rawValue: streamID) != NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE {
        self.note(streamID, during: .submitRequest)
      }
      return .connectionEnding
    }
    unsafe self.ledger.pointee.submitted(streamID, body: body)
    return .queued(streamID: streamID)
  }

  /// Queues RST_STREAM. Does nothing to a stream that is closed; what still arrives on it is dropped.
  package func resetStream(_ streamID: Int32, code: HTTP2ErrorCode) {
    guard unsafe self.ledger.pointee.wasReset(streamID) else { return }
    let result = unsafe nghttp2_submit_rst_stream(
      self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue), streamID, code.rawValue)
    self.note(result, during: .submitReset)
  }

  /// Hands what is ready to be written to `sink`, a frame or so at a time.
  ///
  /// - Parameters:
  ///   - limit: Stop once this many bytes were handed over; up to one frame more may come.
  ///   - sink: Copies the bytes; libnghttp2 reuses their memory.
  /// - Throws: What ends the connection.
  package func drainOutbound(
    atMost limit: Int = .max, into sink: (Span<UInt8>) -> Void
  ) throws(HTTP2SessionError) -> OnDrain {
    var written = 0
    while written < limit {
      let credit = unsafe self.ledger.pointee.takeCredit()
      self.note(
        unsafe nghttp2_session_consume_connection(self.native, credit), during: .consume)
      if let failure = self.failure { throw self.fail(with: failure) }
      var bytes: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(self.native, &bytes)
      guard count >= 0 else {
        throw self.fail(with: .init(nativeCode: Int32(clamping: count), during: .send))
      }
      guard count > 0, let start = unsafe bytes else { return .drained }
      // The bytes stay until the next call into libnghttp2; the sink has copied them by then.
      sink(unsafe Span(_unsafeStart: start, count: count))
      written += count
    }
    return self.wantsWrite ? .paused : .drained
  }

  // MARK: - The end

  /// Ends the connection now, whatever is still open: one GOAWAY, and the session is finished.
  package func terminate(code: HTTP2ErrorCode = .noError) {
    guard !self.hasTerminated else { return }
    self.hasTerminated = true
    self.note(
      unsafe nghttp2_session_terminate_session(self.native, code.rawValue), during: .submitGoAway)
  }

  /// Whether ``drainOutbound(atMost:into:)`` has something to hand over.
  package var wantsWrite: Bool {
    unsafe self.ledger.pointee.connectionCredit > 0
      || nghttp2_session_want_write(self.native) != 0
  }

  /// Whether the connection has nothing left to do and should be closed.
  package var isFinished: Bool {
    let wantsRead = unsafe !self.hasFailed && nghttp2_session_want_read(self.native) != 0
    return !wantsRead && !self.wantsWrite
  }

  /// Whether requests can still be submitted.
  package var takesRequests: Bool {
    // The library refuses once a GOAWAY went either way, ours for a fault of the server's included.
    unsafe !self.hasFailed && !self.hasTerminated
      && nghttp2_session_check_request_allowed(self.native) != 0
  }

  /// Requests that are submitted and not closed. At most ``HTTP2ClientLimits/maxOpenRequests``.
  package var openRequestCount: Int { unsafe self.ledger.pointee.openRequests }

  /// Whether a request's stream is open. It may have closed although its events are not handled yet.
  package func isOpen(_ streamID: Int32) -> Bool {
    unsafe self.ledger.pointee.isOpen(streamID)
  }

  // MARK: - Private

  private func failed(_ nativeCode: Int32) -> HTTP2SessionError {
    let isFlooded = unsafe self.ledger.pointee.isFlooded
    let error = HTTP2SessionError(nativeCode: nativeCode, during: .receive)
    guard isFlooded || error == .flooded else { return self.fail(with: error) }
    self.terminate(code: .enhanceYourCalm)
    return self.fail(with: .flooded)
  }

  private func fail(with error: HTTP2SessionError) -> HTTP2SessionError {
    self.hasFailed = true
    self.failure = nil
    return error
  }

  /// Keeps a failure of a submit function for the next drain.
  private func note(_ code: Int32, during call: HTTP2SessionError.NativeCall) {
    guard code < 0, self.failure == nil else { return }
    self.failure = HTTP2SessionError(nativeCode: code, during: call)
  }
}
