// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Authorization

@Suite struct ThingPatternTests {
  private func matches(
    _ pattern: String, _ name: String, _ values: [String: String] = [:]
  ) throws -> Bool {
    let matcher = try #require(ThingPattern(pattern).matcher(values.mapValues { Array($0.utf8) }))
    return matcher.matches(name.utf8.span)
  }

  @Test(arguments: [
    ("lamp-1", "lamp-1"), ("*", "anything"), ("*", ""), ("lamp-*", "lamp-"), ("lamp-*", "lamp-77"),
    ("*-7", "lamp-7"), ("a*c", "ac"), ("a*c", "abcabc"), ("a*b*c", "axxbxxc"), ("*a*", "a"),
    ("a*ab*b", "aabb"), ("**", "x"), ("a**b", "ab"), ("a:b", "a:b"),
  ])
  func `a star stands for any part of a name`(pattern: String, name: String) throws {
    #expect(try self.matches(pattern, name))
  }

  @Test(arguments: [
    ("lamp-1", "lamp-10"), ("lamp-1", "lamp-"), ("lamp-1", "Lamp-1"), ("lamp-*", "lamp"),
    ("*-7", "lamp-77"), ("aba*aba", "aba"), ("ab*ba", "aba"), ("a*b*c", "acb"), ("a*bb*b", "abb"),
    ("*a*a*", "a"),
  ])
  func `what is not in the pattern does not match`(pattern: String, name: String) throws {
    #expect(try !self.matches(pattern, name))
  }

  @Test func `variables take the values of the caller, letter by letter`() throws {
    #expect(try self.matches("{thing}", "lamp-1", ["thing": "lamp-1"]))
    #expect(try !self.matches("{thing}", "lamp-2", ["thing": "lamp-1"]))
    #expect(try self.matches("{site}-*", "b7-lamp", ["site": "b7"]))
    #expect(try self.matches("{a}{b}", "xy", ["a": "x", "b": "y"]))
    // A star that a caller brings along is no wildcard.
    #expect(try !self.matches("{thing}", "lamp-1", ["thing": "*"]))
    #expect(try !self.matches("{thing}", "lamp-1", ["thing": "{thing}"]))
    #expect(try ThingPattern("{thing}").matcher([:]) == nil)
  }

  @Test(arguments: ["", "a b", "a/b", "{", "a}", "{}", "{A}", "lamp.1", "a\u{0}"])
  func `what no thing can be called is refused`(text: String) {
    #expect(throws: AuthorizationFault.self) { try ThingPattern(text) }
  }

  /// Every name against every pattern over a small alphabet, by the definition of a glob.
  @Test func `matching agrees with the plain definition`() throws {
    func naive(_ pattern: Substring, _ name: Substring) -> Bool {
      guard let first = pattern.first else { return name.isEmpty }
      if first == "*" {
        return naive(pattern.dropFirst(), name)
          || (!name.isEmpty && naive(pattern, name.dropFirst()))
      }
      return name.first == first && naive(pattern.dropFirst(), name.dropFirst())
    }
    func words(_ letters: [String], upTo length: Int) -> [String] {
      (0..<length).reduce(into: [""]) { words, _ in
        words = Array(Set(words + words.flatMap { word in letters.map { word + $0 } }))
      }
    }
    for pattern in words(["a", "b", "*"], upTo: 4) where !pattern.isEmpty {
      let matcher = try #require(ThingPattern(pattern).matcher([:]))
      for name in words(["a", "b"], upTo: 4)
      where matcher.matches(name.utf8.span) != naive(pattern[...], name[...]) {
        Issue.record("\(pattern) and \(name)")
      }
    }
  }
}
