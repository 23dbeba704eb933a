// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Foundation

/// One case of Tests/Vectors/sigv4-*.json: what AWS's own client signed, and what it made of it.
struct SigningVector: Decodable, Sendable {
  struct Credentials: Decodable {
    var accessKeyId: String
    var secretAccessKey: String
    var sessionToken: String?
  }
  struct Request: Decodable {
    var method: String
    var url: String
    var headers: [[String]]
    var body: String
  }
  struct Expected: Decodable {
    var url: String
    /// Absent in the presigned cases.
    var host: String?
    var headers: [[String]]?
    var authorization: String?
    var payloadSHA256: String
    var canonicalRequest: String
    var credentialScope: String
    var stringToSign: String
    var signedHeaders: String
    var signature: String
  }

  var id: String
  var tags: [String]
  var credentials: Credentials
  var time: String
  var expires: Int64?
  var request: Request
  var expected: Expected

  /// All cases of a file. A missing or unreadable file ends the test run: nothing would be tested.
  static func load(_ file: String) throws -> [SigningVector] {
    struct Cases: Decodable { var cases: [SigningVector] }
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Vectors/\(file)")
    return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: url)).cases
  }
}

extension SigningVector {
  var credential: Credential {
    Credential(
      accessKeyID: self.credentials.accessKeyId,
      secretAccessKey: self.credentials.secretAccessKey,
      sessionToken: self.credentials.sessionToken)
  }

  /// The region that is signed for. Configuration may name it by an alias, `fips-us-west-2`, which
  /// is cleaned before a signer sees it.
  var region: String { String(self.expected.credentialScope.split(separator: "/")[1]) }

  var signingTime: SigningTime { SigningTime(stamp: self.time)! }

  var headers: [(name: String, value: String)] {
    self.request.headers.map { (name: $0[0], value: $0[1]) }
  }

  var split: SplitURL { SplitURL(self.request.url) }
}

/// A URL cut by hand: Foundation's own would rewrite some of these.
struct SplitURL {
  var origin: String
  var target: String
  var host: String

  init(_ url: String) {
    let scheme = String(url[..<url.firstRange(of: "://")!.lowerBound])
    let rest = url.dropFirst(scheme.count + 3)
    let authority = rest.prefix { $0 != "/" }
    self.origin = "\(scheme)://\(authority)"
    self.target = String(rest.dropFirst(authority.count))
    let afterAddress = authority.lastIndex(of: "]") ?? authority.startIndex
    let colon = authority[afterAddress...].lastIndex(of: ":")
    self.host = HostHeader.value(
      scheme: scheme, host: String(authority[..<(colon ?? authority.endIndex)]),
      port: colon.flatMap { Int(authority[$0...].dropFirst()) })
  }
}
