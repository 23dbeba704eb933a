// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import iot_jobs_gateway

@Suite struct SettingsCatalogueTests {
  private static let needed = ["region": "us-east-1"]

  private func reader(
    flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
  ) throws -> SettingsReader {
    SettingsReader(
      flags: flags, environment: environment,
      file: try file.map { try SettingsFile(parsing: Array($0.utf8), of: "g.yaml") })
  }

  private func effective(_ reader: SettingsReader) throws -> [String: EffectiveSetting] {
    let settings = try ServeConfiguration(reader).effectiveSettings
    return Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0) })
  }

  @Test func `each setting is in it once, with a help, and a default that it takes itself`() throws
  {
    let entries = ServeConfiguration.catalogue.entries
    #expect(entries.count == ServeConfiguration.settingNames.count)
    let nothing = try self.reader()
    for entry in entries {
      #expect(!entry.help.isEmpty && !entry.allowed.isEmpty)
      #expect(entry.fault(nothing) == nil, "\(entry.name)")
    }
  }

  @Test func `a closed list and a unit are told where there is one`() throws {
    let entries = ServeConfiguration.catalogue.entries
    for entry in entries {
      #expect(
        entry.allowed.hasPrefix("one of ")
          == (!entry.words.isEmpty && entry.words != ["true", "false"]), "\(entry.name)")
      #expect(entry.allowed.contains("a duration") == (entry.unit == .duration), "\(entry.name)")
      #expect(entry.name.contains("-bytes") == (entry.unit == .bytes), "\(entry.name)")
      #expect(
        entry.name.hasSuffix("s-per-second") == (entry.unit == .callsPerSecond)
          || entry.name == "failure-lines-per-second", "\(entry.name)")
    }
  }

  @Test func `each value is told with its place, AWS's own included`() throws {
    let found = try self.effective(
      self.reader(
        flags: ["threads": "2"],
        environment: [
          "IOT_JOBS_GATEWAY_LOG_LEVEL": "debug", "AWS_REGION": "eu-west-1",
          "AWS_MAX_ATTEMPTS": "5", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        ],
        file: "cache-bytes: 1MiB\nthing:\n  read-burst: 7\nthreads: 3\n"))
    func told(_ name: String) -> String? {
      found[name].map { "\($0.value ?? "unset") by \($0.source ?? "nobody")" }
    }
    #expect(told("threads") == "2 by --threads")
    #expect(told("log-level") == "debug by IOT_JOBS_GATEWAY_LOG_LEVEL")
    #expect(told("cache-bytes") == "1MiB by g.yaml, line 1")
    #expect(told("thing-read-burst") == "7 by g.yaml, line 3")
    #expect(told("region") == "eu-west-1 by AWS_REGION")
    #expect(told("retry-attempts") == "5 by AWS_MAX_ATTEMPTS")
    #expect(told("upstream-endpoint") == "http://127.0.0.1:1 by AWS_ENDPOINT_URL")
    #expect(told("describe-ttl") == "1s by default")
    #expect(told("tls-key") == "unset by nobody")
    #expect(told("upstream-fips") == "unset by nobody")
    #expect(found["describe-ttl"]?.changesWhileRunning == true)
    #expect(found["threads"]?.changesWhileRunning == false)
    #expect(found["cache-bytes"]?.unit == "bytes")
    #expect(found["cache-bytes"]?.section == "The cache")
  }

  @Test func `a secret is told to be set, and not what it is`() {
    let key = Setting<String>(
      "key", help: "A key.", allowed: "a text", fallback: "standard", isSecret: true
    ) { $0 }
    let catalogue = SettingsCatalogue([SettingsSection("Keys", [SettingEntry(key)])])
    let reader = SettingsReader(flags: ["key": "hunter2"], environment: [:], file: nil)
    let settings = catalogue.effective(reader)
    #expect(settings.map(\.value) == [EffectiveSetting.redacted])
    #expect(settings.map(\.source) == ["--key"])
    let pages =
      SettingsPage.effective(settings, of: catalogue) + SettingsPage.defaults(of: catalogue)
    for text in ["\(settings)", pages] {
      #expect(!text.contains("hunter2") && !text.contains("standard"))
    }
  }

  // MARK: Faults

  @Test func `all that is wrong is told, in the order of the lines`() throws {
    let reader = try self.reader(
      flags: ["threads": "0"],
      file: """
        region: eu-west-1
        thing-reed-burst: 3
        log-level: loud
        cache:
          bytes: 3
          lifetime: 2s
        listen: tls:127.0.0.1:1
        """)
    #expect(
      ServeConfiguration.faults(reader).map(\.description) == [
        "g.yaml, line 2: unknown key \"thing-reed-burst\"; did you mean \"thing-read-burst\"?",
        "g.yaml, line 3: log-level: \"loud\" is not one of trace, debug, info, notice, warning, "
          + "error, critical",
        "g.yaml, line 5: cache-bytes: \"3\" is not 0 or a size from 64KiB to 1GiB, such as "
          + "16777216 or 16MiB",
        "g.yaml, line 6: unknown key \"cache-lifetime\"",
        "--threads: \"0\" is not a whole number from 1 to 64",
        "--listen tls: needs --tls-certificate and --tls-key",
      ])
  }

  @Test func `what settings have to do with each other is a fault as well, once`() throws {
    let reader = try self.reader(
      flags: Self.needed, file: "threads: 2\ncache-bytes: 64KiB\nauthorization-mode: shadow\n")
    let faults = ServeConfiguration.faults(reader).map(\.description)
    #expect(faults.count == 1)
    #expect(faults.first?.hasPrefix("--authorization-mode") == true)
    let second = try self.reader(flags: Self.needed, file: "threads: 2\ncache-bytes: 64KiB\n")
    #expect(ServeConfiguration.faults(second).first?.description.hasPrefix("--cache-bytes") == true)
  }

  @Test func `the region alone is a matter of the place`() throws {
    let faults = ServeConfiguration.faults(try self.reader())
    #expect(faults.map(\.isOfThePlace) == [true])
    #expect(ServeConfiguration.faults(try self.reader(flags: Self.needed)) == [])
    let other = ServeConfiguration.faults(try self.reader(flags: ["tls-key": "k"]))
    #expect(other.map(\.isOfThePlace).contains(false))
  }
}
