// SPDX-License-Identifier: Apache-2.0

import CompressionEngine

/// Why bytes of a request body are not gRPC messages. All but one are the caller's doing.
package enum DeframingError: Error, Equatable, Sendable {
  /// The compressed flag is set, and no `grpc-encoding` was announced that we know.
  case compressedWithoutEncoding
  /// The compressed message does not inflate.
  case malformedCompression
  /// The compressed message inflates to more than is allowed; it was given up there.
  case inflatedTooLarge(limitBytes: Int)
  /// There was no memory to inflate the message with. Nobody's fault, and the only one of ours.
  case inflatingFailed
  /// The flag is neither 0 nor 1.
  case invalidFlag(UInt8)
  /// The prefix announces more than is allowed; the message itself was not waited for.
  case tooLarge(messageBytes: Int, limitBytes: Int)
  /// The stream ended within a message.
  case truncated

  /// What the caller is told.
  package var status: GRPCStatus {
    switch self {
    case .compressedWithoutEncoding:
      GRPCStatus(.internal, "message is marked compressed, but grpc-encoding is identity")
    case .malformedCompression:
      GRPCStatus(.internal, "message is marked compressed, and is not gzip")
    case .inflatedTooLarge(let limitBytes):
      GRPCStatus(
        .resourceExhausted, "message inflates to more than the limit of \(limitBytes) bytes")
    case .inflatingFailed:
      GRPCStatus(.unavailable, "message cannot be inflated for want of memory")
    case .invalidFlag(let flag):
      GRPCStatus(.internal, "message has compressed flag \(flag), which is neither 0 nor 1")
    case .tooLarge(let messageBytes, let limitBytes):
      GRPCStatus(
        .resourceExhausted,
        "message of \(messageBytes) bytes is over the limit of \(limitBytes) bytes")
    case .truncated:
      GRPCStatus(.internal, "request ended within a message")
    }
  }
}

/// Cuts a request body, split anywhere, into messages.
///
/// States: *prefix* (0 to 4 bytes of it seen) → *body* (some bytes missing) → *prefix* … An error
/// is final: the stream it came from makes no sense any more.
///
/// Compressed messages come out inflated; the limit holds for both of their forms.
package struct MessageDeframer: ~Copyable {
  private let limitBytes: Int
  private let encoding: MessageEncoding
  /// The last four bytes of it seen: of a whole one, the length.
  private var prefix: UInt32 = 0
  private var prefixCount = 0
  private var isCompressed = false
  private var message: [UInt8] = []
  private var missingBytes = 0

  /// - Parameters:
  ///   - limitBytes: The greatest message accepted. Memory held is at most twice this.
  ///   - encoding: What the messages may be compressed with.
  package init(limitBytes: Int, encoding: MessageEncoding = .identity) {
    self.limitBytes = limitBytes
    self.encoding = encoding
  }

  /// What is kept of a message that is not whole.
  package var heldBytes: Int { self.message.count }

  /// Whether the bytes so far end between messages.
  package var isBetweenMessages: Bool { self.prefixCount == 0 }

  /// Reads on until one message is whole or the bytes run out.
  ///
  /// - Parameters:
  ///   - bytes: A part of the body.
  ///   - position: Where to read on in `bytes`; moved to behind what was read.
  /// - Returns: A whole message without its prefix, inflated, or nil when `bytes` is used up.
  package mutating func nextMessage(
    in bytes: Span<UInt8>, from position: inout Int
  ) throws(DeframingError) -> [UInt8]? {
    if self.prefixCount < MessageFraming.prefixBytes {
      guard try self.readPrefix(in: bytes, from: &position) else { return nil }
    }
    let count = min(self.missingBytes, bytes.count - position)
    self.append(bytes.extracting(position..<position + count))
    position += count
    self.missingBytes -= count
    guard self.missingBytes == 0 else { return nil }
    defer {
      self.prefixCount = 0
      self.message = []
    }
    return self.isCompressed ? try self.inflatedMessage() : self.message
  }

  /// Says whether the body may end here.
  package func finish() throws(DeframingError) {
    guard self.isBetweenMessages else { throw .truncated }
  }

  /// Collects the prefix and judges it as soon as it is whole.
  private mutating func readPrefix(
    in bytes: Span<UInt8>, from position: inout Int
  ) throws(DeframingError) -> Bool {
    while self.prefixCount < MessageFraming.prefixBytes {
      guard position < bytes.count else { return false }
      self.prefix = self.prefix << 8 | UInt32(bytes[position])
      self.prefixCount += 1
      position += 1
      if self.prefixCount == 1 { try self.readFlag(bytes[position - 1]) }
    }
    let messageBytes = Int(self.prefix)
    guard messageBytes <= self.limitBytes else {
      throw .tooLarge(messageBytes: messageBytes, limitBytes: self.limitBytes)
    }
    self.missingBytes = messageBytes
    // Room for what is here, not for what is promised: a prefix costs a caller nothing.
    self.message.reserveCapacity(min(messageBytes, bytes.count - position))
    return true
  }

  private mutating func readFlag(_ flag: UInt8) throws(DeframingError) {
    switch flag {
    case 0: self.isCompressed = false
    case 1 where self.encoding == .identity: throw .compressedWithoutEncoding
    case 1: self.isCompressed = true
    default: throw .invalidFlag(flag)
    }
  }

  private func inflatedMessage() throws(DeframingError) -> [UInt8] {
    do throws(CompressionError) {
      return try Gzip.inflate(self.message.span, limitBytes: self.limitBytes)
    } catch {
      switch error {
      case .malformed, .truncated: throw .malformedCompression
      case .tooLarge(let limitBytes): throw .inflatedTooLarge(limitBytes: limitBytes)
      case .outOfMemory, .native: throw .inflatingFailed
      }
    }
  }

  private mutating func append(_ bytes: Span<UInt8>) {
    // The bytes are copied before the span ends.
    unsafe bytes.withUnsafeBufferPointer { unsafe self.message.append(contentsOf: $0) }
  }
}
