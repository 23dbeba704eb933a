// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A label of a ``CounterTable`` with all the values that it can have.
package struct LabelAxis: Sendable {
  package let name: String
  package let values: [String]

  package init(_ name: String, _ values: [String]) {
    self.name = name
    self.values = values
  }
}

/// A counter for each combination of labels' values, all of which are known from the start.
///
/// It is for what peers bring about. To count takes no lock and no memory, the first time as ever
/// after: an atomic addition, and an atomic exchange when a combination comes up first. Whatever
/// peers do, there are no more series than slots; see `slotLimit`.
package final class CounterTable: MetricSource {
  /// Which combinations are shown before they are first counted, so that a rate over them has a
  /// beginning.
  package enum Zeros: Sendable {
    case all
    /// By their positions on the axes.
    case only([[Int]])
  }

  /// Part of the slots: an array cannot hold atomics. A slot belongs to the cell whose number, plus
  /// one, is its key; zero is nobody's.
  private final class Block: Sendable {
    static let size = 32
    let keys: InlineArray<32, Atomic<Int>> = InlineArray { _ in Atomic(0) }
    let counts: InlineArray<32, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }
  }

  private let name: String
  private let help: String
  private let axes: [LabelAxis]
  /// How many values the second and the third axis have; one if there is no such axis.
  private let seconds: Int
  private let thirds: Int
  private let slotCount: Int
  private let blocks: [Block]
  private let zeroCells: [Int]
  /// What came when all slots had been given away.
  private let others = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - axes: one to three labels.
  ///   - slotLimit: how many combinations are told apart, of those that really occur. What comes
  ///     when all are taken is counted together, under `other`. A table that has a slot for each
  ///     combination gives each its own.
  package init(
    _ name: String, help: String, axes: [LabelAxis], zeros: Zeros = .all, slotLimit: Int = 512
  ) {
    self.name = name
    self.help = help
    self.axes = axes
    self.seconds = axes.count > 1 ? axes[1].values.count : 1
    self.thirds = axes.count > 2 ? axes[2].values.count : 1
    let cellCount = axes.reduce(1) { $0 * $1.values.count }
    let slotCount = max(min(cellCount, slotLimit), 1)
    self.slotCount = slotCount
    self.blocks = (0..<(slotCount + Block.size - 1) / Block.size).map { _ in Block() }
    self.zeroCells =
      switch zeros {
      case .all: Array(0..<cellCount)
      case .only(let cells):
        cells.map { zip(axes, $0).reduce(0) { $0 * $1.0.values.count + $1.1 } }
      }
  }

  /// Counts in a table of one label.
  package func increment(_ first: Int) {
    self.increment(cell: first)
  }

  /// Counts in a table of two labels.
  package func increment(_ first: Int, _ second: Int) {
    self.increment(cell: first * self.seconds + second)
  }

  /// Counts in a table of three labels.
  package func increment(_ first: Int, _ second: Int, _ third: Int) {
    self.increment(cell: (first * self.seconds + second) * self.thirds + third)
  }

  private func increment(cell: Int) {
    let key = cell + 1
    var slot = cell % self.slotCount
    for _ in 0..<self.slotCount {
      let block = self.blocks[slot / Block.size]
      let index = slot % Block.size
      var owner = block.keys[index].load(ordering: .relaxed)
      if owner == 0 {
        let claim = block.keys[index].compareExchange(
          expected: 0, desired: key, ordering: .relaxed)
        owner = claim.exchanged ? key : claim.original
      }
      if owner == key {
        block.counts[index].wrappingAdd(1, ordering: .relaxed)
        return
      }
      slot = (slot + 1) % self.slotCount
    }
    self.others.wrappingAdd(1, ordering: .relaxed)
  }
}

// MARK: - Showing

extension CounterTable {
  package func collect(into families: inout [FamilySnapshot]) {
    var counts = Dictionary(uniqueKeysWithValues: self.zeroCells.map { ($0, UInt64(0)) })
    for slot in 0..<self.slotCount {
      let block = self.blocks[slot / Block.size]
      let key = block.keys[slot % Block.size].load(ordering: .relaxed)
      guard key > 0 else { continue }
      counts[key - 1] = block.counts[slot % Block.size].load(ordering: .relaxed)
    }
    var family = FamilySnapshot(self.name, .counter, help: self.help)
    for (cell, count) in counts.sorted(by: { $0.key < $1.key }) {
      family.samples.append(
        FamilySnapshot.Sample(self.labels(of: cell), MetricNumber(clamping: count)))
    }
    let others = self.others.load(ordering: .relaxed)
    if others > 0 {
      let labels = self.axes.map { MetricLabel(name: $0.name, value: "other") }
      family.samples.append(FamilySnapshot.Sample(labels, MetricNumber(clamping: others)))
    }
    families.append(family)
  }

  private func labels(of cell: Int) -> [MetricLabel] {
    var rest = cell
    var labels: [MetricLabel] = []
    for axis in self.axes.reversed() {
      labels.append(
        MetricLabel(name: axis.name, value: axis.values[rest % axis.values.count]))
      rest /= axis.values.count
    }
    return labels.reversed()
  }
}
