"""The real AWS provider as a witness: started, asked what it would do, and its answers kept as data.

`binary.py` starts terraform-provider-aws, `protocol.py` speaks to it, `values.py` makes what it is
shown, `questions.py` asks for one type. `python -m local.provider.witness` writes data/facts.json (docs/provider.md).
"""
