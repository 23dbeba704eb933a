// SPDX-License-Identifier: Apache-2.0

// libnghttp2's callbacks: recover the session, note what happened, return. None of them throws,
// logs, or calls back into the library, with the one exception that the library documents:
// trailers are submitted from within the read callback that reaches the body's end.

import CNGHTTP2

func register(_ callbacks: OpaquePointer) {
  unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, didBeginHeaders)
  unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, didReceiveHeader)
  unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, didReceiveFrame)
  unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, didReceiveInvalid)
  unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, didReceiveData)
  unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, didSendFrame)
  unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, didNotSendFrame)
  unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, didCloseStream)
}

/// The session that set itself as user data. Callbacks only run inside its methods, so it lives.
private func recover(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session? {
  guard let userData = unsafe userData else { return nil }
  return unsafe Unmanaged<HTTP2Session>.fromOpaque(userData).takeUnretainedValue()
}

private func hasEndStream(_ header: nghttp2_frame_hd) -> Bool {
  UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
}

private func isType(_ header: nghttp2_frame_hd, _ type: nghttp2_frame_type) -> Bool {
  UInt32(header.type) == type.rawValue
}

// MARK: - Inbound

private func didBeginHeaders(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData) else { return 0 }
  // Room for a usual gRPC request: some ten fields of some thirty bytes.
  session.incomingFields = HeaderFields(reservingBytes: 512, fields: 16)
  session.incomingListBytes = 0
  session.incomingIsTooLarge = false
  return 0
}

private func didReceiveHeader(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?,
  name: UnsafePointer<UInt8>?, nameCount: Int, value: UnsafePointer<UInt8>?, valueCount: Int,
  flags: UInt8, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData) else { return 0 }
  // RFC 9113 §6.5.2: a field counts with 32 bytes more than it has.
  session.incomingListBytes += nameCount + valueCount + 32
  guard session.incomingListBytes <= session.limits.maxHeaderListBytes,
    session.incomingFields.count < session.limits.maxHeaderFields
  else {
    session.incomingIsTooLarge = true
    return 0
  }
  unsafe session.incomingFields.append(
    name: UnsafeBufferPointer(start: name, count: nameCount),
    value: UnsafeBufferPointer(start: value, count: valueCount), isIndexed: true)
  return 0
}

private func didReceiveFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData), let frame = unsafe frame?.pointee else { return 0 }
  let header = unsafe frame.hd
  if isType(header, NGHTTP2_HEADERS), unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST {
    session.receivedRequestHeaders(on: header.stream_id, endStream: hasEndStream(header))
  } else if isType(header, NGHTTP2_HEADERS) || isType(header, NGHTTP2_DATA) {
    if hasEndStream(header) { session.receivedEndStream(on: header.stream_id) }
  } else if isType(header, NGHTTP2_GOAWAY) {
    let code = unsafe frame.goaway.error_code
    session.events.append(.goAwayReceived(code: HTTP2ErrorCode(rawValue: code)))
  } else if isType(header, NGHTTP2_PING) {
    let payload = unsafe frame.ping.opaque_data
    let isAcknowledgement = UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0
    if isAcknowledgement { session.receivedPingAcknowledgement(payload) }
  }
  return 0
}

private func didReceiveInvalid(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, code: Int32,
  userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData) else { return 0 }
  // A client may well open too many streams before it has seen our SETTINGS.
  if code != NGHTTP2_ERR_REFUSED_STREAM.rawValue { session.peerFaults += 1 }
  return 0
}

private func didReceiveData(
  _: OpaquePointer?, flags: UInt8, streamID: Int32,
  bytes: UnsafePointer<UInt8>?, count: Int, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData) else { return 0 }
  unsafe session.receivedData(UnsafeBufferPointer(start: bytes, count: count), on: streamID)
  return 0
}

// MARK: - Outbound

/// Copies the next part of a response's body into libnghttp2's frame buffer.
func readBody(
  _: OpaquePointer?, streamID: Int32, buffer: UnsafeMutablePointer<UInt8>?, capacity: Int,
  flags: UnsafeMutablePointer<UInt32>?, source: UnsafeMutablePointer<nghttp2_data_source>?,
  userData: UnsafeMutableRawPointer?
) -> Int {
  guard let session = unsafe recover(userData), let flags = unsafe flags else {
    return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
  }
  let buffer = unsafe UnsafeMutableBufferPointer(start: buffer, count: capacity)
  let next = unsafe session.copyBody(into: buffer, on: streamID)
  switch next.end {
  case .notYet: break
  case .body:
    unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
  case .trailersFollow:
    unsafe flags.pointee |=
      NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
  }
  return next.count
}

private func didSendFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData), let header = unsafe frame?.pointee.hd else {
    return 0
  }
  guard isType(header, NGHTTP2_HEADERS) || isType(header, NGHTTP2_DATA), hasEndStream(header)
  else { return 0 }
  session.sentEndStream(on: header.stream_id)
  return 0
}

private func didNotSendFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, code: Int32,
  userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData), let header = unsafe frame?.pointee.hd else {
    return 0
  }
  // A response that cannot be sent (a header block over the library's 64 KiB) must not leave its
  // stream hanging.
  if isType(header, NGHTTP2_HEADERS) {
    session.deferred.resets.append((header.stream_id, .internalError))
  }
  return 0
}

private func didCloseStream(
  _: OpaquePointer?, streamID: Int32, code: UInt32, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let session = unsafe recover(userData) else { return 0 }
  session.closedStream(streamID, code: HTTP2ErrorCode(rawValue: code))
  return 0
}
