// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import Testing

@testable import GatewayServer

@Suite struct RequestFieldsTests {
  private func tracestate(_ lines: [String], limit: Int? = nil) -> String? {
    var fields = HeaderFields()
    fields.append("traceparent", "00-aa-bb-01")
    for line in lines { fields.append("tracestate", text: line) }
    return limit.map { RequestFields(fields, tracestateLimit: $0).tracestate }
      ?? RequestFields(fields).tracestate
  }

  @Test(arguments: [
    ([], nil), (["a=1"], "a=1"), (["a=1, b=2", "c=3"], "a=1, b=2,c=3"),
    (["c=3", "b=2", "a=1"], "c=3,b=2,a=1"), (["", "a=1", "", "b=2"], "a=1,b=2"), ([""], nil),
  ])
  func `the lines of tracestate are one list in their order`(lines: [String], list: String?) {
    #expect(self.tracestate(lines) == list)
  }

  @Test(arguments: [
    (["a=1", "b=2"], 7, "a=1,b=2"), (["a=1", "b=2"], 6, "a=1"), (["a=1234", "b=2"], 5, "b=2"),
    (["a=1", "b=234", "c=3"], 8, "a=1,c=3"), (["a=1"], 2, nil),
  ])
  func `a line of tracestate that does not fit is left out`(
    lines: [String], limit: Int, list: String?
  ) {
    #expect(self.tracestate(lines, limit: limit) == list)
  }

  @Test(arguments: [128, 129, 10_000])
  func `a traceparent is kept if it can be one`(count: Int) {
    var fields = HeaderFields()
    fields.append("traceparent", text: String(repeating: "0", count: count))
    #expect(RequestFields(fields).traceparent?.utf8.count == (count > 128 ? nil : count))
  }

  @Test func `a tracestate of 512 bytes is kept, whatever lines it came in`() {
    let half = "a=" + String(repeating: "1", count: 253)
    #expect(self.tracestate([half, half + "1"])?.utf8.count == 512)
    #expect(self.tracestate([half, half + "12"]) == half)
  }
}
