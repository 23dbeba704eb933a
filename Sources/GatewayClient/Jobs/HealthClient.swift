// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import StandardServices

/// `grpc.health.v1` over a connection to a gateway (health-checking.md of grpc/grpc).
package struct HealthClient: Sendable {
  private let connection: GatewayConnection
  private let options: RequestOptions

  package init(_ connection: GatewayConnection, _ options: RequestOptions = RequestOptions()) {
    self.connection = connection
    self.options = options
  }

  /// Asks once.
  ///
  /// - Parameter service: empty for the server as a whole.
  /// - Returns: `serviceUnknown` for a service that the server does not know.
  package func check(_ service: String) async throws(CallFailure) -> ServingStatus {
    var message: [UInt8] = []
    HealthMessages.append(checkOf: service, to: &message)
    let answer: [UInt8]
    do throws(CallFailure) {
      answer = try await self.connection.unary(
        "/grpc.health.v1.Health/Check", message, self.options
      ).message
    } catch {
      if case .refused(let end) = error, end.status.code == .notFound { return .serviceUnknown }
      throw error
    }
    do throws(ProtobufError) {
      // UNKNOWN, or what later versions add, is not serving.
      return try HealthMessages.status(of: answer) ?? .notServing
    } catch {
      throw .malformed("the answer of the health check cannot be read")
    }
  }
}
