"""All single mistakes in a stack file that are told in one line, by part of the tree."""

from __future__ import annotations

from tests.infra.settings.mistakes import clusters, cost, forms, network, people, sizes, storage

BAD = [case for part in (forms, network, clusters, sizes, people, storage, cost) for case in part.BAD]
