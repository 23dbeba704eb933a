// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The answer to a describe that needed no waiting, in the cheapest form in which it is at hand.
package struct StoredDescribe: Sendable {
  package enum Answer: Sendable {
    /// As somebody has encoded it before.
    case encoded([UInt8])
    /// To be encoded. If there is a place for the encoding, whoever makes it keeps it there.
    case execution(JobExecution?, keptIn: EncodedAnswer?)
  }

  package var answer: Answer
  package var trace: UpstreamTrace

  package init(_ answer: Answer, trace: UpstreamTrace) {
    self.answer = answer
    self.trace = trace
  }
}

/// The place for the encoding of an answer that is given again and again.
///
/// Whoever stores the answer makes the place and counts its bytes; whoever encodes the answer first
/// fills it, once and for all. So what is never asked for again is never encoded for the store, and
/// the store knows nothing of how answers are encoded. May be used from any thread.
package final class EncodedAnswer: Sendable {
  private final class Encoding: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }
  }

  /// What gRPC puts in front of a message.
  private static let framingBytes = 5

  /// The most that is kept: the message and its frame. What is longer is encoded anew each time.
  package let limitBytes: Int
  private let encoding = AtomicLazyReference<Encoding>()

  package init(ofDescribed execution: JobExecution?) {
    self.limitBytes = WireResponse.describeBytes(execution) + Self.framingBytes
  }

  /// Nil until somebody has kept it.
  package var bytes: [UInt8]? { self.encoding.load()?.bytes }

  /// Keeps a copy that is no larger than it needs to be. Of two who come at once, one is heard.
  package func keep(_ bytes: [UInt8]) {
    guard bytes.count <= self.limitBytes else { return }
    var exact: [UInt8] = []
    exact.reserveCapacity(bytes.count)
    exact.append(contentsOf: bytes)
    _ = self.encoding.storeIfNil(Encoding(exact))
  }
}
