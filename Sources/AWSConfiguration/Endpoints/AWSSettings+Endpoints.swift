// SPDX-License-Identifier: Apache-2.0

/// Which endpoint counts. The first that is set does: the program's own setting, the service's
/// variable, the variable for all, the profile's `services` section, the profile's `endpoint_url`,
/// AWS's rule set. Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
extension AWSSettings {
  /// The endpoint by environment and files, else by the rule set.
  package func endpoint(
    for service: AWSService
  ) throws(AWSConfigurationError) -> ServiceEndpoint {
    if let configured = try self.configuredEndpoint(for: service) { return configured }
    return try self.ruleSetEndpoint(for: service)
  }

  /// The endpoint by environment and files; nil if they name none.
  package func configuredEndpoint(
    for service: AWSService
  ) throws(AWSConfigurationError) -> ServiceEndpoint? {
    guard !self.ignoresConfiguredEndpoints.value, let url = try self.configuredURL(of: service)
    else { return nil }
    return try self.endpoint(for: service, at: url)
  }

  /// The endpoint by AWS's rule set alone.
  package func ruleSetEndpoint(
    for service: AWSService
  ) throws(AWSConfigurationError) -> ServiceEndpoint {
    let answer: EndpointRules.Answer
    do throws(EndpointRules.Refusal) {
      answer = try EndpointRules.resolve(
        service, region: self.region?.value.name, usesFIPS: self.usesFIPS.value,
        usesDualStack: self.usesDualStack.value)
    } catch {
      // Without an endpoint of our own, nothing but the region can be missing.
      throw .missingRegion
    }
    guard let url = HTTPURL(answer.url), let signingRegion = answer.signingRegion else {
      throw .missingRegion
    }
    return ServiceEndpoint(
      service: service, url: url, signingRegion: signingRegion, origin: .ruleSet)
  }

  /// The endpoint at a URL that somebody gave.
  ///
  /// botocore drops FIPS and dual-stack silently here. FIPS is a rule that somebody must keep, so it
  /// is refused unless the host's name says that it meets it; dual-stack is a wish, and is noted in
  /// ``ServiceEndpoint/ignored``.
  package func endpoint(
    for service: AWSService, at url: Sourced<String>
  ) throws(AWSConfigurationError) -> ServiceEndpoint {
    guard let checked = HTTPURL(url.value) else { throw .invalid(url.origin, rule: HTTPURL.rule) }
    guard let region = self.region else { throw .missingRegion }
    guard !self.usesFIPS.value || checked.namesFIPS else {
      throw .fipsWithCustomEndpoint(fips: self.usesFIPS.origin, endpoint: url.origin)
    }
    return ServiceEndpoint(
      service: service, url: checked, signingRegion: region.value.name, origin: url.origin,
      ignored: self.usesDualStack.value ? self.usesDualStack.origin : nil)
  }

  private func configuredURL(
    of service: AWSService
  ) throws(AWSConfigurationError) -> Sourced<String>? {
    if let own = self.environment.sourced(service.endpointVariable) { return own }
    if let global = self.environment.sourced("AWS_ENDPOINT_URL") { return global }
    if let own = try self.endpointInServices(service) { return own }
    return self.profile.sourced("endpoint_url")
  }

  private func endpointInServices(
    _ service: AWSService
  ) throws(AWSConfigurationError) -> Sourced<String>? {
    guard let name = self.profile.sourced("services") else { return nil }
    guard let services = self.shared.services(name.value) else {
      throw .invalid(name.origin, rule: "the name of a [services …] section of the config file")
    }
    guard let value = services[service.identifier] else { return nil }
    guard value.text.isEmpty else {
      throw .invalid(
        .services(name.value, key: service.identifier, value.place),
        rule: "empty, with its keys indented below")
    }
    guard let url = value.block["endpoint_url"], !url.text.isEmpty else { return nil }
    return Sourced(
      url.text, from: .services(name.value, key: "\(service.identifier).endpoint_url", url.place))
  }
}

extension HTTPURL {
  /// True if a label of the host's name says FIPS, as those of AWS's own hosts do: `iot-fips`.
  package var namesFIPS: Bool {
    self.host.split(separator: ".").contains { label in
      label.split(separator: "-").contains("fips")
    }
  }
}
