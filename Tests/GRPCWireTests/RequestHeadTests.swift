// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import Testing

@Suite struct RequestHeadTests {
  @Test func `a usual request is accepted`() {
    #expect(read() == .accept(RequestHead(path: bytes("/pkg.Service/Method"))))
    #expect(
      read(timeout: "250m")
        == .accept(RequestHead(path: bytes("/pkg.Service/Method"), timeout: .milliseconds(250))))
    #expect(read(encoding: "identity") == .accept(RequestHead(path: bytes("/pkg.Service/Method"))))
  }

  @Test func `a path is compared byte for byte`() {
    let head = RequestHead(path: bytes("/pkg.Service/Method"))
    #expect(head.isPath("/pkg.Service/Method"))
    #expect(!head.isPath("/pkg.Service/Metho"))
    #expect(!head.isPath("/pkg.Service/method"))
  }

  @Test(arguments: [
    "application/grpc", "application/grpc+proto", "Application/GRPC", "APPLICATION/GRPC+PROTO",
    "application/grpc;charset=utf-8", "application/grpc ; charset=utf-8", "application/grpc;",
    "application/grpc+proto; a=b",
  ])
  func `content types of gRPC with protobuf are accepted`(contentType: String) {
    #expect(read(contentType: contentType) == read())
  }

  @Test(arguments: [
    "", "application", "application/grp", "application/grpcfoo", "application/grpc-web",
    "application/grpc-web+proto", "application/grpc+json", "application/grpc+protobuf",
    "application/grpc+", "application/grpc x", "application/grpc/proto", "application/json",
    "text/plain", " application/grpc", "application/grpc, application/json",
  ])
  func `other content types are not`(contentType: String) {
    #expect(read(contentType: contentType) == .reject(.unsupportedMediaType))
  }

  @Test func `what is missing or wrong is told in order`() {
    #expect(read(method: "GET") == .reject(.methodNotAllowed))
    #expect(read(method: "HEAD") == .reject(.headNotAllowed))
    #expect(read(method: "post") == .reject(.methodNotAllowed))
    #expect(read(method: nil, contentType: nil) == .reject(.methodNotAllowed))
    #expect(read(contentType: nil, te: nil) == .reject(.unsupportedMediaType))
    #expect(refusal(te: nil)?.code == .internal)
    #expect(refusal(te: "gzip")?.code == .internal)
    #expect(refusal(timeout: "")?.code == .invalidArgument)
    #expect(refusal(timeout: "soon")?.code == .invalidArgument)
  }

  @Test(arguments: ["deflate", "snappy", "", "identity,gzip", "Identity", "GZIP", " gzip"])
  func `unknown encodings are refused so that the caller learns which are known`(encoding: String) {
    guard case .refuseEncoding(let status) = read(encoding: encoding) else {
      Issue.record("accepted")
      return
    }
    #expect(status.code == .unimplemented)
  }

  @Test(arguments: [
    (nil, MessageEncoding.gzip), ("gzip", .gzip), ("identity, deflate, gzip", .gzip),
    ("identity,\t gzip ,deflate", .gzip), ("identity", .identity), ("", .identity),
    ("gzipped,x-gzip", .identity),
  ])
  func `an answer may be encoded as the request was, unless its caller says otherwise`(
    accepted: String?, encoding: MessageEncoding
  ) {
    let path = bytes("/pkg.Service/Method")
    #expect(
      read(encoding: "gzip", accepted: accepted)
        == .accept(RequestHead(path: path, encoding: .gzip, answerEncoding: encoding)))
    #expect(read(accepted: accepted) == .accept(RequestHead(path: path)))
  }

  @Test func `binary metadata that is none is refused by name, which is cut`() {
    #expect(refusal(binaryName: "x-trace-bin")?.code == .invalidArgument)
    #expect(refusal(binaryName: "x-trace-bin")?.message.contains("x-trace-bin") == true)
    let name = String(repeating: "x", count: 10_000)
    #expect((refusal(binaryName: name)?.message.utf8.count ?? 0) < 200)
  }

  @Test(arguments: ["/a/b", "", "/", "*", "/a/b/c", "\u{E9}"])
  func `a path is passed on as it came`(path: String) {
    #expect(read(path: path) == .accept(RequestHead(path: bytes(path))))
  }

  @Test func `no path is unimplemented`() {
    #expect(refusal(path: nil)?.code == .unimplemented)
  }

  @Test func `rejections have a status of HTTP`() {
    #expect("\(HTTPRejection.methodNotAllowed.statusDigits)" == "405")
    #expect("\(HTTPRejection.unsupportedMediaType.statusDigits)" == "415")
    #expect("\(HTTPRejection.headersTooLarge.statusDigits)" == "431")
  }
}

@Suite struct GRPCTimeoutTests {
  @Test(arguments: [
    ("0S", Duration.zero), ("1H", .seconds(3_600)), ("2M", .seconds(120)), ("3S", .seconds(3)),
    ("4m", .milliseconds(4)), ("5u", .microseconds(5)), ("6n", .nanoseconds(6)),
    ("00000001S", .seconds(1)), ("99999999n", .nanoseconds(99_999_999)),
    ("31536000S", .seconds(31_536_000)), ("31536001S", GRPCTimeout.greatest),
    ("99999999S", GRPCTimeout.greatest), ("99999999H", GRPCTimeout.greatest),
  ])
  func `well formed timeouts`(text: String, timeout: Duration) {
    #expect(GRPCTimeout.parse(text.utf8.span) == timeout)
  }

  @Test(arguments: [
    "", "S", "1", "1s", "1h", "1N", "1U", "123456789S", "000000001S", "-1S", "+1S", "1.5S", " 1S",
    "1S ", "1 S", "1SS", "0x1S", "1\u{661}S", "\u{661}S", "1S\0",
  ])
  func `malformed timeouts`(text: String) {
    #expect(GRPCTimeout.parse(text.utf8.span) == nil)
  }

  @Test func `random bytes are parsed exactly when they are of the form`() {
    var random = SplitMix64(seed: 11)
    let alphabet = Array("0123456789HMSmun xs-".utf8)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...10, using: &random)
      let text = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let isForm =
        String(decoding: text, as: UTF8.self).wholeMatch(of: /[0-9]{1,8}[HMSmun]/) != nil
      #expect((GRPCTimeout.parse(text.span) != nil) == isForm)
    }
  }
}

private func bytes(_ text: String) -> ArraySlice<UInt8> { ArraySlice(text.utf8) }

private func read(
  method: String? = "POST", path: String? = "/pkg.Service/Method",
  contentType: String? = "application/grpc", te: String? = "trailers", encoding: String? = nil,
  accepted: String? = nil, timeout: String? = nil, binaryName: String? = nil
) -> OnRequestHead {
  var fields = RequestHeadFields()
  fields.method = method.map(bytes)
  fields.path = path.map(bytes)
  fields.contentType = contentType.map(bytes)
  fields.te = te.map(bytes)
  fields.encoding = encoding.map(bytes)
  fields.acceptEncoding = accepted.map(bytes)
  fields.timeout = timeout.map(bytes)
  fields.malformedBinaryName = binaryName.map(bytes)
  return RequestHead.read(fields)
}

private func refusal(
  path: String? = "/pkg.Service/Method", te: String? = "trailers", timeout: String? = nil,
  binaryName: String? = nil
) -> GRPCStatus? {
  let answer = read(path: path, te: te, timeout: timeout, binaryName: binaryName)
  guard case .refuse(let status) = answer else { return nil }
  return status
}
