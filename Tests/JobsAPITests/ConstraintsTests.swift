// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct ConstraintsTests {
  private func fields(_ call: some ConstrainedCall) -> [String] {
    call.violations().map(\.field)
  }

  private func update(details: [(String, String)]) -> UpdateJobExecution {
    var call = UpdateJobExecution(thingName: "t", jobID: "j", status: .failed)
    call.statusDetails = StatusDetails(details)
    return call
  }

  @Test(arguments: ["a", ":", "a:b_c-D9", String(repeating: "x", count: 128)])
  func `a thing name may hold these`(name: String) {
    #expect(GetPendingJobExecutions(thingName: name).violations().isEmpty)
  }

  @Test(arguments: [
    "", "a b", "a/b", "a.b", "a%b", "é", "a\n", "a\u{0}", "\u{212A}",
    String(repeating: "x", count: 129),
  ])
  func `a thing name may not hold these`(name: String) {
    #expect(self.fields(GetPendingJobExecutions(thingName: name)) == ["thing_name"])
  }

  @Test func `next is a job id for describe alone`() {
    #expect(DescribeJobExecution(thingName: "t", jobID: "$next").violations().isEmpty)
    let update = UpdateJobExecution(thingName: "t", jobID: "$next", status: .failed)
    #expect(self.fields(update) == ["job_id"])
    for id in ["$nextfoo", "x$next", "$", "$NEXT", "", "a:b", String(repeating: "j", count: 65)] {
      #expect(self.fields(DescribeJobExecution(thingName: "t", jobID: id)) == ["job_id"])
    }
    let longest = String(repeating: "j", count: 64)
    #expect(DescribeJobExecution(thingName: "t", jobID: longest).violations().isEmpty)
  }

  @Test func `every documented state may be sent and no other`() {
    for status in JobExecutionStatus.documented {
      #expect(UpdateJobExecution(thingName: "t", jobID: "j", status: status).violations().isEmpty)
    }
    let unknown = UpdateJobExecution(thingName: "t", jobID: "j", status: .unrecognized("DONE"))
    #expect(self.fields(unknown) == ["status"])
  }

  @Test func `step timers have a range, and only an update can stop one`() {
    for (minutes, forStart, forUpdate): (Int64, Bool, Bool) in [
      (-2, false, false), (-1, false, true), (0, false, false), (1, true, true),
      (10080, true, true), (10081, false, false), (.max, false, false), (.min, false, false),
    ] {
      var start = StartNextPendingJobExecution(thingName: "t")
      start.stepTimeoutMinutes = minutes
      #expect(start.violations().isEmpty == forStart)
      var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .inProgress)
      update.stepTimeoutMinutes = minutes
      #expect(update.violations().isEmpty == forUpdate)
    }
  }

  @Test(arguments: [
    "x", " ", "50%", "Grüße", "日本語", "😀", "e\u{301}", "\u{A0}", "<>&'\"\\",
    String(repeating: "é", count: 1024),
  ])
  func `a detail may hold these`(value: String) {
    #expect(self.update(details: [("k", value)]).violations().isEmpty)
  }

  @Test(arguments: [
    "", "\n", "a\tb", "\u{7F}", "\u{0}", "\u{AD}", "\u{200D}", "\u{FEFF}", "\u{E000}", "\u{378}",
    "👨‍👩‍👧", String(repeating: "é", count: 1025),
  ])
  func `a detail may not hold these`(value: String) {
    #expect(self.fields(self.update(details: [("k", value)])) == [#"status_details["k"]"#])
  }

  @Test func `names of details are bound like names of things`() {
    #expect(self.update(details: [("a:b_c-d", "v")]).violations().isEmpty)
    let longest = String(repeating: "k", count: 128)
    #expect(self.update(details: [(longest, "v")]).violations().isEmpty)
    #expect(self.fields(self.update(details: [("", "v")])) == [#"status_details[""]"#])
    let tooLong = self.fields(self.update(details: [(longest + "k", "v")]))
    #expect(tooLong == ["status_details[\"" + String(repeating: "k", count: 64) + "...\"]"])
  }

  @Test func `a hostile name is shown in printable ASCII`() {
    let call = self.update(details: [("a\"\\\n\u{0}é", "v")])
    #expect(self.fields(call) == [#"status_details["a\"\\\n\0\u{00E9}"]"#])
  }

  @Test func `a rule tells what is allowed and nothing of the value`() {
    let call = GetPendingJobExecutions(thingName: String(repeating: "s", count: 129) + "ecret!")
    #expect(
      call.violations().map(\.rule) == [
        "must have 1 to 128 characters, has 135", "must hold only [a-zA-Z0-9:_-]",
      ])
  }

  @Test func `the number of violations is bounded`() {
    let call = self.update(details: (0..<1000).map { ("bad \($0)", "") })
    #expect(call.violations().count == 16)
    #expect(call.violations(limit: 3).count == 3)
  }

  @Test func `of two pairs with one name the last wins, in the place of the first`() {
    let details = StatusDetails([("a", "1"), ("b", "2"), ("a", "3")])
    #expect(details.entries.map(\.name) == ["a", "b"])
    #expect(details.entries.map(\.value) == ["3", "2"])
  }
}
