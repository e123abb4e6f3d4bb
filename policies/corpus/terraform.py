"""Terraform: the `.tf` and `.tf.json` files of a folder, and of the modules below it, as resources of the pack.

Resources of count 0 are aside. Instances are told apart where the block says `each` or `count` and the files tell
how many there are; else one stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from policies.corpus.declared import Declared
from policies.corpus.terraform_blocks import parse
from policies.corpus.terraform_module import Module


def read(files: Iterable[Path]) -> list[Declared]:
    """Every resource that the files declare together. Raises CorpusError for a file that is not Terraform's."""
    files = list(files)
    folder = files[0].parent if files else Path()
    # Terraform's own order, the later ones win: https://developer.hashicorp.com/terraform/language/values/variables
    patterns = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars*")
    values = [file for pattern in patterns for file in sorted(folder.glob(pattern))]
    nodes, _ = parse(values)
    module = Module(parse(files)[1], folder)
    module.given |= {name: partial(module.apart, node) for name, node in nodes.items()}
    return list(_linked(list(module.resources())))


def _linked(made: list[Declared]) -> Iterator[Declared]:
    """The resources, what flows from a resource of several instances flowing from each that it may be."""
    addresses = {one.address for one in made}
    instances: dict[str, list[str]] = {}
    for one in made:
        instances.setdefault(one.address.partition("[")[0], []).append(one.address)
    for one in made:
        one.flows = {
            prop: [
                address
                for source in sources
                for address in (
                    [source] if source in addresses else instances.get(source.partition("[")[0], [])
                )
            ]
            for prop, sources in one.flows.items()
        }
        yield one
