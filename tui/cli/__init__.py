"""The command line: one module an idea. Nothing is imported before the command that needs it is called."""
