// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct SettingsReaderTests {
  private let threads = Setting<Int>.count("threads", help: "", in: 1...64, fallback: 2)

  private func reader(
    flags: [String: String] = [:], environment: [String: String] = [:],
    file: [String: String]? = nil
  ) -> SettingsReader {
    SettingsReader(
      flags: flags, environment: environment,
      file: file.map { SettingsFile(path: "g.yaml", values: $0) })
  }

  @Test func `flag wins over variable over file over default`() throws {
    let variable = ["IOT_JOBS_GATEWAY_THREADS": "3"]
    let file = ["threads": "4"]
    #expect(
      try self.reader(flags: ["threads": "1"], environment: variable, file: file)
        .value(self.threads) == 1)
    #expect(try self.reader(environment: variable, file: file).value(self.threads) == 3)
    #expect(try self.reader(file: file).value(self.threads) == 4)
    #expect(try self.reader().value(self.threads) == 2)
  }

  @Test func `an empty variable is an unset one`() throws {
    let reader = self.reader(environment: ["IOT_JOBS_GATEWAY_THREADS": ""])
    #expect(try reader.value(self.threads) == 2)
  }

  @Test func `a wrong value names its place, itself and what is allowed`() {
    let cases: [(SettingsReader, String, Int32)] = [
      (self.reader(flags: ["threads": "x"]), "--threads: \"x\"", 64),
      (
        self.reader(environment: ["IOT_JOBS_GATEWAY_THREADS": "65"]),
        "IOT_JOBS_GATEWAY_THREADS: \"65\"", 78
      ),
      (self.reader(file: ["threads": "0"]), "g.yaml: threads: \"0\"", 78),
    ]
    for (reader, place, exitCode) in cases {
      let error = #expect(throws: ConfigurationError.self) { try reader.value(self.threads) }
      #expect(error?.description == "\(place) is not a whole number from 1 to 64")
      #expect(error?.exitCode == exitCode)
    }
  }

  @Test func `a secret is not repeated in the error`() {
    let secret = Setting<Int>("key", help: "", allowed: "a number", isSecret: true) { Int($0) }
    let error = #expect(throws: ConfigurationError.self) {
      try self.reader(flags: ["key": "hunter2"]).value(secret)
    }
    #expect(error?.description == "--key: the value is not a number")
  }

  @Test func `an unknown key in the file is an error, an unknown variable is told`() {
    let reader = self.reader(
      environment: ["IOT_JOBS_GATEWAY_THREADS": "1", "IOT_JOBS_GATEWAY_PORT": "tcp://x"],
      file: ["thread": "1"])
    let expected = ConfigurationError.unknownFileKey(
      "thread", path: "g.yaml", suggestion: "threads")
    #expect(throws: expected) {
      try reader.rejectUnknownFileKeys(known: ["threads"])
    }
    #expect(reader.unknownVariables(known: ["threads"]) == ["IOT_JOBS_GATEWAY_PORT"])
  }

  @Test(arguments: [
    ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)),
    ("24h", .seconds(86_400)),
  ])
  func `durations carry their unit`(text: String, expected: Duration) {
    #expect(Duration(setting: text) == expected)
  }

  @Test(arguments: ["", "5", "s", "-1s", "1.5s", "25h", "99999999999999999999s", "5 s"])
  func `what is no duration is refused`(text: String) {
    #expect(Duration(setting: text) == nil)
  }
}
