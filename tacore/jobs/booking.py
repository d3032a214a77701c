"""What becomes of a job by what its run says; each saying is written once, in the order in which it came."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tacore.clock import Clock
from tacore.jobs.changes import Changes
from tacore.jobs.limits import priced, used_up
from tacore.jobs.retrying import delay_s
from tacore.jobs.rows import Kept, text_of
from tacore.model.jobs import Fault, JobState
from tacore.ports.analyst import Broke, Finished, Looked, Noted, Said, Stage, Used, Wrote

if TYPE_CHECKING:
    from tacore.model.agents import AgentSettings  # pydantic, which the way of a request does without

MOST_WARNINGS = 100


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """The manager has ended a run: its process is gone."""

    state: JobState
    fault: Fault | None = None
    by: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Something to write, of one attempt of a job."""

    number: int
    attempt: int
    said: Said | Stopped


class Booking:
    """Writes what is told. ``stop`` is called, inside the transaction, where a limit is passed.

    ``began`` tells when the run of a job did that is under way here (monotonic seconds).
    """

    def __init__(
        self,
        settings: "AgentSettings",
        clock: Clock,
        stop: Callable[[Told, Fault], None],
        began: Callable[[int], float | None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._began = began
        self._books: Mapping[type, Callable[[Changes, Kept, Any], None]] = {
            Stage: self._stage,
            Looked: self._looked,
            Wrote: self._wrote,
            Noted: self._noted,
            Finished: self._finished,
            Broke: self._broke,
            Stopped: self._stopped,
        }

    def write(self, tx: Changes, told: Told) -> None:
        """Write it; what an attempt says that has ended already is dropped."""
        kept = tx.get(told.number)
        if kept is None or kept.job.state != "running" or kept.job.attempts != told.attempt:
            return
        if isinstance(told.said, Used):
            self._used(tx, kept, told, told.said)
        else:
            self._books[type(told.said)](tx, kept, told.said)

    def _used(self, tx: Changes, kept: Kept, told: Told, said: Used) -> None:
        spent = priced(said.spent, self._settings.prices)
        tx.spend(kept.number, spent)
        read, written = spent.input_tokens, spent.output_tokens
        text = f"{spent.node}: {spent.model} read {read:,} and wrote {written:,} tokens"
        text += ", as far as can be guessed" if spent.estimated else ""
        tx.note(kept.number, "usage", text, msgspec.structs.asdict(spent))
        now = tx.get(kept.number)
        fault = None if now is None else used_up(now.job)
        if fault is not None:
            self._stop(told, fault)

    def _stage(self, tx: Changes, kept: Kept, said: Stage) -> None:
        progress = min(max(said.progress, 0.0), 1.0)
        tx.set(kept.number, stage=said.next, progress=progress)
        if said.node and progress > tx.furthest(kept.number):  # attempts are for getting on, and it has
            allowed = kept.job.attempts - 1 + self._settings.retries.attempts
            tx.set(kept.number, allowed=max(kept.allowed, allowed))
        done = f"{said.node} is done" if said.node else "the engine is ready"
        text = done + (f"; {said.next} begins" if said.next else "")
        data = {"node": said.node, "next": said.next, "progress": progress}
        tx.note(kept.number, "stage", text, data)

    @staticmethod
    def _looked(tx: Changes, kept: Kept, said: Looked) -> None:
        tx.look(kept.number, said.call)
        call = said.call
        text = f"{call.node} asked for {call.tool}" + (f": {call.error}" if call.error else "")
        data = {"node": call.node, "tool": call.tool, "source": call.source, "as_of": call.as_of}
        tx.note(kept.number, "tool", text, data | {"simulated": call.simulated, "stale": call.stale})

    @staticmethod
    def _wrote(tx: Changes, kept: Kept, said: Wrote) -> None:
        tx.write(kept.number, said.report)
        report = said.report
        data = {"name": report.name, "title": report.title, "size": len(report.text)}
        tx.note(kept.number, "report", f"{report.title or report.name} is written", data)

    @staticmethod
    def _noted(tx: Changes, kept: Kept, said: Noted) -> None:
        warnings = list(kept.job.warnings)
        if said.text not in warnings and len(warnings) < MOST_WARNINGS:
            tx.set(kept.number, warnings=text_of([*warnings, said.text]))
        tx.note(kept.number, "warning", said.text)

    def _finished(self, tx: Changes, kept: Kept, said: Finished) -> None:
        outcome = said.outcome
        written = tx.conclude(kept, outcome)
        decision, verdict = outcome.decision, outcome.quality.verdict
        self._end(
            tx,
            kept,
            "done",
            progress=1.0,
            action=decision.action,
            verdict=verdict,
            outcome=written,
            fault_code=None,
            fault_message=None,
        )
        text = decision.action if verdict == "ok" else f"{decision.action}, DEGRADED"
        data = {"state": "done", "action": decision.action, "verdict": verdict}
        tx.note(kept.number, "ended", text, data | {"flaws": [each.code for each in outcome.quality.flaws]})

    def _broke(self, tx: Changes, kept: Kept, said: Broke) -> None:
        job, retries = kept.job, self._settings.retries
        if not said.passing or job.attempts >= kept.allowed:
            used = f" (attempt {job.attempts} of {kept.allowed})" if said.passing else ""
            self.fail(tx, kept, Fault(code=said.code, message=f"{said.message}{used}"))
            return
        tries = max(1, retries.attempts - (kept.allowed - job.attempts))
        wait_s = delay_s(retries, tries, said.retry_after_s)
        now_us = self._clock.wall_us()
        tx.move(kept, "queued", due_us=now_us + round(wait_s * 1e6), ran_us=self._ran_us(kept))
        data = {"code": said.code, "attempt": job.attempts, "attempts": kept.allowed, "delay_s": wait_s}
        tx.note(kept.number, "retry", f"{said.message}; it goes on in {wait_s:g} s", data)

    def _stopped(self, tx: Changes, kept: Kept, said: Stopped) -> None:
        if said.fault is not None:
            self.fail(tx, kept, said.fault)
        elif said.state == "cancelled":
            self.cancel(tx, kept, said.by)
        else:
            self.suspend(tx, kept)

    def fail(self, tx: Changes, kept: Kept, fault: Fault) -> None:
        """End a job without a decision, and say why."""
        self._end(tx, kept, "failed", fault_code=fault.code, fault_message=fault.message)
        tx.note(kept.number, "ended", f"failed: {fault.message}", {"state": "failed", "code": fault.code})

    def cancel(self, tx: Changes, kept: Kept, by: str) -> None:
        """End a job that somebody cancelled."""
        self._end(tx, kept, "cancelled")
        tx.note(kept.number, "ended", f"cancelled by {by}", {"state": "cancelled", "by": by})

    def suspend(self, tx: Changes, kept: Kept) -> None:
        """Put a job back in line, in good order: this attempt does not count against it."""
        now_us = self._clock.wall_us()
        tx.move(kept, "queued", due_us=now_us, ran_us=self._ran_us(kept), allowed=kept.allowed + 1)
        tx.note(kept.number, "resumed", "the job manager stops; its successor goes on with it")

    def take_over(self, tx: Changes, kept: Kept) -> None:
        """Put a job back in line whose manager was lost, or fail it where its attempts are used up.

        It ran until it was last heard of, as far as anybody knows.
        """
        ran = ran_us(kept, max(0, kept.job.updated_us - (kept.job.running_since_us or kept.job.updated_us)))
        if kept.job.attempts >= kept.allowed:
            message = f"its manager was lost with it, and its {kept.job.attempts} attempts are used up"
            tx.set(kept.number, ran_us=ran)
            now = self._clock.wall_us()
            tx.move(kept, "failed", ended_us=now, fault_code="manager_lost", fault_message=message)
            data = {"state": "failed", "code": "manager_lost"}
            tx.note(kept.number, "ended", f"failed: {message}", data)
            return
        tx.move(kept, "queued", due_us=self._clock.wall_us(), ran_us=ran)
        text = "its manager was lost with it; it goes on after its last finished node"
        tx.note(kept.number, "resumed", text, {"attempt": kept.job.attempts})

    def _end(self, tx: Changes, kept: Kept, state: JobState, **changes: Any) -> None:  # noqa: ANN401 - columns
        now_us = self._clock.wall_us()
        tx.move(kept, state, ended_us=now_us, ran_us=self._ran_us(kept), stage="", **changes)

    def _ran_us(self, kept: Kept) -> int:
        """Give what a job has run, by the clock that is never set."""
        began = self._began(kept.number)
        since = kept.job.running_since_us
        if began is not None:
            return ran_us(kept, round((self._clock.monotonic() - began) * 1e6))
        return ran_us(kept, 0 if since is None else max(0, self._clock.wall_us() - since))


def ran_us(kept: Kept, under_way_us: int) -> int:
    """Give what a job has run in all its attempts, the one under way for so long."""
    return round(kept.job.ran_s * 1e6) + under_way_us
