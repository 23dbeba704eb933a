// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOHTTP1
import RESTServer

/// The paths under `/_emulator/`, by which a test steers the emulator from outside. They are no part
/// of AWS's surface, ask for no signature and are served on loopback only.
///
///     GET    /_emulator/faults      the fault plan, and how many of its list are still to come
///     PUT    /_emulator/faults      puts a plan in force (see FaultPlan+JSON.swift)
///     DELETE /_emulator/faults      nothing goes wrong any more
///     GET    /_emulator/requests    connections accepted, and calls by operation
///     DELETE /_emulator/requests    counts from zero
///     GET    /_emulator/clock       {"nowSeconds": N}
///     POST   /_emulator/clock       {"advanceSeconds": N} moves a manual clock
struct EmulatorConsole: Sendable {
  static let prefix = "/_emulator/"

  let faults: FaultDesk
  let ledger: RequestLedger
  let clock: EmulatorConsoleClock?

  func respond(to request: ServerRequest) -> ServerResponse {
    do throws(AWSError) {
      let path = request.target.dropFirst(Self.prefix.count)
      switch (request.method, path) {
      case (.GET, "faults"): return self.showFaults()
      case (.PUT, "faults"): return try self.replaceFaults(request)
      case (.DELETE, "faults"):
        self.faults.replace(with: .none)
        return self.showFaults()
      case (.GET, "requests"): return Self.object(self.ledger.writeMembers)
      case (.DELETE, "requests"):
        self.ledger.reset()
        return Self.object(self.ledger.writeMembers)
      case (.GET, "clock"): return try self.showClock()
      case (.POST, "clock"): return try self.advanceClock(request)
      default: throw .unknownOperation
      }
    } catch {
      return error.response(form: .header)
    }
  }

  private func showFaults() -> ServerResponse {
    let (plan, pending) = self.faults.current
    return Self.object { json in
      plan.writeMembers(into: &json)
      json.member("pendingNext", Int64(pending))
    }
  }

  private func replaceFaults(_ request: ServerRequest) throws(AWSError) -> ServerResponse {
    guard let json = try? JSONValue(parsing: request.body.readableBytesUInt8Span) else {
      throw .invalidRequest("A plan is a JSON object.")
    }
    do {
      self.faults.replace(with: try FaultPlan(json: json))
    } catch {
      throw .invalidRequest(error.message)
    }
    return self.showFaults()
  }

  private func showClock() throws(AWSError) -> ServerResponse {
    guard let clock = self.clock else { throw .noManualClock }
    return Self.object { $0.member("nowSeconds", clock.nowSeconds()) }
  }

  private func advanceClock(_ request: ServerRequest) throws(AWSError) -> ServerResponse {
    guard let clock = self.clock else { throw .noManualClock }
    let seconds = try RequestBody(request).number("advanceSeconds")
    // A hundred years: far enough for any timer, and sums stay within 64 bits.
    guard let seconds, 0...3_155_760_000 ~= seconds else {
      throw .invalidRequest("advanceSeconds is a number from 0 to 3155760000.")
    }
    clock.advance(seconds)
    return try self.showClock()
  }

  private static func object(_ body: (inout JSONWriter) -> Void) -> ServerResponse {
    var json = JSONWriter()
    json.object(body)
    return ServerResponse(status: 200, body: json.bytes)
  }
}

/// A clock that the console can move. The emulator's own type is not known here.
package struct EmulatorConsoleClock: Sendable {
  let nowSeconds: @Sendable () -> Int64
  let advance: @Sendable (_ seconds: Int64) -> Void

  package init(
    nowSeconds: @escaping @Sendable () -> Int64,
    advance: @escaping @Sendable (_ seconds: Int64) -> Void
  ) {
    self.nowSeconds = nowSeconds
    self.advance = advance
  }
}

extension AWSError {
  fileprivate static let noManualClock = AWSError(
    409, "InvalidStateTransitionException", "The emulator runs on the system's clock.")
}
