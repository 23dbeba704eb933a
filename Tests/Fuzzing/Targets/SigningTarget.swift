// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// A request as HTTP/1.1 writes it: method and target on the first line, then fields, an empty line
/// and a body. It is verified as it came; then it is signed, and verified again.
enum SigningTarget {
  /// 2026-01-02T03:04:05Z.
  private static let now = SigningTime(epochSeconds: 1_767_323_045)
  private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  private static let longTerm = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
  private static let temporary = Credential(
    accessKeyID: "ASIDEXAMPLE", secretAccessKey: secret, sessionToken: "token/+=",
    expiresAtSeconds: 1_767_326_645)

  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var verifier = try Self.verifier()
    let request = Request(bytes)
    let verdict = verifier.verdict(on: request, at: Self.now)
    try claim(
      verifier.verdict(on: request, at: Self.now) == verdict, "the same request, the same verdict")
    switch verdict {
    case .verified: try Self.checkTampering(request, with: &verifier)
    case .refused(let refusal):
      try claim(
        !refusal.message.utf8.contains { $0 < 0x20 }, "a refusal's text is one line")
    }
    try Self.checkSigning(request, Self.longTerm, with: &verifier)
    try Self.checkSigning(request, Self.temporary, with: &verifier)
  }

  private static func verifier() throws(BrokenClaim) -> SignatureVerifier {
    do {
      return try SignatureVerifier(
        credentials: [Self.longTerm, Self.temporary], region: "us-east-1")
    } catch {
      throw BrokenClaim(words: "a verifier can be made")
    }
  }

  private static func checkTampering(
    _ request: Request, with verifier: inout SignatureVerifier
  ) throws(BrokenClaim) {
    var other = request
    other.body.append(0)
    try claim(!verifier.holds(other, at: Self.now), "a signature holds for its body alone")
    other = request
    other.method += "X"
    try claim(!verifier.holds(other, at: Self.now), "a signature holds for its method alone")
    other = request
    other.target += "x"
    try claim(!verifier.holds(other, at: Self.now), "a signature holds for its target alone")
    try claim(
      !verifier.holds(request, at: Self.now.adding(seconds: 700_000)), "a signature grows old")
  }

  private static func checkSigning(
    _ request: Request, _ credential: Credential, with verifier: inout SignatureVerifier
  ) throws(BrokenClaim) {
    var request = request
    // What a signer adds itself, and what stands for a signature.
    request.fields.removeAll { name, _ in
      let name = name.lowercased()
      return name == "host" || name == "authorization" || name.hasPrefix("x-amz-")
    }
    guard var signer = try? RequestSigner(region: "us-east-1"),
      let signed = try? signer.sign(
        method: request.method, target: request.target.utf8.span, host: "example.com",
        headers: request.fields, body: request.body.span, credential: credential, at: Self.now)
    else { return }
    request.fields.append(("host", "example.com"))
    request.fields.append((SignatureHeaders.dateName, signed.date))
    request.fields.append((SignatureHeaders.authorizationName, signed.authorization))
    if let token = signed.securityToken {
      request.fields.append((SignatureHeaders.securityTokenName, token))
    }
    switch verifier.verdict(on: request, at: Self.now) {
    case .verified(let caller):
      try claim(caller.accessKeyID == credential.accessKeyID, "it is known whose a signature is")
      try Self.checkTampering(request, with: &verifier)
    case .refused(.malformed), .refused(.incomplete):
      // More than the limits allow, or no method; or the target looks presigned as well.
      break
    case .refused(let refusal):
      throw BrokenClaim(words: "what was signed here is verified, not \(refusal)")
    }
  }
}

/// A request in its parts.
private struct Request {
  var method: String
  var target: String
  var fields: [(name: String, value: String)] = []
  var body: [UInt8]

  init(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let words = input.line().split(
      separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
    self.method = String(decoding: words[0], as: UTF8.self)
    self.target = String(decoding: words.count > 1 ? words[1] : [], as: UTF8.self)
    while !input.isEmpty {
      let line = input.line()
      guard !line.isEmpty else { break }
      let name = line.prefix { $0 != UInt8(ascii: ":") }
      self.fields.append(
        (
          String(decoding: name, as: UTF8.self),
          String(decoding: line.dropFirst(name.count + 1), as: UTF8.self)
        ))
    }
    self.body = Array(input.rest)
  }
}

extension SignatureVerifier {
  fileprivate mutating func verdict(
    on request: Request, at now: SigningTime
  ) -> SignatureVerdict {
    self.verify(
      method: request.method, target: request.target, headers: request.fields,
      body: request.body.span, service: RequestSigner.jobsDataPlane, now: now)
  }

  fileprivate mutating func holds(_ request: Request, at now: SigningTime) -> Bool {
    if case .verified = self.verdict(on: request, at: now) { true } else { false }
  }
}
