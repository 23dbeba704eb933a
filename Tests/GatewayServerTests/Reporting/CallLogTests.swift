// SPDX-License-Identifier: Apache-2.0

import Authorization
import Foundation
import GRPCWire
import JobsAPI
import Logging
import Telemetry
import Testing

@testable import GatewayServer

/// The lines themselves, as a reader of the log gets them.
@Suite struct CallLogTests {
  private let pipe = Pipe()
  private let start = ContinuousClock.now

  private func log(
    _ format: LogFormat = .text, share: Double = 1, perSecond: Int = 10, level: Logger.Level = .info
  ) -> CallLog {
    let sink = LogSink(descriptor: self.pipe.fileHandleForWriting.fileDescriptor)
    let logger = Logger(label: "serve") { label in
      StderrLogHandler(label: label, format: format, levels: LogLevels(level), sink: sink)
    }
    return CallLog(logger, share: share, failuresPerSecond: perSecond, seed: 1)
  }

  /// The lines so far, each without its time.
  private func lines() -> [String] {
    let descriptor = self.pipe.fileHandleForReading.fileDescriptor
    #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe bytes.withUnsafeMutableBytes { room in
      unsafe read(descriptor, room.baseAddress, room.count)
    }
    let time = #/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/#
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      .replacing(time, with: "TIME").split(separator: "\n").map(String.init)
  }

  private func report(
    _ call: JobsCall? = .describe(DescribeJobExecution(thingName: "lamp-1", jobID: "j1")),
    of method: CallMethod = .operation(.describe), failure: RPCFailure? = nil,
    trace: UpstreamTrace = UpstreamTrace(), after: Duration = .zero
  ) -> CallReport {
    let endedAt = self.start.advanced(by: after)
    return CallReport(
      method: method, context: CallContext(requestID: "req-7"), caller: .unknown, call: call,
      failure: failure, trace: trace, startedAt: endedAt.advanced(by: .microseconds(-12_345)),
      endedAt: endedAt)
  }

  /// With everything that a line can tell.
  private var fullReport: CallReport {
    var trace = UpstreamTrace(awsRequestID: "aws-1", attempts: 2, cache: CacheResult(.miss))
    trace.isReplayed = true
    for (index, stage) in StageTimes.Stage.allCases.enumerated() {
      trace.stages.add(.microseconds(1_001 * (index + 1)), to: stage)
    }
    var update = UpdateJobExecution(thingName: "lamp-1", jobID: "j1", status: .failed)
    update.statusDetails = StatusDetails([("password", "hunter2")])
    var report = self.report(.update(update), of: .operation(.update), trace: trace)
    report.caller = CallerIdentity(names: [.init(.spiffe, "spiffe://td/worker")])
    return report
  }

  @Test func `a line tells all that is known, and nothing that is secret`() {
    self.log(.json).ended(self.fullReport)
    self.log(.text).ended(self.fullReport)
    #expect(
      self.lines() == [
        #"{"time":"TIME","level":"info","logger":"serve","message":"call answered","#
          + #""attempts":"2","aws-request-id":"aws-1","backoff-ms":"6.006","cache":"miss","#
          + #""caller":"spiffe://td/worker","coalesced-ms":"7.007","first-byte-ms":"4.004","#
          + #""grpc-code":"OK","job":"j1","limiter-ms":"1.001","method":"UpdateJobExecution","#
          + #""queue-ms":"2.002","replayed":"true","request-id":"req-7","sign-ms":"3.003","#
          + #""thing":"lamp-1","total-ms":"12.345","transfer-ms":"5.005"}"#,
        #"TIME info call answered attempts="2" aws-request-id="aws-1" backoff-ms="6.006" "#
          + #"cache="miss" caller="spiffe://td/worker" coalesced-ms="7.007" "#
          + #"first-byte-ms="4.004" grpc-code="OK" job="j1" limiter-ms="1.001" "#
          + #"method="UpdateJobExecution" queue-ms="2.002" replayed="true" request-id="req-7" "#
          + #"sign-ms="3.003" thing="lamp-1" total-ms="12.345" transfer-ms="5.005""#,
      ])
  }

  @Test func `a line leaves out what is not known`() {
    let log = self.log()
    let failure = RPCFailure(.invalidArgument, .malformedRequest, message: "no request")
    log.ended(self.report(nil, of: .unknown, failure: failure))
    log.ended(self.report(nil, of: .standard(.healthCheck)))
    let startNext = StartNextPendingJobExecution(thingName: "a")
    log.ended(self.report(.startNext(startNext), of: .operation(.startNext)))
    #expect(
      self.lines() == [
        #"TIME info call failed error="no request" grpc-code="INVALID_ARGUMENT" method="unknown" "#
          + #"reason="MALFORMED_REQUEST" request-id="req-7" total-ms="12.345""#,
        #"TIME info call answered grpc-code="OK" method="Check" request-id="req-7" "#
          + #"total-ms="12.345""#,
        #"TIME info call answered grpc-code="OK" method="StartNextPendingJobExecution" "#
          + #"request-id="req-7" thing="a" total-ms="12.345""#,
      ])
  }

  @Test(arguments: LogFormat.allCases)
  func `whatever AWS and callers say, a line stays one line`(format: LogFormat) {
    let hostile = "\n{\"level\":\"critical\"}\r\u{1B}[31m\" thing=\"other\" \u{0}\u{7F}\u{9B}2J"
    var trace = UpstreamTrace(awsRequestID: hostile, attempts: 1)
    trace.awsRequestID = hostile
    var report = self.report(
      failure: RPCFailure(.unknown, .unknownAWSError, message: hostile), trace: trace)
    report.caller = CallerIdentity(names: [.init(.commonName, hostile)])
    self.log(format).ended(report)
    let lines = self.lines()
    #expect(lines.count == 1)
    let escaped =
      #"\n{\"level\":\"critical\"}\u000d\u001b[31m\" thing=\"other\" \u0000\u007f\u009b2J"#
    switch format {
    case .json:
      #expect(lines[0].contains(#""caller":"cn:\#(escaped)","error":"\#(escaped)","grpc-code""#))
    case .text:
      #expect(lines[0].contains(#" caller="cn:\#(escaped)" error="\#(escaped)" grpc-code="#))
    }
    #expect(!lines[0].contains("aws-request-id"))
  }

  @Test func `a line of the longest values keeps the short ones`() {
    let long = String(repeating: "\u{1}", count: 5_000)
    var report = self.report(
      failure: RPCFailure(.unavailable, .connection, message: long),
      trace: UpstreamTrace(awsRequestID: String(repeating: "a", count: 128), attempts: 1))
    report.caller = CallerIdentity(names: [.init(.spiffe, "spiffe://" + long)])
    report.context = CallContext(requestID: String(repeating: "r", count: 128))
    self.log(.json).ended(report)
    let line = self.lines()[0]
    for field in ["attempts", "grpc-code", "job", "method", "request-id", "thing", "total-ms"] {
      #expect(line.contains("\"\(field)\""), "\(field)")
    }
    #expect(line.hasSuffix("}"))
  }

  // MARK: Which calls have a line

  @Test func `without a share answers have no line, and failures have`() {
    let log = self.log(share: 0)
    log.ended(self.report())
    #expect(self.lines().isEmpty)
    log.ended(self.report(failure: RPCFailure(.notFound, .resourceNotFound, message: "gone")))
    #expect(
      self.lines() == [
        #"TIME info call failed error="gone" grpc-code="NOT_FOUND" job="j1" "#
          + #"method="DescribeJobExecution" reason="RESOURCE_NOT_FOUND" request-id="req-7" "#
          + #"thing="lamp-1" total-ms="12.345""#
      ])
    log.set(share: 1)
    log.ended(self.report())
    #expect(self.lines().count == 1)
  }

  @Test func `failures that are alike are counted, and the next line tells how many`() {
    let log = self.log(share: 0, perSecond: 2)
    let failure = RPCFailure(.unavailable, .connection, message: "AWS cannot be reached: refused")
    for _ in 0..<5 { log.ended(self.report(failure: failure)) }
    #expect(self.lines().count == 2)
    #expect(log.suppressedLines.value == 3)
    // Another method, code or reason is another kind.
    log.ended(self.report(of: .operation(.update), failure: failure))
    log.ended(self.report(failure: RPCFailure(.unavailable, .timeout, message: "late")))
    #expect(self.lines().count == 2)
    log.ended(self.report(failure: failure, after: .seconds(1)))
    #expect(self.lines()[0].contains(#" reason="CONNECTION" repeated="3" request-id="#))
    log.ended(self.report(failure: failure, after: .seconds(1)))
    #expect(!self.lines()[0].contains("repeated"))
    #expect(log.suppressedLines.value == 3)
  }

  @Test func `what a storm hid is told when it is over, and at the end`() {
    let log = self.log(share: 0, perSecond: 1)
    let failure = RPCFailure(.unavailable, .connection, message: "AWS cannot be reached: refused")
    for _ in 0..<5 { log.ended(self.report(failure: failure)) }
    #expect(self.lines().count == 1)
    log.tellRepeats(now: self.start)
    #expect(self.lines().isEmpty)
    log.tellRepeats(now: self.start.advanced(by: .seconds(1)))
    let told =
      #"TIME warning calls failed alike grpc-code="UNAVAILABLE" method="DescribeJobExecution" "#
      + #"reason="CONNECTION" repeated="4""#
    #expect(self.lines() == [told])
    for _ in 0..<5 { log.ended(self.report(failure: failure)) }
    log.tellAllRepeats()
    log.tellAllRepeats()
    #expect(self.lines().suffix(1) == [told])
  }

  @Test func `what a storm hid is told at the level of what it hid`() {
    let log = self.log(share: 0, perSecond: 1, level: .warning)
    let warned = RPCFailure(.unavailable, .connection, message: "AWS cannot be reached: refused")
    let mistaken = RPCFailure(.notFound, .resourceNotFound, message: "gone")
    for _ in 0..<3 { log.ended(self.report(failure: warned)) }
    for _ in 0..<3 { log.ended(self.report(failure: mistaken)) }
    #expect(self.lines().count == 1)
    log.tellAllRepeats()
    #expect(self.lines().map { $0.contains(#"reason="CONNECTION" repeated="2""#) } == [true])
  }

  @Test func `who wants every call's line gets it, storm or not`() {
    let log = self.log(share: 1, perSecond: 1)
    let failure = RPCFailure(.unavailable, .notCached, message: "no stored answer is fresh enough")
    for _ in 0..<20 { log.ended(self.report(failure: failure)) }
    #expect(self.lines().count == 20)
    #expect(log.suppressedLines.value == 0)
  }

  @Test func `what is below the log's level is not even counted`() {
    let log = self.log(share: 0, perSecond: 1)
    for _ in 0..<5 {
      log.ended(self.report(failure: RPCFailure(.unavailable, .notCached, message: "none")))
    }
    log.tellAllRepeats()
    #expect(self.lines().isEmpty)
    #expect(log.suppressedLines.value == 0)
  }
}

extension CallLog {
  /// As ``CallReporting`` tells of a call.
  fileprivate func ended(_ report: CallReport) {
    self.ended(report, isOfShare: self.takesNext())
  }
}
