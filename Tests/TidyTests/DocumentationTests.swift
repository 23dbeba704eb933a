// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The documentation names things of the code; they must be there.
struct DocumentationTests {
  private static let catalogue = "Sources/Gateway/Documentation.docc"

  private static func articles() throws -> [SourceFile] {
    try SourceTree.files(under: self.catalogue, extensions: ["md"])
  }

  /// The cells of a table between `<!-- NAME -->` and `<!-- /NAME -->`, without marks for code.
  private static func rows(_ name: String, in article: String) throws -> [[String]] {
    let text = try #require(
      try self.articles().first { $0.name == "\(article).md" }, "\(article) is missing"
    ).text
    let start = try #require(text.range(of: "<!-- \(name) -->\n"))
    let end = try #require(text.range(of: "<!-- /\(name) -->"))
    return text[start.upperBound..<end.lowerBound].split(separator: "\n").dropFirst(2).map { line in
      line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
        $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "")
      }
    }
  }

  @Test func `bounds that are not for setting stand in the source as they are told`() throws {
    let sources = Dictionary(
      uniqueKeysWithValues: try SourceTree.swiftSources().map { ($0.path, $0.text) })
    let rows = try Self.rows("bounds", in: "LimitsAndDefaults")
    #expect(rows.count > 20)
    for row in rows {
      try #require(row.count == 3)
      let source = try #require(sources["Sources/\(row[0])"], "\(row[0]) is not there")
      #expect(
        source.contains(" \(row[1])\n") || source.contains(" \(row[1])\r")
          || source.contains(" \(row[1]))") || source.contains(" \(row[1]),"),
        "\(row[0]): \(row[1])")
      #expect(!row[2].isEmpty)
    }
  }

  @Test func `types that the life of a call names are declared`() throws {
    let article = try #require(try Self.articles().first { $0.name == "LifeOfACall.md" })
    let declaration = #/\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Z]\w+)/#
    var declared: Set<Substring> = []
    for file in try SourceTree.swiftSources() {
      for match in file.text.matches(of: declaration) { declared.insert(match.1) }
    }
    // A word in the form of a type's name, set as code.
    let typeName = #/`([A-Z][a-z]+(?:[A-Z]+[a-z0-9]*)+)`/#
    let named = Set(article.text.matches(of: typeName).map(\.1))
    #expect(named.count > 20)
    for name in named.sorted() { #expect(declared.contains(name), "\(name) is declared nowhere") }
  }

  @Test func `log lines have the keys and messages that are told`() throws {
    let sources = try SourceTree.swiftSources()
    let keys = try #require(sources.first { $0.name == "LogKeys.swift" })
    let known = Set(keys.text.matches(of: #/static let \w+ = "([a-z-]+)"/#).map { String($0.1) })
    let told = try Self.rows("fields", in: "Logs").flatMap { row in
      row[0].split(separator: ", ").map(String.init)
    }
    #expect(Set(told) == known)
    #expect(told.count == known.count)
    for row in try Self.rows("lines", in: "Logs") {
      let message = "\"\(row[0])\""
      #expect(sources.contains { $0.text.contains(message) }, "nobody says \(row[0])")
    }
  }

  @Test func `articles lead to articles that are there`() throws {
    let articles = try Self.articles()
    let names = Set(articles.map { String($0.name.dropLast(".md".count)) })
    let link = #/<doc:([^>#]+)/#
    for article in articles {
      for match in article.text.matches(of: link) {
        #expect(names.contains(String(match.1)), "\(article.path) leads to \(match.1)")
      }
    }
  }

  @Test func `the front page leads to every article`() throws {
    let articles = try Self.articles()
    let front = try #require(articles.first { $0.name == "Documentation.md" })
    for article in articles where article.name != front.name {
      #expect(front.text.contains("<doc:\(article.name.dropLast(".md".count))>"))
    }
  }
}
