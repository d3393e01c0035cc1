using System.Net.Sockets;
using System.Text.Json;
using Berth.Boot;
using Berth.Disks;
using Berth.Guest;
using Berth.Kvm;
using Berth.Kvm.Probe;
using Berth.Linux;
using Berth.Vmm;
using Berth.Vmm.Control;

const int EngineError = 125;
try
{
    switch (args)
    {
        case ["run", var file]:
            using (FileStream stream = File.OpenRead(file))
            {
                MachineConfig config = JsonSerializer.Deserialize(stream, ControlJson.Default.MachineConfig) ?? throw new JsonException("no machine");
                return await MachineProcess.RunAsync(config);
            }
        case ["exec", var socket, var process]:
            return ExecClient.Run(socket, process);
        case ["exec", var socket] when Environment.GetEnvironmentVariable(ExecClient.ProcessVariable) is { } process:
            return ExecClient.Run(socket, process);
        case ["probe-kvm"]:
            ProbeResult found = KvmProbe.Run();
            Console.Out.WriteLine(found.Reason);
            return found.Passed ? 0 : 1;
        default:
            Console.Error.WriteLine("usage: berth-vmm run MACHINE.json\n       berth-vmm exec CONTROL-SOCKET [PROCESS-JSON]\n       berth-vmm probe-kvm");
            return EngineError;
    }
}
catch (Exception e) when (e is BootException or DiskException or GuestException or KvmException or LinuxException or IOException or JsonException or SocketException or ArgumentException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"berth-vmm: {e.Message}");
    return EngineError;
}
