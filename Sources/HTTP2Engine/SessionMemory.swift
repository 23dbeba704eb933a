// SPDX-License-Identifier: Apache-2.0

import CNGHTTP2
import Glibc

/// Where libnghttp2 finds memory for one session.
///
/// Two of its blocks make up three quarters of an idle session: the room for one outgoing frame of
/// the greatest size, and (up to 1.57) a table of 4 KiB for the streams that are open. Both lie in
/// pages of their own, which ``release(frameIsUnused:)`` returns to the system when they hold
/// nothing; everything else comes from the heap.
@safe
struct SessionMemory: ~Copyable {
  private let state: UnsafeMutablePointer<SessionPages>

  init() {
    unsafe self.state = .allocate(capacity: 1)
    unsafe self.state.initialize(to: SessionPages(block: PagePool.take()))
  }

  deinit {
    if let block = unsafe self.state.pointee.block { unsafe PagePool.giveBack(block) }
    unsafe self.state.deinitialize(count: 1)
    unsafe self.state.deallocate()
  }

  /// The functions as the library takes them. It copies the struct; what they work on lives as long
  /// as this value, which must outlive the session.
  var native: nghttp2_mem {
    unsafe nghttp2_mem(
      mem_user_data: self.state, malloc: sessionMalloc, free: sessionFree, calloc: sessionCalloc,
      realloc: sessionRealloc)
  }

  /// The room for a frame is one of ours.
  var lendsFrame: Bool { unsafe self.state.pointee.lendsFrame }

  /// Gives pages back that hold nothing.
  ///
  /// - Parameter frameIsUnused: whether the session has nothing to write, so that no byte of a frame
  ///   waits in its room.
  func release(frameIsUnused: Bool) {
    unsafe self.state.pointee.release(frameIsUnused: frameIsUnused)
  }
}

/// The pages of one session. Each of the two rooms is lent once: a library that frees one and asks
/// again gets its next from the heap.
@safe
struct SessionPages {
  let block: UnsafeMutableRawPointer?
  private var frame = Room.unused
  private var table = Room.unused

  private enum Room {
    case unused, lent, retired
  }

  private static let frameBytes = 5 * PagePool.pageBytes
  private static let tableBytes = PagePool.pageBytes

  init(block: UnsafeMutableRawPointer?) {
    unsafe self.block = block
  }

  var lendsFrame: Bool { self.frame == .lent }

  /// Nil for what the heap should give.
  mutating func lend(_ count: Int) -> UnsafeMutableRawPointer? {
    guard let block = unsafe self.block else { return nil }
    if self.frame == .unused, count <= Self.frameBytes, count > Self.frameBytes / 2 {
      self.frame = .lent
      return unsafe block
    }
    if self.table == .unused, count == Self.tableBytes {
      self.table = .lent
      return unsafe block + Self.frameBytes
    }
    return nil
  }

  /// The bytes that lie at an address of ours; nil for one of the heap's.
  func room(at address: UnsafeMutableRawPointer) -> Int? {
    guard let block = unsafe self.block else { return nil }
    if unsafe address == block { return Self.frameBytes }
    if unsafe address == block + Self.frameBytes { return Self.tableBytes }
    return nil
  }

  mutating func takeBack(_ address: UnsafeMutableRawPointer, count: Int) {
    if unsafe address == self.block { self.frame = .retired } else { self.table = .retired }
    unsafe PagePool.empty(address, count: count)
  }

  func release(frameIsUnused: Bool) {
    guard let block = unsafe self.block else { return }
    if frameIsUnused { unsafe PagePool.empty(block, count: Self.frameBytes) }
    let table = unsafe UnsafeRawBufferPointer(
      start: block + Self.frameBytes, count: Self.tableBytes)
    // Zeros may go: zeros are what it reads afterwards.
    if unsafe table.allSatisfy({ $0 == 0 }) {
      unsafe PagePool.empty(block + Self.frameBytes, count: Self.tableBytes)
    }
  }
}

// MARK: - The library's side

/// Called inside the session's methods only, so the pages are there, and nobody else is in them.
private func pages(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<SessionPages>? {
  unsafe userData?.assumingMemoryBound(to: SessionPages.self)
}

private func sessionMalloc(
  count: Int, userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  unsafe pages(userData)?.pointee.lend(count) ?? malloc(count)
}

private func sessionCalloc(
  elements: Int, count: Int, userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  let (total, isTooMuch) = elements.multipliedReportingOverflow(by: count)
  guard !isTooMuch else { return nil }
  // A room is lent once, so it holds the zeros it came with.
  return unsafe pages(userData)?.pointee.lend(total) ?? calloc(elements, count)
}

private func sessionFree(address: UnsafeMutableRawPointer?, userData: UnsafeMutableRawPointer?) {
  guard let address = unsafe address else { return }
  if let count = unsafe pages(userData)?.pointee.room(at: address) {
    unsafe pages(userData)?.pointee.takeBack(address, count: count)
  } else {
    unsafe free(address)
  }
}

private func sessionRealloc(
  address: UnsafeMutableRawPointer?, count: Int, userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let address = unsafe address else {
    return unsafe sessionMalloc(count: count, userData: userData)
  }
  guard let room = unsafe pages(userData)?.pointee.room(at: address) else {
    return unsafe realloc(address, count)
  }
  if count <= room { return unsafe address }
  guard let moved = unsafe malloc(count) else { return nil }
  unsafe moved.copyMemory(from: address, byteCount: room)
  unsafe pages(userData)?.pointee.takeBack(address, count: room)
  return unsafe moved
}
