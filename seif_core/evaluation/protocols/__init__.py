"""The field's protocols for measuring a head against the truth, one file each; `run.measure` runs them by name."""
