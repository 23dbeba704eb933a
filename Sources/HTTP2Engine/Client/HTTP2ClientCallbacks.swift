// SPDX-License-Identifier: Apache-2.0

// libnghttp2's callbacks for the client's end: recover the ledger, note what happened, return. None
// of them throws, logs, or calls back into the library.

import CNGHTTP2

func registerClient(_ callbacks: OpaquePointer) {
  unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, didBeginHeaders)
  unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, didReceiveHeader)
  unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, didReceiveFrame)
  unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, didReceiveData)
  unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, didNotSendFrame)
  unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, didCloseStream)
}

/// The ledger that the session passed as user data. Callbacks run inside the session's methods only,
/// so it is there, and nobody else is in it.
private func ledger(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<ClientLedger>? {
  unsafe userData?.assumingMemoryBound(to: ClientLedger.self)
}

private func hasEndStream(_ flags: UInt8) -> Bool {
  UInt32(flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
}

private func didBeginHeaders(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  unsafe ledger.pointee.beganHeaders()
  return 0
}

private func didReceiveHeader(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?,
  name: UnsafePointer<UInt8>?, nameCount: Int, value: UnsafePointer<UInt8>?, valueCount: Int,
  flags: UInt8, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  let answer = unsafe ledger.pointee.receivedField(
    name: UnsafeBufferPointer(start: name, count: nameCount),
    value: UnsafeBufferPointer(start: value, count: valueCount))
  switch answer {
  case .taken: return 0
  // The library resets the stream, and goes on to keep the compression's state in step.
  case .tooLarge: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  case .flooded: return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  }
}

private func didReceiveFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let frame = unsafe frame?.pointee else { return 0 }
  let header = unsafe frame.hd
  switch UInt32(header.type) {
  case NGHTTP2_HEADERS.rawValue:
    unsafe ledger.pointee.receivedHeaders(
      on: header.stream_id, endStream: hasEndStream(header.flags))
  case NGHTTP2_DATA.rawValue:
    if hasEndStream(header.flags) {
      unsafe ledger.pointee.receivedEndStream(on: header.stream_id)
    }
  case NGHTTP2_GOAWAY.rawValue:
    let code = unsafe frame.goaway.error_code
    unsafe ledger.pointee.receivedGoAway(code: HTTP2ErrorCode(rawValue: code))
  default: break
  }
  return 0
}

private func didReceiveData(
  _: OpaquePointer?, flags: UInt8, streamID: Int32,
  bytes: UnsafePointer<UInt8>?, count: Int, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  unsafe ledger.pointee.receivedData(
    UnsafeBufferPointer(start: bytes, count: count), on: streamID)
  return 0
}

/// Copies the next part of a request's body into libnghttp2's frame buffer.
func readRequestBody(
  session: OpaquePointer?, streamID: Int32, buffer: UnsafeMutablePointer<UInt8>?, capacity: Int,
  flags: UnsafeMutablePointer<UInt32>?, source: UnsafeMutablePointer<nghttp2_data_source>?,
  userData: UnsafeMutableRawPointer?
) -> Int {
  guard let ledger = unsafe ledger(userData), let flags = unsafe flags else {
    return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
  }
  let room = unsafe UnsafeMutableBufferPointer(start: buffer, count: capacity)
  guard let part = unsafe ledger.pointee.copyBody(into: room, on: streamID) else {
    return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }
  if part.isLast { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
  return part.count
}

private func didNotSendFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, code: Int32,
  userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let header = unsafe frame?.pointee.hd else {
    return 0
  }
  // The library closes the stream next. That the server had gone away before means more to whoever
  // asked than the code it gives then.
  let isRefused = code == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED.rawValue
  if UInt32(header.type) == NGHTTP2_HEADERS.rawValue, isRefused {
    unsafe ledger.pointee.wasNotSent(header.stream_id)
  }
  return 0
}

private func didCloseStream(
  _: OpaquePointer?, streamID: Int32, code: UInt32, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  unsafe ledger.pointee.closedStream(streamID, code: HTTP2ErrorCode(rawValue: code))
  return 0
}
