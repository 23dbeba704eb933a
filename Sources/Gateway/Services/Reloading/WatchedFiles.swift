// SPDX-License-Identifier: Apache-2.0

// Reloading knows files by their content, and who uses them. It refuses to know what stands in them:
// whether new content is any good is for its user to say.

/// Files that are used together, as a certificate and its key are, and who uses them.
struct WatchedFiles: Sendable {
  /// What they are, as metrics and the log name it: `certificate`, `policy`.
  let what: String
  let paths: [String]
  /// The most bytes that one of them may have.
  let limitBytes: Int
  /// Takes the content of all of them, in the order of the paths, or says why it cannot be used; what
  /// was in force stays in force then. It may block, and is never called twice at a time.
  let use: @Sendable ([[UInt8]]) throws(FileRefusal) -> Void

  init(
    _ what: String, paths: [String], limitBytes: Int = 1 << 20,
    use: @escaping @Sendable ([[UInt8]]) throws(FileRefusal) -> Void
  ) {
    self.what = what
    self.paths = paths
    self.limitBytes = limitBytes
    self.use = use
  }

  /// Blocks while it reads.
  func read() throws(FileRefusal) -> [[UInt8]] {
    try Self.read(self.paths, limitBytes: self.limitBytes)
  }

  /// Blocks while it reads.
  static func read(
    _ paths: [String], limitBytes: Int = 1 << 20
  ) throws(FileRefusal) -> [[UInt8]] {
    var contents: [[UInt8]] = []
    for path in paths {
      do throws(FileBytes.Failure) {
        contents.append(try FileBytes.read(path, limit: limitBytes))
      } catch {
        throw FileRefusal(path: path, reason: error.reason)
      }
    }
    return contents
  }
}

/// Why files cannot be used. The reason repeats nothing secret.
struct FileRefusal: Error, Equatable {
  /// The file at fault; nil if each is fine and they do not fit together.
  var path: String?
  var reason: String
}

extension FileRefusal: ExitStatus, CustomStringConvertible {
  /// EX_CONFIG.
  var exitCode: Int32 { 78 }

  var description: String {
    self.path.map { "\($0): \(self.reason)" } ?? self.reason
  }
}
