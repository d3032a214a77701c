"""Who can reach the service."""

from collections.abc import Sequence

from tacore.cli.doctor.finding import Finding, ok, warning
from tacore.cli.doctor.situation import Situation


def examine(situation: Situation) -> Sequence[Finding]:
    """Show security.trust_network, and what listens beyond this machine because of it."""
    settings = situation.settings
    if settings is None:
        return []
    bound = f"zmq.bind {settings.zmq.bind}, api.bind {settings.api.bind}"
    if not settings.security.trust_network:
        return [ok(f"only this machine can connect ({bound}; security.trust_network is empty)")]
    seen = f"security.trust_network is {settings.security.trust_network} ({bound}): nobody is asked for a key"
    return [
        warning(
            seen,
            "whoever reaches these addresses may trade and stop the service: see that the network is closed, "
            "and publish ports on 127.0.0.1 alone",
        )
    ]
