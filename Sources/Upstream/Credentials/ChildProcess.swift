// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Glibc

/// Why a program's output could not be had. Holds nothing of what it printed.
enum ChildProcessFailure: Error, Equatable {
  /// From posix_spawn(3) or pipe(2).
  case notStarted(errno: CInt)
  case exited(code: CInt)
  case killed(signal: CInt)
  case timedOut(Duration)
  case tooLong(limitBytes: Int)
  case stopped

  var words: String {
    switch self {
    case .notStarted(let code):
      // libc's text is static or of this thread, and copied at once.
      "the program cannot be run: \(unsafe String(cString: strerror(code)))"
    case .exited(let code): "the program ended with exit code \(code)"
    case .killed(let signal): "the program was ended by signal \(signal)"
    case .timedOut(let limit): "the program took longer than \(limit)"
    case .tooLong(let limit): "the program printed more than \(limit) bytes"
    case .stopped: "the gateway is shutting down"
    }
  }
}

/// A program that is run for what it prints, without a shell.
///
/// It gets our environment and our standard error, so that what it has to say stands in the
/// gateway's own; it gets no input and no other descriptor of ours, since NIO's sockets are not
/// closed by exec(2). It leads a process group of its own, which is killed as a whole.
struct ChildProcess: ~Copyable {
  private let pid: pid_t
  private let output: CInt
  private var isReaped = false

  /// - Parameter command: the program, looked up in PATH if its name has no slash, and its arguments.
  init(_ command: [Secret]) throws(ChildProcessFailure) {
    guard let program = command.first?.text else { throw .notStarted(errno: ENOENT) }
    let (reading, writing) = try Self.makePipe()
    defer { close(writing) }
    // Copies that the C function may take for mutable; freed when it has made its own.
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0.text) }
    unsafe arguments.append(nil)
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var pid = pid_t()
    // The two records are initialised, used and destroyed in this call alone.
    let code = unsafe Self.withSpawnRecords(output: writing) { actions, attributes in
      unsafe posix_spawnp(&pid, program, actions, attributes, arguments, environ)
    }
    guard code == 0 else {
      close(reading)
      throw .notStarted(errno: code)
    }
    self.pid = pid
    self.output = reading
  }

  deinit {
    close(self.output)
  }

  /// What the program prints until it ends, which must be well. Blocks.
  ///
  /// - Parameters:
  ///   - limit: in bytes.
  ///   - stop: a descriptor that becomes readable when there is no more use for it.
  mutating func readOutput(
    limit: Int, timeout: Duration, stop: CInt
  ) throws(ChildProcessFailure) -> [UInt8] {
    let deadline = ContinuousClock.now + timeout
    do throws(ChildProcessFailure) {
      let bytes = try self.read(limit: limit, timeout: timeout, until: deadline, stop: stop)
      try self.wait(timeout: timeout, until: deadline, stop: stop)
      return bytes
    } catch {
      self.kill()
      throw error
    }
  }

  private func read(
    limit: Int, timeout: Duration, until deadline: ContinuousClock.Instant, stop: CInt
  ) throws(ChildProcessFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let pause = ContinuousClock.now.duration(to: deadline)
      guard pause > .zero else { throw .timedOut(timeout) }
      switch Self.poll(self.output, stop, for: pause) {
      case .stop: throw .stopped
      case .nothing: continue
      case .readable:
        let room = limit + 1 - bytes.count
        guard let count = Upstream.read(self.output, upTo: room, onto: &bytes) else { continue }
        if count == 0 { return bytes }
      }
    }
    throw .tooLong(limitBytes: limit)
  }

  /// A program may close its output and live on. Its end shows by asking only, and mostly at once.
  private mutating func wait(
    timeout: Duration, until deadline: ContinuousClock.Instant, stop: CInt
  ) throws(ChildProcessFailure) {
    var status: CInt = 0
    while true {
      // Writes one number.
      let ended = unsafe waitpid(self.pid, &status, WNOHANG)
      if ended == self.pid { break }
      guard ContinuousClock.now < deadline else { throw .timedOut(timeout) }
      if Self.poll(-1, stop, for: .milliseconds(5)) == .stop { throw .stopped }
    }
    self.isReaped = true
    // The macros of <sys/wait.h>, which Swift does not see.
    let signal = status & 0x7f
    guard signal == 0 else { throw .killed(signal: signal) }
    let code = (status >> 8) & 0xff
    guard code == 0 else { throw .exited(code: code) }
  }

  private mutating func kill() {
    guard !self.isReaped else { return }
    // Not waited for yet, so the number is still its own.
    Glibc.kill(-self.pid, SIGKILL)
    var status: CInt = 0
    // Writes one number.
    while unsafe waitpid(self.pid, &status, 0) < 0 && errno == EINTR {}
    self.isReaped = true
  }
}

// MARK: - Descriptors

extension ChildProcess {
  private enum Ready {
    case readable
    case stop
    case nothing
  }

  /// Waits for either descriptor, for so long at most.
  private static func poll(_ output: CInt, _ stop: CInt, for pause: Duration) -> Ready {
    var entries = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
    ]
    let (seconds, attoseconds) = pause.components
    let milliseconds = min(seconds, 3_600) * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
    // As many entries as the array has.
    let count = unsafe Glibc.poll(&entries, nfds_t(entries.count), CInt(milliseconds))
    guard count > 0 else { return .nothing }
    if entries[1].revents != 0 { return .stop }
    return entries[0].revents != 0 ? .readable : .nothing
  }

  /// Both ends are closed by exec(2).
  static func makePipe() throws(ChildProcessFailure) -> (reading: CInt, writing: CInt) {
    var ends: [CInt] = [-1, -1]
    // Writes two numbers.
    guard unsafe pipe(&ends) == 0 else { throw .notStarted(errno: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Sets up what the new process is like: no input, its output to us, our standard error, every
  /// signal as it is by default (we may ignore some), a process group of its own.
  private static func withSpawnRecords(
    output: CInt,
    _ body: (
      UnsafePointer<posix_spawn_file_actions_t>, UnsafePointer<posix_spawnattr_t>
    ) -> CInt
  ) -> CInt {
    // Both are initialised before they are used, and destroyed when this returns.
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    // The records copy what they are given, paths and sets included.
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    for descriptor in Self.openDescriptors() where descriptor > 2 {
      unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var signals = sigset_t()
    // Each set is written whole before it is read.
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    return unsafe body(&actions, &attributes)
  }

  /// The descriptors of this process. One that is closed meanwhile does no harm to a spawn.
  private static func openDescriptors() -> [CInt] {
    // The stream is used and closed here; an entry is read before the next one takes its place.
    guard let folder = unsafe opendir("/proc/self/fd") else { return [] }
    defer { unsafe closedir(folder) }
    var descriptors: [CInt] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let descriptor = CInt(name) { descriptors.append(descriptor) }
    }
    return descriptors
  }
}
