// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing

@Suite struct SharedFileTests {
  private func config(_ text: String) throws(AWSConfigurationError) -> SharedConfiguration {
    SharedConfiguration(
      config: try SharedFile(parsing: Array(text.utf8), kind: .config, path: "/c"))
  }

  private func value(
    _ key: String, of profile: String = "default", in text: String
  ) throws -> String? {
    try self.config(text).profile(profile)?.sourced(key)?.value
  }

  // MARK: Values

  @Test(arguments: [
    ("region = us-west-2", "us-west-2"), ("region=us-west-2", "us-west-2"),
    ("REGION\t=\t us-west-2 \t", "us-west-2"), ("region = a=b=c", "a=b=c"),
    ("region = a # b ; c", "a # b ; c"), ("region = 'quoted'", "'quoted'"),
    ("region = ünïcode", "ünïcode"), ("  region = indented", "indented"),
    ("#region = x\n;region = x\nregion = y", "y"), ("region = a\n  b\n\tc", "a\nb\nc"),
    ("region = a\n  # a comment\n  b", "a\nb"), ("region = a\n\n  b", "a\nb"),
    ("region = a\n  [profile x]", "a\n[profile x]"),
  ])
  func `a value is what stands behind the first equals sign`(
    lines: String, value: String
  ) throws {
    for newline in ["\n", "\r\n"] {
      let text = "[default]\n\(lines)".split(separator: "\n", omittingEmptySubsequences: false)
        .joined(separator: newline)
      #expect(try self.value("region", in: text) == value)
      #expect(try self.value("region", in: text + newline) == value)
      #expect(try self.value("region", in: "\u{feff}" + text) == value)
    }
  }

  @Test func `an empty value is none`() throws {
    #expect(try self.value("region", in: "[default]\nregion =\noutput = json") == nil)
    #expect(try self.value("region", in: "[default]\nregion =") == nil)
    #expect(try self.value("region", in: "") == nil)
  }

  @Test func `a block is no value, and ends where the indent does`() throws {
    let text = "[default]\ns3 =\n  region = inner\n  a = b\nregion = outer\n"
    #expect(try self.value("region", in: text) == "outer")
    #expect(try self.value("s3", in: text) == nil)
  }

  @Test func `a value says where it stands`() throws {
    let text = "# one\n[profile p]\n\nregion = r\n"
    let found = try #require(try self.config(text).profile("p")?.sourced("region"))
    #expect(found.origin == .profile("p", key: "region", FilePlace(file: "/c", line: 4)))
    #expect("\(found.origin)" == "region in profile p (/c, line 4)")
  }

  // MARK: Sections

  @Test(arguments: [
    ("[default]", "default"), ("[ default ]", "default"), ("[default] # words", "default"),
    ("[default];words", "default"), ("[profile p]", "p"), ("[profile   p]", "p"),
    ("[profile\tp]", "p"), ("[profile 'a b']", "a b"), ("[profile \"a b\"]", "a b"),
    ("[profile a\\ b]", "a b"), ("[profile default]", "default"), ("[profile ü]", "ü"),
  ])
  func `a profile's heading`(heading: String, name: String) throws {
    #expect(try self.value("region", of: name, in: "\(heading)\nregion = r") == "r")
  }

  @Test(arguments: [
    "[p]", "[profile]", "[profile a b]", "[profiles p]", "[Profile p]", "[sso-session p]",
    "[services p]", "[profile 'p]", "[]", "[DEFAULT]",
  ])
  func `other headings are no profile's`(heading: String) throws {
    let shared = try self.config("\(heading)\nregion = r")
    for name in ["p", "default", "a b", "a", "", "profile"] {
      #expect(shared.profile(name) == nil)
    }
  }

  @Test(arguments: [
    "[profile default]\nregion = named\n[default]\nregion = plain",
    "[default]\nregion = plain\n[profile default]\nregion = named",
  ])
  func `the default profile by its long name beats the one by its short name`(
    text: String
  ) throws {
    #expect(try self.value("region", in: text) == "named")
  }

  @Test func `in the credentials file the whole heading is the name`() throws {
    let text = "[default]\nregion = d\n[profile p]\nregion = p\n[a b]\nregion = ab\n"
    let shared = SharedConfiguration(
      credentials: try SharedFile(parsing: Array(text.utf8), kind: .credentials, path: "/k"))
    #expect(shared.profile("default")?.sourced("region")?.value == "d")
    #expect(shared.profile("profile p")?.sourced("region")?.value == "p")
    #expect(shared.profile("a b")?.sourced("region")?.value == "ab")
    #expect(shared.profile("p") == nil)
  }

