/** A program that a component needs is not on this machine and could not be installed. The message says what to install. */
export class PrerequisiteMissingError extends Error {
  readonly code = 'INFRA_PREREQUISITE_MISSING'
  override readonly name = 'PrerequisiteMissingError'
}

/** A component was started and did not become ready. The message ends with the last lines of its log. */
export class ComponentStartError extends Error {
  readonly code = 'INFRA_COMPONENT_START_FAILED'
  override readonly name = 'ComponentStartError'
}
