using Berth.Boot;
using Berth.Boot.Kernels;
using Berth.Boot.Smbios;
using Berth.Cpu;
using Berth.Devices.Virtio;
using Berth.Disks;
using Berth.FileSystems;
using Berth.Guest;
using Berth.Kvm;
using Berth.Linux;
using Berth.Machine;
using Berth.Machine.Storage;
using Berth.Vmm.Agent;
using Berth.Vmm.Boards;
using Berth.Vmm.Clients;
using Berth.Vmm.Confinement;
using Berth.Vmm.Control;
using Berth.Vmm.Networks;
using Berth.Vmm.Serial;

namespace Berth.Vmm;

/// <summary><c>berth-vmm run</c>: one machine, from its configuration to the exit code of its workload. Its standard streams are the workload's,
/// and signals sent to it are meant for the workload.</summary>
internal sealed class MachineProcess : IDisposable
{
    private const int EngineError = 125, SignalBase = 128;

    // The machine's timers and random numbers come from its own devices; a panic resets at once, which ends the machine with a message.
    private const string KernelArguments = "console=ttyS0 panic=-1 reboot=a cryptomgr.notests random.trust_cpu=on";

    private static readonly TimeSpan s_powerOffPatience = TimeSpan.FromSeconds(20);

    private readonly MachineConfig _config;
    private readonly IHypervisor _hypervisor;
    private readonly KernelImage _kernel;
    private readonly byte[] _initrd;
    private readonly List<IBlockBackend> _disks = [];
    private readonly List<IFileSystemBackend> _fileSystems = [];
    private readonly List<(TapWire Wire, byte[] Mac, ushort Mtu)> _networks = [];
    private readonly SerialConsole _console;
    private readonly MachineAccess _access;
    private readonly ControlServer _control;
    private readonly SignalForwarding _signals;
    private readonly FileDescriptor _input = new(0, ownsHandle: false), _output = new(1, ownsHandle: false), _error = new(2, ownsHandle: false);
    private readonly TaskCompletionSource<int> _killedEarly = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GuestProcess? _workload;
    private int? _exitCode; // known: what the machine does from then on changes nothing

    private MachineProcess(MachineConfig config)
    {
        Check(config);
        _config = config;
        _hypervisor = config.CpuEngine == CpuEngine.Kvm ? KvmHypervisor.Open() : new SoftwareHypervisor(translate: config.CpuEngine == CpuEngine.Translator);
        _kernel = KernelImage.Parse(File.ReadAllBytes(config.Kernel));
        _initrd = File.ReadAllBytes(config.Initrd);
        foreach (DiskConfig disk in config.Disks) _disks.Add(RawDisk.Open(disk.Path, disk.IsReadOnly));
        if (config.SharedFolders.Count > 0)
        {
            _fileSystems.Add(new FuseServer([.. config.SharedFolders.Select(static f => new SharedFolder(f.Name, Libc.Open(f.Path, Libc.O_PATH | Libc.O_NOFOLLOW), f.IsReadOnly))], FuseLimits.For(config.Memory)));
            // The guest has taken off its own mask. What this process makes for itself lies in a directory that only it enters.
            Libc.SetUmask(0);
        }
        foreach (NetworkCardConfig card in config.Networks)
            _networks.Add((new TapWire(new FileDescriptor(card.Descriptor)), Convert.FromHexString(card.Mac.Replace(":", "", StringComparison.Ordinal)), (ushort)card.Mtu));
        _console = new SerialConsole(new ConsoleLog(config.ConsoleLog));
        _access = new MachineAccess(_console);
        _control = new ControlServer(config.ControlSocket, _access);
        if (config.Workload.Tty) HostTerminal.MakeRaw(_input);
        _signals = new SignalForwarding(Signalled, Resized);
    }

    /// <summary>Runs the machine to its end; the exit code is the workload's, or docker's code for why it did not run.</summary>
    public static async Task<int> RunAsync(MachineConfig config)
    {
        using MachineProcess process = new(config);
        AfterStart.Apply(config.CpuEngine == CpuEngine.Kvm, config.SharedFolders.Count > 0);
        while (true)
        {
            if (await process.BootAsync() is { } exitCode) return exitCode;
            process._access.Restarting();
        }
    }

    public void Dispose()
    {
        _access.Ended("the machine has ended");
        _signals.Dispose();
        _control.Dispose();
        _console.Dispose();
        foreach (IBlockBackend disk in _disks) disk.Dispose();
        foreach (IFileSystemBackend files in _fileSystems) files.Dispose();
        foreach ((TapWire wire, _, _) in _networks) wire.Dispose();
        (_hypervisor as IDisposable)?.Dispose();
    }

    private static void Check(MachineConfig config)
    {
        if (config.Memory is < MachineLimits.MinMemory or > MachineLimits.MaxMemory || config.Memory % 4096 != 0)
            throw new ArgumentException($"memory: {config.Memory} bytes must be a multiple of 4096 between {MachineLimits.MinMemory >> 20} MiB and {MachineLimits.MaxMemory >> 30} GiB");
        if (config.Cpus is < 1 or > MachineLimits.MaxCpus) throw new ArgumentException($"cpus: {config.Cpus} must be between 1 and {MachineLimits.MaxCpus}");
        if (config.Networks.FirstOrDefault(static n => n.Descriptor < 3 || n.Mtu is < 68 or > VirtioNet.LongestFrame - 18) is { } card)
            throw new ArgumentException($"networks: descriptor {card.Descriptor} or MTU {card.Mtu} cannot be");
        if (config.Disks.Count > 2) throw new ArgumentException("disks: at most two");
    }

