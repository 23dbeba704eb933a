// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct SettingsPageTests {
  private let defaults = SettingsPage.defaults(of: ServeConfiguration.catalogue)

  private func effective(_ text: String) throws -> [EffectiveSetting] {
    let file = try SettingsFile(parsing: Array(text.utf8), of: "g.yaml")
    let reader = SettingsReader(flags: ["region": "us-east-1"], environment: [:], file: file)
    #expect(ServeConfiguration.faults(reader) == [])
    return try ServeConfiguration(reader).effectiveSettings
  }

  @Test func `the page of defaults loads, and changes nothing`() throws {
    #expect(try self.effective(self.defaults).map(\.value) == self.effective("").map(\.value))
    let values = try YAMLReader.values(of: Array(self.defaults.utf8))
    for entry in ServeConfiguration.catalogue.entries where entry.isPlainWhenUnset {
      #expect(values[entry.name] == entry.fallback, "\(entry.name)")
    }
  }

  @Test func `it explains every setting that a file can have`() {
    let lines = self.defaults.split(separator: "\n")
    for entry in ServeConfiguration.catalogue.entries where entry.name != "config" {
      #expect(
        lines.contains { $0.hasPrefix("\(entry.name):") || $0.hasPrefix("#\(entry.name):") },
        "\(entry.name)")
    }
    #expect(
      self.defaults.contains("# Default: 16MiB. A change counts at once.\ncache-bytes: 16MiB"))
    #expect(self.defaults.contains("calls per second"))
    #expect(lines.allSatisfy { $0.count <= 100 })
  }

  @Test func `the page of what counts loads, and changes nothing`() throws {
    let settings = try self.effective(
      "thing-limit: \"off\"\nunix:\n  socket-mode: '0600'\n"
        + "thing-limit-override: [\"lab-*=1/2:off\", a=off]\nlisten: ['[::1]:1', 'unix:/a b#c']\n")
    let page = SettingsPage.effective(settings, of: ServeConfiguration.catalogue)
    #expect(try self.effective(page).map(\.value) == settings.map(\.value))
    #expect(page.contains("thing-limit: \"off\""))
    #expect(page.contains("# g.yaml, line 1\n"))
    #expect(page.contains("threads: 1 "))
    #expect(page.contains("#tls-key:\n"))
  }

  @Test(arguments: [
    ("1s", "1s"), ("16MiB", "16MiB"), ("127.0.0.1:50051", "127.0.0.1:50051"), ("0", "0"),
    ("0.5", "0.5"), ("true", "true"), ("/run/a.pem", "/run/a.pem"), ("lab-*=1/2:off", nil),
    ("0660", "\"0660\""), ("off", "\"off\""), ("NULL", "\"NULL\""), ("", "\"\""),
    ("[::]:1", "\"[::]:1\""), ("a b", "\"a b\""), ("a:", "\"a:\""), ("~", "\"~\""),
    ("a#b", "\"a#b\""), ("\"\\", "\"\\\"\\\\\""), ("a\nb", "\"a\\U0000000ab\""),
    ("é\u{2028}\u{7f}\u{feff}😀", "\"é\\U00002028\\U0000007f\\U0000feff😀\""),
  ])
  func `a text reads back as it is`(text: String, expected: String?) throws {
    let written = YAMLText.scalar(text)
    #expect(written == expected ?? text)
    #expect(try YAMLReader.values(of: Array("key: \(written)\n".utf8)) == ["key": text])
  }

  @Test func `a comment stays in its columns, whatever it holds`() {
    let long = String(repeating: "word ", count: 60) + "\nlast\u{2028}of all"
    let comment = YAMLText.comment(long)
    let lines = comment.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.hasPrefix("# ") && $0.count <= 100 })
    #expect(YAMLText.comment(String(repeating: "x", count: 120)).hasPrefix("# xxx"))
  }
}
