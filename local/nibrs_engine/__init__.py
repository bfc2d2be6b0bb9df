"""AWS on one machine: the emulated services, the processes of functions and containers, objects as files."""
