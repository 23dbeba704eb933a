// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import AWSSigning

/// Collects the parameters of one URL's query after another from a text of any kind.
///
/// A parameter is a name between a separator and `=`. A URL ends where a byte stands that no URL
/// holds, or where the next query begins; which bytes stand between, and whether the separators are
/// the URL's own or those of a URL inside of it, does not matter: of two values for one name the
/// earlier end counts.
struct PresignedURLScan {
  /// What a query has shown so far.
  private struct Query {
    var signsByDate = false
    var date: Int64?
    var life: Int64?
    var signsByEnd = false
    var end: Int64?
    var isUnreadable = false
  }

  /// The parameters whose values count.
  private enum Parameter {
    case date, life, end
  }

  private let epochSeconds: Int64
  private var shortest = PresignedLife.unlimited
  private var query = Query()
  /// The letters and digits just before, which a name could end with.
  private var word = ShortText()
  /// Whether a separator stands before them.
  private var isName = false
  private var parameter: Parameter?
  private var value = ShortText()

  init(at epochSeconds: Int64) {
    self.epochSeconds = epochSeconds
  }

  mutating func received(_ symbol: URLTextReader.Symbol) {
    switch symbol {
    case .literal(let byte):
      if Self.endsURL(byte) {
        self.endQuery()
        return self.interrupt()
      }
      if byte == UInt8(ascii: "?") { self.endQuery() }
      if Self.endsList(byte) { self.endValue() }
      self.receivedByte(byte)
    case .encoded(let byte):
      self.receivedByte(byte)
    }
  }

  /// The text is over: the life of the first of its URLs to end.
  mutating func finish() -> PresignedLife {
    self.endQuery()
    return self.shortest
  }

  private mutating func receivedByte(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: ";"):
      self.endValue()
      self.word = ShortText()
      self.isName = true
    case UInt8(ascii: "=") where self.isName:
      self.beginValue()
      self.interrupt()
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
      self.word.append(byte | 0x20)
      if self.parameter != nil { self.value.append(byte) }
    default:
      if self.parameter != nil { self.value.append(byte) }
      self.interrupt()
    }
  }

  /// What comes next belongs to no name until a separator stands.
  private mutating func interrupt() {
    self.word = ShortText()
    self.isName = false
  }

  // MARK: - Parameters

  private static let amzDate = ShortText("x-amz-date")
  private static let amzExpires = ShortText("x-amz-expires")
  private static let amzSignature = ShortText("x-amz-signature")
  private static let googDate = ShortText("x-goog-date")
  private static let googExpires = ShortText("x-goog-expires")
  private static let googSignature = ShortText("x-goog-signature")
  private static let expires = ShortText("expires")
  private static let policy = ShortText("policy")
  private static let signature = ShortText("signature")

  private mutating func beginValue() {
    self.endValue()
    switch self.word {
    case Self.amzDate, Self.googDate: self.parameter = .date
    case Self.amzExpires, Self.googExpires: self.parameter = .life
    case Self.expires: self.parameter = .end
    case Self.amzSignature, Self.googSignature: self.query.signsByDate = true
    case Self.signature: self.query.signsByEnd = true
    case Self.policy: self.query.isUnreadable = true
    default: break
    }
  }

  private mutating func endValue() {
    guard let parameter = self.parameter else { return }
    let value = self.value
    self.parameter = nil
    self.value = ShortText()
    switch parameter {
    case .date:
      let date = value.text.flatMap { SigningTime(stamp: $0) }?.epochSeconds
      self.take(date, into: \.date)
    case .life: self.take(value.number, into: \.life)
    case .end: self.take(value.number, into: \.end)
    }
  }

  private mutating func take(_ number: Int64?, into member: WritableKeyPath<Query, Int64?>) {
    guard let number else {
      self.query.isUnreadable = true
      return
    }
    self.query[keyPath: member] = min(self.query[keyPath: member] ?? .max, number)
  }

  private mutating func endQuery() {
    self.endValue()
    self.shortest = self.shortest.shorter(self.life(of: self.query))
    self.query = Query()
  }

  private func life(of query: Query) -> PresignedLife {
    guard query.signsByDate || query.signsByEnd else { return .unlimited }
    guard !query.isUnreadable else { return .unreadable }
    var life = PresignedLife.unlimited
    if query.signsByDate {
      guard let date = query.date, let seconds = query.life else { return .unreadable }
      // A date to come tells that one of the clocks is wrong.
      let remaining = date.addingClamped(seconds).subtractingClamped(self.epochSeconds)
      life = life.shorter(.seconds(min(remaining, seconds)))
    }
    if query.signsByEnd {
      guard let end = query.end else { return .unreadable }
      life = life.shorter(.seconds(end.subtractingClamped(self.epochSeconds)))
    }
    return life
  }

  // MARK: - Bytes

  /// Space, quotes and what else no URL holds as it is.
  private static func endsURL(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
      UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"),
      UInt8(ascii: "|"), UInt8(ascii: "}"):
      true
    default: false
    }
  }

  /// What a URL may hold and a list of URLs, or a sentence, puts behind one.
  private static func endsList(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "'"), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "]"): true
    default: false
    }
  }
}
