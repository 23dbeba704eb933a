// SPDX-License-Identifier: Apache-2.0

// libnghttp2's callbacks: recover the session, note what happened, return. None of them throws,
// logs, or calls back into the library, with the one exception that the library documents:
// trailers are submitted from within the read callback that reaches the body's end.

import CNGHTTP2

func register(_ callbacks: OpaquePointer) {
  unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, didBeginFrame)
  unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, didBeginHeaders)
  unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, didReceiveHeader)
  unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, didReceiveFrame)
  unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, didReceiveInvalid)
  unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, didReceiveData)
  unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, didSendFrame)
  unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, didNotSendFrame)
  unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, didCloseStream)
}

/// The ledger that the session passed as user data. Callbacks run inside the session's methods only,
/// so it is there, and nobody else is in it.
private func ledger(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<SessionLedger>? {
  unsafe userData?.assumingMemoryBound(to: SessionLedger.self)
}

private func hasEndStream(_ header: nghttp2_frame_hd) -> Bool {
  UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
}

private func isType(_ header: nghttp2_frame_hd, _ type: nghttp2_frame_type) -> Bool {
  UInt32(header.type) == type.rawValue
}

// MARK: - Inbound

private func didBeginFrame(
  _: OpaquePointer?, header: UnsafePointer<nghttp2_frame_hd>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let header = unsafe header?.pointee else { return 0 }
  guard let violation = unsafe ledger.pointee.beganFrame(header) else { return 0 }
  unsafe ledger.pointee.violation = violation
  // Nothing of what follows is to be read.
  return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
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
  let isTaken = unsafe ledger.pointee.receivedField(
    name: UnsafeBufferPointer(start: name, count: nameCount),
    value: UnsafeBufferPointer(start: value, count: valueCount))
  guard isTaken else {
    unsafe ledger.pointee.violation = .enhanceYourCalm
    return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  }
  return 0
}

private func didReceiveFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let frame = unsafe frame?.pointee else { return 0 }
  let header = unsafe frame.hd
  if isType(header, NGHTTP2_HEADERS), unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST {
    unsafe ledger.pointee.receivedRequestHeaders(
      on: header.stream_id, endStream: hasEndStream(header))
  } else if isType(header, NGHTTP2_HEADERS) || isType(header, NGHTTP2_DATA) {
    if hasEndStream(header) { unsafe ledger.pointee.receivedEndStream(on: header.stream_id) }
  } else if isType(header, NGHTTP2_RST_STREAM) {
    unsafe ledger.pointee.receivedReset(on: header.stream_id)
  } else if isType(header, NGHTTP2_GOAWAY) {
    let code = unsafe frame.goaway.error_code
    unsafe ledger.pointee.events.append(.goAwayReceived(code: HTTP2ErrorCode(rawValue: code)))
  } else if isType(header, NGHTTP2_PING) {
    // Eight bytes, as many as the number has.
    let payload = unsafe withUnsafeBytes(of: frame.ping.opaque_data) {
      unsafe $0.loadUnaligned(as: UInt64.self)
    }
    let isAcknowledgement = UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0
    if isAcknowledgement, payload == shutdownPing {
      unsafe ledger.pointee.events.append(.shutdownNoticeAcknowledged)
    }
  }
  return 0
}

private func didReceiveInvalid(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, code: Int32,
  userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  // A client may well open too many streams before it has seen our SETTINGS.
  if code != NGHTTP2_ERR_REFUSED_STREAM.rawValue { unsafe ledger.pointee.peerFaults += 1 }
  if let header = unsafe frame?.pointee.hd, isType(header, NGHTTP2_HEADERS) {
    unsafe ledger.pointee.refusedHeaders(on: header.stream_id)
  }
  return 0
}

private func didReceiveData(
  _: OpaquePointer?, flags: UInt8, streamID: Int32,
  bytes: UnsafePointer<UInt8>?, count: Int, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData) else { return 0 }
  let isLast = UInt32(flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
  unsafe ledger.pointee.receivedData(
    UnsafeBufferPointer(start: bytes, count: count), on: streamID, endStream: isLast)
  return 0
}

// MARK: - Outbound

/// Copies the next part of a response's body into libnghttp2's frame buffer.
func readBody(
  session: OpaquePointer?, streamID: Int32, buffer: UnsafeMutablePointer<UInt8>?, capacity: Int,
  flags: UnsafeMutablePointer<UInt32>?, source: UnsafeMutablePointer<nghttp2_data_source>?,
  userData: UnsafeMutableRawPointer?
) -> Int {
  guard let ledger = unsafe ledger(userData), let flags = unsafe flags else {
    return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
  }
  let buffer = unsafe UnsafeMutableBufferPointer(start: buffer, count: capacity)
  guard let part = unsafe ledger.pointee.copyBody(into: buffer, on: streamID) else {
    return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }
  switch part.next {
  case .moreBody: break
  case .pause: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
  case .nothing:
    unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
  case .trailers(let trailers):
    unsafe flags.pointee |=
      NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    let code = unsafe trailers.withNative { fields, count in
      unsafe nghttp2_submit_trailer(session, streamID, fields, count)
    }
    unsafe ledger.pointee.note(code, during: .submitTrailers)
  }
  return part.count
}

private func didSendFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let header = unsafe frame?.pointee.hd else {
    return 0
  }
  if isType(header, NGHTTP2_GOAWAY), unsafe ledger.pointee.notice == .queued {
    unsafe ledger.pointee.notice = .sent
  }
  guard isType(header, NGHTTP2_HEADERS) || isType(header, NGHTTP2_DATA), hasEndStream(header)
  else { return 0 }
  unsafe ledger.pointee.sentEndStream(on: header.stream_id)
  return 0
}

private func didNotSendFrame(
  _: OpaquePointer?, frame: UnsafePointer<nghttp2_frame>?, code: Int32,
  userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let ledger = unsafe ledger(userData), let header = unsafe frame?.pointee.hd else {
    return 0
  }
  // A response that cannot be sent (a header block over the library's 64 KiB) must not leave its
  // stream hanging.
  if isType(header, NGHTTP2_HEADERS) {
    unsafe ledger.pointee.resets.append((header.stream_id, .internalError))
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
