"""Long trials of a whole deployment: `python -m tests.trials kills --events 100000 --kills 500`.

Each plays a day at work against a served deployment, does harm to it at moments drawn by a seed,
and in the end compares the sandbox's ledger with the database. It prints how far it is and what it
found, and writes every kill and every count to `var/trials/<time>-<name>.jsonl`.
"""
