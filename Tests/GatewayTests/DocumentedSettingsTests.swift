// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing

@testable import iot_jobs_gateway

/// LimitsAndDefaults.md has every setting of `serve`, in the catalogue's sections and order.
struct DocumentedSettingsTests {
  private struct Row: Equatable {
    var name: String
    var fallback: String
    var isLive: Bool
  }

  @Test(arguments: ServeConfiguration.catalogue.sections.map(\.title))
  func `each section has its settings, their defaults and when they change`(title: String) throws {
    let section = try #require(
      ServeConfiguration.catalogue.sections.first { $0.title == title })
    let rows = try DocumentedTable("settings: \(title)", in: "LimitsAndDefaults").rows
    let documented = try rows.map { cells in
      try #require(cells.count == 4)
      #expect(!cells[3].isEmpty, "\(cells[0]) has no reason")
      #expect(["", "yes"].contains(cells[2]))
      return Row(name: cells[0], fallback: cells[1], isLive: cells[2] == "yes")
    }
    let entries = section.entries.map { entry in
      Row(
        name: entry.name, fallback: entry.fallback ?? "", isLive: entry.change == .whileRunning)
    }
    #expect(documented == entries)
  }
}
