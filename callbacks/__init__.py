"""The door through which WeCom talks to us: events in, an empty 200 out, the work done later."""
