// SPDX-License-Identifier: Apache-2.0

// HTTP2Engine is the only room that knows libnghttp2. Bytes go in and events come out; responses
// go in and bytes come out. It refuses to know sockets, event loops, gRPC and time.

import CNGHTTP2

/// The server's end of one HTTP/2 connection (RFC 9113), without I/O.
///
/// The order of calls is always the same: ``receive(_:)`` what the socket gave, ``nextEvent()``
/// until nil, ``drainOutbound(atMost:into:)``, ``nextEvent()`` until nil again (writing can close
/// streams), and close the socket when ``isFinished``. Submitting is allowed at any time between.
///
/// A session belongs to one event loop. It is a class since libnghttp2 keeps its address.
@safe
package final class HTTP2Session {
  let native: OpaquePointer
  let ledger: UnsafeMutablePointer<SessionLedger>
  /// Freed after `deinit` has deleted the session that lives in it.
  let memory = SessionMemory()
  private let limits: HTTP2Limits
  private(set) var scanner = FrameScanner()
  private var hasFailed = false
  private var hasTerminated = false

  /// Queues SETTINGS and the connection's WINDOW_UPDATE, so drain once before the first read.
  ///
  /// - Throws: ``HTTP2SessionError/outOfMemory`` or ``HTTP2SessionError/native(code:during:)``.
  package init(limits: HTTP2Limits = HTTP2Limits()) throws(HTTP2SessionError) {
    self.limits = limits
    // Freed in `deinit`, or here if there is no session to write to it.
    let ledger = UnsafeMutablePointer<SessionLedger>.allocate(capacity: 1)
    unsafe ledger.initialize(to: SessionLedger(limits: limits))
    do throws(HTTP2SessionError) {
      unsafe self.native = try makeNativeSession(
        limits: limits, ledger: ledger, memory: self.memory)
    } catch {
      unsafe ledger.deinitialize(count: 1)
      unsafe ledger.deallocate()
      throw error
    }
    unsafe self.ledger = ledger
    try unsafe submitSettings(limits, to: self.native)
  }

  deinit {
    // In this order: deleting a session may still call back.
    unsafe nghttp2_session_del(self.native)
    unsafe self.ledger.deinitialize(count: 1)
    unsafe self.ledger.deallocate()
  }

  // MARK: - Inbound

  /// Takes bytes from the peer. What they mean is in ``nextEvent()`` afterwards, also after a throw.
  ///
  /// - Throws: What ends the connection. Drain once more, so that the peer learns why, then close.
  package func receive(_ bytes: Span<UInt8>) throws(HTTP2SessionError) {
    if self.hasFailed { throw .alreadyFailed }
    unsafe self.ledger.pointee.recycleArena()
    var fed = 0
    var position = 0
    while let found = self.scanner.next(in: bytes, from: &position) {
      // Whether a frame is allowed depends on those before it, in one flight with it or not.
      switch found {
      case .data(let streamID):
        guard unsafe streamID <= self.ledger.pointee.highestStreamID else { continue }
        try self.feed(bytes, from: &fed, to: position - FrameScanner.headerByteCount)
        guard let violation = unsafe self.ledger.pointee.beganData(on: streamID) else { continue }
        throw self.violated(violation)
      case .reset, .goAway: try self.feed(bytes, from: &fed, to: position)
      case .selfDependency:
        try self.feed(bytes, from: &fed, to: position)
        throw self.violated(.protocolError)
      }
    }
    try self.feed(bytes, from: &fed, to: bytes.count)
    try self.enforcePatience()
  }

  /// - Parameter fed: Where to begin; moves to `end`. What began in an earlier flight is in already.
  private func feed(
    _ bytes: Span<UInt8>, from fed: inout Int, to end: Int
  ) throws(HTTP2SessionError) {
    guard fed < end else { return }
    let part = bytes.extracting(fed..<end)
    fed = end
    let count = unsafe part.withUnsafeBufferPointer { bytes in
      // libnghttp2 reads within the bounds given and keeps no pointer.
      unsafe nghttp2_session_mem_recv(self.native, bytes.baseAddress, bytes.count)
    }
    guard count >= 0 else { throw self.failed(Int32(clamping: count)) }
  }

  /// The next thing the peer did, or nil when everything received so far is handled.
  package func nextEvent() -> HTTP2Event? {
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
    let code = unsafe nghttp2_session_consume(self.native, streamID, consumed)
    self.note(code, during: .consume)
  }

  // MARK: - Outbound

  /// Queues a whole response.
  package func submitResponse(_ response: HTTP2Response, on streamID: Int32) -> OnSubmitResponse {
    let answer = unsafe self.ledger.pointee.answered(with: response, on: streamID)
    guard answer == .queued else { return answer }
    let hasMore = !response.body.isEmpty || !response.trailers.isEmpty
    self.note(
      self.submit(response.headers, hasMore: hasMore, on: streamID), during: .submitResponse)
    return .queued
  }

  /// Queues RST_STREAM. Does nothing to a stream that is closed.
  package func resetStream(_ streamID: Int32, code: HTTP2ErrorCode) {
    guard unsafe self.ledger.pointee.wasReset(streamID) else { return }
    let result = unsafe nghttp2_submit_rst_stream(
      self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue), streamID, code.rawValue)
    self.note(result, during: .submitReset)
  }

  /// Hands what is ready to be written to `sink`, a frame or so at a time.
  ///
  /// - Parameters:
  ///   - limit: Stop once this many bytes were handed over. The last frame is not cut, so up to one
  ///     frame (16 KiB and 9 bytes) more may come.
  ///   - sink: Copies the bytes; libnghttp2 reuses their memory.
  /// - Throws: What ends the connection.
  package func drainOutbound(
    atMost limit: Int = .max, into sink: (Span<UInt8>) -> Void
  ) throws(HTTP2SessionError) -> OnDrain {
    var written = 0
    while written < limit {
      self.doDeferredWork()
      if let failure = unsafe self.ledger.pointee.failure { throw self.fail(with: failure) }
      var bytes: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(self.native, &bytes)
      guard count >= 0 else {
        throw self.fail(with: .init(nativeCode: Int32(clamping: count), during: .send))
      }
      guard count > 0, let start = unsafe bytes else {
        // The last callbacks may have asked for something: a reset for what could not be sent.
        if unsafe self.ledger.pointee.hasWork { continue }
        return .drained
      }
      // The bytes stay until the next call into libnghttp2; the sink has copied them by then.
      sink(unsafe Span(_unsafeStart: start, count: count))
      written += count
    }
    return self.wantsWrite ? .paused : .drained
  }

  // MARK: - The end

  /// Tells the peer to open no more streams, and asks it to confirm (RFC 9113 §6.8).
  ///
  /// Streams that are on their way are still served. ``HTTP2Event/shutdownNoticeAcknowledged`` or a
  /// timer, whichever is first, leads to ``finishShutdown()``.
  package func beginShutdown() {
    let code = unsafe nghttp2_submit_shutdown_notice(self.native)
    self.note(code, during: .submitGoAway)
    unsafe self.ledger.pointee.notice = .queued
  }

  /// Refuses streams newer than those seen so far; the session is finished once these are answered.
  package func finishShutdown() {
    unsafe self.ledger.pointee.isRefusing = true
    let code = unsafe nghttp2_submit_goaway(
      self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue),
      nghttp2_session_get_last_proc_stream_id(self.native), HTTP2ErrorCode.noError.rawValue,
      nil, 0)
    self.note(code, during: .submitGoAway)
  }

  /// Ends the connection now, whatever is still open: one GOAWAY, and the session is finished.
  package func terminate(code: HTTP2ErrorCode) {
    guard !self.hasTerminated else { return }
    self.hasTerminated = true
    unsafe self.ledger.pointee.isRefusing = true
    let result = unsafe nghttp2_session_terminate_session(self.native, code.rawValue)
    self.note(result, during: .submitGoAway)
  }

  /// Whether more bytes from the peer can mean anything.
  package var wantsRead: Bool {
    guard !self.hasFailed else { return false }
    return unsafe nghttp2_session_want_read(self.native) != 0
  }

  /// Whether ``drainOutbound(atMost:into:)`` has something to hand over.
  package var wantsWrite: Bool {
    if unsafe self.ledger.pointee.hasWork { return true }
    return unsafe nghttp2_session_want_write(self.native) != 0
  }

  /// Whether the connection has nothing left to do and should be closed.
  package var isFinished: Bool {
    !self.wantsRead && !self.wantsWrite
  }

  /// Whether a stream is open now. It may have closed although its events are not handled yet.
  package func isOpen(_ streamID: Int32) -> Bool {
    unsafe self.ledger.pointee.streams.index(forKey: streamID) != nil
  }

  /// Gives memory back that is of use only while there is something to read or to write. Costs the
  /// next call a page fault or two, so it is for connections that have been silent for a while.
  package func releaseMemory() {
    self.memory.release(frameIsUnused: !self.wantsWrite)
    unsafe self.ledger.pointee.releaseMemory()
  }

  /// Streams that are open now. At most ``HTTP2Limits/maxConcurrentStreams``.
  package var openStreamCount: Int { unsafe self.ledger.pointee.streams.count }

  /// Bytes of response bodies that wait for the peer's windows.
  package var unsentBytes: Int { unsafe self.ledger.pointee.unsentBytes }
}

