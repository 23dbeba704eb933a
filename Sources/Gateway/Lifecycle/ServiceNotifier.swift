// SPDX-License-Identifier: Apache-2.0

// Lifecycle knows when the process starts, is ready, reloads and ends, and whom to tell. It refuses
// to know what is served.

import Glibc
import NIOCore
import Synchronization

/// Tells the service manager how the process is, where there is one that wants to know
/// (sd_notify(3)): systemd, and supervisors that took over its protocol.
///
/// A state that cannot be told is dropped: nothing here may hold the process, or end it.
final class ServiceNotifier: Sendable {
  private let address: NotifyAddress
  private let descriptor: CInt
  /// How often the watchdog wants to hear; nil if it does not run, or watches another process.
  let watchdogInterval: Duration?
  /// What was told last of how the process is.
  private let phase = Atomic(Phase.starting)

  /// In this order; what belongs to an earlier phase comes too late and is not told.
  private enum Phase: UInt8, AtomicRepresentable {
    case starting, serving, stopping
  }

  /// - Parameter environment: `NOTIFY_SOCKET`, and for the watchdog `WATCHDOG_USEC` and `WATCHDOG_PID`.
  /// - Returns: nil if nobody wants to know, or can be told.
  init?(environment: [String: String]) {
    guard let address = environment["NOTIFY_SOCKET"].flatMap(NotifyAddress.init) else { return nil }
    let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { return nil }
    self.address = address
    self.descriptor = descriptor
    self.watchdogInterval = Self.watchdogInterval(environment, pid: getpid())
  }

  deinit {
    close(self.descriptor)
  }

  /// The interval that sd_watchdog_enabled(3) finds in the environment.
  static func watchdogInterval(_ environment: [String: String], pid: pid_t) -> Duration? {
    if let watched = environment["WATCHDOG_PID"], watched != String(pid) { return nil }
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0
    else { return nil }
    return .microseconds(microseconds)
  }

  /// The process serves.
  func ready() {
    let answer = self.phase.compareExchange(
      expected: .starting, desired: .serving, ordering: .relaxed)
    if answer.exchanged { self.send(Self.serving) }
  }

  private static let serving = ["READY=1", "STATUS=serving"]

  /// What still keeps it from serving, or what it does.
  func status(_ words: String) {
    self.send(["STATUS=\(Self.line(words))"])
  }

  func stopping() {
    self.phase.store(.stopping, ordering: .relaxed)
    self.send(["STOPPING=1", "STATUS=draining"])
  }

  /// It is alive.
  func alive() {
    self.send(["WATCHDOG=1"])
  }

  /// Files are about to be looked at because somebody asked for it. ``reloaded()`` must follow.
  ///
  /// Not told before the process is ready: the end of the reload would be taken for that.
  func reloading() {
    guard self.phase.load(ordering: .relaxed) == .serving else { return }
    // The manager holds against it when a reload began (sd_notify(3), Type=notify-reload).
    // NIO's deadlines are of CLOCK_MONOTONIC, as it wants them.
    let microseconds = NIODeadline.now().uptimeNanoseconds / 1_000
    self.send(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"])
  }

  /// A look that was announced is done.
  func reloaded() {
    if self.phase.load(ordering: .relaxed) == .serving { self.send(Self.serving) }
  }

  private static func line(_ words: String) -> String {
    String(words.map { $0.isNewline ? " " : $0 })
  }

  private func send(_ states: [String]) {
    let text = Array(states.joined(separator: "\n").utf8)
    // Address and text are lent for the call; the kernel copies both, and takes the text at once or
    // not at all.
    unsafe self.address.withNative { address, length in
      unsafe text.withUnsafeBytes { text in
        _ = unsafe sendto(
          self.descriptor, text.baseAddress, text.count,
          CInt(MSG_NOSIGNAL | MSG_DONTWAIT), address, length)
      }
    }
  }
}

/// Where a service manager listens: the path of a socket, or a name in Linux's abstract namespace
/// (unix(7)), which is written with an `@`.
struct NotifyAddress: Equatable {
  private static let roomBytes = 108

  /// As in `sun_path`: without the closing NUL, which abstract names do not have.
  let path: [UInt8]

  /// Nil for what is neither.
  init?(_ text: String) {
    var path = Array(text.utf8)
    guard path.count > 1, !path.contains(0) else { return nil }
    switch path[0] {
    case UInt8(ascii: "/"): guard path.count < Self.roomBytes else { return nil }
    case UInt8(ascii: "@"):
      guard path.count <= Self.roomBytes else { return nil }
      path[0] = 0
    default: return nil
    }
    self.path = path
  }

  /// Lends the address as the kernel wants it.
  fileprivate func withNative(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A path has fewer bytes than there is room, so a zero follows; a name is as long as is said.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
      unsafe room.copyBytes(from: self.path)
    }
    let isName = self.path.first == 0
    let length = MemoryLayout<sa_family_t>.size + self.path.count + (isName ? 0 : 1)
    unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe body(address, socklen_t(length))
      }
    }
  }
}
