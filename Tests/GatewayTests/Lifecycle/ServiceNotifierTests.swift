// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Testing

@testable import iot_jobs_gateway

@Suite struct ServiceNotifierTests {
  @Test func `a path and a name of the abstract namespace are addresses`() {
    #expect(NotifyAddress("/run/x")?.path == Array("/run/x".utf8))
    #expect(NotifyAddress("@x")?.path == [0, UInt8(ascii: "x")])
  }

  @Test func `the longest address fits and none that is longer`() {
    #expect(NotifyAddress("/" + String(repeating: "p", count: 106)) != nil)
    #expect(NotifyAddress("/" + String(repeating: "p", count: 107)) == nil)
    #expect(NotifyAddress("@" + String(repeating: "n", count: 107)) != nil)
    #expect(NotifyAddress("@" + String(repeating: "n", count: 108)) == nil)
  }

  @Test(arguments: ["", "/", "@", "relative", "vsock:2:1", "/a\u{0}b"])
  func `what is none is told nothing`(text: String) {
    #expect(NotifyAddress(text) == nil)
    #expect(ServiceNotifier(environment: ["NOTIFY_SOCKET": text]) == nil)
  }

  @Test func `the watchdog is heeded if it watches this process`() {
    let asked = ["WATCHDOG_USEC": "3000000"]
    #expect(ServiceNotifier.watchdogInterval(asked, pid: 7) == .seconds(3))
    #expect(
      ServiceNotifier.watchdogInterval(asked.merging(["WATCHDOG_PID": "7"]) { $1 }, pid: 7)
        == .seconds(3))
    #expect(
      ServiceNotifier.watchdogInterval(asked.merging(["WATCHDOG_PID": "8"]) { $1 }, pid: 7) == nil)
    for text in ["", "0", "-1", "soon"] {
      #expect(ServiceNotifier.watchdogInterval(["WATCHDOG_USEC": text], pid: 7) == nil)
    }
  }

  @Test func `a start is read behind the name, whatever the name is`() {
    let fields = (3...30).map(String.init).joined(separator: " ")
    #expect(ProcessAge.startTicks("1 (a) b) \(fields)") == 22)
    #expect(ProcessAge.startTicks("1 (a) 3 4") == nil)
    #expect(ProcessAge.milliseconds(uptime: "12.34 5.6\n") == 12_340)
    #expect(ProcessAge.milliseconds(uptime: "") == nil)
    #expect(ProcessAge.milliseconds(uptime: "inf 1") == nil)
    #expect(ProcessAge.milliseconds != nil)
  }

  @Test func `who waits for readiness is told once all conditions are met`() async {
    let readiness = Readiness()
    let waiting = Task {
      await readiness.becomesReady()
      return readiness.isReady
    }
    for condition in Readiness.Condition.allCases { readiness.met(condition) }
    #expect(await waiting.value)
    // What is ready already is not waited for.
    await readiness.becomesReady()
  }

  @Test func `who waits for readiness may give up`() async {
    let readiness = Readiness()
    let waiting = Task { await readiness.becomesReady() }
    waiting.cancel()
    await waiting.value
    #expect(!readiness.isReady)
  }
}
