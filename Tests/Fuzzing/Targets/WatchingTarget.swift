// SPDX-License-Identifier: Apache-2.0

import JobWatching
import JobsAPI

/// The first byte chooses the message, the rest is its wire form, or that of a resume token.
enum WatchingTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let wire = Array(input.rest)
    switch choice % 5 {
    case 0: try Self.checkWatch(wire)
    case 1: try Self.checkWait(wire)
    case 2: try Self.checkToken(wire)
    case 3: try Self.checkNews(wire)
    default: try Self.checkAwaited(wire)
    }
  }

  private static func checkWatch(_ wire: [UInt8]) throws(BrokenClaim) {
    guard let call = try? WatchPendingJobExecutions(wire: wire.span, thingLimit: 4) else { return }
    try claim((1...4).contains(call.thingNames.count), "a watch has as many things as are allowed")
    try claim(Set(call.thingNames).count == call.thingNames.count, "no thing is there twice")
    try claim(call.violations().isEmpty, "a decoded watch keeps all constraints")
    var written: [UInt8] = []
    WireRequest.append(call, to: &written)
    let again = try? WatchPendingJobExecutions(wire: written.span, thingLimit: 4)
    try claim(again == call, "a watch reads back")
  }

  private static func checkWait(_ wire: [UInt8]) throws(BrokenClaim) {
    guard let call = try? WaitForJobExecution(wire: wire.span) else { return }
    try claim(call.violations().isEmpty, "a decoded wait keeps all constraints")
    try claim(
      call.statuses.count <= WaitForJobExecution.statusLimit, "a wait has a handful of states")
    var written: [UInt8] = []
    WireRequest.append(call, to: &written)
    try claim(
      (try? WaitForJobExecution(wire: written.span)) == call, "a wait reads back")
  }

  /// What is read from a token is what a token of it holds.
  private static func checkToken(_ bytes: [UInt8]) throws(BrokenClaim) {
    guard let known = ResumeToken.decode(bytes) else { return }
    let positions = known.map { incarnation, sequence in
      WatchPosition(thingName: "t", incarnation: incarnation, sequence: sequence)
    }
    try claim(ResumeToken.decode(ResumeToken.encode(positions)) == known, "a token reads back")
    try claim(bytes.isEmpty || bytes.count >= 2 + 16 * known.count, "a token has all it tells")
  }

  private static func checkNews(_ wire: [UInt8]) throws(BrokenClaim) {
    guard let watched = try? WireResponse.watched(wire: wire.span), let news = watched.news
    else { return }
    var written: [UInt8] = []
    WireResponse.append(news, resumeToken: watched.resumeToken, to: &written)
    let again = try? WireResponse.watched(wire: written.span)
    try claim(again?.resumeToken == watched.resumeToken, "news keep their token")
    var twice: [UInt8] = []
    if let news = again?.news {
      WireResponse.append(news, resumeToken: watched.resumeToken, to: &twice)
    }
    try claim(twice == written, "news read back")
  }

  private static func checkAwaited(_ wire: [UInt8]) throws(BrokenClaim) {
    guard let awaited = try? WireResponse.awaited(wire: wire.span) else { return }
    var (written, twice): ([UInt8], [UInt8]) = ([], [])
    WireResponse.append(awaited, to: &written)
    guard let again = try? WireResponse.awaited(wire: written.span) else {
      throw BrokenClaim(words: "what was awaited reads back")
    }
    WireResponse.append(again, to: &twice)
    try claim(twice == written, "what was awaited stays the same")
  }
}
