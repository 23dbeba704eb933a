// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct FileStateTests {
  private let old = FileState.Sight.content([[1]])
  private let new = FileState.Sight.content([[2]])
  private let gone = FileState.Sight.unreadable(FileRefusal(path: "f", reason: "gone"))

  @Test func `what is in force is no news`() {
    var state = FileState(inForce: self.old)
    #expect(state.seen(self.old) == .unchanged)
    #expect(state.seen(self.old) == .unchanged)
    #expect(!state.isFailing)
  }

  @Test func `what is new is judged when it was seen twice in a row`() {
    var state = FileState(inForce: self.old)
    #expect(state.seen(self.new) == .unsettled)
    #expect(state.seen(self.gone) == .unsettled)
    #expect(state.seen(self.new) == .unsettled)
    #expect(state.seen(self.new) == .judge)
    state.accepted(self.new)
    #expect(state.seen(self.new) == .unchanged)
    #expect(state.seen(self.old) == .unsettled)
    #expect(!state.isFailing)
  }

  @Test func `a file that is gone for a moment only is no news`() {
    var state = FileState(inForce: self.old)
    #expect(state.seen(self.gone) == .unsettled)
    #expect(state.seen(self.old) == .unchanged)
    #expect(state.seen(self.gone) == .unsettled)
  }

  @Test(arguments: [true, false])
  func `what was refused is judged once, until it is mended or replaced`(isMended: Bool) {
    var state = FileState(inForce: self.old)
    #expect(state.seen(self.gone) == .unsettled)
    #expect(state.seen(self.gone) == .judge)
    state.refused(self.gone)
    #expect(state.seen(self.gone) == .unchanged)
    #expect(state.isFailing)
    if isMended {
      #expect(state.seen(self.old) == .mended)
      #expect(!state.isFailing)
      #expect(state.seen(self.old) == .unchanged)
    } else {
      #expect(state.seen(self.new) == .unsettled)
      #expect(state.seen(self.new) == .judge)
      #expect(state.isFailing)
      state.accepted(self.new)
      #expect(!state.isFailing)
    }
  }
}
