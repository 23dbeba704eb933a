// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOHTTP1
import RESTServer
import Testing

struct RequestTargetTests {
  @Test(arguments: [
    ("a", "a"), ("a%3Ab", "a:b"), ("a%3ab", "a:b"), ("%24next", "$next"), ("$next", "$next"),
    ("a+b", "a+b"), ("%2F", "/"), ("%25", "%"), ("%252F", "%2F"), ("", ""), ("%00", "\0"),
    ("gr%C3%BC%C3%9Fe", "grüße"), ("%F0%9F%98%80", "😀"), ("..", ".."), ("~-._", "~-._"),
  ])
  func `a label is decoded once`(encoded: String, decoded: String) throws {
    let target = try RequestTarget("/things/\(encoded)/jobs")
    #expect(target.segments.count == 3)
    #expect(try target.label(1) == decoded)
  }

  @Test(arguments: ["%", "%4", "%zz", "%-1", "%+1", "%C3", "%C3%28", "%FF", "%ED%A0%80", "%G0"])
  func `a label that is no encoding is refused`(encoded: String) throws {
    let target = try RequestTarget("/things/\(encoded)/jobs?x=\(encoded)")
    #expect(throws: AWSError.self) { try target.label(1) }
    #expect(throws: AWSError.self) { try target.parameter("x") }
  }

  @Test(arguments: [
    "", "things", "http://h/things", "*", "/a b", "/grüße", "/a\u{7f}", "/a\tb",
    "/" + String(repeating: "a", count: RequestTarget.limitBytes),
    String(repeating: "/x", count: RequestTarget.segmentLimit + 1),
    "/?" + String(repeating: "a=b&", count: RequestTarget.parameterLimit + 1),
  ])
  func `what may not stand in a request line is refused`(text: String) {
    #expect(throws: AWSError.self) { try RequestTarget(text) }
  }

  @Test func `a path and a query at their limits are read`() throws {
    let path = String(repeating: "/x", count: RequestTarget.segmentLimit)
    #expect(try RequestTarget(path).segments.count == RequestTarget.segmentLimit)
    let query = (0..<RequestTarget.parameterLimit).map { "k\($0)=\($0)" }.joined(separator: "&")
    #expect(try RequestTarget("/?" + query).parameter("k63") == "63")
    let long = "/" + String(repeating: "a", count: RequestTarget.limitBytes - 1)
    #expect(try RequestTarget(long).segments.first?.count == RequestTarget.limitBytes - 1)
  }

  @Test(arguments: [
    ("/", [""]), ("/things/", ["things", ""]), ("//", ["", ""]),
    ("/things//jobs/", ["things", "", "jobs", ""]), ("/a?b/c", ["a"]), ("/?", [""]),
  ])
  func `empty segments stay`(text: String, segments: [Substring]) throws {
    #expect(try RequestTarget(text).segments == segments)
  }

  @Test func `parameters are read by their names`() throws {
    let target = try RequestTarget("/x?a=1&b=%2F&c=&d&&e=f=g&a%62=2&X-Amz-Date=now")
    #expect(try target.parameter("a") == "1")
    #expect(try target.parameter("b") == "/")
    #expect(try target.parameter("c") == "")
    #expect(try target.parameter("d") == "")
    #expect(try target.parameter("e") == "f=g")
    #expect(try target.parameter("ab") == nil)
    #expect(try target.parameter("z") == nil)
  }

  @Test func `twice the same parameter is refused, twice a stranger is not`() throws {
    let target = try RequestTarget("/x?a=1&a=1&b=2")
    #expect(throws: AWSError.self) { try target.parameter("a") }
    #expect(try target.parameter("b") == "2")
  }

  @Test(arguments: [("true", true), ("false", false)])
  func `flags are AWS's words`(text: String, value: Bool) throws {
    #expect(try RequestTarget("/x?f=\(text)").flag("f") == value)
    #expect(try RequestTarget("/x").flag("f") == nil)
  }

  @Test(arguments: ["True", "TRUE", "1", "yes", "", "true%20"])
  func `other words are no flags`(text: String) throws {
    let target = try RequestTarget("/x?f=\(text)")
    #expect(throws: AWSError.self) { try target.flag("f") }
  }

  @Test(arguments: [("0", Int64(0)), ("-5", -5), ("9223372036854775807", Int64.max)])
  func `integers have 64 bits`(text: String, value: Int64) throws {
    #expect(try RequestTarget("/x?n=\(text)").integer("n") == value)
  }

  @Test(arguments: ["", "+1", "1.0", "1e3", "9223372036854775808", "0x1", "%201", "١"])
  func `what is no integer is refused`(text: String) throws {
    let encoded = text == "١" ? "%D9%A1" : text
    let target = try RequestTarget("/x?n=\(encoded)")
    #expect(throws: AWSError.self) { try target.integer("n") }
  }

  @Test(arguments: [
    (HTTPMethod.GET, "/things/t/jobs", JobsOperation?.some(.getPending)),
    (.GET, "/things/t/jobs/j", .describe), (.GET, "/things/t/jobs/%24next", .describe),
    (.GET, "/things/t/jobs/$next", .describe), (.POST, "/things/t/jobs/j", .update),
    (.PUT, "/things/t/jobs/$next", .startNext), (.PUT, "/things/t/jobs/%24next", .startNext),
    (.PUT, "/things/t/jobs/%24n%65xt", .startNext), (.GET, "/things//jobs/", .describe),
    (.PUT, "/things/t/jobs/j", nil), (.POST, "/things/t/jobs", nil), (.GET, "/things/t", nil),
    (.GET, "/thing/t/jobs", nil), (.GET, "/things/t/job", nil), (.GET, "/things/t/jobs/j/x", nil),
    (.DELETE, "/things/t/jobs/j", nil), (.HEAD, "/things/t/jobs", nil), (.GET, "/", nil),
  ])
  func `a method and a path name an operation`(
    method: HTTPMethod, path: String, operation: JobsOperation?
  ) throws {
    #expect(JobsOperation(method: method, target: try RequestTarget(path)) == operation)
  }

  @Test(arguments: [
    (HTTPMethod.PUT, "/jobs/j", ControlPlaneOperation?.some(.createJob)),
    (.GET, "/jobs/j", .describeJob),
    (.DELETE, "/jobs/j", .deleteJob), (.GET, "/jobs", .listJobs),
    (.PUT, "/jobs/j/cancel", .cancelJob),
    (.GET, "/jobs/j/things", .listJobExecutionsForJob),
    (.GET, "/jobs/j/job-document", .getJobDocument),
    (.GET, "/things/t/jobs", .listJobExecutionsForThing),
    (.GET, "/things/t/jobs/j", .describeJobExecution),
    (.PUT, "/things/t/jobs/j/cancel", .cancelJobExecution),
    (.DELETE, "/things/t/jobs/j/executionNumber/1", .deleteJobExecution),
    (.POST, "/jobs/j", nil), (.GET, "/jobs/j/cancel", nil), (.PUT, "/things/t/jobs/j", nil),
    (.DELETE, "/things/t/jobs/j/executionNumber", nil), (.GET, "/jobs/j/things/t", nil),
    (.DELETE, "/things/t/jobs/j", nil), (.GET, "/", nil), (.GET, "/things", nil),
  ])
  func `a method and a path name an operation of the control plane`(
    method: HTTPMethod, path: String, operation: ControlPlaneOperation?
  ) throws {
    #expect(ControlPlaneOperation(method: method, target: try RequestTarget(path)) == operation)
  }
}
