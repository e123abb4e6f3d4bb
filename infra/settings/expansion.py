"""A settings tree written out, before it is validated: what engines, purchase profiles and size classes stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.compute import engines, purchase

Tree = dict[str, Any]


def expanded(tree: Mapping[str, Any]) -> tuple[Tree, dict[str, list[str]]]:
    """The tree with its clusters written out, and the mistakes that only show here, by the cluster's name."""
    clusters = tree.get("clusters")
    if not isinstance(clusters, Mapping):
        return dict(tree), {}
    written: Tree = {}
    wrong: dict[str, list[str]] = {}
    for name, said in clusters.items():
        if not isinstance(said, Mapping):
            written[name] = said
            continue
        written[name], mistakes = purchase.expanded(_with_applications(said))
        if mistakes:
            wrong[name] = mistakes
    return {**tree, "clusters": written}, wrong


def _with_applications(cluster: Mapping[str, Any]) -> Tree:
    """An engine's applications, and after them what more the cluster asks for."""
    more = cluster.get("applications", [])
    profile = engines.PROFILES.get(cluster["engine"]) if isinstance(cluster.get("engine"), str) else None
    if profile is None or not isinstance(more, list):
        return dict(cluster)
    own = profile.applications
    return {**cluster, "applications": [*own, *(one for one in more if one not in own)]}
