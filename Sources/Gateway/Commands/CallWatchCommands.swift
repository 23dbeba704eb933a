// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GRPCWire
import GatewayClient
import Glibc
import JobsAPI

/// Tells each change of what is pending, and comes back with its token when the gateway sends it away.
struct CallWatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Tell what is pending for things, and each change of it, until interrupted.",
    discussion: """
      The gateway polls AWS for all who watch; changes made elsewhere are told up to half a minute \
      later. When a gateway shuts down, or sends watchers away, this comes back to it, and misses \
      nothing that the gateway remembers. With --deadline it ends after that, with status 0.
      """)

  /// Between two attempts to come back.
  private static let pause: Duration = .seconds(1)

  @Argument(help: "The things.") var things: [String]
  @OptionGroup var reach: ReachOptions
  @Option(help: "End after so long, such as 10m; without it, never.")
  var deadline: DeadlineArgument?
  @Flag(help: "One JSON object on a line for each message, heartbeats included.") var json = false

  func run() async throws {
    let reach = try self.reach.reach()
    let end = self.deadline.map { ContinuousClock.now.advanced(by: $0.duration) }
    var call = WatchPendingJobExecutions(thingNames: self.things)
    while true {
      let left = end.map { $0 - .now } ?? .seconds(86_400)
      guard left > .zero else { return }
      let token = TokenHolder(call.resumeToken)
      let failure = try await self.watch(call, holding: token, over: reach, for: left)
      call.resumeToken = token.bytes
      if failure.isTimeUp { continue }
      guard failure.helpsToComeBack, token.isFresh else {
        let report = FailureReport(failure, isWrite: false, reach)
        let words = report.text(.of(STDERR_FILENO, Environment.variables))
        StandardError.write(self.json ? AskOptions.line(report.json) : words)
        throw ExitCode(report.exitCode)
      }
      try await Task.sleep(for: Self.pause)
    }
  }

  /// - Returns: Why the stream ended.
  private func watch(
    _ call: WatchPendingJobExecutions, holding token: TokenHolder, over reach: ClientReach,
    for timeout: Duration
  ) async throws -> CallFailure {
    let palette = Palette.of(STDOUT_FILENO, Environment.variables)
    let run = ClientRun(reach: reach, timeout: timeout)
    let (result, _) = try await run.ask { connection, options throws(CallFailure) in
      let watch = await JobsWatchClient(connection, options).watch(call)
      while true {
        let answer = try await watch.next()
        token.keep(answer.resumeToken)
        guard let news = answer.news else { continue }
        let answerText = AnswerText(palette: palette, now: Int64(time(nil)))
        let text = self.json ? AskOptions.line(news.json) : answerText.news(news)
        guard !text.isEmpty else { continue }
        do { try StandardOutput.deliver(text) } catch { return CallFailure.cancelled }
      }
    }
    switch result {
    case .success: throw ExitCode(74)
    case .failure(let failure): return failure
    }
  }
}

/// The last token that came, while one stream is open.
private final class TokenHolder {
  private(set) var bytes: [UInt8]
  /// Whether this stream has told anything.
  private(set) var isFresh = false

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func keep(_ bytes: [UInt8]) {
    self.bytes = bytes
    self.isFresh = true
  }
}

extension CallFailure {
  /// Both ends keep the time, and either may be the first to say that it is up.
  fileprivate var isTimeUp: Bool {
    switch self {
    case .deadlineExceeded: true
    case .refused(let end): end.status.code == .deadlineExceeded
    default: false
    }
  }

  /// Whether a watch that had begun may go on, on another connection.
  fileprivate var helpsToComeBack: Bool {
    switch self {
    case .refused(let end): end.status.code == .unavailable
    case .connectionEnded, .reset, .notTaken: true
    default: false
    }
  }
}

/// Waits until an execution has come so far.
struct CallWaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until an execution has ended, or is in a state or at a version.")

  @Argument(help: "The thing.") var thing: String
  @Argument(help: "The job.") var job: String
  @Option(
    name: .customLong("status"),
    help:
      "A state to wait for besides the end: queued or in-progress; may be given more than once.",
    completion: .list(["queued", "in-progress"]))
  var statuses: [PendingStatusArgument] = []
  @Option(help: "Wait for a version above this one.") var versionAbove: Int64?
  @Option(help: "The execution of that number; without it, the latest.")
  var executionNumber: Int64?
  @OptionGroup var options: AskOptions

  func run() async throws {
    var call = WaitForJobExecution(thingName: self.thing, jobID: self.job)
    call.statuses = self.statuses.map(\.status)
    call.versionAbove = self.versionAbove
    call.executionNumber = self.executionNumber
    let request = call
    try await self.options.tellOver(
      isWrite: false,
      ask: { connection, options throws(CallFailure) in
        try await JobsWatchClient(connection, options).wait(request)
      },
      json: { $0.json }, text: { $0.awaited($1, of: request.jobID) })
  }
}

/// A state that an execution leaves again, in AWS's word or in lower case with hyphens.
struct PendingStatusArgument: ExpressibleByArgument {
  var status: JobExecutionStatus

  init?(argument: String) {
    guard let status = JobExecutionStatus(argument: argument, among: [.queued, .inProgress]) else {
      return nil
    }
    self.status = status
  }
}

extension JobExecutionStatus {
  /// Reads AWS's word for a state, or the same in lower case with hyphens; nil for any other state
  /// than those allowed.
  init?(argument: String, among allowed: [JobExecutionStatus]) {
    let word = String(argument.uppercased().map { $0 == "-" ? "_" : $0 })
    guard let status = allowed.first(where: { $0.awsWord == word }) else { return nil }
    self = status
  }
}
