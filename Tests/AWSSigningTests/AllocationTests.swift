// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import CAllocationCount
import Testing

/// How often a signature asks for memory.
@Suite(.enabled(if: allocations_are_counted)) struct AllocationTests {
  @Test func `a signature takes little memory, and none for a longer body`() throws {
    var signer = try RequestSigner(region: "us-east-1")
    let credential = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")
    let target = Array("/things/plant-7%3Apress-01/jobs/firmware-2024".utf8)
    let time = SigningTime(epochSeconds: 1_709_294_400)

    func allocations(bodyBytes: Int) throws -> Int {
      let body = [UInt8](repeating: 0x20, count: bodyBytes)
      var count = 0
      // Of the last time: the first make the buffers, and the key of the day.
      for _ in 0..<5 {
        let before = allocations_of_this_thread()
        _ = try signer.sign(
          method: "POST", target: target.span, host: "example.com",
          headers: [("content-type", "application/json")], body: body.span,
          credential: credential, at: time)
        count = Int(allocations_of_this_thread() - before)
      }
      return count
    }
    let (short, long) = (try allocations(bodyBytes: 10), try allocations(bodyBytes: 32_768))
    #expect(short <= 9)
    #expect(long == short)
  }
}
