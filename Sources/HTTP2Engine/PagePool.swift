// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Pages of memory for sessions, which can be given back to the system one by one.
///
/// The heap keeps what it was given once something beside it is still in use, so the room that a
/// session needs only while it writes would stay resident for as long as its connection. Blocks are
/// cut from slabs, since the system allows a process only so many mappings (65,530).
enum PagePool {
  /// What the pages of a session are cut for. Machines with larger pages do without.
  static let pageBytes = 4_096

  /// Five pages for a frame and one for a table, see ``SessionMemory``.
  static let blockBytes = 6 * pageBytes

  private static let slabBlocks = 64

  /// Addresses of blocks that nobody has. Their memory reads as zeros.
  private static let unused = Mutex<[UInt]>([])

  private static let isOfUse = sysconf(Int32(_SC_PAGESIZE)) == Self.pageBytes

  /// Blocks that are cut and that nobody has.
  static var unusedBlocks: Int { self.unused.withLock { $0.count } }

  /// A block of zeros that takes no memory before it is written to; nil when the system has none.
  static func take() -> UnsafeMutableRawPointer? {
    guard self.isOfUse else { return nil }
    if let block = self.unused.withLock({ $0.popLast() }) {
      return unsafe UnsafeMutableRawPointer(bitPattern: block)
    }
    guard let slab = unsafe self.map() else { return nil }
    self.unused.withLock { unused in
      for block in 1..<self.slabBlocks {
        unused.append(UInt(bitPattern: unsafe slab + block * self.blockBytes))
      }
    }
    return unsafe slab
  }

  static func giveBack(_ block: UnsafeMutableRawPointer) {
    // Whoever comes next must find zeros, so a block that cannot be emptied is not used again.
    guard unsafe self.empty(block, count: self.blockBytes) else { return }
    let address = UInt(bitPattern: block)
    self.unused.withLock { $0.append(address) }
  }

  /// Returns whole pages to the system; they read as zeros and are there again when written to.
  @discardableResult
  static func empty(_ pages: UnsafeMutableRawPointer, count: Int) -> Bool {
    unsafe madvise(pages, count, MADV_DONTNEED) == 0
  }

  private static func map() -> UnsafeMutableRawPointer? {
    let slab = unsafe mmap(
      nil, self.blockBytes * self.slabBlocks, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    // MAP_FAILED of mmap(2) is the address -1.
    guard UInt(bitPattern: slab) != UInt.max else { return nil }
    return unsafe slab
  }
}
