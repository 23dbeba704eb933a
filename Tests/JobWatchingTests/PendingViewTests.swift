// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import JobWatching

@Suite struct PendingDifferenceTests {
  @Test(
    arguments: [
      ([], [], [], [], []),
      ([], [], [], ["a"], ["added a"]),
      ([], ["a"], ["a"], [], ["started a"]),
      (["a"], [], [], [], ["left a"]),
      (["a"], ["b"], ["b"], ["c"], ["left a", "started b", "added c"]),
      (["a"], [], [], ["a"], ["added a"]),
      ([], ["a", "b"], [], ["b", "a"], []),
    ] as [([String], [String], [String], [String], [String])])
  func `each execution that is elsewhere is one change`(
    inProgress: [String], queued: [String], nextInProgress: [String], nextQueued: [String],
    expected: [String]
  ) {
    let changes = PendingDifference.changes(
      from: .lists(inProgress, queued), to: .lists(nextInProgress, nextQueued))
    #expect(changes.map(\.words) == expected)
  }

  @Test func `another version is an update, another number another execution`() {
    let old = PendingJobExecutions(inProgress: [.row("a", 1)], queued: [.row("b", number: 1)])
    let new = PendingJobExecutions(inProgress: [.row("a", 2)], queued: [.row("b", number: 2)])
    let changes = PendingDifference.changes(from: old, to: new)
    #expect(changes.map(\.words) == ["left b", "updated a", "added b"])
    #expect(changes[1].execution.versionNumber == 2)
  }

  @Test func `a terminal state is told if it was seen`() {
    let changes = PendingDifference.changes(from: .lists(["a"], ["b"]), to: .lists([], [])) {
      $0.jobID == "a" ? .failed : nil
    }
    #expect(changes.map(\.status) == [.failed, nil])
  }

  @Test func `a row without a job is nobody's change`() {
    let nameless = PendingJobExecutions(queued: [JobExecutionSummary()])
    #expect(PendingDifference.changes(from: .lists([], []), to: nameless) == [])
  }
}

@Suite struct PendingViewTests {
  /// All that a reader is told, and where it is then.
  private func told(
    _ view: PendingView, after position: UInt64?
  ) -> (words: [String], position: UInt64?) {
    var position = position
    var words: [String] = []
    while let (news, next) = view.news(after: position) {
      switch news {
      case .snapshot(let pending):
        words.append("snapshot \(pending.inProgress.count) \(pending.queued.count)")
      case .change(let change): words.append(change.words)
      }
      position = next
    }
    return (words, position)
  }

  @Test func `nothing is told before AWS told`() {
    #expect(PendingView().news(after: nil) == nil)
  }

  @Test func `a newcomer gets all, then each change once`() {
    var view = PendingView()
    expect(view.replace(with: .lists([], ["a"]), remembering: 4), is: true)
    let (first, position) = self.told(view, after: nil)
    #expect(first == ["snapshot 0 1"])
    expect(view.replace(with: .lists([], ["a"]), remembering: 4), is: false)
    #expect(self.told(view, after: position).words == [])
    expect(view.replace(with: .lists(["a"], ["b"]), remembering: 4), is: true)
    #expect(self.told(view, after: position).words == ["started a", "added b"])
  }

  @Test func `who missed more than is remembered gets all`() {
    var view = PendingView()
    _ = view.replace(with: .lists([], []), remembering: 2)
    for job in ["a", "b", "c"] {
      _ = view.replace(with: .lists([], [job]), remembering: 2)
    }
    // Five changes since the snapshot: a came and left, b came and left, c came.
    #expect(view.sequence == 6)
    #expect(self.told(view, after: 4).words == ["left b", "added c"])
    #expect(self.told(view, after: 3).words == ["snapshot 0 1"])
    #expect(self.told(view, after: 6).words == [])
    #expect(self.told(view, after: 7).words == ["snapshot 0 1"])
  }

  @Test func `with no memory every change is a snapshot`() {
    var view = PendingView()
    _ = view.replace(with: .lists([], []), remembering: 0)
    _ = view.replace(with: .lists(["a"], []), remembering: 0)
    #expect(self.told(view, after: 1).words == ["snapshot 1 0"])
  }
}

@Suite struct ResumeTokenTests {
  private let positions = [
    WatchPosition(thingName: "a", incarnation: 0x0102_0304_0506_0708, sequence: 9),
    WatchPosition(thingName: "b", incarnation: .max, sequence: nil),
    WatchPosition(thingName: "c", incarnation: 3, sequence: .max),
  ]

  @Test func `a token holds what is known`() {
    let token = ResumeToken.encode(self.positions)
    #expect(token.count == 34)
    #expect(Array(token.prefix(4)) == [1, 2, 1, 2])
    #expect(ResumeToken.decode(token) == [0x0102_0304_0506_0708: 9, 3: .max])
    #expect(ResumeToken.decode([]) == [:])
  }

  @Test func `bytes that are no token are told from one`() {
    let token = ResumeToken.encode(self.positions)
    for count in 1..<token.count { #expect(ResumeToken.decode(Array(token.prefix(count))) == nil) }
    #expect(ResumeToken.decode(token + [0]) == nil)
    #expect(ResumeToken.decode([2] + token.dropFirst()) == nil)
  }
}
