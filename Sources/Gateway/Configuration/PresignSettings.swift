// SPDX-License-Identifier: Apache-2.0

/// Whether callers can have URLs that do what they may do themselves.
enum PresignSettings {
  /// Off: what is handed out cannot be taken back before it expires, nor seen where it is used.
  static let presign = Setting<Bool>.toggle(
    "presign",
    help: "Offer GeneratePresignedUrl, which hands out URLs signed with the gateway's credentials.")
}
