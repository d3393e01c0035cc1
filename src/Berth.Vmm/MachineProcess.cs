using Berth.Boot;
using Berth.Boot.Kernels;
using Berth.Boot.Smbios;
using Berth.Cpu;
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
using Berth.X86;

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
    private GuestMemory? _firstMemory;
    private readonly List<IBlockBackend> _disks = [];
    private readonly List<IFileSystemBackend> _fileSystems = [];
    private readonly MachineNetworks _networks;
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
        bool translate = config.CpuEngine == CpuEngine.Translator;
        // The processes that run the guest's user code are given the memory now: none can be started later. A guest that starts anew does without.
        if (translate && config.DirectExecution) _firstMemory = new GuestMemory((ulong)config.Memory);
        _hypervisor = config.CpuEngine == CpuEngine.Kvm ? KvmHypervisor.Open() : new SoftwareHypervisor(translate, _firstMemory, config.Cpus);
        foreach (DiskConfig disk in config.Disks) _disks.Add(RawDisk.Open(disk.Path, disk.IsReadOnly));
        if (config.SharedFolders.Count > 0)
        {
            _fileSystems.Add(new FuseServer([.. config.SharedFolders.Select(static f => new SharedFolder(f.Name, Libc.Open(f.Path, Libc.O_PATH | Libc.O_NOFOLLOW), f.IsReadOnly))], FuseLimits.For(config.Memory)));
            // The guest has taken off its own mask. What this process makes for itself lies in a directory that only it enters.
            Libc.SetUmask(0);
        }
        _console = new SerialConsole(new ConsoleLog(config.ConsoleLog));
        _access = new MachineAccess(_console);
        _networks = new MachineNetworks(config, _access);
        _control = new ControlServer(config.ControlSocket, _access, _networks);
        if (config.Workload.Tty) HostTerminal.MakeRaw(_input);
        _signals = new SignalForwarding(Signalled, Resized);
    }

    /// <summary>Runs the machine to its end; the exit code is the workload's, or docker's code for why it did not run.</summary>
    public static async Task<int> RunAsync(MachineConfig config)
    {
        using MachineProcess process = new(config);
        AfterStart.Apply(config.CpuEngine == CpuEngine.Kvm, config.SharedFolders.Count > 0, process._hypervisor is SoftwareHypervisor { UserProcesses: var users } ? users : []);
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
        _networks.Dispose();
        (_hypervisor as IDisposable)?.Dispose();
        _firstMemory?.Dispose();
    }

    private GuestMemory TakeMemory() => Interlocked.Exchange(ref _firstMemory, null) ?? new GuestMemory((ulong)_config.Memory);

    private static void Check(MachineConfig config)
    {
        if (config.Memory is < MachineLimits.MinMemory or > MachineLimits.MaxMemory || config.Memory % 4096 != 0)
            throw new ArgumentException($"memory: {config.Memory} bytes must be a multiple of 4096 between {MachineLimits.MinMemory >> 20} MiB and {MachineLimits.MaxMemory >> 30} GiB");
        if (config.Cpus is < 1 or > MachineLimits.MaxCpus) throw new ArgumentException($"cpus: {config.Cpus} must be between 1 and {MachineLimits.MaxCpus}");
        if (config.Networks.FirstOrDefault(static n => n.Descriptor < 3) is { } card) throw new ArgumentException($"networks: descriptor {card.Descriptor} cannot be");
        if (config.Networks.Count > MachineLimits.MaxNetworkCards) throw new ArgumentException($"networks: at most {MachineLimits.MaxNetworkCards}");
        foreach (NetworkCardConfig each in config.Networks) NetworkCard.Check(each);
        if (config.Disks.Count > 2) throw new ArgumentException("disks: at most two");
    }

    // Null: the guest wants to start again.
    private async Task<int?> BootAsync()
    {
        PortStream port = new();
        (Board board, MachineConfig config) = await _networks.BootAsync(_config, cards => new Board(_hypervisor, TakeMemory(), _config.Cpus, new()
        {
            Serial = _console,
            AgentPort = port.Port,
            Disks = _disks,
            FileSystems = _fileSystems,
            Networks = cards,
        }));
        using Board running = board;
        try
        {
            _workload = null;
            _console.Connect(board.Serial);
            board.Start(Load(board));
            return await WaitAsync(port, board, config);
        }
        finally
        {
            // Before the board: a device may wait for room in it.
            await port.DisposeAsync();
        }
    }

    // Read for each boot and kept by nobody: the files are larger than all else that a machine keeps in the managed heap.
    private CpuRegisters Load(Board board) => DirectBoot.Load(board.Memory, new()
    {
        Kernel = KernelImage.Parse(File.ReadAllBytes(_config.Kernel)),
        Initrd = File.ReadAllBytes(_config.Initrd),
        CommandLine = $"{KernelArguments} {_config.CommandLine}".TrimEnd(),
        Acpi = board.Acpi,
        Smbios = new SmbiosConfig { SerialNumber = _config.Id, CpuCount = _config.Cpus },
    });

    private async Task<int?> WaitAsync(PortStream port, Board board, MachineConfig config)
    {
        Task<int> workload = RunWorkloadAsync(port, board, config);
        Task first = await Task.WhenAny(workload, board.Ended, _killedEarly.Task);
        if (first == _killedEarly.Task) return await _killedEarly.Task;
        if (first == workload) return await workload;
        (BoardEnd end, string? detail) = await board.Ended;
        if (_exitCode is { } known) return known;
        if (end == BoardEnd.Reset && detail is null && _console.Panic is null && _config.LayerFile.Length == 0) return null;
        Say(Describe(end, detail));
        return EngineError;
    }

    private async Task<int> RunWorkloadAsync(PortStream port, Board board, MachineConfig config)
    {
        await using GuestChannel channel = await GuestChannel.ConnectAsync(port);
        int exitCode;
        try
        {
            await channel.SetUpAsync(WorkloadSpecs.Setup(config));
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
        using CancellationTokenSource ended = new();
        _ = StartTrim.RunAsync(ended.Token);
        StdioRelay relay = new(process, workload.OpenStdin ? _input : null, _output, workload.Tty ? null : _error);
        GuestExit exit = await process.Exited;
        await ended.CancelAsync();
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
