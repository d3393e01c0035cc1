using System.Diagnostics;
using System.Text.Json;
using Berth.Disks;
using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

/// <summary>A berth-vmm process of a test's own, without a sandbox, with its standard streams as pipes.</summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder;

    private TestMachine(TemporaryDirectory folder, Process process) => (_folder, Process) = (folder, process);

    public Process Process { get; }

    public string ControlSocket => _folder.Combine("control");

    public string ConsoleLog => _folder.Combine("console.log");

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The published program: compiled ahead of time and optimised, as users have it.</summary>
    public static string Program { get; } = Repository.Program("berth-vmm");

    public static async Task<TestMachine> StartAsync(IReadOnlyList<string> args, Func<MachineConfig, MachineConfig>? change = null)
    {
        MachineParts parts = await MachineParts.GetAsync();
        TemporaryDirectory folder = new();
        string writable = folder.Combine("disk.ext4");
        WritableDisk.Create(writable, 64 << 20);
        MachineConfig config = new()
        {
            Id = "test",
            Memory = 256L << 20,
            Cpus = 1,
            Kernel = parts.Kernel,
            Initrd = parts.Initrd,
            Disks = [new(parts.Disk, true), new(writable, false)],
            Hostname = "guest",
            Workload = new() { Args = args, Env = ["PATH=/bin"] },
            ConsoleLog = folder.Combine("console.log"),
            ControlSocket = folder.Combine("control"),
        };
        string file = folder.Combine("machine.json");
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes((change ?? (static c => c))(config), ControlJson.Default.MachineConfig));
        return new TestMachine(folder, Command.Start(Program, ["run", file]));
    }

    /// <summary>Runs to the end with no input; a machine that hangs is shown by its console, which a test's own timeout would not do.</summary>
    public async Task<CommandResult> ToEndAsync()
    {
        Task<string> output = Process.StandardOutput.ReadToEndAsync(Token), error = Process.StandardError.ReadToEndAsync(Token);
        Process.StandardInput.Close();
        try
        {
            await Process.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromSeconds(170), Token);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"the machine runs on; its console:\n{await File.ReadAllTextAsync(ConsoleLog, Token)}");
        }
        return new CommandResult(Process.ExitCode, await output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited) Process.Kill();
        await Process.WaitForExitAsync(CancellationToken.None);
        Process.Dispose();
        _folder.Dispose();
    }
}
