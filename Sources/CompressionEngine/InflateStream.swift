// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// Owns zlib's state for inflating one message.
@safe
struct InflateStream: ~Copyable {
  /// zlib's state points back to it, so it has an address of its own.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Room for the first part: most messages are short, and text deflates to about a quarter.
  private static let usualRatio = 4
  private static let leastRoomBytes = 256

  init() throws(CompressionError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe czlib_inflate_gzip_init(stream)
    guard code == NativeCode.ok else {
      unsafe stream.deallocate()
      throw CompressionError(nativeCode: code)
    }
    unsafe self.stream = stream
  }

  deinit {
    unsafe inflateEnd(self.stream)
    unsafe self.stream.deallocate()
  }

  mutating func inflate(
    _ bytes: Span<UInt8>, limitBytes: Int
  ) throws(CompressionError) -> [UInt8] {
    var (message, position) = ([UInt8](), 0)
    var roomBytes = max(bytes.count * Self.usualRatio, Self.leastRoomBytes)
    while true {
      // The one byte over the limit tells a message that just fits from one that does not.
      roomBytes = min(roomBytes, limitBytes + 1 - message.count)
      let part = self.step(bytes.extracting(position...), into: &message, roomBytes)
      position += part.taken
      guard message.count <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
      switch part.code {
      case NativeCode.streamEnd:
        if position == bytes.count { return message }
        // Another member follows, or what must not.
        let code = unsafe inflateReset(self.stream)
        guard code == NativeCode.ok else { throw CompressionError(nativeCode: code) }
      case NativeCode.ok, NativeCode.bufferError:
        guard part.isFull else { throw .truncated }
        roomBytes = message.count
      default:
        throw CompressionError(nativeCode: part.code)
      }
    }
  }

  private struct Part {
    var code: Int32
    /// Bytes of the input that were used.
    var taken: Int
    /// Whether all room was used, so that more may be to come.
    var isFull: Bool
  }

  /// Inflates until the member, the input or the room ends.
  private func step(
    _ bytes: Span<UInt8>, into message: inout [UInt8], _ roomBytes: Int
  ) -> Part {
    var part = Part(code: NativeCode.bufferError, taken: 0, isFull: false)
    message.append(addingCapacity: roomBytes) { room in
      // zlib reads and writes within these two for the length of the call only, and takes its input
      // by a pointer that could write and does not.
      unsafe bytes.withUnsafeBufferPointer { input in
        unsafe room.withUnsafeMutableBufferPointer { output, count in
          unsafe self.stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          unsafe self.stream.pointee.avail_in = UInt32(input.count)
          unsafe self.stream.pointee.next_out = output.baseAddress
          unsafe self.stream.pointee.avail_out = UInt32(roomBytes)
          // Finishing in one call spares zlib the window of 32 KiB.
          unsafe part.code = CZlib.inflate(self.stream, Z_FINISH)
          unsafe part.taken = input.count - Int(self.stream.pointee.avail_in)
          unsafe part.isFull = self.stream.pointee.avail_out == 0
          unsafe count = roomBytes - Int(self.stream.pointee.avail_out)
        }
      }
    }
    return part
  }
}
