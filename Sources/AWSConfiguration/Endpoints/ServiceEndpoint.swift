// SPDX-License-Identifier: Apache-2.0

/// Where a service is called, how its requests are signed, and who said so.
package struct ServiceEndpoint: Equatable, Sendable {
  package let service: AWSService
  package let url: HTTPURL
  package let signingRegion: String
  package let origin: SettingOrigin
  /// A setting that has no effect on this endpoint although it asks for one, for a warning.
  package let ignored: SettingOrigin?

  package init(
    service: AWSService, url: HTTPURL, signingRegion: String, origin: SettingOrigin,
    ignored: SettingOrigin? = nil
  ) {
    self.service = service
    self.url = url
    self.signingRegion = signingRegion
    self.origin = origin
    self.ignored = ignored
  }

  package var signingName: String { self.service.signingName }
}
