// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Looks at the settings of `serve` without starting anything.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check the settings of serve, or print them.",
    subcommands: [ConfigCheckCommand.self, ConfigPrintCommand.self])
}

/// Says all that is wrong.
struct ConfigCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say all that is wrong with a file of settings.",
    discussion: """
      Reads the file, and the flags and variables of serve above it. A line for each fault, on \
      standard error. Exit status 0 if there is none; 78 for a fault, 64 for one in a flag, 66 for a \
      file that cannot be read or is no YAML. What only the place where it will run can tell, the \
      region, is no fault.
      """)

  @Argument(help: "The file; without it, the one that --config or its variable names.")
  var file: String?
  @OptionGroup var options: ServeOptions

  func run() throws {
    let reader = try Startup.reader(self.options.flags(file: self.file))
    var faults = ServeConfiguration.faults(reader)
    let absent = faults.filter(\.isOfThePlace)
    faults.removeAll(where: \.isOfThePlace)
    for note in absent { StandardError.write("note: \(note)\n") }
    for variable in reader.unknownVariables(known: ServeConfiguration.settingNames) {
      let meant = SettingsReader.suggestion(for: variable, known: ServeConfiguration.settingNames)
      let question = meant.map { "; did you mean \($0)?" } ?? ""
      StandardError.write("note: unknown environment variable \(variable)\(question)\n")
    }
    if !faults.isEmpty { throw Startup.refusal(faults) }
    let count = reader.file.map { ": \($0.values.count) settings" } ?? ""
    StandardOutput.write("\(reader.file?.path ?? "settings")\(count), no faults\n")
  }
}

/// Prints what counts, or what would if nobody set anything.
struct ConfigPrintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "print", abstract: "Print the settings, as a file for --config.",
    discussion: """
      Prints what serve would do with the same flags, variables and file: each value, and where it \
      comes from. No secret is shown.
      """)

  @Flag(help: "Print every setting with its meaning, limits and default, and read nothing.")
  var defaults = false
  @Argument(help: "The file; without it, the one that --config or its variable names.")
  var file: String?
  @OptionGroup var options: ServeOptions

  func run() throws {
    if self.defaults {
      return StandardOutput.write(SettingsPage.defaults(of: ServeConfiguration.catalogue))
    }
    let reader = try Startup.reader(self.options.flags(file: self.file))
    let faults = ServeConfiguration.faults(reader).filter { !$0.isOfThePlace }
    if !faults.isEmpty { throw Startup.refusal(faults) }
    let catalogue = ServeConfiguration.catalogue
    let settings =
      (try? ServeConfiguration(reader))?.effectiveSettings ?? catalogue.effective(reader)
    StandardOutput.write(SettingsPage.effective(settings, of: catalogue))
  }
}

extension ServeOptions {
  /// - Parameter file: named without `--config`.
  fileprivate func flags(file: String?) -> FlagTable {
    var table = self.flags
    table.take(SharedSettings.config, file)
    return table
  }
}
