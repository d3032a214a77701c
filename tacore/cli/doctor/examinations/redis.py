"""Redis, where it is set: whether it answers, and whether workers can use it."""

from collections.abc import Sequence

from tacore.bootstrap.cache import open_redis
from tacore.cli.doctor.finding import Finding, ok, problem
from tacore.cli.doctor.situation import Situation
from tacore.errors import Unavailable
from tacore.store.cache.shared import shown


def examine(situation: Situation) -> Sequence[Finding]:
    """Ask Redis from here, and the workers what they think of it."""
    settings = situation.settings
    if settings is None:
        return []
    told = situation.broker.parts.get("cache", {})
    found = []
    if told.get("status", "healthy") != "healthy":
        found.append(problem(f"workers: {told['reason']}", "requests are served all the same; see below"))
    if not settings.redis.url:
        return [*found, ok("none is set (redis.url): each process caches for itself")]
    redis = open_redis(settings)
    try:
        about = redis.about()
    except Unavailable as error:
        return [*found, problem(f"redis is down: {error.message}", _advice(settings.redis.url))]
    finally:
        redis.close()
    return [*found, ok(f"Redis {about.get('redis_version', '?')} answers at {shown(settings.redis.url)}")]


def _advice(url: str) -> str:
    return (
        "start it (`redis-server`, `systemctl start redis-server`), or mend redis.url (REDIS_URL), now "
        f"{shown(url)}; empty means that each process caches for itself. Requests are served meanwhile"
    )
