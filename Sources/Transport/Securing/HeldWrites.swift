// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What was written to a secured channel and is not encrypted yet, in its order.
struct HeldWrites {
  private var writes = MarkedCircularBuffer<Write>(initialCapacity: 4)
  /// Bytes held, flushed or not.
  private(set) var byteCount = 0

  struct Write {
    var bytes: ByteBuffer
    var promise: EventLoopPromise<Void>?
  }

  mutating func append(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
    self.byteCount += bytes.readableBytes
    self.writes.append(Write(bytes: bytes, promise: promise))
  }

  /// All that is held so far may go.
  mutating func markFlush() {
    self.writes.mark()
  }

  /// The next write that may go.
  mutating func popFlushed() -> Write? {
    guard self.writes.hasMark, let write = self.writes.popFirst() else { return nil }
    self.byteCount -= write.bytes.readableBytes
    return write
  }

  mutating func failAll(_ error: any Error) {
    let writes = self.writes
    self.writes = MarkedCircularBuffer(initialCapacity: 0)
    self.byteCount = 0
    for write in writes { write.promise?.fail(error) }
  }
}
