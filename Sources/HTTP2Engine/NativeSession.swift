// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// What the PING after a shutdown notice carries, so that its acknowledgement is known: the bytes of
/// "shutdown" in whatever order this machine keeps them.
let shutdownPing: UInt64 = 0x7368_7574_646F_776E

/// Makes a server session with our callbacks and limits, which write to `ledger`. The caller owns it.
func makeNativeSession(
  limits: HTTP2Limits, ledger: UnsafeMutablePointer<SessionLedger>,
  memory: borrowing SessionMemory
) throws(HTTP2SessionError) -> OpaquePointer {
  var callbacks: OpaquePointer?
  guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks
  else { throw .outOfMemory }
  // libnghttp2 copies callbacks and options into the session.
  defer { unsafe nghttp2_session_callbacks_del(callbacks) }
  unsafe register(callbacks)

  var option: OpaquePointer?
  guard unsafe nghttp2_option_new(&option) == 0, let option = unsafe option
  else { throw .outOfMemory }
  defer { unsafe nghttp2_option_del(option) }
  unsafe apply(limits, to: option)

  var session: OpaquePointer?
  var native = unsafe memory.native
  let code = unsafe nghttp2_session_server_new3(&session, callbacks, ledger, option, &native)
  guard code == 0, let session = unsafe session else {
    throw HTTP2SessionError(nativeCode: code, during: .createSession)
  }
  return unsafe session
}

private func apply(_ limits: HTTP2Limits, to option: OpaquePointer) {
  // Windows open when the application has consumed, not when bytes have arrived.
  unsafe nghttp2_option_set_no_auto_window_update(option, 1)
  unsafe nghttp2_option_set_no_closed_streams(option, 1)
  unsafe nghttp2_option_set_max_settings(option, limits.maxSettingsPerFrame)
  unsafe nghttp2_option_set_max_outbound_ack(option, limits.maxQueuedAcknowledgements)
  unsafe nghttp2_option_set_max_continuations(option, limits.maxContinuations)
  unsafe nghttp2_option_set_stream_reset_rate_limit(
    option, limits.streamResetBurst, limits.streamResetsPerSecond)
}

/// Queues the server's connection preface (RFC 9113 §3.4).
func submitSettings(
  _ limits: HTTP2Limits, to session: OpaquePointer
) throws(HTTP2SessionError) {
  let settings = [
    setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams),
    setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(clamping: limits.streamWindowBytes)),
    setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: limits.maxHeaderListBytes)),
    // No priority tree of RFC 7540 to keep up; RFC 9113 §5.3.2 asks for this.
    setting(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
  ]
  try unsafe submit(settings, connectionWindowBytes: limits.connectionWindowBytes, to: session)
}

/// Queues SETTINGS, and what widens the connection's window to its size.
func submit(
  _ settings: [nghttp2_settings_entry], connectionWindowBytes: Int32, to session: OpaquePointer
) throws(HTTP2SessionError) {
  let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
  let submitted = unsafe settings.withUnsafeBufferPointer { settings in
    // libnghttp2 copies the entries.
    unsafe nghttp2_submit_settings(session, none, settings.baseAddress, settings.count)
  }
  guard submitted == 0 else {
    throw HTTP2SessionError(nativeCode: submitted, during: .submitSettings)
  }
  let widened = unsafe nghttp2_session_set_local_window_size(
    session, none, 0, connectionWindowBytes)
  guard widened == 0 else { throw HTTP2SessionError(nativeCode: widened, during: .setWindow) }
}

func setting(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
  nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
}

extension HTTP2SessionError {
  init(nativeCode code: Int32, during call: NativeCall) {
    switch nghttp2_error(rawValue: code) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC: self = .notHTTP2
    case NGHTTP2_ERR_FLOODED, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: self = .flooded
    case NGHTTP2_ERR_NOMEM: self = .outOfMemory
    // NGHTTP2_ERR_CALLBACK_FAILURE, and what later versions add.
    default: self = .native(code: code, during: call)
    }
  }
}

extension HeaderFields {
  /// Lends the list as libnghttp2 wants it. It copies what it is given, so nothing is kept alive.
  func withNative(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32) -> Int32 {
    unsafe self.bytes.withUnsafeBufferPointer { bytes in
      unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: self.count) { native in
        // An empty list has no memory, and nothing to point at either.
        guard let base = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress) else {
          return body(nil, 0)
        }
        for (index, field) in self.fields.enumerated() {
          let flags = field.isIndexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX
          unsafe native.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: base + field.nameRange.lowerBound,
              value: base + field.valueRange.lowerBound,
              namelen: field.nameRange.count,
              valuelen: field.valueRange.count,
              flags: UInt8(flags.rawValue)))
        }
        return unsafe body(native.baseAddress, self.count)
      }
    }
  }
}
