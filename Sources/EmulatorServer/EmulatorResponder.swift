// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOHTTP1
import RESTServer

/// One event loop's door to the emulator. A request passes, in this order: the console, the count,
/// the fault that is due, the signature, the operation.
struct EmulatorResponder<Backend: JobsBackend, Control: JobsControlPlane>: RequestResponder {
  let console: EmulatorConsole?
  let faults: FaultDesk
  let ledger: RequestLedger
  let authentication: Authentication
  let dataPlane: DataPlaneRoutes<Backend>
  let controlPlane: ControlPlaneRoutes<Control>
  let errorForm: AWSError.Form

  func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
    if let console = self.console, request.target.utf8.starts(with: EmulatorConsole.prefix.utf8) {
      return console.respond(to: request)
    }
    do throws(AWSError) {
      let target = try RequestTarget(request.target)
      let operation = ServedOperation(
        method: request.method, target: target, signedFor: request.claimedService)
      self.ledger.received(operation)
      let fault = try self.fault(for: request, operation)
      if fault.latencyMilliseconds > 0 { await Self.wait(fault.latencyMilliseconds, on: loop) }
      guard let outcome = fault.outcome else {
        return await self.carryOut(operation, request, target)
      }
      return await self.suffer(outcome) { await self.carryOut(operation, request, target) }
    } catch {
      return error.response(form: self.errorForm)
    }
  }

  /// The request's own fault if it brings one, else the plan's.
  private func fault(
    for request: ServerRequest, _ operation: ServedOperation?
  ) throws(AWSError) -> Fault {
    guard let text = request.headers.first(name: "x-emulator-fault") else {
      return self.faults.decide(for: operation)
    }
    do {
      return try Fault(text: text)
    } catch {
      throw .invalidRequest("x-emulator-fault: \(error.message)")
    }
  }

  private func carryOut(
    _ operation: ServedOperation?, _ request: ServerRequest, _ target: RequestTarget
  ) async -> ServerResponse {
    do throws(AWSError) {
      guard let operation else { throw .unknownOperation }
      try self.authentication.admit(request, for: operation)
      let response = await self.call(operation, request, target)
      self.ledger.carriedOut(operation, succeeded: response.status == 200)
      return response
    } catch {
      return error.response(form: self.errorForm)
    }
  }

  private func call(
    _ operation: ServedOperation, _ request: ServerRequest, _ target: RequestTarget
  ) async -> ServerResponse {
    do throws(AWSError) {
      switch operation {
      case .dataPlane(let operation):
        return try await self.dataPlane.respond(to: request, target: target, operation: operation)
      case .controlPlane(let operation):
        return try await self.controlPlane.respond(
          to: request, target: target, operation: operation)
      }
    } catch {
      return error.response(form: self.errorForm)
    }
  }

  private func suffer(
    _ outcome: Fault.Outcome, carryingOut call: () async -> ServerResponse
  ) async -> ServerResponse {
    switch outcome {
    case .refuse(let error, let moment):
      if moment == .after { _ = await call() }
      return error.response(form: self.errorForm)
    case .drop(let moment):
      var response = ServerResponse(status: 200)
      if moment == .after { response = await call() }
      response.delivery = .dropped
      return response
    case .truncate:
      var response = await call()
      response.delivery = .truncated(bodyBytes: response.body.count / 2)
      return response
    case .body(let body, let moment):
      if moment == .after { _ = await call() }
      return body.response
    }
  }

  /// Not cut short when the peer goes away: a slow service carries out what it was sent.
  private static func wait(_ milliseconds: Int64, on loop: any EventLoop) async {
    // The timer is never cancelled, so this fails only in a loop that is shut down.
    try? await loop.scheduleTask(in: .milliseconds(milliseconds)) {}.futureResult.get()
  }
}
