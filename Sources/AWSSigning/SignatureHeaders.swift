// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// The header values that make a request a signed one. The caller sends them beside the very Host
/// header and the very headers that were signed.
package struct SignatureHeaders: Equatable, Sendable {
  /// The names under which the values go.
  package static let dateName = "X-Amz-Date"
  package static let securityTokenName = "X-Amz-Security-Token"
  package static let authorizationName = "Authorization"

  let shared: SignatureLines
  let signature: SHA256Digest

  package var date: String { self.shared.time.text }
  /// Present with temporary credentials.
  package var securityToken: String? { self.shared.securityToken }
  package var authorization: String {
    var value = Array(self.shared.bytes[self.shared.authorizationStart...])
    self.signature.appendHex(to: &value)
    return String(decoding: value, as: UTF8.self)
  }

  /// Appends the headers as lines of HTTP/1.1, each with its end.
  package func appendLines(to buffer: inout [UInt8]) {
    buffer.append(contentsOf: self.shared.bytes)
    self.signature.appendHex(to: &buffer)
    buffer.append(UInt8(ascii: "\r"))
    buffer.append(UInt8(ascii: "\n"))
  }
}

/// The headers' lines up to the signature, which the requests of one second share.
struct SignatureLines: Equatable, Sendable {
  let time: SigningTime
  let securityToken: String?
  private(set) var bytes: [UInt8] = []
  /// Where in `bytes` the value of the last header begins.
  private(set) var authorizationStart = 0

  /// - Parameter signedNames: the names of the signed headers, joined with `;`.
  init(scope: CredentialScope, credential: Credential, signedNames: [UInt8]) {
    self.time = scope.time
    self.securityToken = credential.sessionToken?.text
    self.append(SignatureHeaders.dateName, ": ", self.time.text, "\r\n")
    if let token = self.securityToken {
      self.append(SignatureHeaders.securityTokenName, ": ", token, "\r\n")
    }
    self.append(SignatureHeaders.authorizationName, ": ")
    self.authorizationStart = self.bytes.count
    self.append(SignatureCalculator.algorithm, " Credential=", credential.accessKeyID, "/")
    scope.append(to: &self.bytes)
    self.append(", SignedHeaders=")
    self.bytes.append(contentsOf: signedNames)
    self.append(", Signature=")
  }

  private mutating func append(_ parts: String...) {
    for part in parts { self.bytes.append(contentsOf: part.utf8) }
  }
}

extension SignatureHeaders: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package var description: String { "SignatureHeaders(\(self.date), <redacted>)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror {
    Mirror(self, children: ["date": self.date], displayStyle: .struct)
  }
}
