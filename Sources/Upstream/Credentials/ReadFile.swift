// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning
import Glibc
package import NIOPosix

/// A small file, read whole.
package enum ReadFile {
  /// Blocks. Nil if there is no such file.
  ///
  /// - Parameters:
  ///   - limit: in bytes; a longer file is an error.
  ///   - isOptional: one that may not be opened counts as missing.
  package static func bytes(
    of path: String, limit: Int, isOptional: Bool = false
  ) throws(CredentialError) -> [UInt8]? {
    // Never waits for a writer, should it be a pipe.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      let isMissing = code == ENOENT || code == ENOTDIR || isOptional && code == EACCES
      if isMissing { return nil }
      throw Self.failure(path, code)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      guard let count = read(descriptor, upTo: limit + 1 - bytes.count, onto: &bytes) else {
        if errno == EINTR { continue }
        throw Self.failure(path, errno)
      }
      if count == 0 { return bytes }
    }
    throw .unavailable("\(path) is longer than \(limit) bytes")
  }

  /// The text of a token's file. White space around it is dropped.
  static func token(
    _ path: String, namedBy origin: String, on threads: NIOThreadPool
  ) async throws(CredentialError) -> Secret {
    let read = await threads.run { () throws(CredentialError) in
      try Self.bytes(of: path, limit: 64 * 1024)
    }
    guard let bytes = try read.get() else {
      throw .unavailable("\(path), which \(origin) names, does not exist")
    }
    guard let token = ContainerPlan.headerValue(String(decoding: bytes, as: UTF8.self)) else {
      throw .unavailable("\(path) must hold \(ContainerPlan.tokenRule)")
    }
    return token
  }

  private static func failure(_ path: String, _ code: CInt) -> CredentialError {
    // libc's text is static or of this thread, and copied at once.
    .unavailable("\(path) cannot be read: \(unsafe String(cString: strerror(code)))")
  }
}

/// Appends what one read(2) brings. Nil for a failure, with errno.
func read(_ descriptor: CInt, upTo limit: Int, onto bytes: inout [UInt8]) -> Int? {
  var count = 0
  let room = min(limit, 16 * 1024)
  bytes.append(addingCapacity: room) { output in
    unsafe output.withUnsafeMutableBufferPointer { buffer, initialized in
      // The kernel writes at most the room that is there.
      count = unsafe Glibc.read(
        descriptor, buffer.baseAddress.map { unsafe $0 + initialized }, room)
      initialized += max(count, 0)
    }
  }
  return count < 0 ? nil : count
}

extension SharedConfiguration {
  /// Reads both shared files; one that is missing is an empty one.
  package static func read(
    _ paths: SharedFilePaths, on threads: NIOThreadPool
  ) async throws(CredentialError) -> SharedConfiguration {
    let read = await threads.run { () throws(CredentialError) in try Self.read(paths) }
    return try read.get()
  }

  /// The same at once. Blocks.
  package static func read(
    _ paths: SharedFilePaths
  ) throws(CredentialError) -> SharedConfiguration {
    SharedConfiguration(
      config: try Self.file(paths.config, .config, isNamed: paths.isConfigNamed),
      credentials: try Self.file(
        paths.credentials, .credentials, isNamed: paths.isCredentialsNamed))
  }

  private static func file(
    _ path: String?, _ kind: SharedFile.Kind, isNamed: Bool
  ) throws(CredentialError) -> SharedFile? {
    guard let path,
      let bytes = try ReadFile.bytes(of: path, limit: 1024 * 1024, isOptional: !isNamed)
    else { return nil }
    do throws(AWSConfigurationError) {
      return try SharedFile(parsing: bytes, kind: kind, path: path)
    } catch {
      throw .unavailable("\(error)")
    }
  }
}

extension NIOThreadPool {
  /// Runs what blocks, and waits for it without blocking.
  func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(CredentialError) -> Value
  ) async -> Result<Value, CredentialError> {
    let result = try? await self.runIfActive { () -> Result<Value, CredentialError> in
      do throws(CredentialError) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    // The pool is shut down, or the task was cancelled before its turn.
    return result ?? .failure(.unavailable("the gateway is shutting down"))
  }
}
