// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient
import NIOCore
import NIOPosix

/// One question to a gateway: connect, ask, close.
struct ClientRun {
  var reach: ClientReach
  /// Bounds all of it, the connection included.
  var timeout: Duration

  /// - Returns: the answer with the time that it took, or why there is none.
  func ask<Answer: Sendable>(
    _ question: (GatewayConnection, RequestOptions) async throws(CallFailure) -> Answer
  ) async throws -> (result: Result<Answer, CallFailure>, took: Duration) {
    let began = ContinuousClock.now
    let connector: GatewayConnector
    do throws(ClientFault) {
      connector = try self.reach.connector(timeout: self.timeout)
    } catch {
      StandardError.write("error: \(error.words)\n")
      throw ExitCode(error.exitCode)
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result = await self.ask(question, connector, on: group.next(), since: began)
    let took = began.duration(to: .now)
    try await group.shutdownGracefully()
    return (result, took)
  }

  private func ask<Answer: Sendable>(
    _ question: (GatewayConnection, RequestOptions) async throws(CallFailure) -> Answer,
    _ connector: GatewayConnector, on loop: any EventLoop, since began: ContinuousClock.Instant
  ) async -> Result<Answer, CallFailure> {
    do throws(CallFailure) {
      let connection = try await connector.connect(on: loop)
      let left = self.timeout - began.duration(to: .now)
      let result: Result<Answer, CallFailure>
      do throws(CallFailure) {
        result = .success(try await question(connection, self.reach.options(timeout: left)))
      } catch {
        result = .failure(error)
      }
      await connection.close()
      return result
    } catch {
      return .failure(error)
    }
  }
}