  @Test func `keys of the credentials file win one by one`() throws {
    let config = "[profile p]\nregion = config\noutput = config\nca_bundle = config"
    let credentials = "[p]\nregion = credentials\nca_bundle =\nrole_arn = credentials"
    let shared = SharedConfiguration(
      config: try SharedFile(parsing: Array(config.utf8), kind: .config, path: "/c"),
      credentials: try SharedFile(
        parsing: Array(credentials.utf8), kind: .credentials, path: "/k"))
    let profile = try #require(shared.profile("p"))
    #expect(profile.sourced("region")?.value == "credentials")
    #expect(profile.sourced("output")?.value == "config")
    #expect(profile.sourced("ca_bundle")?.value == "config")
    #expect(profile.sourced("role_arn")?.value == "credentials")
    #expect(
      profile.sourced("region")?.origin
        == .profile(
          "p", key: "region", FilePlace(file: "/k", line: 2)))
  }

  // MARK: Errors

  @Test(arguments: [
    ("region = r", 1, FileProblem.keyOutsideSection),
    ("[default]\nregion", 2, .noEqualsSign),
    ("[default]\nregion : r", 2, .noEqualsSign),
    ("[default]\n= r", 2, .emptyKey),
    ("[default\nregion = r", 1, .unclosedHeading),
    ("[default] region = r", 1, .textAfterHeading),
    ("[default]\na = b\n[profile p]\n[default]", 4, .duplicateSection(firstLine: 1)),
    ("[profile p]\n[profile 'p']", 2, .duplicateSection(firstLine: 1)),
    ("[other]\n[other]", 2, .duplicateSection(firstLine: 1)),
    ("[default]\nregion = r\n\nRegion = r", 4, .duplicateKey(firstLine: 2)),
    ("[default]\ns3 =\n  a\n", 3, .noEqualsSign),
    ("[default]\ns3 =\n  = a\n", 3, .emptyKey),
    ("[default]\ns3 =\n  a = 1\n  b = 2\n  A = 3", 5, .duplicateKey(firstLine: 3)),
    ("[default]\nregion = a\u{0}b", 2, .controlByte),
    ("[default]\nregion = a\u{1b}[2Jb", 2, .controlByte),
    ("[default]\nregion = a\rb", 2, .controlByte),
    ("[default]\nregion = a\u{7f}", 2, .controlByte),
  ])
  func `what cannot be read is an error with its line`(
    text: String, line: Int, problem: FileProblem
  ) {
    let error = AWSConfigurationError.malformedFile(FilePlace(file: "/c", line: line), problem)
    #expect(throws: error) { try self.config(text) }
    #expect("\(error)".hasPrefix("/c, line \(line): "))
  }

  @Test func `bytes that are no UTF-8 are an error, but not in a comment`() throws {
    let bytes = Array("[default]\n# ".utf8) + [0xff] + Array("\nregion = ".utf8)
    _ = try SharedFile(parsing: bytes, kind: .config, path: "/c")
    #expect(
      throws: AWSConfigurationError.malformedFile(FilePlace(file: "/c", line: 3), .notUTF8)
    ) {
      try SharedFile(parsing: bytes + [0xc3], kind: .config, path: "/c")
    }
  }

  @Test func `a file has a limit`() throws {
    let bytes = Array("[default]\n".utf8)
    _ = try SharedFile(parsing: bytes, kind: .config, path: "/c", limit: 10)
    #expect(throws: AWSConfigurationError.fileTooLong(file: "/c", limitBytes: 9)) {
      try SharedFile(parsing: bytes, kind: .config, path: "/c", limit: 9)
    }
  }

  // MARK: Hostile files

  private static let sample = """
    # comment
    [default]
    aws_access_key_id = AKIDVALUE
    aws_secret_access_key = SECRETVALUE
    s3 =
      a = NESTEDVALUE
    [profile "x y"]
    credential_process = '/bin/a' "b\\"c"
      PROCESSVALUE
    [services s]
    sts =
      endpoint_url = URLVALUE
    """

  @Test func `every cut and every changed byte is read or refused, without a value`() throws {
    let sample = Array(Self.sample.utf8)
    var random = SystemRandomNumberGenerator()
    let oddities = Array("[]=#; \t\r\n'\"\\\0\u{7f}".utf8) + [0x80, 0xc3, 0xff]
    for position in sample.indices {
      self.read(Array(sample[..<position]))
      for oddity in oddities {
        var changed = sample
        changed[position] = oddity
        self.read(changed)
        changed = sample
        changed.insert(oddity, at: position)
        self.read(changed)
      }
      var shuffled = sample
      for _ in 0..<4 {
        shuffled.swapAt(
          Int.random(in: shuffled.indices, using: &random),
          Int.random(in: shuffled.indices, using: &random))
      }
      self.read(shuffled)
    }
  }

  private func read(_ bytes: [UInt8]) {
    for kind in [SharedFile.Kind.config, .credentials] {
      do throws(AWSConfigurationError) {
        _ = try SharedFile(parsing: bytes, kind: kind, path: "/c")
      } catch {
        #expect(!"\(error)".contains("VALUE"))
      }
    }
  }

  /// In time that grows with the square of the length this would take minutes.
  @Test(.timeLimit(.minutes(1))) func `a great file is read in no time`() throws {
    var text = "[default]\nlong =\n"
    for number in 0..<60_000 { text += "  k\(number) = v\n" }
    for number in 0..<5_000 { text += "[profile p\(number)]\nregion = r\(number)\n" }
    #expect(try self.value("region", of: "p4999", in: text) == "r4999")
  }

  @Test func `nothing that is printed shows a value`() throws {
    let shared = SharedConfiguration(
      config: try SharedFile(parsing: Array(Self.sample.utf8), kind: .config, path: "/c"))
    var dumped = ""
    dump(shared, to: &dumped)
    dump(shared.profile("default"), to: &dumped)
    #expect(!dumped.contains("VALUE"))
    #expect(!"\(shared) \(String(reflecting: shared))".contains("VALUE"))
  }
}

