// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import CryptoEngine
import GatewayTestKit
import JobsAPI
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import Testing
import Transport

@testable import Upstream

/// What was seen on the way of calls, and whether it was seen in the right loop.
final class Witness: UpstreamObserver, CredentialProvider {
  struct Attempt: Equatable {
    var operation: JobsOperation
    var httpStatus: Int?
    var errorName: String?
  }

  private let loop: any EventLoop
  private let attempts = Mutex<[Attempt]>([])
  private let corrections = Mutex<[Int64]>([])
  private let rejections = Mutex<[Credential]>([])
  /// Whether there is another credential when the first one was rejected.
  private let spare: Credential?
  private let strays = Atomic<Int>(0)

  init(_ loop: any EventLoop, spare: Credential? = nil) {
    self.loop = loop
    self.spare = spare
  }

  var clockCorrections: [Int64] { self.corrections.withLock { $0 } }
  var rejected: [Credential] { self.rejections.withLock { $0 } }

  var seen: [Attempt] { self.attempts.withLock { $0 } }
  var timesOutsideOfLoop: Int { self.strays.load(ordering: .sequentiallyConsistent) }

  func look() {
    if !self.loop.inEventLoop {
      self.strays.add(1, ordering: .sequentiallyConsistent)
    }
  }

  func attemptEnded(
    operation: JobsOperation, httpStatus: Int?, errorName: String?, duration: Duration
  ) {
    self.look()
    self.attempts.withLock {
      $0.append(Attempt(operation: operation, httpStatus: httpStatus, errorName: errorName))
    }
  }

  func credential() async throws(CredentialError) -> Credential {
    self.look()
    if let spare, !self.rejected.isEmpty { return spare }
    return Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token")
  }

  func rejected(_ credential: Credential) {
    self.look()
    self.rejections.withLock { $0.append(credential) }
  }

  func clockCorrected(bySeconds seconds: Int64) {
    self.look()
    self.corrections.withLock { $0.append(seconds) }
  }
}

/// A server, a loop, and the backend of that loop.
struct Bench {
  let server: ScriptedServer
  let caller: LoopCaller
  let jobs: SignedJobs
  let witness: Witness
  private let registry = MetricsRegistry()

  init(
    host: String = "127.0.0.1", secure: (server: TLSServerContext, client: OutboundSecurity)? = nil,
    spare: Credential? = nil,
    configure: (inout UpstreamConfiguration) -> Void = { _ in },
    react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    self.server = try await ScriptedServer.start(
      on: group.next(), security: secure?.server, react: react)
    let loop = group.next()
    self.caller = LoopCaller(loop: loop)
    let witness = Witness(loop, spare: spare)
    self.witness = witness
    let endpoint = try #require(
      HTTPURL("http\(secure == nil ? "" : "s")://\(host):\(self.server.port)"))
    var configuration = UpstreamConfiguration(endpoint: endpoint, region: "us-east-1")
    configure(&configuration)
    self.jobs = try SignedJobs(
      on: loop, configuration,
      connector: OutboundConnector(
        host: endpoint.host, port: endpoint.port, security: secure?.client),
      credentials: witness, observer: witness,
      clock: WallClock {
        witness.look()
        return 1_767_323_045
      },
      poolMetrics: PoolMetrics(registry: self.registry))
  }

  /// The sum of a counter's samples, or of one of them.
  func metric(_ name: String) -> Int {
    String(decoding: self.registry.exposition(), as: UTF8.self).split(separator: "\n")
      .filter { $0.hasPrefix("iot_jobs_gateway_upstream_" + name) }
      .reduce(0) { $0 + ($1.split(separator: " ").last.flatMap { Int($0) } ?? 0) }
  }

  /// Connections that were made and are not closed; exactly those that the pool knows of.
  var openConnections: Int {
    self.metric("connections_opened_total") - self.metric("connections_closed_total")
  }

  /// Waits until no call holds or awaits a connection.
  func settled() async {
    let gauges = self.jobs.gauges
    await self.until {
      gauges.active.value == 0 && gauges.connecting.value == 0 && gauges.waiting.value == 0
        && Int(gauges.idle.value) == self.openConnections
    }
  }

  func describe(
    _ context: CallContext = CallContext(requestID: "r")
  ) async -> Result<JobsReply<JobExecution?>, JobsFailure> {
    await self.timedDescribe(context).timeless()
  }

  /// As ``describe(_:)``, with the times that it took.
  func timedDescribe(
    _ context: CallContext = CallContext(requestID: "r")
  ) async -> Result<JobsReply<JobExecution?>, JobsFailure> {
    let jobs = self.jobs
    return await self.caller.run {
      do throws(JobsFailure) {
        return .success(
          try await jobs.describe(DescribeJobExecution(thingName: "t", jobID: "j"), in: context))
      } catch {
        return .failure(error)
      }
    }
  }

  func update(
    _ context: CallContext = CallContext(requestID: "r")
  ) async -> Result<JobsReply<UpdatedJobExecution>, JobsFailure> {
    let jobs = self.jobs
    let result: Result<JobsReply<UpdatedJobExecution>, JobsFailure> = await self.caller.run {
      do throws(JobsFailure) {
        return .success(
          try await jobs.update(
            UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded), in: context))
      } catch {
        return .failure(error)
      }
    }
    return result.timeless()
  }

  func startNext() async -> Result<JobsReply<JobExecution?>, JobsFailure> {
    let jobs = self.jobs
    let result: Result<JobsReply<JobExecution?>, JobsFailure> = await self.caller.run {
      do throws(JobsFailure) {
        return .success(
          try await jobs.startNext(
            StartNextPendingJobExecution(thingName: "t"), in: CallContext(requestID: "r")))
      } catch {
        return .failure(error)
      }
    }
    return result.timeless()
  }

  /// Waits for something that another thread will surely bring about. The suite's time limit ends
  /// what waits in vain.
  func until(_ condition: () -> Bool) async {
    while !condition() {
      _ = try? await self.caller.loop.scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
    }
  }
}

extension Result {
  var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}

func failure(_ cause: JobsFailure.Cause, attempts: Int) -> JobsFailure {
  JobsFailure(cause, trace: UpstreamTrace(attempts: attempts))
}
