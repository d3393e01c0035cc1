return Berth.Cli.CommandLine.BerthCommand.Run(args);
