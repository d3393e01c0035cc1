int status = Berth.Cli.CommandLine.BerthCommand.Run(args);
// What was printed is written already. The runtime's own way out would wake its finalizer thread, which loads the compiler.
Berth.Linux.Libc.Exit(status);
