"""Everything on a terminal: the app, and the command line. No SQL, and no import of the store but of its face."""
