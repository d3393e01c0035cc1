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
catch (Exception exception) when (exception is FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"berthd: {exception.Message}");
    return 1;
}
