"""The way to and from Slack: sockets or signed HTTP, workspaces and their installation, the Web API and its errors."""
