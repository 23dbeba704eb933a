// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GatewayServer

@Suite struct ShareSamplerTests {
  private func taken(of count: Int, _ sampler: borrowing ShareSampler) -> Int {
    var taken = 0
    for _ in 0..<count where sampler.takesNext() { taken += 1 }
    return taken
  }

  @Test(arguments: [0.001, 0.1, 0.5, 0.999])
  func `a share is what is taken, give or take`(share: Double) {
    let sampler = ShareSampler(share: share, seed: 7)
    let count = 100_000
    let deviation = (share * (1 - share) * Double(count)).squareRoot()
    let taken = Double(self.taken(of: count, sampler))
    #expect(abs(taken - share * Double(count)) < 5 * deviation)
  }

  @Test func `nothing is nothing, and everything is everything`() {
    let nothing = self.taken(of: 10_000, ShareSampler(share: 0, seed: 1))
    let everything = self.taken(of: 10_000, ShareSampler(share: 1, seed: 1))
    #expect(nothing == 0)
    #expect(everything == 10_000)
  }

  @Test func `another share counts at once`() {
    let sampler = ShareSampler(share: 0, seed: 1)
    var taken: [Bool] = []
    for share in [0, 1, 0.0] {
      sampler.set(share: share)
      taken.append(sampler.takesNext())
    }
    #expect(taken == [false, true, false])
  }

  @Test(arguments: [-1.0, .nan, -.infinity])
  func `what is no share takes nothing`(share: Double) {
    let taken = self.taken(of: 1_000, ShareSampler(share: share, seed: 1))
    #expect(taken == 0)
  }
}
