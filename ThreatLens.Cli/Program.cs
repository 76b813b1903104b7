using ThreatLens.Cli.CommandLine;

return await ThreatLensCommand.RunAsync(args);