// MARK: - Private

extension HTTP2Session {
  func submit(_ headers: HeaderFields, hasMore: Bool, on streamID: Int32) -> Int32 {
    var provider = unsafe nghttp2_data_provider()
    unsafe provider.read_callback = readBody
    return unsafe headers.withNative { fields, count in
      unsafe withUnsafePointer(to: &provider) { provider in
        // Both arguments are copied; the body is asked for through `readBody`.
        unsafe nghttp2_submit_response(
          self.native, streamID, fields, count, hasMore ? provider : nil)
      }
    }
  }

  /// Does what callbacks asked for and must not do themselves.
  private func doDeferredWork() {
    guard unsafe self.ledger.pointee.hasWork else { return }
    let work = unsafe self.ledger.pointee.takeWork()
    for (streamID, code) in work.resets {
      self.resetStream(streamID, code: code)
    }
    let consumed = unsafe nghttp2_session_consume_connection(self.native, work.connectionCredit)
    self.note(consumed, during: .consume)
    if unsafe self.ledger.pointee.notice == .sent { self.submitShutdownPing() }
  }

  private func submitShutdownPing() {
    unsafe self.ledger.pointee.notice = .pingQueued
    let ping = unsafe withUnsafeBytes(of: shutdownPing) { payload in
      // libnghttp2 copies the eight bytes.
      unsafe nghttp2_submit_ping(
        self.native, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        payload.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    self.note(ping, during: .submitPing)
  }

  /// Ends the connection of a peer that makes others pay: for its faults, or for not reading.
  private func enforcePatience() throws(HTTP2SessionError) {
    if unsafe self.ledger.pointee.peerFaults > self.limits.maxPeerFaults {
      self.terminate(code: .enhanceYourCalm)
    }
    guard unsafe nghttp2_session_get_outbound_queue_size(self.native) <= self.limits.maxQueuedFrames
    else {
      self.terminate(code: .enhanceYourCalm)
      throw self.fail(with: .flooded)
    }
  }

  private func violated(_ code: HTTP2ErrorCode) -> HTTP2SessionError {
    self.terminate(code: code)
    return self.fail(with: .violated(code))
  }

  private func failed(_ nativeCode: Int32) -> HTTP2SessionError {
    if let violation = unsafe self.ledger.pointee.violation { return self.violated(violation) }
    let error = HTTP2SessionError(nativeCode: nativeCode, during: .receive)
    if error == .flooded { self.terminate(code: .enhanceYourCalm) }
    return self.fail(with: error)
  }

  private func fail(with error: HTTP2SessionError) -> HTTP2SessionError {
    self.hasFailed = true
    unsafe self.ledger.pointee.failure = nil
    return error
  }

  /// Keeps a failure of a submit function for the next drain. These fail for want of memory only,
  /// since streams and arguments are checked before; no caller could do better than to drain.
  func note(_ code: Int32, during call: HTTP2SessionError.NativeCall) {
    unsafe self.ledger.pointee.note(code, during: call)
  }
}
