// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

private let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct TraceContextTests {
  @Test func `a header is read, and written as it came`() throws {
    let context = try #require(TraceContext(traceparent: example))
    #expect(context.traceID == TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c))
    #expect(context.spanID == 0xb7ad_6b71_6920_3331)
    #expect(context.isSampled)
    #expect(context.traceparent == example)
    #expect("\(context.traceID)" == example.dropFirst(3).prefix(32))
  }

  @Test func `small numbers keep their zeros`() throws {
    let header = "00-00000000000000000000000000000001-000000000000000a-00"
    let context = try #require(TraceContext(traceparent: header))
    #expect(!context.isSampled && context.traceparent == header)
  }

  @Test(arguments: [
    ("01", ""), ("cc", ""), ("cc", "-what-the-future-will-be-like"), ("fe", "-"),
  ])
  func `what a later version adds is left out`(version: String, rest: String) throws {
    let header = version + example.dropFirst(2) + rest
    #expect(try #require(TraceContext(traceparent: header)).traceparent == example)
  }

  @Test(arguments: [("ff", "03"), ("02", "02"), ("fc", "00"), ("0d", "01")])
  func `of the flags, the two that are known are passed on`(flags: String, passed: String) throws {
    let header = example.dropLast(2) + flags
    let context = try #require(TraceContext(traceparent: String(header)))
    #expect(context.traceparent == example.dropLast(2) + passed)
  }

  @Test(arguments: [
    "", "00", example + "-", example + "-00", example + "0", "ff" + example.dropFirst(2),
    "cc" + example.dropFirst(2) + "x", "0x" + example.dropFirst(2),
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
    "00-0af7651916cd43dd8448eb211c8031é-b7ad6b7169203331-01",
  ])
  func `what is no header is none`(header: String) {
    #expect(TraceContext(traceparent: header) == nil)
  }

  @Test func `every byte but one of hex makes it another, or none`() {
    let bytes = Array(example.utf8)
    for position in bytes.indices {
      for byte in UInt8(0x20)...0x7e where byte != bytes[position] {
        var changed = bytes
        changed[position] = byte
        let context = TraceContext(traceparent: String(decoding: changed, as: UTF8.self))
        if let context, position > 2, position < 52 { #expect(context.traceparent != example) }
      }
    }
  }
}

struct TraceSamplerTests {
  @Test(arguments: [0.0, 0.5, 1.0])
  func `the caller's decision stands`(ratio: Double) throws {
    let sampler = TraceSampler(ratio: ratio)
    let sampled = try #require(TraceContext(traceparent: example))
    let unsampled = try #require(TraceContext(traceparent: example.dropLast(2) + "00"))
    for low in [0, UInt64.max / 2, .max] {
      let trace = TraceID(high: 1, low: low)
      #expect(sampler.samples(trace, parent: sampled))
      #expect(!sampler.samples(trace, parent: unsampled))
    }
  }

  @Test(arguments: [
    (0.0, false, false), (0.25, false, true), (0.5, false, true), (1.0, true, true),
    (-1.0, false, false), (7.0, true, true), (.nan, false, false),
  ])
  func `all, none, or those with the greatest ids`(ratio: Double, least: Bool, greatest: Bool) {
    let sampler = TraceSampler(ratio: ratio)
    #expect(sampler.samples(TraceID(high: 0, low: 0), parent: nil) == least)
    #expect(sampler.samples(TraceID(high: 0, low: .max), parent: nil) == greatest)
  }

  @Test func `the part is cut where it should be`() {
    let sampler = TraceSampler(ratio: 0.25)
    let edge: UInt64 = 3 << 54
    // The first byte of the last eight does not count.
    for first: UInt64 in [0, 0x17 << 56, 0xff << 56] {
      #expect(!sampler.samples(TraceID(high: 0, low: first | (edge - 1)), parent: nil))
      #expect(sampler.samples(TraceID(high: 0, low: first | edge), parent: nil))
    }
  }
}
