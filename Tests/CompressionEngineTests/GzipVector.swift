// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A case of Tests/Vectors/gzip_messages.json: what a message inflates to, or why it does not.
struct GzipVector: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  var input: Data
  var output: Data?
  var error: String?

  var testDescription: String { self.name }

  private struct File: Decodable {
    var messages: [GzipVector]
  }

  static func load() throws -> [GzipVector] {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Vectors/gzip_messages.json")
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).messages
  }
}
