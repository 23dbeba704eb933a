// SPDX-License-Identifier: Apache-2.0

/// Wire/ is the only room that knows protobuf-c. A C message lives inside one call of this folder;
/// what comes out is a Swift value or bytes.

internal import CJobsProto
internal import CProtobufC

/// The memory of one decode or encode: chunks that are freed together, never one by one.
///
/// protobuf-c allocates for each field that it meets, so a decode's total is limited: a few bytes
/// on the wire can ask for many here. A chunk starts with the address of the chunk before it.
@safe struct WireArena: ~Copyable {
  private static let alignment = 16

  /// True after a request for memory was refused.
  private(set) var isExhausted = false
  private let limit: Int
  private var bytesHeld = 0
  private var nextChunkBytes: Int
  private var newestChunk: UnsafeMutableRawPointer?
  /// Where the newest chunk's free part begins, and how long it is.
  private var free: UnsafeMutableRawPointer?
  private var freeBytes = 0

  /// - Parameters:
  ///   - expected: Bytes that will probably be needed; they come in one chunk, on first use.
  ///   - limit: Bytes that are allocated at most.
  init(expecting expected: Int, limit: Int) {
    self.limit = limit
    self.nextChunkBytes = expected
    unsafe self.newestChunk = nil
    unsafe self.free = nil
  }

  deinit {
    var chunk = unsafe self.newestChunk
    while let current = unsafe chunk {
      unsafe chunk = current.load(as: UnsafeMutableRawPointer?.self)
      unsafe current.deallocate()
    }
  }

  /// Memory for `count` bytes, aligned for any C type; nil when it would break the limit.
  mutating func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
    guard count >= 0, count <= self.limit else { return unsafe self.refuse() }
    // An answer is never null for want of bytes: C would take that for a refusal.
    let padded = (max(count, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
    if padded > self.freeBytes {
      guard self.addChunk(for: padded) else { return unsafe self.refuse() }
    }
    let start = unsafe self.free
    unsafe self.free = start.map { unsafe $0 + padded }
    self.freeBytes -= padded
    return unsafe start
  }

  private mutating func addChunk(for count: Int) -> Bool {
    let room = self.limit - self.bytesHeld - Self.alignment
    guard count <= room else { return false }
    let bytes = min(max(count, self.nextChunkBytes), room)
    self.nextChunkBytes = max(4096, bytes * 2)

    let chunk = UnsafeMutableRawPointer.allocate(
      byteCount: bytes + Self.alignment, alignment: Self.alignment)
    unsafe chunk.storeBytes(of: self.newestChunk, as: UnsafeMutableRawPointer?.self)
    unsafe self.newestChunk = chunk
    unsafe self.free = chunk + Self.alignment
    self.freeBytes = bytes
    self.bytesHeld += bytes + Self.alignment
    return true
  }

  private mutating func refuse() -> UnsafeMutableRawPointer? {
    self.isExhausted = true
    return nil
  }

  /// Lends the arena to protobuf-c for one call.
  mutating func withAllocator<Result>(
    _ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result
  ) -> Result {
    // The address of `self` holds for the call, which is as long as the allocator lives.
    unsafe withUnsafeMutablePointer(to: &self) { arena in
      var allocator = unsafe ProtobufCAllocator(
        alloc: allocateFromArena, free: keepInArena, allocator_data: UnsafeMutableRawPointer(arena))
      return unsafe body(&allocator)
    }
  }
}

private func allocateFromArena(
  _ arena: UnsafeMutableRawPointer?, _ count: Int
) -> UnsafeMutableRawPointer? {
  unsafe arena?.assumingMemoryBound(to: WireArena.self).pointee.allocate(count)
}

/// Frees nothing: the arena does so at its end.
private func keepInArena(_ arena: UnsafeMutableRawPointer?, _ memory: UnsafeMutableRawPointer?) {}
