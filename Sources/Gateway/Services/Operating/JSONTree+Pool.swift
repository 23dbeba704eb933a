// SPDX-License-Identifier: Apache-2.0

import OperatorServer
import Upstream

extension JSONTree {
  init(_ pool: PoolSnapshot) {
    self = [
      "loop": JSONTree(pool.loop), "max_connections": JSONTree(pool.maxConnections),
      "connections": .array(
        pool.connections.map { connection in
          [
            "slot": JSONTree(connection.slot), "state": .string(connection.state.rawValue),
            "age_ms": JSONTree(connection.ageMilliseconds),
            "idle_ms": JSONTree(connection.idleMilliseconds),
            "requests": JSONTree(connection.requests),
          ]
        }),
      "waiting": [
        "calls": JSONTree(pool.waiting.calls), "max": JSONTree(pool.maxWaiting),
        "longest_ms": JSONTree(pool.waiting.longestMilliseconds),
      ],
      "draining": .bool(pool.isDraining),
    ]
  }
}
