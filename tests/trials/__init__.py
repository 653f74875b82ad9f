"""Long trials of a whole deployment: `python -m tests.trials kills --events 100000 --kills 500`.

Each plays a day at work against a served deployment, does harm to it at moments drawn by a seed,
and in the end compares the sandbox's ledger with the database. It prints how far it is and what it
found, and writes every kill and every count to `var/trials/<time>-<name>.jsonl`. As they come they
are short. Long are `outage --seconds 300`, `tokens --times 100`, `steady --minutes 30`,
`storm --customers 1000`, `wecom --seconds 30`, `pairs --seconds 20 --rounds 10`,
`restarts --times 50`, `hosts --rounds 10`, `full --rounds 10`, and `servers --rounds 10` with
`--how` restarted, killed, frozen or locked. `hosts` and `full` want root, and say so.

Without a deployment, and against the application in this process: `strangers --requests 5000`,
`web --requests 100000`, `timing --samples 100000`, and `parser --seconds 300 --python PATH`, which
wants a Python that has atheris.
"""
