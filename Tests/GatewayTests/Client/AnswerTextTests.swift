// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import iot_jobs_gateway

@Suite struct AnswerTextTests {
  private let plain = AnswerText(now: 1_000_000_000)
  private let coloured = AnswerText(palette: Palette(isColoured: true), now: 1_000_000_000)

  private var execution: JobExecution {
    var execution = JobExecution()
    execution.jobID = "j"
    execution.status = .inProgress
    execution.versionNumber = 2
    execution.queuedAtSeconds = 1_000_000_000 - 3_700
    execution.approximateSecondsBeforeTimedOut = 90
    execution.statusDetails = StatusDetails([("step", "one"), ("n", "2")])
    execution.jobDocument = "{}"
    return execution
  }

  @Test func `an execution is a table with its document below`() {
    #expect(
      self.plain.execution(self.execution, of: "t") == """
        thing      t
        job        j
        status     IN_PROGRESS
        version    2
        queued     2001-09-09 00:45:00Z, 1 h 1 min ago
        times out  in 1 min
        details    step = one
                   n = 2
        document
        {}

        """)
    #expect(self.plain.execution(nil, of: "t") == "nothing is pending for t\n")
  }

  @Test func `a list has a line for each, those in progress first`() {
    var (one, two) = (JobExecutionSummary(), JobExecutionSummary())
    (one.jobID, one.executionNumber) = ("first-job", 1)
    (two.jobID, two.versionNumber) = ("b", 3)
    #expect(
      self.plain.pending(PendingJobExecutions(inProgress: [two], queued: [one]), of: "t") == """
        STATUS       JOB        EXECUTION  VERSION  QUEUED  STARTED  UPDATED
        IN_PROGRESS  b                     3                         \("")
        QUEUED       first-job  1                                    \("")

        """)
    #expect(self.plain.pending(PendingJobExecutions(), of: "t") == "nothing is pending for t\n")
  }

  @Test func `an update shows what came of it, or that it was made`() {
    var state = JobExecutionState()
    state.status = .failed
    state.versionNumber = 4
    #expect(
      self.plain.updated(UpdatedJobExecution(executionState: state))
        == "status   FAILED\nversion  4\n")
    #expect(self.plain.updated(UpdatedJobExecution()) == "updated\n")
  }

  @Test func `colours take no room in a column`() {
    func without(_ text: String) -> String {
      text.replacing(/\u{1B}\[[0-9]+m/, with: "")
    }
    let text = self.coloured.execution(self.execution, of: "t")
    #expect(text.contains("\u{1B}[33mIN_PROGRESS\u{1B}[0m"))
    #expect(without(text) == self.plain.execution(self.execution, of: "t"))
  }

  @Test func `what others wrote moves no cursor`() {
    var execution = self.execution
    execution.jobID = "a\u{1B}[2Jb"
    execution.status = .unrecognized("NEW\nLINE")
    execution.statusDetails = StatusDetails([("k\u{7}", "\u{202E}v\u{9B}")])
    execution.jobDocument = "{\n \"x\":\t\"\u{1B}]0;title\u{7}\"}"
    let text = self.plain.execution(execution, of: "t")
    let unsafe = text.unicodeScalars.filter { scalar in
      scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || 0x7F...0x9F ~= scalar.value
        || scalar.value == 0x202E
    }
    #expect(unsafe.isEmpty)
    #expect(text.contains("a\\u{1b}[2Jb") && text.contains("NEW\\u{a}LINE"))
    #expect(text.contains("{\n \"x\":\t\"\\u{1b}]0;title\\u{7}\"}"))
  }

  @Test(
    arguments: [
      (0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"),
      (3_661, "1 h 1 min"), (90_000, "1 d 1 h"), (864_000, "10 d"), (-5, "0 s"),
    ] as [(Int64, String)])
  func `spans of time are told in their two greatest units`(seconds: Int64, text: String) {
    #expect(AnswerText.span(seconds) == text)
  }

  @Test func `moments that no calendar has are told all the same`() {
    var execution = JobExecution()
    execution.queuedAtSeconds = .min
    execution.startedAtSeconds = .max
    let text = self.plain.execution(execution, of: "t")
    #expect(text.contains("1970-01-01 00:00:00Z") && text.contains("9999-12-31 23:59:59Z"))
  }

  @Test func `JSON keeps its meaning and moves no cursor`() {
    #expect(#"{"a":"é\u001b 🛰️"}"#.shownInJSON == #"{"a":"é\u001b 🛰️"}"#)
    #expect(
      "{\"a\":\"\u{9B}2J\u{7F}\u{202E}\u{200F}\"}".shownInJSON
        == #"{"a":"\u009b2J\u007f\u202e\u200f"}"#)
  }

  @Test func `marks that turn the direction are spelled out`() {
    #expect("a\u{200F}b\u{61C}c\u{200E}".shown == #"a\u{200f}b\u{61c}c\u{200e}"#)
  }
}
