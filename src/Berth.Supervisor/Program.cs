using System.Runtime.InteropServices;
using System.Text;
using Berth.Containers.Supervision;
using Berth.Linux;
using Berth.Supervisor;

if (!SupervisorOptions.TryParse(args, out SupervisorOptions? options, out string? error))
{
    Console.Error.WriteLine($"berth-supervisor: {error}\nusage: berth-supervisor --run-root DIRECTORY --data-root DIRECTORY [--ready-on-stdout]");
    return 125;
}
try
{
    using SupervisorHost host = SupervisorHost.Start(options.Paths, TimeProvider.System);
    using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, host.OnSignal);
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, host.OnSignal);
    using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, static c => c.Cancel = true);
    if (options.ReadyOnStdout)
    {
        using FileDescriptor output = new(1, ownsHandle: false);
        Libc.TryWrite(output, Encoding.ASCII.GetBytes(SupervisorLauncher.Ready + "\n"));
    }
    host.Run();
    return 0;
}
catch (Exception e) when (e is SupervisorException or LinuxException or IOException or UnauthorizedAccessException or Berth.Containers.Cgroups.CgroupException)
{
    if (options.ReadyOnStdout)
        Console.Out.WriteLine(e is SupervisorException { Kind: SupervisorErrorKind.Conflict } ? SupervisorLauncher.Held : e.Message.ReplaceLineEndings(" "));
    Console.Error.WriteLine($"berth-supervisor: {e.Message}");
    return 125;
}
