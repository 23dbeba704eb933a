// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import TrafficPolicy

/// Documents that hold presigned URLs. The present is 2024-03-01T12:00:00Z.
@Suite struct PresignedURLTests {
  private static let present: Int64 = 1_709_294_400
  private static let key = ReadKey.next(of: "door")

  /// What becomes of a document: stored with no regard to URLs, stored for some seconds, or not.
  private enum Fate: Equatable {
    case unlimited
    case seconds(Double)
    case notStored
  }

  private static func fate(_ document: String, at epochSeconds: Int64 = present) -> Fate {
    var settings = ReadCacheSettings()
    settings.ttl = .seconds(100_000_000)
    settings.staleWhileRevalidate = .seconds(100_000_000)
    settings.staleIfError = .seconds(200_000_000)
    var execution = JobExecution()
    execution.jobDocument = document
    let lifetime = Lifetimes(settings).lifetime(
      of: .execution(execution), to: self.key, at: 1_000, epochSeconds: epochSeconds, random: 0)
    guard let lifetime else { return .notStored }
    guard lifetime.freshUntil < 80_000_000_000_000_000 else { return .unlimited }
    // Whatever caps the time of freshness caps the windows behind it.
    #expect(lifetime.revalidateUntil == lifetime.freshUntil)
    #expect(lifetime.errorUntil == lifetime.freshUntil)
    return .seconds(Double(lifetime.freshUntil - 1_000) / 1e9)
  }

  /// A SigV4 URL as AWS's signers write it.
  private static func signed(
    date: String = "20240301T115000Z", expires: String = "3600",
    host: String = "fw.s3.amazonaws.com"
  ) -> String {
    "https://\(host)/fw/v2.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      + "&X-Amz-Credential=AKIDEXAMPLE%2F20240301%2Feu-west-1%2Fs3%2Faws4_request"
      + "&X-Amz-Date=\(date)&X-Amz-Expires=\(expires)&X-Amz-SignedHeaders=host"
      + "&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2B%2F%3D%3D"
      + "&X-Amz-Signature=9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d"
  }

  private static func inDocument(_ url: String) -> String {
    "{\"operation\":\"install\",\"files\":[{\"name\":\"v2.bin\",\"url\":\"\(url)\"}],\"v\":2}"
  }

  private static func replacing(_ part: String, by other: String, in text: String) -> String {
    text.split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
  }

  // MARK: - Nothing presigned

  @Test(arguments: [
    "", "{}", "{\"operation\":\"reboot\"}",
    "{\"url\":\"https://fw.example.com/v2.bin?version=2&expires=never\"}",
    "{\"signature\":\"MEUCIQDx=\",\"policy\":\"strict\",\"expires\":17}",
    "{\"cmd\":\"verify --signature=/etc/v2.sig --expires=1\"}",
    "{\"note\":\"Signature= is checked\"}",
    "{\"url\":\"https://fw.example.com/v2?X-Amz-Date=20240301T115000Z&X-Amz-Expires=60\"}",
    "Signature", "signatur", "?Signature", "&x-amz-signature",
  ])
  func `a document without a presigned URL is not limited`(document: String) {
    #expect(Self.fate(document) == .unlimited)
  }

  // MARK: - Version 4

  @Test func `the half of what remains of a version 4 URL is all there is`() {
    // Signed ten minutes ago for an hour: fifty minutes remain.
    #expect(Self.fate(Self.inDocument(Self.signed())) == .seconds(1_500))
    #expect(Self.fate(Self.signed()) == .seconds(1_500))
    #expect(Self.fate(Self.signed(expires: "601")) == .seconds(0.5))
    #expect(Self.fate(Self.signed(expires: "604800")) == .seconds(302_100))
  }

  @Test(arguments: ["600", "599", "0"])
  func `a URL that has expired is not stored`(expires: String) {
    #expect(Self.fate(Self.signed(expires: expires)) == .notStored)
  }

