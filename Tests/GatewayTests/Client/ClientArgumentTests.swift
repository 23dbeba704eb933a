// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import JobsAPI
import Testing

@testable import iot_jobs_gateway

@Suite struct ClientArgumentTests {
  @Test(arguments: [
    ("in-progress", JobExecutionStatus.inProgress), ("IN_PROGRESS", .inProgress),
    ("Succeeded", .succeeded), ("failed", .failed), ("rejected", .rejected),
  ])
  func `states are taken in AWS's word and in lower case`(
    text: String, status: JobExecutionStatus
  ) {
    #expect(StatusArgument(argument: text)?.status == status)
  }

  @Test(arguments: ["", "queued", "removed", "in progress", "done"])
  func `states that no device may report are refused`(text: String) {
    #expect(StatusArgument(argument: text) == nil)
  }

  @Test func `details are cut at their first equals sign`() throws {
    let options = try DetailOptions.parse(["--detail", "a=b=c", "--detail", "d="])
    #expect(options.statusDetails == StatusDetails([("a", "b=c"), ("d", "")]))
    #expect(try DetailOptions.parse([]).statusDetails == nil)
    #expect(try DetailOptions.parse(["--clear-details"]).statusDetails == .empty)
    #expect(throws: (any Error).self) { try DetailOptions.parse(["--detail", "=b"]) }
  }

  @Test func `deadlines are positive durations`() {
    #expect(DeadlineArgument(argument: "250ms")?.duration == .milliseconds(250))
    #expect(DeadlineArgument(argument: "0s") == nil)
    #expect(DeadlineArgument(argument: "5") == nil)
  }

  @Test func `colours need a terminal that wants them`() throws {
    // A pipe is none.
    #expect(Palette.of(-1, ["TERM": "xterm"]) == .plain)
    #expect(Palette.plain.paint("x", .red) == "x")
    #expect(Palette(isColoured: true).strong("x") == "\u{1B}[1mx\u{1B}[0m")
  }
}
