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
  /// The path in wire form: UTF-8, percent-encoded once.
  package var path: String
  /// The query in wire form, without its question mark; empty if there is none.
  package var query: String
  /// JSON, or nil for a request without a body.
  package var body: [UInt8]?

  /// The path with the query, as it stands in the request line.
  package var target: String {
    self.query.isEmpty ? self.path : "\(self.path)?\(self.query)"
  }

  init(_ method: Method, path: String, query: String = "", body: [UInt8]? = nil) {
    self.method = method
    self.path = path
    self.query = query
    self.body = body
  }

  /// `/things/{thingName}/jobs`.
  fileprivate static func jobsPath(of thingName: String) -> String {
    var path = "/things/"
    path.reserveCapacity(32 + thingName.utf8.count)
    path.appendLabel(thingName)
    path += "/jobs"
    return path
  }

  /// `/things/{thingName}/jobs/{jobId}`.
  fileprivate static func jobPath(thing thingName: String, job jobID: String) -> String {
    var path = self.jobsPath(of: thingName)
    path += "/"
    path.appendLabel(jobID)
    return path
  }
}

extension DescribeJobExecution {
  /// `GET /things/{thingName}/jobs/{jobId}`. Members that were not given are left to AWS.
  package var restRequest: RESTRequest {
    var parameters: [String] = []
    if let include = self.includeJobDocument { parameters.append("includeJobDocument=\(include)") }
    if let number = self.executionNumber { parameters.append("executionNumber=\(number)") }
    return RESTRequest(
      .get, path: RESTRequest.jobPath(thing: self.thingName, job: self.jobID),
      query: parameters.joined(separator: "&"))
  }
}

extension GetPendingJobExecutions {
  /// `GET /things/{thingName}/jobs`.
  package var restRequest: RESTRequest {
    RESTRequest(.get, path: RESTRequest.jobsPath(of: self.thingName))
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
    return RESTRequest(
      .put, path: RESTRequest.jobsPath(of: self.thingName) + "/$next", body: json.bytes)
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
    return RESTRequest(
      .post, path: RESTRequest.jobPath(thing: self.thingName, job: self.jobID), body: json.bytes)
  }
}

extension String {
  /// Appends a path label: all but RFC 3986's unreserved characters percent-encoded, in upper case.
  fileprivate mutating func appendLabel(_ label: String) {
    if label.utf8.allSatisfy(Self.isUnreserved) { return self += label }
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    for byte in label.utf8 {
      if Self.isUnreserved(byte) {
        self.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        self.unicodeScalars.append("%")
        self.unicodeScalars.append(digits[Int(byte >> 4)])
        self.unicodeScalars.append(digits[Int(byte & 0xF)])
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
}
