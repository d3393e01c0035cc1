using Berth.Daemon;
using Berth.Daemon.Hosting;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(DaemonOptions.Usage);
    return 0;
}
if (args is ["--version" or "-v"])
{
    Console.WriteLine($"berthd version {BuildInfo.Version}, build {BuildInfo.Commit}");
    return 0;
}
try
{
    return await DaemonProcess.RunAsync(DaemonOptions.Parse(args, Environment.GetEnvironmentVariable));
}
catch (Exception exception)
{
    // Nothing is served yet or any more: whoever started the daemon is told in one line, and in full when that may not be enough.
    Console.Error.WriteLine($"berthd: {exception.Message}");
    if (exception is NullReferenceException or InvalidCastException or ArgumentException || Environment.GetEnvironmentVariable("BERTH_LOG_LEVEL") == "debug")
    {
        Console.Error.WriteLine(exception);
    }
    return 1;
}
