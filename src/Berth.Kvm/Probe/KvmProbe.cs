using System.Diagnostics;
using System.Runtime.CompilerServices;
using Berth.Linux;
using Berth.Machine;

namespace Berth.Kvm.Probe;

/// <summary>Runs a tiny guest that does what kernels do. That /dev/kvm can be opened proves nothing: a KVM without hardware behind it emulates the guest's
/// kernel, slowly and not all of it.</summary>
public static class KvmProbe
{
    /// <summary>The guest's time for everything.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(1);

    // Guests on hardware run the loop as fast as the host; emulators are a hundred times slower.
    private const double SlowestFactor = 8;

    private static readonly string[] s_stages =
    [
        "64-bit code in the higher half", "lock cmpxchg16b", "xsave and xrstor", "int3", "a timer interrupt", "the end of a level-triggered interrupt", "a loop at the host's speed",
    ];

    /// <summary>The verdict, after at most <see cref="Limit"/> and a little.</summary>
    public static ProbeResult Run(string device = KvmHypervisor.DevicePath)
    {
        try
        {
            using KvmHypervisor hypervisor = KvmHypervisor.Open(device);
            return Run(hypervisor);
        }
        catch (Exception e) when (e is KvmException or LinuxException)
        {
            return new(false, e.Message);
        }
    }

    private static ProbeResult Run(KvmHypervisor hypervisor)
    {
        using GuestMemory memory = new(ProbeGuest.MemorySize);
        ProbeGuest.Load(memory);
        PortBus ports = new();
        bool ended = false;
        using KvmMachine machine = hypervisor.Create(new()
        {
            Memory = memory,
            Ports = ports,
            Mmio = new MmioBus(),
            Clock = new GuestClock(TimeProvider.System),
            EndOfInterrupt = vector => ended |= vector == ProbeGuest.LevelVector,
        });
        IVirtualCpu cpu = machine.CreateCpu();
        Progress progress = new(cpu, machine);
        ports.Add(new(ProbeGuest.StagePort, 1), progress);
        if (Enter(cpu) is { } refused) return new(false, refused);
        CpuExit exit;
        using (new Timer(_ => cpu.Kick(), null, Limit, Timeout.InfiniteTimeSpan)) exit = cpu.Run();
        string stage = s_stages[Math.Min(progress.Stage, s_stages.Length - 1)];
        if (exit.Reason != CpuExitReason.Kicked) return new(false, $"KVM fails at {stage}: {exit.Detail?.Split('\n')[0] ?? exit.Reason.ToString()}");
        if (!progress.IsDone) return new(false, $"KVM did not get past {stage} within {Limit.TotalSeconds:0} s");
        if (progress.Failed) return new(false, $"KVM gives a wrong result of {stage}");
        if (!ended) return new(false, $"KVM does not report {s_stages[5]}");
        double factor = progress.LoopTime / NativeLoopTime();
        if (factor > SlowestFactor) return new(false, $"guests run {factor:0} times slower than the host");
        string lacks = machine.MissingFeatures.Count > 0 ? $"; guests do without {string.Join(", ", machine.MissingFeatures)}" : "";
        return new(true, $"a test guest did all that kernels need, at the host's speed{lacks}");
    }

    private static string? Enter(IVirtualCpu cpu)
    {
        try
        {
            cpu.SetRegisters(ProbeGuest.Registers);
            return null;
        }
        catch (LinuxException e)
        {
            return $"KVM does not take the registers of a 64-bit kernel with XSAVE: {e.Message}";
        }
    }

    // The same loop here. Compiled at once: the first tiers would be slower than the guest.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double NativeLoopTime()
    {
        long start = Stopwatch.GetTimestamp();
        int memory = 0;
        for (int i = 0; i < ProbeGuest.LoopCount; i++) Volatile.Write(ref memory, Volatile.Read(ref memory) + 1);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The guest writes the number of each stage as it begins it.
    private sealed class Progress(IVirtualCpu cpu, KvmMachine machine) : IPortDevice
    {
        private long _loopStart;

        public int Stage { get; private set; }

        public bool IsDone { get; private set; }

        public bool Failed { get; private set; }

        public double LoopTime { get; private set; }

        public uint ReadPort(int offset, int size) => 0;

        public void WritePort(int offset, int size, uint value)
        {
            if (value == ProbeGuest.LevelStage) machine.Send(0xFEE0_0000, 0xC000u | ProbeGuest.LevelVector);
            if (value == ProbeGuest.LoopStage) _loopStart = Stopwatch.GetTimestamp();
            if (value is ProbeGuest.Success or ProbeGuest.Failure)
            {
                LoopTime = Stopwatch.GetElapsedTime(_loopStart).TotalSeconds;
                (IsDone, Failed) = (true, value == ProbeGuest.Failure);
                cpu.Kick();
            }
            else Stage = (int)value;
        }
    }
}
