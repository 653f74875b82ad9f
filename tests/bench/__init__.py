"""The benchmark: `make bench` prints floors, a naive peer and ours side by side, from one run.

Every figure is a ratio to something measured in the same run, or a time that people feel. The load
generator, the sandbox and the servers share the machine; the table says how busy it was before.
"""
