"""How many examples: few in CI, forty times as many with `--hypothesis-profile=long`."""

from hypothesis import HealthCheck, settings


def examples(count):
    long = settings.get_current_profile_name() == "long"
    return settings(
        max_examples=40 * count if long else count,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
