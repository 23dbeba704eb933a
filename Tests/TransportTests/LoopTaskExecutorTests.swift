// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Testing
import Transport

/// Isolated to a loop, as the server's connections are.
private actor Resident {
  nonisolated let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    // The loop outlives the actor, which holds it.
    unsafe self.loop.executor.asUnownedSerialExecutor()
  }

  func isHome() -> Bool { self.loop.inEventLoop }
}

@Suite struct LoopTaskExecutorTests {
  @concurrent private func isInLoop(_ loop: any EventLoop) async -> Bool { loop.inEventLoop }

  @Test func `a task is in its loop at the start and after each wait`() async {
    let group = MultiThreadedEventLoopGroup.singleton
    let loop = group.next()
    let elsewhere = group.next()
    let executor = LoopTaskExecutor(loop)
    let resident = Resident(loop)
    let places = await Task(executorPreference: executor) {
      var places = [loop.inEventLoop]
      await withCheckedContinuation { continuation in
        elsewhere.execute { continuation.resume() }
      }
      places.append(loop.inEventLoop)
      places.append(await self.isInLoop(loop))
      places.append(await resident.isHome())
      places.append(loop.inEventLoop)
      return places
    }.value
    #expect(places == [true, true, true, true, true])
  }

  @Test func `a cancelled task is told in its loop`() async {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let task = Task(executorPreference: LoopTaskExecutor(loop)) {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          loop.scheduleTask(in: .milliseconds(1)) { continuation.resume() }
        }
        return loop.inEventLoop && Task.isCancelled
      } onCancel: {
      }
    }
    task.cancel()
    #expect(await task.value)
  }
}
