// SPDX-License-Identifier: Apache-2.0

/// The messages of grpc.health.v1.
package enum HealthMessages {
  /// The service that a `HealthCheckRequest` asks for; empty is the server as a whole.
  package static func service(of request: [UInt8]) throws(ProtobufError) -> String {
    var reader = ProtobufReader(request[...])
    var service = ""
    while let (field, value) = try reader.next() {
      if field == 1 { service = try value.text() }
    }
    return service
  }

  /// Checks a `HealthListRequest`, which has no fields.
  package static func checkList(_ request: [UInt8]) throws(ProtobufError) {
    var reader = ProtobufReader(request[...])
    while try reader.next() != nil {}
  }

  /// Appends a `HealthCheckResponse`.
  package static func append(_ status: ServingStatus, to message: inout [UInt8]) {
    ProtobufWriter.append(status.rawValue, as: 1, to: &message)
  }

  /// Appends a `HealthListResponse`.
  package static func append(
    _ statuses: [(service: String, status: ServingStatus)], to message: inout [UInt8]
  ) {
    for (service, status) in statuses {
      ProtobufWriter.append(as: 1, to: &message) { entry in
        ProtobufWriter.append(service, as: 1, to: &entry)
        ProtobufWriter.append(as: 2, to: &entry) { self.append(status, to: &$0) }
      }
    }
  }

  // MARK: The caller's side

  /// Appends a `HealthCheckRequest`.
  package static func append(checkOf service: String, to message: inout [UInt8]) {
    // The empty name is proto3's default, which is not written.
    if !service.isEmpty { ProtobufWriter.append(service, as: 1, to: &message) }
  }

  /// The status that a `HealthCheckResponse` tells; nil for one that is unknown here, or UNKNOWN.
  package static func status(of response: [UInt8]) throws(ProtobufError) -> ServingStatus? {
    var reader = ProtobufReader(response[...])
    var status: ServingStatus?
    while let (field, value) = try reader.next() {
      guard field == 1 else { continue }
      guard case .number(let number) = value else { throw .malformed }
      status = ServingStatus(rawValue: number)
    }
    return status
  }
}
