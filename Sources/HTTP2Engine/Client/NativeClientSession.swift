// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2

/// Makes a client session with our callbacks and limits, which write to `ledger`. The caller owns it.
func makeNativeClientSession(
  limits: HTTP2ClientLimits, ledger: UnsafeMutablePointer<ClientLedger>
) throws(HTTP2SessionError) -> OpaquePointer {
  var callbacks: OpaquePointer?
  guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks
  else { throw .outOfMemory }
  // libnghttp2 copies callbacks and options into the session.
  defer { unsafe nghttp2_session_callbacks_del(callbacks) }
  unsafe registerClient(callbacks)

  var option: OpaquePointer?
  guard unsafe nghttp2_option_new(&option) == 0, let option = unsafe option
  else { throw .outOfMemory }
  defer { unsafe nghttp2_option_del(option) }
  // Windows open when the application has consumed, not when bytes have arrived.
  unsafe nghttp2_option_set_no_auto_window_update(option, 1)
  unsafe nghttp2_option_set_no_closed_streams(option, 1)
  unsafe nghttp2_option_set_max_settings(option, limits.maxSettingsPerFrame)
  unsafe nghttp2_option_set_max_outbound_ack(option, limits.maxQueuedAcknowledgements)
  unsafe nghttp2_option_set_max_continuations(option, limits.maxContinuations)

  var session: OpaquePointer?
  let code = unsafe nghttp2_session_client_new2(&session, callbacks, ledger, option)
  guard code == 0, let session = unsafe session else {
    throw HTTP2SessionError(nativeCode: code, during: .createSession)
  }
  return unsafe session
}

/// Queues the client's connection preface (RFC 9113 §3.4).
func submitClientSettings(
  _ limits: HTTP2ClientLimits, to session: OpaquePointer
) throws(HTTP2SessionError) {
  let settings = [
    // Nothing is pushed that nobody asked for (RFC 9113 §8.4).
    setting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
    setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(clamping: limits.streamWindowBytes)),
    setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: limits.maxHeaderListBytes)),
  ]
  try unsafe submit(settings, connectionWindowBytes: limits.connectionWindowBytes, to: session)
}
