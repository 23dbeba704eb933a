// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The four operations over a connection to a gateway.
package struct JobsDataPlaneClient: Sendable {
  private static let service = "/iot.jobs.dataplane.v1.JobsDataPlaneService/"

  private let connection: GatewayConnection
  private let options: RequestOptions

  package init(_ connection: GatewayConnection, _ options: RequestOptions = RequestOptions()) {
    self.connection = connection
    self.options = options
  }

  /// Nil: nothing is pending, for `$next`.
  package func describe(
    _ call: DescribeJobExecution
  ) async throws(CallFailure) -> ClientReply<JobExecution?> {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    return try await self.ask(.describe, message) { wire throws(WireError) in
      try WireResponse.describe(wire: wire)
    }
  }

  package func getPending(
    _ call: GetPendingJobExecutions
  ) async throws(CallFailure) -> ClientReply<PendingJobExecutions> {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    return try await self.ask(.getPending, message) { wire throws(WireError) in
      try WireResponse.getPending(wire: wire)
    }
  }

  /// Nil: nothing is pending.
  package func startNext(
    _ call: StartNextPendingJobExecution
  ) async throws(CallFailure) -> ClientReply<JobExecution?> {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    return try await self.ask(.startNext, message) { wire throws(WireError) in
      try WireResponse.startNext(wire: wire)
    }
  }

  package func update(
    _ call: UpdateJobExecution
  ) async throws(CallFailure) -> ClientReply<UpdatedJobExecution> {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    return try await self.ask(.update, message) { wire throws(WireError) in
      try WireResponse.update(wire: wire)
    }
  }

  private func ask<Value: Sendable>(
    _ operation: JobsOperation, _ message: [UInt8],
    _ read: (Span<UInt8>) throws(WireError) -> Value
  ) async throws(CallFailure) -> ClientReply<Value> {
    let path = Self.service + operation.rawValue
    let reply = try await self.connection.unary(path, message, self.options)
    do throws(WireError) {
      return ClientReply(
        value: try read(reply.message.span), head: reply.head, trailers: reply.trailers)
    } catch {
      throw .malformed("the answer to \(operation.rawValue) cannot be read")
    }
  }
}

/// An answer with what the gateway tells of how it was come by.
package struct ClientReply<Value: Sendable>: Sendable {
  package var value: Value
  private let head: ResponseMetadata
  private let trailers: ResponseMetadata

  init(value: Value, head: ResponseMetadata, trailers: ResponseMetadata) {
    self.value = value
    self.head = head
    self.trailers = trailers
  }

  /// The gateway's id of the call.
  package var requestID: String? { self.head["x-request-id"] }
  /// AWS's id of the last attempt; nil if AWS was not asked.
  package var awsRequestID: String? { self.trailers["x-amzn-requestid"] }
  /// `hit`, `miss`, `stale`, `coalesced` or `bypass`; nil for what is not cached.
  package var cache: String? { self.head["x-cache"] }
  /// Attempts upstream; nil if AWS was not asked.
  package var attempts: Int? { self.trailers["x-gateway-attempts"].flatMap { Int($0) } }
}
