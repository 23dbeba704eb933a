// SPDX-License-Identifier: Apache-2.0

/// What one connection may cost. Every number bounds memory or work that a peer could ask for.
///
/// The product that matters: a peer can make one session hold about
/// `maxConcurrentStreams × maxHeaderListBytes` of headers, plus what the application chooses to
/// keep before it calls ``HTTP2Session/consume(_:on:)``.
package struct HTTP2Limits: Sendable {
  /// Streams a peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS).
  ///
  /// 256 keeps a hundred upstream calls busy with room to spare; clients queue the rest.
  package var maxConcurrentStreams: UInt32 = 256

  /// Bytes of body a peer may send on one stream before the application consumes any
  /// (SETTINGS_INITIAL_WINDOW_SIZE).
  ///
  /// 128 KiB: a message of the greatest size arrives without waiting for a WINDOW_UPDATE.
  package var streamWindowBytes: Int32 = 131_072

  /// Bytes of body a peer may send on all streams together before any are consumed.
  package var connectionWindowBytes: Int32 = 1_048_576

  /// Decoded size of one request's header list, counted as RFC 9113 §6.5.2 counts it: name, value
  /// and 32 bytes a field. Announced as SETTINGS_MAX_HEADER_LIST_SIZE; 16 KiB is what gRPC's own
  /// stacks refuse at.
  package var maxHeaderListBytes: Int = 16_384

  /// Fields in one request's header list.
  package var maxHeaderFields: Int = 128

  /// CONTINUATION frames after one HEADERS frame. One frame holds 16 KiB, as much as a whole list.
  package var maxContinuations: Int = 8

  /// Entries in one SETTINGS frame. RFC 9113 defines six, the registry fewer than a dozen.
  package var maxSettingsPerFrame: Int = 32

  /// Acknowledgements of PING and SETTINGS waiting because the peer does not read.
  package var maxQueuedAcknowledgements: Int = 1_000

  /// Frames of any kind waiting to be written after one ``HTTP2Session/receive(_:)``.
  ///
  /// A buffer of hostile 10-byte frames provokes one RST_STREAM each; 64 KiB of them stays below.
  package var maxQueuedFrames: Int = 10_000

  /// RST_STREAM frames a peer may send at once ("rapid reset", CVE-2023-44487).
  package var streamResetBurst: UInt64 = 2_000

  /// RST_STREAM frames a second a peer may send for ever.
  ///
  /// Every call whose deadline passes at the client is one reset, so a brown-out upstream makes
  /// honest clients reset hundreds a second; libnghttp2's own 33 would cut them off. At some 20 µs
  /// of work each this still costs an attacker's victim about one hundredth of a core.
  package var streamResetsPerSecond: UInt64 = 500

  /// Streams the session may reset for a peer's faults before it ends the connection.
  ///
  /// One is earned back by every answered request, so honest clients never run out.
  package var maxPeerFaults: Int = 100

  package init() {}
}
