// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

/// Gives the numbers it was given, then zeros.
private struct Given: RandomNumberGenerator {
  var numbers: [UInt64]

  mutating func next() -> UInt64 {
    self.numbers.isEmpty ? 0 : self.numbers.removeFirst()
  }
}

@Suite struct RandomUUIDTests {
  @Test(arguments: [
    ([UInt64](), "00000000-0000-4000-8000-000000000000"),
    ([.max, .max], "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    ([0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210], "01234567-89ab-4def-bedc-ba9876543210"),
  ])
  func `numbers become the usual form, version and variant in their bits`(
    numbers: [UInt64], text: String
  ) {
    var random = Given(numbers: numbers)
    let id = RandomUUID(using: &random)
    #expect(id.text == text)
    let characters = id.characters
    #expect(characters.indices.map { characters[$0] } == Array(text.utf8))
  }

  @Test func `ids differ, and are random UUIDs`() {
    var system = SystemRandomNumberGenerator()
    var random = DistinctNumbers(seededBy: &system)
    var seen: Set<String> = []
    for _ in 0..<1000 {
      let text = RandomUUID(using: &random).text
      #expect(
        text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
          != nil)
      #expect(seen.insert(text).inserted)
    }
  }
}

@Suite struct DistinctNumbersTests {
  /// What the authors' own program gives for the state 1, 2, 3, 4.
  @Test func `the numbers are those of xoshiro256**`() {
    var seed = Given(numbers: [1, 2, 3, 4])
    var random = DistinctNumbers(seededBy: &seed)
    #expect(
      (0..<6).map { _ in random.next() } == [
        11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
        607_988_272_756_665_600,
      ])
  }

  @Test func `a seed of zeros does not stay one`() {
    var seed = Given(numbers: [])
    var random = DistinctNumbers(seededBy: &seed)
    #expect(Set((0..<100).map { _ in random.next() }).count > 90)
  }
}
