// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing

@Suite struct AWSSettingsTests {
  static func settings(
    _ variables: [String: String] = [:], config: String = "", overrides: AWSOverrides = .init()
  ) throws(AWSConfigurationError) -> AWSSettings {
    try AWSSettings(
      environment: AWSEnvironment(variables),
      shared: SharedConfiguration(
        config: try SharedFile(parsing: Array(config.utf8), kind: .config, path: "/c")),
      overrides: overrides)
  }

  @Test func `the region's first source counts`() throws {
    let config = "[default]\nregion = from-file\n"
    var variables = ["AWS_REGION": "from-new", "AWS_DEFAULT_REGION": "from-old"]
    let flag = AWSOverrides(region: Sourced("from-flag", from: .program("--region")))
    let found = try Self.settings(variables, config: config, overrides: flag).region
    #expect(found?.value.name == "from-flag" && found?.origin == .program("--region"))
    #expect(
      try Self.settings(variables, config: config).region?.origin
        == .environment(variable: "AWS_REGION"))
    variables["AWS_REGION"] = ""
    #expect(try Self.settings(variables, config: config).region?.value.name == "from-old")
    #expect(
      try Self.settings(config: config).region?.origin
        == .profile("default", key: "region", FilePlace(file: "/c", line: 2)))
    #expect(try Self.settings().region == nil)
  }

  @Test func `a region that is none is an error that names its source and not its value`() {
    for (variables, config, source) in [
      (["AWS_REGION": "pasted_secret"], "", "AWS_REGION"),
      ([:], "[default]\nregion = pasted secret", "region in profile default (/c, line 2)"),
    ] {
      do throws(AWSConfigurationError) {
        _ = try Self.settings(variables, config: config)
        Issue.record("no error")
      } catch {
        #expect("\(error)" == "\(source) must be \(AWSRegion.rule)")
      }
    }
  }

  @Test func `flags are true for one word, and odd words get a warning`() throws {
    let settings = try Self.settings(
      ["AWS_USE_FIPS_ENDPOINT": "yes", "AWS_USE_DUALSTACK_ENDPOINT": "True"],
      config: "[default]\nuse_dualstack_endpoint = false\nignore_configured_endpoint_urls = 1\n")
    #expect(!settings.usesFIPS.value && settings.usesDualStack.value)
    #expect(!settings.ignoresConfiguredEndpoints.value)
    #expect(
      settings.warnings == [
        "AWS_USE_FIPS_ENDPOINT is neither true nor false, and counts as false",
        "ignore_configured_endpoint_urls in profile default (/c, line 3) is neither true nor "
          + "false, and counts as false",
      ])
    #expect(try Self.settings(["AWS_USE_FIPS_ENDPOINT": "FALSE"]).warnings.isEmpty)
  }

  @Test func `a pseudo-region asks for FIPS`() throws {
    let settings = try Self.settings(
      ["AWS_REGION": "fips-us-west-2", "AWS_USE_FIPS_ENDPOINT": "false"])
    #expect(settings.region?.value.name == "us-west-2")
    #expect(
      settings.usesFIPS == Sourced(true, from: .environment(variable: "AWS_REGION")))
  }

  @Test func `the CA bundle's first source counts`() throws {
    let config = "[default]\nca_bundle = /file\n"
    let flag = AWSOverrides(caBundle: Sourced("/flag", from: .program("--ca")))
    let variables = ["AWS_CA_BUNDLE": "/variable", "REQUESTS_CA_BUNDLE": "/python"]
    #expect(
      try Self.settings(variables, config: config, overrides: flag).caBundle?.value == "/flag")
    #expect(try Self.settings(variables, config: config).caBundle?.value == "/variable")
    #expect(try Self.settings(config: config).caBundle?.value == "/file")
    #expect(try Self.settings(["REQUESTS_CA_BUNDLE": "/python"]).caBundle == nil)
  }

  @Test func `the number of attempts is one that makes sense`() throws {
    let config = "[default]\nmax_attempts = 5\n"
    #expect(try Self.settings(config: config).maxAttempts?.value == 5)
    let variable = try Self.settings(["AWS_MAX_ATTEMPTS": "1"], config: config).maxAttempts
    #expect(variable == Sourced(1, from: .environment(variable: "AWS_MAX_ATTEMPTS")))
    #expect(try Self.settings().maxAttempts == nil)
    for text in ["0", "-1", "101", "three", "1.5", "99999999999999999999"] {
      #expect(
        throws: AWSConfigurationError.invalid(
          .environment(variable: "AWS_MAX_ATTEMPTS"), rule: "a whole number from 1 to 100")
      ) { try Self.settings(["AWS_MAX_ATTEMPTS": text]) }
    }
  }

  @Test func `no variable's value is printed with the whole`() throws {
    let settings = try Self.settings(["AWS_SECRET_ACCESS_KEY": "VALUE", "HTTPS_PROXY": "VALUE"])
    var dumped = ""
    dump(settings, to: &dumped)
    #expect(!dumped.contains("VALUE"))
  }
}

