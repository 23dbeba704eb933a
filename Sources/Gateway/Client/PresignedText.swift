// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A presigned request as people and scripts read it.
struct PresignedText {
  private let request: PresignedRequest

  init(_ request: PresignedRequest) {
    self.request = request
  }

  private var body: String? {
    self.request.body.map { String(decoding: $0, as: UTF8.self) }
  }

  /// What cannot be seen from the URL.
  var notes: String {
    var notes = "\(self.request.method)"
    for header in self.request.headers { notes += "\n\(header.name): \(header.value)" }
    if let body = self.body { notes += "\n\(body.shown)" }
    let end = CredentialCheck.text(of: self.request.expiresAtSeconds)
    let seconds = self.request.expiresInSeconds
    let why = self.request.isCutShort ? ", when the credentials end" : ""
    return notes + "\nexpires \(end), \(seconds) s from now\(why)\n"
  }

  /// A command for a POSIX shell.
  var curl: String {
    var words = ["curl", "-sS", "-X", self.request.method]
    for header in self.request.headers { words += ["-H", "\(header.name): \(header.value)"] }
    if let body = self.body { words += ["--data-binary", body] }
    words += ["--", self.request.url]
    return words.map(Self.quoted).joined(separator: " ") + "\n"
  }

  /// Nothing means anything to the shell between single quotes but another one (POSIX, Shell Command
  /// Language, 2.2.2).
  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }

  /// One line, its members named as in the .proto's JSON.
  var json: String {
    var json = JSONWriter()
    json.object { json in
      json.member("url", self.request.url)
      json.member("httpMethod", self.request.method)
      if !self.request.headers.isEmpty {
        json.member(
          "headers",
          array: { json in
            for header in self.request.headers {
              json.object { json in
                json.member("name", header.name)
                json.member("value", header.value)
              }
            }
          })
      }
      json.member("body", self.body)
      json.member("expiresAt", self.request.expiresAtSeconds)
      json.member("expiresIn", self.request.expiresInSeconds)
      json.member("expiryShortened", self.request.isCutShort)
    }
    return String(decoding: json.bytes, as: UTF8.self) + "\n"
  }
}