    // Null: the guest wants to start again.
    private async Task<int?> BootAsync()
    {
        PortStream port = new();
        BoardBackends backends = new()
        {
            Serial = _console,
            AgentPort = port.Port,
            Disks = _disks,
            FileSystems = _fileSystems,
            Networks = [.. _networks.Select(static n => ((IPacketBackend)n.Wire, n.Mac, n.Mtu))],
        };
        using Board board = new(_hypervisor, (ulong)_config.Memory, _config.Cpus, backends);
        try
        {
            _workload = null;
            _console.Connect(board.Serial);
            board.Start(DirectBoot.Load(board.Memory, new()
            {
                Kernel = _kernel,
                Initrd = _initrd,
                CommandLine = $"{KernelArguments} {_config.CommandLine}".TrimEnd(),
                Acpi = board.Acpi,
                Smbios = new SmbiosConfig { SerialNumber = _config.Id, CpuCount = _config.Cpus },
            }));
            return await WaitAsync(port, board);
        }
        finally
        {
            // Before the board: a device may wait for room in it.
            await port.DisposeAsync();
        }
    }

    private async Task<int?> WaitAsync(PortStream port, Board board)
    {
        Task<int> workload = RunWorkloadAsync(port, board);
        Task first = await Task.WhenAny(workload, board.Ended, _killedEarly.Task);
        if (first == _killedEarly.Task) return await _killedEarly.Task;
        if (first == workload) return await workload;
        (BoardEnd end, string? detail) = await board.Ended;
        if (_exitCode is { } known) return known;
        if (end == BoardEnd.Reset && detail is null && _console.Panic is null && _config.LayerFile.Length == 0) return null;
        Say(Describe(end, detail));
        return EngineError;
    }

    private async Task<int> RunWorkloadAsync(PortStream port, Board board)
    {
        await using GuestChannel channel = await GuestChannel.ConnectAsync(port);
        int exitCode;
        try
        {
            await channel.SetUpAsync(WorkloadSpecs.Setup(_config));
            exitCode = await RunWorkloadAsync(channel);
        }
        catch (GuestException e)
        {
            Say(e.Message);
            exitCode = e.ExitCode;
        }
        _exitCode = exitCode;
        // So that everything written is on the disk.
        await channel.ShutdownAsync(TimeSpan.Zero);
        await Task.WhenAny(board.Ended, Task.Delay(s_powerOffPatience));
        return exitCode;
    }

    private async Task<int> RunWorkloadAsync(GuestChannel channel)
    {
        WorkloadConfig workload = _config.Workload;
        GuestProcess process = await channel.StartAsync(WorkloadSpecs.Process(workload, workload.Tty ? HostTerminal.SizeOf(_input) : (24, 80), isMain: true));
        _workload = process;
        _access.Ready(channel);
        StdioRelay relay = new(process, workload.OpenStdin ? _input : null, _output, workload.Tty ? null : _error);
        GuestExit exit = await process.Exited;
        await relay.Drained;
        if (exit.ExitCode == 0 && _config.LayerFile.Length > 0) await LayerFile.ReceiveAsync(channel, _config.LayerFile, _config.LayerLimit);
        return exit.ExitCode;
    }

    // Whoever runs for a layer is in no list by whose name a console could be asked for.
    private string Hint => _config.LayerFile.Length > 0 ? "" : ". Its console says more: berth vm console";

    private string Describe(BoardEnd end, string? detail) => end switch
    {
        _ when _console.Panic is { } panic => $"the guest's kernel panicked: {panic}{Hint}",
        _ when _console.AgentRemark is { } remark => $"the machine ended: {remark}",
        BoardEnd.Reset when detail is null => "the machine was started again from inside before the workload ended",
        BoardEnd.PowerOff => "the machine was switched off from inside before the workload ended",
        BoardEnd.Halted => $"the guest's kernel halted for good{Hint}",
        _ => $"the machine failed: {detail}{Hint}",
    };

    private void Say(string message)
    {
        byte[] line = System.Text.Encoding.UTF8.GetBytes($"berth: {message}{(_config.Workload.Tty ? "\r\n" : "\n")}");
        Libc.TryWrite(_config.Workload.Tty ? _output : _error, line);
    }

    private void Signalled(int signal)
    {
        if (_workload is { } process) _ = process.SignalAsync(signal).ContinueWith(static sent => sent.Exception, TaskScheduler.Default);
        else if (signal is 1 or 2 or 3 or 15) _killedEarly.TrySetResult(SignalBase + signal); // what ends a process that does not catch it
    }

    private void Resized()
    {
        if (!_config.Workload.Tty || _workload is not { } process) return;
        (int rows, int columns) = HostTerminal.SizeOf(_input);
        _ = process.ResizeAsync(rows, columns).ContinueWith(static sent => sent.Exception, TaskScheduler.Default);
    }
}
