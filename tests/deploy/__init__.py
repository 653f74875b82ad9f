"""What lies in deploy/: rules, dashboard, units and container, held to what the code really is."""
