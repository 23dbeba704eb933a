// SPDX-License-Identifier: Apache-2.0

// EmulatorServer knows how AWS's two planes are played on one address: what is counted, what goes
// wrong on demand, the console. AWS's wire form is RESTServer's; what jobs are is behind JobsBackend
// and JobsControlPlane, and the emulator that keeps them is not known here.

package import AWSSigning
package import JobsAPI
package import NIOCore
package import RESTServer
package import Transport

/// How the emulator's server is set up.
package struct EmulatorServerConfiguration: Sendable {
  package var address: ListenAddress
  package var authentication: AuthenticationPolicy
  /// Where errors carry their name.
  package var errorForm = AWSError.Form.header
  /// Faults from the start; the console can change them.
  package var faults = FaultPlan.none
  /// Lets the console be served to other machines too. It can stop the emulator from working, no
  /// more; still, it is nobody else's business.
  package var consoleOffLoopback = false
  /// Given when the emulator runs on a clock that can be moved.
  package var clock: EmulatorConsoleClock?
  package var limits = ListenerLimits()

  package init(address: ListenAddress, authentication: AuthenticationPolicy) {
    self.address = address
    self.authentication = authentication
  }
}

/// Why the emulator's server is not there: our doing, or the system's.
package enum EmulatorServerError: Error, Equatable, Sendable {
  case listening(ListenError)
  case signing(SigningError)
}

/// AWS's two planes on one address: any backend and any control plane, behind signatures, faults on
/// demand and the console.
package final class EmulatorServer: Sendable {
  private let listener: Listener
  package let faults: FaultDesk
  package let ledger: RequestLedger

  private init(listener: Listener, faults: FaultDesk, ledger: RequestLedger) {
    self.listener = listener
    self.faults = faults
    self.ledger = ledger
  }

  /// Where it really listens.
  package var address: ListenAddress { self.listener.address }

  package var openConnections: Int { self.listener.openConnections }

  /// Binds, and serves until ``shutdown(grace:)``.
  package static func start<Backend: JobsBackend, Control: JobsControlPlane>(
    _ configuration: EmulatorServerConfiguration, backend: Backend, controlPlane: Control,
    on group: any EventLoopGroup
  ) async throws(EmulatorServerError) -> EmulatorServer {
    let faults = FaultDesk(configuration.faults)
    let ledger = RequestLedger()
    let showsConsole = configuration.address.isLoopback || configuration.consoleOffLoopback
    let console =
      showsConsole
      ? EmulatorConsole(faults: faults, ledger: ledger, clock: configuration.clock) : nil
    do {
      let listener = try await HTTP1Server.listen(
        to: configuration.address, on: group, limits: configuration.limits,
        connectionAccepted: ledger.connectionAccepted
      ) { _ in
        EmulatorResponder(
          console: console, faults: faults, ledger: ledger,
          authentication: try Authentication(configuration.authentication),
          dataPlane: DataPlaneRoutes(backend), controlPlane: ControlPlaneRoutes(controlPlane),
          errorForm: configuration.errorForm)
      }
      return EmulatorServer(listener: listener, faults: faults, ledger: ledger)
    } catch let error as SigningError {
      throw .signing(error)
    } catch let error as ListenError {
      throw .listening(error)
    } catch {
      throw .listening(
        .bindFailed(address: configuration.address, reason: String(describing: error)))
    }
  }

  /// Accepts nothing more, lets what runs finish, and closes hard what is left after `grace`.
  /// - Returns: The connections that were closed hard.
  @discardableResult
  package func shutdown(grace: TimeAmount = .seconds(10)) async -> Int {
    await self.listener.drain(grace: grace)
  }
}
