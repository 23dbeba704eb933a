// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import GatewayServer

struct CacheControlTests {
  private func read(_ lines: String...) -> CacheControl {
    var control = CacheControl.unspecified
    for line in lines { control.add(fieldValue: ArraySlice(line.utf8)) }
    return control
  }

  @Test(arguments: [
    ("no-cache", CacheControl(noCache: true)),
    ("only-if-cached", CacheControl(onlyIfCached: true)),
    ("max-age=5", CacheControl(maxAgeSeconds: 5)),
    ("max-age=0", CacheControl(maxAgeSeconds: 0)),
    ("max-age=007", CacheControl(maxAgeSeconds: 7)),
    ("max-age=\"60\"", CacheControl(maxAgeSeconds: 60)),
    ("NO-CACHE", CacheControl(noCache: true)),
    ("Max-Age=5,Only-If-Cached", CacheControl(maxAgeSeconds: 5, onlyIfCached: true)),
    (" \t no-cache \t,\t max-age=5 ", CacheControl(noCache: true, maxAgeSeconds: 5)),
    (",, ,no-cache,,", CacheControl(noCache: true)),
  ])
  func `directives are a list, and their cases are all one`(value: String, control: CacheControl) {
    #expect(self.read(value) == control)
  }

  @Test(arguments: [
    "", " ", ",", "\t,\t", "no-store", "max-stale", "min-fresh=5", "no-transform", "no-cachee",
    "xno-cache", "no_cache", "max-ages=5", "max-age.x=5", "private=\"no-cache\"",
    "private=\"a, no-cache, max-age=1\"", "x=\"\\\", no-cache\"", "x=\"\\\\\\\", only-if-cached\"",
    "\"no-cache\"", "=no-cache", "é=no-cache", "x=\"no-cache", "x=\", no-cache, max-age=1",
    "no cache", "\0no-cache",
  ])
  func `what is not known says nothing`(value: String) {
    #expect(self.read(value) == .unspecified)
  }

  @Test(arguments: [
    "x=\"a,b\", no-cache", "x=\"\\\"\", no-cache", "x=\"\\\\\", no-cache", "x=\\, no-cache",
    "x=\\\"\", no-cache", "\0, no-cache", "no-cache=\"x-request-id\"", "no-cache=",
    "no-cache x", "no-cache;q=1",
  ])
  func `what is known is found beside what is not`(value: String) {
    #expect(self.read(value) == CacheControl(noCache: true))
  }

  @Test(arguments: [
    "max-age", "max-age=", "max-age=-1", "max-age=+1", "max-age=1.5", "max-age=1e3", "max-age=0x5",
    "max-age=five", "max-age=5s", "max-age 5", "max-age = 5", "max-age= 5", "max-age=5 5",
    "max-age:5", "max-age=\"", "max-age=\"\"", "max-age=\"5", "max-age=5\"", "max-age=\"\\5\"",
    "max-age=\"5\"6", "max-age='5'", "max-age==5", "max-age=\u{661}", "max-age=5\0",
  ])
  func `an age that cannot be read is none`(value: String) {
    #expect(self.read(value) == CacheControl(maxAgeSeconds: 0))
  }

  @Test(arguments: [
    "2147483648", "2147483649", "4294967296", "9223372036854775807", "9223372036854775808",
    "18446744073709551617", String(repeating: "9", count: 16_000),
  ])
  func `a huge age is the greatest, whose nanoseconds can be counted`(digits: String) throws {
    let age = try #require(self.read("max-age=" + digits).maxAgeSeconds)
    #expect(age == 2_147_483_648)
    #expect(!age.multipliedReportingOverflow(by: 1_000_000_000).overflow)
  }

  @Test func `of two ages the stricter holds`() {
    #expect(self.read("max-age=5, max-age=3").maxAgeSeconds == 3)
    #expect(self.read("max-age=3, max-age=5").maxAgeSeconds == 3)
    #expect(self.read("max-age=3, max-age=x").maxAgeSeconds == 0)
  }

  @Test func `lines are one list`() {
    #expect(
      self.read("max-age=9", "no-cache", "max-age=8, only-if-cached")
        == CacheControl(noCache: true, maxAgeSeconds: 8, onlyIfCached: true))
  }

  @Test func `marks without an end hide nothing of the next line`() {
    #expect(self.read("x=\"", "no-cache") == CacheControl(noCache: true))
  }

  @Test func `any bytes are read to their end`() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("no-cache,max-age=5only-if\"\\ \t\0\u{E9}".utf8) + [0xFF, 0x80]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      var control = CacheControl.unspecified
      // A slice that begins elsewhere than at zero, as those of a header list do.
      control.add(fieldValue: ([0, 0, 0] + bytes).dropFirst(3))
      #expect(control.maxAgeSeconds.map { (0...1 << 31).contains($0) } ?? true)
      // Whatever came before, a wish on a line of its own is heard.
      control.add(fieldValue: ArraySlice("no-cache".utf8))
      #expect(control.noCache)
    }
  }
}
