"""A report as Markdown: one comment of a pull request, found again by its first line."""

from __future__ import annotations

from collections.abc import Iterator

from policies.reports.told import Judged, Told

LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment: https://github.com/orgs/community/discussions/27190."""


def marker(stack: str) -> str:
    """The line by which the comment on a stack is found again; it is not shown."""
    return f"<!-- emrctl policy report: {stack} -->"


def link_to(links: str, rule: str) -> str:
    """Where a rule is shown, below `links`: its cases."""
    return f"{links.rstrip('/')}/policies/fixtures/{rule}.yaml"


def render(judged: Judged, stack: str, links: str | None = None) -> str:
    """The report. `links` is the address of the checkout's root in a browser; without it rules are not linked."""
    head = [marker(stack), f"## Policies on stack `{stack}`: {_verdict(judged)}", "", *_counts(judged)]
    tail = [*_listed("Failed beside the rules", judged.errors), *_rest(judged)]
    body: list[str] = []
    room = LIMIT - sum(len(line) + 1 for line in (*head, *tail))
    left = len(judged.findings)
    for told, lines in _findings(judged, links):
        size = sum(len(line) + 1 for line in lines)
        if size > room:
            body += ["", f"And {left} more, for which a comment has no room: see the preview's own output."]
            break
        room, left = room - size, left - (told is not None)
        body += lines
    return "\n".join([*head, *body, *tail]).rstrip() + "\n"


def _verdict(judged: Judged) -> str:
    stopping = sum(one.stops for one in judged.findings)
    advice = len(judged.findings) - stopping
    said = [_number(stopping, "violation stops the update", "violations stop the update")] if stopping else []
    said += [_number(advice, "advice", "pieces of advice")] if advice else []
    if not judged.whole:
        said.append("not every rule was asked")
    elif judged.errors:
        said.append("the preview failed")
    return ", ".join(said) or "nothing found"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _counts(judged: Judged) -> Iterator[str]:
    yield (
        f"{_number(len(judged.asked), 'rule', 'rules')} on {_number(judged.resources, 'resource', 'resources')}: "
        + (", ".join(f"{number} {severity}" for severity, number in judged.counts().items()) + ".")
    )


def _findings(judged: Judged, links: str | None) -> Iterator[tuple[Told | None, list[str]]]:
    shown = ""
    for group, findings in judged.by_resource().items():
        severity, resource = group.split("\n")
        if severity != shown:
            shown = severity
            yield None, ["", f"### {severity.capitalize()}"]
        yield None, ["", f"**`{resource}`**", ""]
        for one in findings:
            yield one, _finding(one, links)


def _finding(one: Told, links: str | None) -> list[str]:
    name = f"[`{one.rule}`]({link_to(links, one.rule)})" if links else f"`{one.rule}`"
    lines = [f"- {name} ({'stops the update' if one.stops else 'advice'}): {_text(one.problem)}"]
    return [*lines, f"  **To do:** {_text(one.remedy)}"] if one.remedy else lines


def _text(said: str) -> str:
    """One line that is neither HTML nor a heading, whatever value of a stranger's program stands in it."""
    text = " ".join(said.split())
    for char, safe in (("&", "&amp;"), ("<", "&lt;"), ("@", "&#64;"), ("](", "]\\(")):
        text = text.replace(char, safe)
    return text


def _rest(judged: Judged) -> Iterator[str]:
    yield from _listed("Not known yet, judged by the update", judged.open)
    yield from _listed("Exempt", judged.exempt)
    yield from _listed("Mended by the rule itself", judged.mended)


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield from ("", f"<details><summary>{title} ({len(lines)})</summary>", "")
        yield from (f"- {_text(line)}" for line in lines)
        yield from ("", "</details>")
