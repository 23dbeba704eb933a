// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

struct TraceEncodingTests {
  /// As the PyPI package opentelemetry-proto 1.45.2 writes the same.
  private static let expected =
    "0ab2030a190a170a0c736572766963652e6e616d6512070a05707265737312eb020a0a0a"
    + "0573636f706512013112dc020a100102030405060708090a0b0c0d0e0f101208a1a2a3a4"
    + "a5a6a7a82208b1b2b3b4b5b6b7b82a0463616c6c300339080706050403020141f8f7f6f5"
    + "f4f3f2f14ad1010a017412cb010ac801c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9"
    + "4a100a016e120b18ffffffffffffffffff014a070a0162120210006a210a102122232425"
    + "262728292a2b2c2d2e2f301208c1c2c3c4c5c6c7c835010000007a021802850103000000"
    + "1a2768747470733a2f2f6f70656e74656c656d657472792e696f2f736368656d61732f31"
    + "2e34302e30"

  private static var span: EndedSpan {
    let trace = TraceID(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10)
    let other = TraceID(high: 0x2122_2324_2526_2728, low: 0x292a_2b2c_2d2e_2f30)
    var span = EndedSpan(
      name: "call", kind: .client,
      context: TraceContext(traceID: trace, spanID: 0xa1a2_a3a4_a5a6_a7a8, flags: 3),
      parentID: 0xb1b2_b3b4_b5b6_b7b8, startNanoseconds: 0x0102_0304_0506_0708,
      endNanoseconds: 0xf1f2_f3f4_f5f6_f7f8)
    span.attributes = [
      SpanAttribute("t", .text(String(repeating: "é", count: 100))),
      SpanAttribute("n", .number(-1)), SpanAttribute("b", .truth(false)),
    ]
    span.links = [TraceContext(traceID: other, spanID: 0xc1c2_c3c4_c5c6_c7c8, flags: 1)]
    span.error = "UNAVAILABLE"
    return span
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func `a span is written as others write it`() {
    let encoding = TraceEncoding(
      resource: [SpanAttribute("service.name", .text("press"))], scope: "scope", version: "1")
    #expect(Self.hex(encoding.request([Self.span])) == Self.expected)
  }

  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 2_097_152])
  func `a text of any length is as long as it says`(count: Int) {
    var span = Self.span
    span.name = String(repeating: "x", count: count)
    let encoding = TraceEncoding(resource: [], scope: "", version: "")
    let bytes = encoding.request([span])
    // The message of all resources is the whole: its length is that of what follows.
    var length = 0
    var place = 1
    repeat {
      length |= Int(bytes[place] & 0x7f) << (7 * (place - 1))
      place += 1
    } while bytes[place - 1] & 0x80 != 0
    #expect(bytes[0] == 0x0a && bytes.count == place + length)
  }
}
