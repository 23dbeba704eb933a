// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The methods that last, over a connection to a gateway.
package struct JobsWatchClient: Sendable {
  private static let service = "/iot.jobs.dataplane.v1.JobsWatchService/"

  private let connection: GatewayConnection
  private let options: RequestOptions

  package init(_ connection: GatewayConnection, _ options: RequestOptions = RequestOptions()) {
    self.connection = connection
    self.options = options
  }

  /// Begins to watch. What is wrong with the request is said with the first news.
  package func watch(_ call: WatchPendingJobExecutions) async -> PendingWatch {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    let path = Self.service + "WatchPendingJobExecutions"
    return PendingWatch(await self.connection.open(path, message, self.options))
  }

  /// Waits until an execution has come so far.
  package func wait(
    _ call: WaitForJobExecution
  ) async throws(CallFailure) -> ClientReply<AwaitedExecution> {
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    let path = Self.service + "WaitForJobExecution"
    let reply = try await self.connection.unary(path, message, self.options)
    do throws(WireError) {
      return ClientReply(
        value: try WireResponse.awaited(wire: reply.message.span), head: reply.head,
        trailers: reply.trailers)
    } catch {
      throw .malformed("the answer to WaitForJobExecution cannot be read")
    }
  }
}

/// A watch that is open. It is given up when nobody holds it any more.
package struct PendingWatch: Sendable {
  private let call: GatewayCall

  fileprivate init(_ call: GatewayCall) {
    self.call = call
  }

  /// What comes next. One task at a time may wait for it; what nobody takes makes the gateway wait,
  /// which then tells the latest state.
  package func next() async throws(CallFailure) -> WatchedNews {
    while true {
      switch try await self.call.next() {
      case .head: continue
      case .message(let message):
        do throws(WireError) {
          return try WireResponse.watched(wire: message.span)
        } catch {
          throw .malformed("the news of WatchPendingJobExecutions cannot be read")
        }
      case .end: throw .malformed("a watch ends with a failure alone")
      }
    }
  }
}
