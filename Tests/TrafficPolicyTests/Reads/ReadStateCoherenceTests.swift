// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct ReadStateCoherenceTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `no answer is older than what its caller has seen acknowledged`(seed: UInt64) {
    var history = CoherenceHistory(seed: seed)
    history.run(steps: 2_000)
    let (answers, stored) = (history.answers, history.storedAnswers)
    // A history without stored answers would prove nothing.
    #expect(answers > 150 && stored > 30, "\(answers) \(stored)")
  }
}
