// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Testing

/// What botocore has no word for: findings by name, error texts, and that no secret is shown. The
/// order itself is held against botocore in ``ConfigurationOracleTests``.
@Suite struct CredentialPlanTests {
  static let role = "arn:aws:iam::123456789012:role/r"

  static func plan(
    _ variables: [String: String] = [:], config: String = "", credentials: String = ""
  ) throws -> CredentialPlan {
    CredentialPlan(
      try AWSSettings(
        environment: AWSEnvironment(variables),
        shared: SharedConfiguration(
          config: try SharedFile(parsing: Array(config.utf8), kind: .config, path: "/c"),
          credentials: try SharedFile(
            parsing: Array(credentials.utf8), kind: .credentials, path: "/k"))))
  }

  /// The text of the step that ends the search with an error.
  static func refusal(
    _ variables: [String: String] = [:], config: String = "", credentials: String = ""
  ) throws -> String? {
    let plan = try Self.plan(variables, config: config, credentials: credentials)
    guard case .refused(let error)? = plan.chosen?.finding else { return nil }
    return "\(error)"
  }

  @Test func `every kind of source has its step, in AWS's order`() throws {
    let plan = try Self.plan(["AWS_EC2_METADATA_DISABLED": "TRUE"])
    #expect(
      plan.steps.map(\.kind.name) == [
        "environment", "assume-role", "web-identity", "sso", "shared-credentials-file", "login",
        "process", "config-file", "container", "instance-metadata",
      ])
    #expect(plan.chosen == nil && plan.hidden.isEmpty)
    #expect(plan.passedOver.count == 10)
    #expect(
      plan.passedOver.map { step in
        guard case .absent(let why) = step.finding else { return "" }
        return why
      } == [
        "AWS_ACCESS_KEY_ID is not set", "profile default has no role_arn to assume with a source",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set", "profile default has no sso_account_id",
        "profile default has no aws_access_key_id in the credentials file",
        "profile default has no login_session", "profile default has no credential_process",
        "profile default has no aws_access_key_id in the config file",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI are not set",
        "AWS_EC2_METADATA_DISABLED is true",
      ])
  }

  @Test func `keys left in the environment hide a pod's role, and the plan says so`() throws {
    var variables = [
      "AWS_ACCESS_KEY_ID": "AKIALEFTOVER00000000", "AWS_SECRET_ACCESS_KEY": "s",
      "AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/t",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/",
    ]
    let plan = try Self.plan(variables)
    #expect(plan.chosen?.kind == .environment)
    #expect(plan.passedOver.isEmpty)
    #expect(plan.hidden == [.webIdentity, .container])
    variables["AWS_ACCESS_KEY_ID"] = nil
    variables["AWS_SECRET_ACCESS_KEY"] = nil
    #expect(try Self.plan(variables).chosen?.kind == .webIdentity)
    #expect(try Self.plan(variables).hidden == [.container])
  }

  @Test func `what is refused ends the search`() throws {
    let plan = try Self.plan(
      ["AWS_ACCESS_KEY_ID": "AKIAHALF000000000000"],
      credentials: "[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    #expect(plan.chosen?.kind == .environment)
    #expect(
      plan.chosen?.finding
        == .refused(
          .incomplete(
            .environment(variable: "AWS_ACCESS_KEY_ID"), missing: "AWS_SECRET_ACCESS_KEY")))
    #expect(plan.hidden == [.sharedFile])
  }

  @Test func `the reasons for having none stand in one line`() throws {
    let plan = try Self.plan(["AWS_EC2_METADATA_DISABLED": "true"])
    #expect(plan.absences.hasPrefix("environment: AWS_ACCESS_KEY_ID is not set; assume-role: "))
    #expect(plan.absences.hasSuffix("; instance-metadata: AWS_EC2_METADATA_DISABLED is true"))
  }

  @Test func `a file that is read again may hold other keys, or no profile`() throws {
    func shared(_ text: String) throws -> SharedConfiguration {
      SharedConfiguration(
        credentials: try SharedFile(parsing: Array(text.utf8), kind: .credentials, path: "/k"))
    }
    let keys = "[p]\naws_access_key_id = ONE\naws_secret_access_key = s\n"
    let settings = try AWSSettings(
      environment: AWSEnvironment(["AWS_PROFILE": "p"]), shared: try shared(keys))
    let again = try CredentialPlan(
      settings, rereading: try shared(keys.replacing("ONE", with: "TWO")))
    guard case .configured(.sharedFile(let found, _))? = again.chosen?.finding else {
      Issue.record("\(again)")
      return
    }
    #expect(found.accessKeyID == "TWO")
    #expect(throws: AWSConfigurationError.self) {
      try CredentialPlan(settings, rereading: try shared("[q]\n"))
    }
  }

  // MARK: Texts

  @Test(arguments: [
    (["AWS_ACCESS_KEY_ID": "A"], "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
    (
      ["AWS_SECRET_ACCESS_KEY": "VALUE"],
      "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"
    ),
    (
      ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "VALUE\n"],
      "AWS_SECRET_ACCESS_KEY must be printable ASCII without white space"
    ),
    (
      [
        "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "VALUE",
        "AWS_CREDENTIAL_EXPIRATION": "VALUE",
      ], "AWS_CREDENTIAL_EXPIRATION must be a time such as 2026-01-02T03:04:05Z"
    ),
    (
      ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"],
      "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"
    ),
    (
      ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "VALUE"],
      "AWS_ROLE_ARN must be a role's ARN such as arn:aws:iam::123456789012:role/name"
    ),
    (
      [
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": role,
        "AWS_ROLE_SESSION_NAME": "VALUE VALUE",
      ], "AWS_ROLE_SESSION_NAME must be 2 to 64 letters, digits and any of _+=,.@-"
    ),
    (
      ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://VALUE.example/"],
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://, or http:// to a loopback address, "
        + "localhost, 169.254.170.2, 169.254.170.23, fd00:ec2::23"
    ),
    (
      ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "VALUE"],
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path that begins with a slash"
    ),
    (
      [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nVALUE",
      ], "AWS_CONTAINER_AUTHORIZATION_TOKEN must be one line of printable ASCII"
    ),
    (
      ["AWS_METADATA_SERVICE_TIMEOUT": "VALUE"],
      "AWS_METADATA_SERVICE_TIMEOUT must be a whole number from 1 to 60"
    ),
    (
      ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "0"],
      "AWS_METADATA_SERVICE_NUM_ATTEMPTS must be a whole number from 1 to 10"
    ),
    (
      ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "VALUE"],
      "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be ipv4 or ipv6"
    ),
    (
      ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "VALUE"],
      "AWS_EC2_METADATA_SERVICE_ENDPOINT must be \(HTTPURL.rule)"
    ),
  ])
  func `a variable that cannot be used is named`(
    variables: [String: String], text: String
  ) throws {
    #expect(try Self.refusal(variables) == text)
  }

  @Test(arguments: [
    (
      "aws_access_key_id = VALUE",
      "aws_access_key_id in profile default (/c, line 2) is set, but aws_secret_access_key is not"
    ),
    (
      "aws_secret_access_key = VALUE",
      "aws_secret_access_key in profile default (/c, line 2) is set, but aws_access_key_id is not"
    ),
    (
      "aws_access_key_id = A\naws_secret_access_key = VALUE VALUE",
      "aws_secret_access_key in profile default (/c, line 3) must be printable ASCII without white "
        + "space"
    ),
    (
      "credential_process = 'VALUE",
      "credential_process in profile default (/c, line 2) must be a command with its quotes closed"
    ),
    (
      "credential_process = ''",
      "credential_process in profile default (/c, line 2) must be a command with its quotes closed"
    ),
    (
      "sso_account_id = VALUE",
      "sso_account_id in profile default (/c, line 2): SSO needs a human at a browser; give the "
        + "gateway a role instead"
    ),
    (
      "login_session = VALUE",
      "login_session in profile default (/c, line 2): a login needs a human at a browser; give the "
        + "gateway a role instead"
    ),
    (
      "role_arn = \(role)",
      "role_arn in profile default (/c, line 2) is set, but source_profile or credential_source is "
        + "not"
    ),
    (
      "role_arn = \(role)\nsource_profile = a\ncredential_source = Environment",
      "credential_source in profile default (/c, line 4) must be left out where there is a "
        + "source_profile"
    ),
    (
      "role_arn = \(role)\ncredential_source = VALUE",
      "credential_source in profile default (/c, line 3) must be Environment, EcsContainer or "
        + "Ec2InstanceMetadata"
    ),
    (
      "role_arn = \(role)\ncredential_source = Environment",
      "credential_source in profile default (/c, line 3): AWS_ACCESS_KEY_ID is not set"
    ),
    (
      "role_arn = \(role)\nsource_profile = VALUE",
      "source_profile in profile default (/c, line 3) must be the name of a profile in the shared "
        + "files"
    ),
    (
      "role_arn = \(role)\nsource_profile = default",
      "source_profile in profile default (/c, line 3) leads back to a profile that it came from"
    ),
    (
      "role_arn = \(role)\nsource_profile = b\n[profile b]\nregion = r",
      "source_profile in profile default (/c, line 3): the profile that it names has no credentials"
    ),
    (
      "role_arn = \(role)\nmfa_serial = VALUE\nsource_profile = b",
      "mfa_serial in profile default (/c, line 3): nobody is there to type a code"
    ),
    (
      "role_arn = \(role)\nduration_seconds = 899\ncredential_source = Environment",
      "duration_seconds in profile default (/c, line 3) must be from 900 to 43200 seconds"
    ),
    (
      "role_arn = \(role)\nexternal_id = VALUE VALUE\ncredential_source = Environment",
      "external_id in profile default (/c, line 3) must be 2 to 1224 letters, digits and any of "
        + "_+=,.@:/-"
    ),
    (
      "role_arn = VALUE\ncredential_source = Environment",
      "role_arn in profile default (/c, line 2) must be a role's ARN such as "
        + "arn:aws:iam::123456789012:role/name"
    ),
  ])
  func `a key that cannot be used is named with its line`(lines: String, text: String) throws {
    let refusal = try Self.refusal(config: "[default]\n\(lines)\n")
    #expect(refusal == text)
    #expect(refusal?.contains("VALUE") == false)
  }

  // MARK: Roles

  @Test func `a chain of roles ends at the source that needs none`() throws {
    let config = """
      [default]
      role_arn = \(Self.role)
      source_profile = middle
      role_session_name = me
      external_id = a:b/c
      duration_seconds = 900
      [profile middle]
      role_arn = \(Self.role)-middle
      credential_source = EcsContainer
      """
    let plan = try Self.plan(
      ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"], config: config)
    guard case .configured(.assumeRole(let outer))? = plan.chosen?.finding,
      case .assumeRole(let middle) = outer.source, case .container(let end) = middle.source
    else {
      Issue.record("\(plan)")
      return
    }
    #expect(outer.roleARN == Self.role && outer.profile == "default")
    #expect(outer.sessionName == "me" && outer.externalID == "a:b/c")
    #expect(outer.durationSeconds == 900)
    #expect(middle.roleARN == "\(Self.role)-middle" && middle.profile == "middle")
    #expect(middle.sessionName == nil && middle.durationSeconds == nil)
    #expect(end.url.text == "http://169.254.170.2/x")
  }

  @Test func `a chain as long as the file is followed, and a circle at its end is found`() throws {
    var config = "[default]\nrole_arn = \(Self.role)\nsource_profile = p0\n"
    for number in 0..<500 {
      config += "[profile p\(number)]\nrole_arn = \(Self.role)\nsource_profile = p\(number + 1)\n"
    }
    let keys = "[profile p500]\naws_access_key_id = A\naws_secret_access_key = s\n"
    var plan = try Self.plan(config: config + keys)
    #expect(plan.chosen?.kind == .assumeRole && plan.chosen?.isAbsent == false)
    let circle = "[profile p500]\nrole_arn = \(Self.role)\nsource_profile = p250\n"
    plan = try Self.plan(config: config + circle)
    guard case .refused(.profileCycle(let origin))? = plan.chosen?.finding else {
      Issue.record("\(plan.chosen as Any)")
      return
    }
    #expect("\(origin)".hasPrefix("source_profile in profile p500 (/c, line "))
  }

  // MARK: Tokens

  @Test(arguments: [
    ("token", "token"), (" token\n", "token"), ("token\r\n", "token"), ("Basic a b", "Basic a b"),
  ])
  func `a token may have white space around it`(text: String, token: String) {
    #expect(ContainerPlan.headerValue(text)?.text == token)
  }

  @Test(arguments: ["", " \n", "a\nb", "a\r\nb: c", "a\u{0}", "ä", "a\tb"])
  func `a token that would break its header is none`(text: String) {
    #expect(ContainerPlan.headerValue(text) == nil)
  }

  @Test func `session tokens prefer their new name`() throws {
    let keys = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
    func token(_ lines: String) throws -> String? {
      guard
        case .configured(.sharedFile(let found, _))? =
          try Self.plan(credentials: keys + lines).chosen?.finding
      else { return "none" }
      return found.sessionToken?.text
    }
    #expect(try token("") == nil)
    #expect(try token("aws_security_token = old") == "old")
    #expect(try token("aws_security_token = old\naws_session_token = new") == "new")
  }

  // MARK: Secrets

  @Test(arguments: [
    "aws_access_key_id = AKIA\naws_secret_access_key = SECRET\naws_session_token = SECRET",
    "credential_process = /bin/x --password SECRET",
  ])
  func `a plan shows no secret however it is printed`(lines: String) throws {
    for plan in [
      try Self.plan(config: "[default]\n\(lines)\n"),
      try Self.plan(credentials: "[default]\n\(lines)\n"),
      try Self.plan([
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "SECRET",
        "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "SECRET",
      ]),
    ] {
      #expect(plan.chosen != nil)
      var dumped = "\(plan) \(String(reflecting: plan))"
      dump(plan, to: &dumped)
      #expect(!dumped.contains("SECRET"))
    }
  }
}