  /// The ways in which a signed URL may be written into a document.
  @Test(arguments: [
    ["&": "\\u0026"], ["&": "\\u0026", "=": "\\u003d"], ["&": "&amp;"],
    ["&": "&amp;amp;"], ["&": "&#38;"], ["&": "%26", "=": "%3D", "?": "%3F"],
    ["&": "%2526", "=": "%253d"],
    ["&": "\\\\u0026"], ["&": "\\\\\\\\u0026", "=": "\\\\\\\\u003D"], ["/": "\\/"], ["-": "%2D"],
    ["X-Amz": "x-amz"], ["X-Amz-": "X-AMZ-", "Signature": "SIGNATURE", "Expires": "eXPIRES"],
    ["X-Amz": "X-Goog"], ["&": "\\u0026amp;"],
  ])
  func `the spelling does not matter`(replacements: [String: String]) {
    var url = Self.signed()
    for (part, other) in replacements { url = Self.replacing(part, by: other, in: url) }
    #expect(Self.fate(Self.inDocument(url)) == .seconds(1_500))
  }

  @Test func `names of files do not confuse`() {
    let disposition =
      "&response-content-disposition=attachment%3B%20filename%3D%22a%26b%3F%20c.bin%22"
    for place in ["&X-Amz-Date", "&X-Amz-Expires", "&X-Amz-Signature"] {
      let url = Self.replacing(place, by: disposition + place, in: Self.signed())
      #expect(Self.fate(Self.inDocument(url)) == .seconds(1_500))
    }
  }

  @Test func `a URL inside of a URL counts`() {
    let inner = Self.replacing("%", by: "%25", in: Self.signed())
    let encoded = ["?": "%3F", "&": "%26", "=": "%3D", ":": "%3A", "/": "%2F"].reduce(inner) {
      Self.replacing($1.key, by: $1.value, in: $0)
    }
    let outer = "https://proxy.example.com/fetch?from=\(encoded)&retries=3"
    #expect(Self.fate(Self.inDocument(outer)) == .seconds(1_500))
  }

  @Test(arguments: [
    ("X-Amz-Expires", "3600", "3600s"), ("X-Amz-Expires", "3600", ""),
    ("X-Amz-Expires", "3600", "-5"), ("X-Amz-Expires", "3600", "36e2"),
    ("X-Amz-Expires", "3600", "99999999999999999999"), ("X-Amz-Expires", "3600", "3600=1"),
    ("X-Amz-Date", "20240301T115000Z", "20240301"), ("X-Amz-Date", "20240301T115000Z", ""),
    ("X-Amz-Date", "20240301T115000Z", "2024-03-01T11:50:00Z"),
    ("X-Amz-Date", "20240301T115000Z", "20240231T115000Z"),
    ("X-Amz-Date", "20240301T115000Z", "20240301T115000Z0"),
  ])
  func `what cannot be read is not stored`(name: String, value: String, other: String) {
    let url = Self.replacing("\(name)=\(value)", by: "\(name)=\(other)", in: Self.signed())
    #expect(Self.fate(Self.inDocument(url)) == .notStored)
  }

  @Test(arguments: ["X-Amz-Date=20240301T115000Z&", "X-Amz-Expires=3600&"])
  func `a signature without a part of its end is not stored`(part: String) {
    #expect(Self.fate(Self.replacing(part, by: "", in: Self.signed())) == .notStored)
  }

  // MARK: - Version 2 and CloudFront

  @Test func `a version 2 URL names its end`() {
    let url =
      "https://fw.s3.amazonaws.com/v2.bin?AWSAccessKeyId=AKIDEXAMPLE&Expires=1709294500"
      + "&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D"
    #expect(Self.fate(Self.inDocument(url)) == .seconds(50))
    #expect(Self.fate(Self.replacing("1709294500", by: "1709294400", in: url)) == .notStored)
    #expect(Self.fate(Self.replacing("1709294500", by: "never", in: url)) == .notStored)
    #expect(Self.fate(Self.replacing("&Expires=1709294500", by: "", in: url)) == .notStored)
    let escaped = Self.replacing("&", by: "\\u0026", in: url)
    #expect(Self.fate(Self.inDocument(escaped)) == .seconds(50))
  }

  @Test func `a canned policy of CloudFront's names its end, a custom one hides it`() {
    let canned =
      "https://d111111abcdef8.cloudfront.net/v2.bin?Expires=1709298000"
      + "&Signature=nitfHRCrtziwO2HwPfWw~yYDhUF5EwRunQA__&Key-Pair-Id=K2JCJMDEHXQW5F"
    #expect(Self.fate(Self.inDocument(canned)) == .seconds(1_800))
    let custom = Self.replacing("Expires=1709298000", by: "Policy=eyANCiAgICJTdGF0Z", in: canned)
    #expect(Self.fate(Self.inDocument(custom)) == .notStored)
  }