@Suite struct ProfileChoiceTests {
  @Test(
    arguments: [
      ([:], "default", nil), (["AWS_PROFILE": "a"], "a", "AWS_PROFILE"),
      (["AWS_DEFAULT_PROFILE": "b"], "b", "AWS_DEFAULT_PROFILE"),
      (["AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"], "a", "AWS_PROFILE"),
      (["AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "b"], "b", "AWS_DEFAULT_PROFILE"),
      (["AWS_PROFILE": ""], "default", nil),
    ] as [([String: String], String, String?)])
  func `the profile is chosen`(variables: [String: String], name: String, variable: String?) {
    let choice = ProfileChoice(AWSEnvironment(variables))
    #expect(choice.name == name)
    #expect(choice.origin == variable.map { .environment(variable: $0) })
  }

  @Test func `a profile that was chosen must be there`() throws {
    let shared = SharedConfiguration(
      config: try SharedFile(parsing: Array("[profile p]\n".utf8), kind: .config, path: "/c"),
      credentials: try SharedFile(parsing: [], kind: .credentials, path: "/k"))
    let chosen = ProfileChoice(AWSEnvironment(["AWS_PROFILE": "q\n"]))
    let error = AWSConfigurationError.profileNotFound(
      name: "q\n", namedBy: .environment(variable: "AWS_PROFILE"), files: ["/c", "/k"])
    #expect(throws: error) { try chosen.profile(in: shared) }
    #expect("\(error)" == "AWS_PROFILE names the profile q , which is not in /c or /k")
    #expect(throws: AWSConfigurationError.self) { try chosen.profile(in: SharedConfiguration()) }
    let nobody = try ProfileChoice(AWSEnvironment([:])).profile(in: shared)
    #expect(nobody.name == "default" && nobody.sourced("region") == nil)
    let present = try ProfileChoice(AWSEnvironment(["AWS_PROFILE": "p"])).profile(in: shared)
    #expect(present.name == "p")
  }
}

@Suite struct SharedFilePathsTests {
  @Test(
    arguments: [
      (["HOME": "/h"], "/h/.aws/config", "/h/.aws/credentials"),
      (["HOME": "/h/"], "/h/.aws/config", "/h/.aws/credentials"),
      ([:], nil, nil),
      (["AWS_CONFIG_FILE": "/a", "AWS_SHARED_CREDENTIALS_FILE": "b"], "/a", "b"),
      (["HOME": "/h", "AWS_CONFIG_FILE": "~/a"], "/h/a", "/h/.aws/credentials"),
      (["HOME": "/h", "AWS_CONFIG_FILE": "~u/a"], "~u/a", "/h/.aws/credentials"),
      (["HOME": "/h", "AWS_CONFIG_FILE": ""], "/h/.aws/config", "/h/.aws/credentials"),
    ] as [([String: String], String?, String?)])
  func `the files are where variables say, else at home`(
    variables: [String: String], config: String?, credentials: String?
  ) {
    let paths = SharedFilePaths(AWSEnvironment(variables))
    #expect(paths.config == config)
    #expect(paths.credentials == credentials)
  }
}
