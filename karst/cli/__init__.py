"""`karst …`: one file a command. Each is a plain function that `karst.cli.main` registers."""