  // MARK: - Several

  @Test func `of several URLs the one that ends first decides`() {
    let long = Self.signed(date: "20240301T113000Z", expires: "7200")
    let short = Self.signed(date: "20240301T115900Z", expires: "100")
    let version2 = "https://fw/v2?AWSAccessKeyId=A&Expires=1709294420&Signature=c%3D"
    for separator in ["\",\"", " ", "\\n", ",", "\\\",\\\"", "|"] {
      #expect(Self.fate("[\"" + long + separator + short + "\"]") == .seconds(20))
      #expect(Self.fate("[\"" + short + separator + long + "\"]") == .seconds(20))
      #expect(Self.fate("[\"" + long + separator + version2 + "\"]") == .seconds(10))
    }
    let unreadable = Self.replacing("Expires=100", by: "Expires=soon", in: short)
    #expect(Self.fate("[\"\(long)\",\"\(unreadable)\",\"\(long)\"]") == .notStored)
  }

  @Test func `parameters of one URL are not taken for another's`() {
    let stray = "https://fw.example.com/v1?X-Amz-Expires=1&X-Amz-Date=20000101T000000Z"
    #expect(Self.fate("[\"\(stray)\",\"\(Self.signed())\"]") == .seconds(1_500))
  }

  @Test func `of one parameter given twice the earlier end counts`() {
    #expect(Self.fate(Self.signed() + "&X-Amz-Expires=700") == .seconds(50))
    #expect(Self.fate(Self.signed() + "&X-Amz-Expires=7000") == .seconds(1_500))
  }

  // MARK: - Clocks

  @Test func `a wall clock that jumps does no harm`() {
    let url = Self.signed()
    // Behind: the URL seems to have been signed in time to come; it lives no longer for that.
    for epochSeconds in [0, 1, -1, Self.present - 1_000_000, .min] {
      #expect(Self.fate(url, at: epochSeconds) == .seconds(1_800))
    }
    for epochSeconds in [Self.present + 3_000, Self.present + 1_000_000, .max] {
      #expect(Self.fate(url, at: epochSeconds) == .notStored)
    }
    let version2 = "https://fw/v2?AWSAccessKeyId=A&Expires=1709294420&Signature=c%3D"
    #expect(Self.fate(version2, at: .max) == .notStored)
    #expect(Self.fate(version2, at: .min) == .unlimited)
  }

  @Test func `the ordinary time is not made longer by a URL that lives longer`() throws {
    var execution = JobExecution()
    execution.jobDocument = Self.signed()
    let lifetime = try #require(
      Lifetimes(ReadCacheSettings()).lifetime(
        of: .execution(execution), to: Self.key, at: 0, epochSeconds: Self.present, random: 1 << 63)
    )
    #expect(lifetime == Lifetime(freshUntil: 1_000_000_000))
  }

  // MARK: - Hostile documents

  /// 32 KiB of what costs most to read. Each byte is read once, so this ends.
  @Test(arguments: [
    "&", "%25", "%", "\\", "\\u0026", "&amp;", "=", "?Signature=", "&Signature=&Expires=1",
    "?X-Amz-Signature=1&X-Amz-Date=20240301T115000Z&X-Amz-Expires=1&", "signatur", "erutangis",
    "signature", "?signature=\"", "{", "\u{1F511}", "X-Amz-Signature",
  ])
  func `a long document of one kind is read to its end`(unit: String) {
    let count = (1 << 15) / unit.utf8.count
    let document = String(repeating: unit, count: count)
    _ = Self.fate(document)
    #expect(
      Self.fate(document + "\"" + Self.signed()) == Self.fate(document + "\"" + Self.signed()))
  }

  @Test func `every beginning of a document can be read`() {
    let url = Array(Self.inDocument(Self.replacing("&", by: "\\u0026", in: Self.signed())).utf8)
    for count in 0...url.count {
      let document = String(decoding: url[..<count], as: UTF8.self)
      // Until the signature's name is complete there is none; from there on the end is known.
      let isSigned = document.contains("X-Amz-Signature=")
      #expect(Self.fate(document) == (isSigned ? .seconds(1_500) : .unlimited))
    }
  }
}
