// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing

@Suite struct EndpointRulesTests {
  @Test func `each case of AWS's rule set comes out the same`() throws {
    let cases = try EndpointVectors.load().ruleset
    #expect(cases.count == 73)
    for vector in cases {
      let resolve = { () throws(EndpointRules.Refusal) in
        try EndpointRules.resolve(
          .iotJobsData, region: vector.region, usesFIPS: vector.useFIPS,
          usesDualStack: vector.useDualStack, endpoint: vector.endpoint)
      }
      do throws(EndpointRules.Refusal) {
        let answer = try resolve()
        #expect(answer.url == vector.expected.url, "\(vector.id)")
        #expect(answer.signingRegion == vector.region, "\(vector.id)")
      } catch {
        #expect(error.rawValue == vector.expected.error, "\(vector.id)")
      }
    }
  }
}
