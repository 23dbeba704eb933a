// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

struct CredentialTests {
  static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  static let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22w"
  static let credential = Credential(
    accessKeyID: "ASIAIOSFODNN7EXAMPLE", secretAccessKey: secret, sessionToken: token,
    expiresAtSeconds: 1_767_225_600)

  /// Everything that Swift makes of a value without being told how.
  private func texts(of value: Any) -> [String] {
    var dumped = ""
    dump(value, to: &dumped)
    return [
      String(describing: value), String(reflecting: value), "\(value)", dumped,
      "\(Mirror(reflecting: value).children.map { "\($0)" })",
    ]
  }

  @Test func `no description of a credential or of what it signed shows a secret`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let signed = try signer.sign(
      method: "GET", target: "/".utf8.span, host: "h", body: "".utf8.span,
      credential: Self.credential, at: SigningTime(epochSeconds: 0))
    let url = try signer.presign(
      method: "GET", origin: "https://h", target: "/".utf8.span, host: "h", expiresInSeconds: 1,
      credential: Self.credential, at: SigningTime(epochSeconds: 0))
    let signature = try #require(signed.authorization.split(separator: "=").last)
    let urlSignature = try #require(url.text.split(separator: "=").last)

    let values: [Any] = [
      Self.credential, Optional(Self.credential) as Any, [Self.credential], ["k": Self.credential],
      Self.credential.secretAccessKey, StaticCredentialSource(Self.credential),
      EnvironmentCredentialSource(environment: ["AWS_SECRET_ACCESS_KEY": Self.secret]),
      signed, url, ["u": url],
    ]
    for text in values.flatMap(self.texts) {
      #expect(!text.contains(Self.secret))
      #expect(!text.contains(Self.token))
      #expect(!text.contains("IOSFODNN7EX"))
      #expect(!text.contains(signature))
      #expect(!text.contains(urlSignature))
    }
  }

  @Test func `a log may show the end of a long access key id`() {
    #expect(Self.credential.loggableID == "…MPLE")
    #expect("\(Self.credential)" == "Credential(…MPLE, temporary)")
    #expect(Credential(accessKeyID: "AKID", secretAccessKey: "s").loggableID == "…")
  }

  @Test func `a credential expires at its second`() {
    #expect(!Self.credential.isExpired(atSeconds: 1_767_225_599))
    #expect(Self.credential.isExpired(atSeconds: 1_767_225_600))
    #expect(!Credential(accessKeyID: "A", secretAccessKey: "s").isExpired(atSeconds: .max))
  }
}

struct EnvironmentCredentialSourceTests {
  private func read(_ environment: [String: String]) throws(CredentialError) -> Credential? {
    try EnvironmentCredentialSource(environment: environment).read()
  }

  @Test func `without a pair there is nothing here`() throws {
    #expect(try self.read([:]) == nil)
    #expect(try self.read(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]) == nil)
    #expect(try self.read(["AWS_SESSION_TOKEN": "t"]) == nil)
  }

  @Test func `a pair is enough, and empty is unset`() throws {
    let found = try self.read([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s/+=", "AWS_SESSION_TOKEN": "",
      "AWS_CREDENTIAL_EXPIRATION": "",
    ])
    #expect(found == Credential(accessKeyID: "A", secretAccessKey: "s/+="))
  }

  @Test func `half a pair is an error that names the other half`() {
    #expect(throws: CredentialError.incomplete(missing: "AWS_SECRET_ACCESS_KEY")) {
      try self.read(["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": ""])
    }
    #expect(throws: CredentialError.incomplete(missing: "AWS_ACCESS_KEY_ID")) {
      try self.read(["AWS_SECRET_ACCESS_KEY": "s"])
    }
  }

  @Test func `the token's new name beats its old one`() throws {
    var environment = [
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SECURITY_TOKEN": "old",
    ]
    #expect(try self.read(environment)?.sessionToken?.text == "old")
    environment["AWS_SESSION_TOKEN"] = "new"
    #expect(try self.read(environment)?.sessionToken?.text == "new")
  }

  @Test(arguments: [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
  ])
  func `a pasted line end is refused, and the value not shown`(variable: String) {
    var environment = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"]
    environment[variable] = "value\n"
    #expect(throws: CredentialError.malformed(setting: variable)) {
      try self.read(environment)
    }
  }

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", 1_767_323_045), ("2026-01-02T03:04:05.999Z", 1_767_323_045),
    ("2026-01-02T03:04:05+00:00", 1_767_323_045), ("2026-01-02T04:34:05+01:30", 1_767_323_045),
    ("2026-01-01T22:04:05.123456-05:00", 1_767_323_045),
  ])
  func `an expiry is read in each of its forms`(text: String, seconds: Int64) throws {
    let found = try self.read([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CREDENTIAL_EXPIRATION": text,
    ])
    #expect(found?.expiresAtSeconds == seconds)
  }

  @Test(arguments: [
    "soon", "2026-01-02", "2026-01-02T03:04:05", "2026-02-30T03:04:05Z", "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05+0000", "2026-01-02T03:04:05ZZ", "2026-01-02T25:04:05Z",
  ])
  func `another form of expiry is an error`(text: String) {
    #expect(throws: CredentialError.malformed(setting: "AWS_CREDENTIAL_EXPIRATION")) {
      try self.read([
        "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_CREDENTIAL_EXPIRATION": text,
      ])
    }
  }

  @Test func `sources answer to their names through the seam`() async throws {
    let credential = Credential(accessKeyID: "A", secretAccessKey: "s")
    let sources: [any CredentialSource] = [
      EnvironmentCredentialSource(environment: [:]), StaticCredentialSource(credential),
    ]
    #expect(sources.map(\.name) == ["environment", "static"])
    #expect(try await sources[0].credential() == nil)
    #expect(try await sources[1].credential() == credential)
  }
}
