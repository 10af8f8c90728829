"""The command line's commands, a file each: they read arguments, call the coach, and print."""
