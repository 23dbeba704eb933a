// SPDX-License-Identifier: Apache-2.0

/// REST/ knows AWS's REST-JSON form of the four operations, both ways: paths, queries, member
/// names, error names. It knows no socket, no signature and no header that it does not read.

/// A request of the IoT Jobs Data Plane, ready to be signed and sent.
///
/// A request with a body also needs `Content-Type: application/json` and a `Content-Length`; one
/// without has neither. Source: IoT Jobs Data Plane API, 2017-09-29, and AWS's restJson1 protocol.
package struct RESTRequest: Equatable, Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
  }

  package var method: Method
  /// Path and query as they stand in the request line: UTF-8, percent-encoded once.
  package var target: String
  /// JSON, or nil for a request without a body.
  package var body: [UInt8]?

  fileprivate init(_ method: Method, _ target: RESTTarget, body: [UInt8]? = nil) {
    self.method = method
    self.target = String(decoding: target.bytes, as: UTF8.self)
    self.body = body
  }
}

extension DescribeJobExecution {
  /// `GET /things/{thingName}/jobs/{jobId}`. Members that were not given are left to AWS.
  package var restRequest: RESTRequest {
    var target = RESTTarget(jobsOf: self.thingName)
    target.append("/")
    target.append(label: self.jobID)
    var separator = "?"
    if let include = self.includeJobDocument {
      target.append(separator, include ? "includeJobDocument=true" : "includeJobDocument=false")
      separator = "&"
    }
    if let number = self.executionNumber {
      target.append(separator, "executionNumber=", String(number))
    }
    return RESTRequest(.get, target)
  }
}

extension GetPendingJobExecutions {
  /// `GET /things/{thingName}/jobs`.
  package var restRequest: RESTRequest {
    RESTRequest(.get, RESTTarget(jobsOf: self.thingName))
  }
}

extension StartNextPendingJobExecution {
  /// `PUT /things/{thingName}/jobs/$next`. Here `$next` belongs to the template and goes out raw,
  /// unlike a job id of that text. The body is sent even if it is empty.
  package var restRequest: RESTRequest {
    var json = JSONWriter()
    json.object { json in
      if let details = self.statusDetails {
        json.member("statusDetails", object: details.writeMembers)
      }
      json.member("stepTimeoutInMinutes", self.stepTimeoutMinutes)
    }
    var target = RESTTarget(jobsOf: self.thingName)
    target.append("/$next")
    return RESTRequest(.put, target, body: json.bytes)
  }
}

extension UpdateJobExecution {
  /// `POST /things/{thingName}/jobs/{jobId}`. Members that were not given are left to AWS.
  package var restRequest: RESTRequest {
    var json = JSONWriter()
    json.object { json in
      json.member("status", self.status.awsWord)
      if let details = self.statusDetails {
        json.member("statusDetails", object: details.writeMembers)
      }
      json.member("stepTimeoutInMinutes", self.stepTimeoutMinutes)
      json.member("expectedVersion", self.expectedVersion)
      json.member("includeJobExecutionState", self.includeJobExecutionState)
      json.member("includeJobDocument", self.includeJobDocument)
      json.member("executionNumber", self.executionNumber)
    }
    var target = RESTTarget(jobsOf: self.thingName)
    target.append("/")
    target.append(label: self.jobID)
    return RESTRequest(.post, target, body: json.bytes)
  }
}

/// A request target while it is put together.
private struct RESTTarget {
  private(set) var bytes: [UInt8] = []

  /// `/things/{thingName}/jobs`, with room for what all of our calls append.
  init(jobsOf thingName: String) {
    self.bytes.reserveCapacity(128 + thingName.utf8.count)
    self.append("/things/")
    self.append(label: thingName)
    self.append("/jobs")
  }

  mutating func append(_ parts: String...) {
    for part in parts { self.bytes.append(contentsOf: part.utf8) }
  }

  /// Appends a path label: all but RFC 3986's unreserved characters percent-encoded, in upper case.
  mutating func append(label: String) {
    for byte in label.utf8 {
      if Self.isUnreserved(byte) {
        self.bytes.append(byte)
      } else {
        self.bytes.append(UInt8(ascii: "%"))
        self.bytes.append(Self.hexDigit(byte >> 4))
        self.bytes.append(Self.hexDigit(byte & 0xF))
      }
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
