// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "ab", 2), ("abc", "abc", 0), ("abc", "abd", 1),
    ("abc", "acb", 1), ("abc", "bca", 2), ("abcd", "badc", 2), ("kitten", "sitting", 3),
    ("ca", "abc", 3),
  ])
  func `distance counts letters put in, left out, exchanged and swapped`(
    one: String, other: String, expected: Int
  ) {
    #expect(Suggestion.distance(Array(one.utf8), Array(other.utf8)) == expected)
    #expect(Suggestion.distance(Array(other.utf8), Array(one.utf8)) == expected)
  }

  @Test(arguments: [
    ("thread", "threads"), ("THREADS", "threads"), ("log_level", "log-level"),
    ("logLevel", "log-level"), ("upstream-endpont", "upstream-endpoint"), ("lisetn", "listen"),
    ("upstream-timeout-idle", nil), ("describe-tll", "describe-ttl"), ("", nil), ("-", nil),
    // The end of one name, and of many.
    ("insecure-remote", "allow-insecure-remote"), ("endpoint", nil), ("timeout", nil), ("ttl", nil),
    // What an orchestrator injects.
    ("service-host", nil), ("port-50051-tcp-addr", nil),
    (String(repeating: "threads", count: 10_000), nil),
  ])
  func `a slip of the pen is known, and what is none is left alone`(
    word: String, expected: String?
  ) {
    #expect(Suggestion.nearest(to: word, among: ServeConfiguration.settingNames) == expected)
  }

  @Test func `a word as near to two is always told as the same one`() {
    #expect(Suggestion.nearest(to: "bat", among: ["hat", "cat"]) == "cat")
    #expect(Suggestion.nearest(to: "bat", among: ["cat", "hat"]) == "cat")
  }

  @Test func `a wrong word of a closed list is told what may be meant, with its place`() throws {
    let file = try SettingsFile(
      parsing: Array("# deployed\nlog:\n  level: inof\n".utf8), of: "g.yaml")
    let reader = SettingsReader(flags: [:], environment: [:], file: file)
    let error = #expect(throws: ConfigurationError.self) {
      try reader.value(SharedSettings.logLevel)
    }
    #expect(
      error?.description
        == "g.yaml, line 3: log-level: \"inof\" is not one of trace, debug, info, notice, warning, "
        + "error, critical; did you mean \"info\"?")
    #expect(error?.exitCode == 78)
  }

  @Test func `a variable is suggested whole`() {
    let known = ServeConfiguration.settingNames
    #expect(
      SettingsReader.suggestion(for: "IOT_JOBS_GATEWAY_LOG_LEVLE", known: known)
        == "IOT_JOBS_GATEWAY_LOG_LEVEL")
    #expect(SettingsReader.suggestion(for: "IOT_JOBS_GATEWAY_SERVICE_PORT", known: known) == nil)
  }
}
