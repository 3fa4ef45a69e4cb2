"""What the tests of the formats share: records that fit, and how hypothesis makes others."""

import hypothesis

# A machine that is busy with other things is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")