@Suite struct ConfiguredEndpointTests {
  private static let config = """
    [default]
    services = s
    endpoint_url = http://profile.example
    [services s]
    iot_jobs_data_plane =
      endpoint_url = http://services.example
    """

  @Test func `each source of an endpoint is named`() throws {
    var variables = [
      "AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "http://all.example",
      "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": "http://own.example",
    ]
    var origins: [String] = []
    func note(_ service: AWSService = .iotJobsData) throws {
      let settings = try AWSSettingsTests.settings(variables, config: Self.config)
      let endpoint = try settings.endpoint(for: service)
      origins.append("\(endpoint.url.host): \(endpoint.origin)")
    }
    try note()
    variables["AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE"] = nil
    try note()
    variables["AWS_ENDPOINT_URL"] = nil
    try note()
    try note(.sts)
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    try note()
    #expect(
      origins == [
        "own.example: AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE", "all.example: AWS_ENDPOINT_URL",
        "services.example: iot_jobs_data_plane.endpoint_url in services s (/c, line 6)",
        "profile.example: endpoint_url in profile default (/c, line 3)",
        "data.jobs.iot.us-west-2.amazonaws.com: AWS's rule set",
      ])
  }

  @Test func `without a configured endpoint there is only the rule set's`() throws {
    let settings = try AWSSettingsTests.settings(["AWS_REGION": "us-west-2"])
    #expect(try settings.configuredEndpoint(for: .iotJobsData) == nil)
    #expect(try settings.ruleSetEndpoint(for: .iotJobsData).origin == .ruleSet)
    #expect(throws: AWSConfigurationError.missingRegion) {
      try AWSSettingsTests.settings().ruleSetEndpoint(for: .sts)
    }
    #expect(throws: AWSConfigurationError.missingRegion) {
      try AWSSettingsTests.settings(["AWS_ENDPOINT_URL": "http://a"]).endpoint(for: .sts)
    }
  }

  @Test func `an endpoint that is none is an error that does not show it`() throws {
    let settings = try AWSSettingsTests.settings([
      "AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "https://user:VALUE@a.example",
    ])
    #expect(
      throws: AWSConfigurationError.invalid(
        .environment(variable: "AWS_ENDPOINT_URL"), rule: HTTPURL.rule)
    ) { try settings.endpoint(for: .iotJobsData) }
  }

  @Test func `a block that is a plain value is an error`() throws {
    let settings = try AWSSettingsTests.settings(
      ["AWS_REGION": "us-west-2"],
      config: "[default]\nservices = s\n[services s]\nsts = http://x\niot =\n  other = y\n")
    #expect(throws: AWSConfigurationError.self) { try settings.endpoint(for: .sts) }
    #expect(try settings.endpoint(for: .iot).origin == .ruleSet)
  }

  @Test func `FIPS with a custom host is refused unless the host says FIPS`() throws {
    let settings = try AWSSettingsTests.settings([
      "AWS_REGION": "us-west-2", "AWS_USE_FIPS_ENDPOINT": "true",
    ])
    let flag = SettingOrigin.program("--upstream-endpoint")
    func endpoint(_ host: String) throws -> ServiceEndpoint {
      try settings.endpoint(for: .iotJobsData, at: Sourced("https://\(host)", from: flag))
    }
    let error = AWSConfigurationError.fipsWithCustomEndpoint(
      fips: .environment(variable: "AWS_USE_FIPS_ENDPOINT"), endpoint: flag)
    for host in ["a.jobs.iot.us-west-2.amazonaws.com", "nofips.example", "fipsy.a.example"] {
      #expect(throws: error) { try endpoint(host) }
    }
    for host in ["a.jobs.iot-fips.us-west-2.amazonaws.com", "fips.a.example", "fips-x.example"] {
      #expect(try endpoint(host).url.host == host)
    }
  }

  @Test func `dual-stack with a custom host is noted`() throws {
    let settings = try AWSSettingsTests.settings([
      "AWS_REGION": "us-west-2", "AWS_USE_DUALSTACK_ENDPOINT": "true",
      "AWS_ENDPOINT_URL_STS": "http://a",
    ])
    let flag = SettingOrigin.environment(variable: "AWS_USE_DUALSTACK_ENDPOINT")
    #expect(try settings.endpoint(for: .sts).ignored == flag)
    #expect(try settings.endpoint(for: .iot).ignored == nil)
  }
}
