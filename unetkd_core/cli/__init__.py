"""`unetkd`: the core at the command line. Parses options, calls the core, prints; computes nothing itself."""
