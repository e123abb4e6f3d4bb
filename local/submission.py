"""The words after `spark-submit`, read: by who runs them, and by who counts what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Of spark-submit's options, those without a value; every other takes one, as its next word or after "=".
_FLAGS = frozenset({"--verbose", "-v", "--supervise", "--version", "--help", "-h", "--usage-error"})
# Options that are Spark properties under a name of their own. Where both are given, the option counts.
OPTIONS = {
    "--driver-cores": "spark.driver.cores",
    "--driver-memory": "spark.driver.memory",
    "--executor-cores": "spark.executor.cores",
    "--executor-memory": "spark.executor.memory",
    "--num-executors": "spark.executor.instances",
}


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The words after `spark-submit`, read: options as pairs, then the application and its arguments."""

    options: tuple[tuple[str, str], ...]
    application: tuple[str, ...]

    def conf(self, key: str) -> str | None:
        """The value of a Spark property; the last one counts."""
        return self.settings.get(key)

    @property
    def settings(self) -> dict[str, str]:
        """The Spark properties that the options come to."""
        pairs = [value.partition("=") for option, value in self.options if option in ("--conf", "-c")]
        named = {OPTIONS[option]: value for option, value in self.options if option in OPTIONS}
        return {key: value for key, _, value in pairs} | named

    def with_settings(self, changed: Mapping[str, str]) -> Submission:
        """The same with other values for properties, each where it counts: after all others, under its own name."""
        names = {key: option for option, key in OPTIONS.items()}
        more = tuple(
            (names[key], value) if key in names else ("--conf", f"{key}={value}")
            for key, value in changed.items()
        )
        return Submission(options=self.options + more, application=self.application)

    @property
    def deploy_mode(self) -> str:
        """ "client" or "cluster"; client is the default, as on EMR."""
        named = [value for option, value in self.options if option == "--deploy-mode"]
        return named[-1] if named else self.conf("spark.submit.deployMode") or "client"

    def words(self) -> list[str]:
        """The same as words again."""
        flat = [word for option, value in self.options for word in ((option, value) if value else (option,))]
        return [*flat, *self.application]


def read(words: Sequence[str]) -> Submission:
    """Read the words after `spark-submit`. What spark-submit would complain of is left for it to."""
    options: list[tuple[str, str]] = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in _FLAGS or (not equals and not rest):
            options.append((word, ""))
        elif equals and name.startswith("--"):
            options.append((name, value))
        else:
            options.append((word, rest.pop(0)))
    return Submission(options=tuple(options), application=tuple(rest))
