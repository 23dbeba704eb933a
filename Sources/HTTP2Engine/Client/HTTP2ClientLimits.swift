// SPDX-License-Identifier: Apache-2.0

/// What one connection to a server may cost. A server is trusted more than a peer that nobody chose,
/// but nothing that it sends is unbounded.
package struct HTTP2ClientLimits: Sendable {
  /// Requests that are open or wait for the server to allow them, at one time.
  package var maxOpenRequests = 1_000

  /// Bytes of a response's body that the server may send before the application consumes any
  /// (SETTINGS_INITIAL_WINDOW_SIZE).
  package var streamWindowBytes: Int32 = 262_144

  /// Bytes of all responses together before any are consumed.
  package var connectionWindowBytes: Int32 = 1_048_576

  /// Decoded size of one header list, headers or trailers, as RFC 9113 §6.5.2 counts it. Announced as
  /// SETTINGS_MAX_HEADER_LIST_SIZE; a stream that has more is reset.
  package var maxHeaderListBytes = 16_384

  /// Fields in one header list.
  package var maxHeaderFields = 128

  /// CONTINUATION frames after one HEADERS frame.
  package var maxContinuations = 8

  /// Entries in one SETTINGS frame.
  package var maxSettingsPerFrame = 32

  /// Acknowledgements of PING and SETTINGS waiting because the server does not read.
  package var maxQueuedAcknowledgements = 1_000

  /// Frames of any kind waiting to be written after one ``HTTP2ClientSession/receive(_:)``.
  package var maxQueuedFrames = 10_000

  package init() {}
}
