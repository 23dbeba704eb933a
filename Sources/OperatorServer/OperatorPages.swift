// SPDX-License-Identifier: Apache-2.0

package import Logging
import NIOHTTP1
import Telemetry

/// The pages by their paths.
package struct OperatorPages: Sendable {
  private let desk: OperatorDesk
  private let history: LiveHistory
  private let page: OperatorPage
  private let logger: Logger

  /// - Parameters:
  ///   - history: what the page draws; somebody else feeds it.
  ///   - logger: hears of each change that is made here.
  package init(desk: OperatorDesk, history: LiveHistory, page: OperatorPage, logger: Logger) {
    self.desk = desk
    self.history = history
    self.page = page
    self.logger = logger
  }

  func answer(to request: OperatorRequest) async -> OperatorAnswer {
    if request.path == "/loglevel" { return self.logLevel(request) }
    guard Self.paths.contains(request.path) else {
      return OperatorAnswer(
        .notFound,
        error: "served here: " + (Self.paths + ["/loglevel"]).joined(separator: ", "))
    }
    guard request.method == .GET else { return .methodNotAllowed("GET, HEAD") }
    switch request.path {
    case "/": return OperatorAnswer(page: self.page.bytes, policy: self.page.policy)
    case "/config": return OperatorAnswer(await self.desk.configuration())
    case "/top": return OperatorAnswer(await self.desk.offenders())
    case "/debug/pool": return OperatorAnswer(await self.desk.pool())
    case "/debug/cache": return OperatorAnswer(await self.desk.cache())
    default: return OperatorAnswer(await self.live(after: request.parameter("after")))
    }
  }

  private static let paths = ["/", "/live", "/config", "/top", "/debug/pool", "/debug/cache"]

  /// - Parameter text: the number of the last moment that the page has; it is sent what came since.
  private func live(after text: Substring?) async -> JSONTree {
    let status = await self.desk.status()
    let offenders = await self.desk.offenders()
    return .object(
      [
        ("status", status), ("log_level", .string(self.desk.logLevel().rawValue)),
        ("offenders", offenders),
      ] + self.history.members(after: text.flatMap { UInt64($0) }))
  }

  private func logLevel(_ request: OperatorRequest) -> OperatorAnswer {
    switch request.method {
    case .GET:
      return OperatorAnswer(self.levels)
    case .PUT, .POST:
      guard let word = LevelChange.word(in: request.body),
        let level = Logger.Level(rawValue: word)
      else {
        let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        return OperatorAnswer(.badRequest, error: #"send {"level": "…"} with one of \#(words)"#)
      }
      self.change(to: level)
      return OperatorAnswer(self.levels)
    default:
      return .methodNotAllowed("GET, HEAD, POST, PUT")
    }
  }

  /// Told by the more talkative of the two levels, so that it is not the change itself that hides it.
  private func change(to level: Logger.Level) {
    let former = self.desk.logLevel()
    if level > former { self.logLevelChanged(from: former, to: level) }
    self.desk.setLogLevel(level)
    if level <= former { self.logLevelChanged(from: former, to: level) }
  }

  private func logLevelChanged(from former: Logger.Level, to level: Logger.Level) {
    self.logger.notice(
      "log level changed",
      metadata: [LogKey.logLevel: "\(level)", LogKey.formerLogLevel: "\(former)"])
  }

  private var levels: JSONTree {
    [
      "level": .string(self.desk.logLevel().rawValue),
      "levels": .array(Logger.Level.allCases.map { .string($0.rawValue) }),
    ]
  }
}

/// Reads `{"level": "debug"}`, the one thing that is sent here.
enum LevelChange {
  /// The word behind `level`; nil for any other text. No level's name needs an escape of JSON's.
  static func word(in body: [UInt8]) -> String? {
    let parts = body.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    guard parts.count == 5, Self.isMark("{", parts[0]), parts[1].elementsEqual("level".utf8),
      Self.isMark(":", parts[2]), Self.isMark("}", parts[4])
    else { return nil }
    return String(decoding: parts[3], as: UTF8.self)
  }

  /// True if only this mark and white space stand there.
  private static func isMark(_ mark: Unicode.Scalar, _ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == [UInt8(ascii: mark)]
  }
}
