// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A descriptor that takes whole lines, or drops them: a stalled reader never holds whoever logs.
///
/// The descriptor is inherited and may be shared, so it is not made non-blocking: that would change
/// it for every process that has it. Instead poll(2) is asked first. A pipe that is writable has
/// room for PIPE_BUF bytes, which it takes at once and whole (pipe(7)), hence ``lineLimitBytes``.
/// The lock keeps that room for the thread that asked; another process that writes to the same pipe
/// at the same moment can still take it.
package final class LogSink: Sendable {
  /// The bytes of one line, its end included: PIPE_BUF of Linux.
  package static let lineLimitBytes = 4096

  package static let standardError = LogSink(descriptor: STDERR_FILENO)

  /// Lines that nobody will read: there was no room, or no reader, or they were too long.
  package let droppedLines = Counter()
  private let descriptor: Int32
  private let turn = Mutex(())

  /// - Parameter descriptor: Stays the caller's to close.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// - Parameter line: At most ``lineLimitBytes``, the newline included; a longer one is dropped.
  package func write(_ line: [UInt8]) {
    let isWritten = self.turn.withLock { _ in
      guard line.count <= Self.lineLimitBytes, self.hasRoom else { return false }
      // One call for the whole line, so that lines of different processes do not mix. The kernel
      // reads the array while it is borrowed.
      let count = unsafe line.withUnsafeBytes { buffer in
        unsafe Glibc.write(self.descriptor, buffer.baseAddress, buffer.count)
      }
      return count == line.count
    }
    if !isWritten { self.droppedLines.increment() }
  }

  /// True if a line can be written without waiting, and somebody may read it: a pipe whose reader
  /// is gone shows POLLERR too.
  private var hasRoom: Bool {
    var request = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
    // The structure lives for the call.
    return unsafe poll(&request, 1, 0) == 1 && request.revents == Int16(POLLOUT)
  }
}
