"""What people see on Slack: messages as Block Kit, forms as views, and what buttons carry."""
