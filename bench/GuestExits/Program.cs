using System.Diagnostics;
using System.Runtime.CompilerServices;
using Berth.Cpu;
using Berth.Kvm;
using Berth.Machine;
using GuestExits;
using static Iced.Intel.AssemblerRegisters;

// What it costs to leave a guest, and what it costs to stay: one row per engine. Times are per round, the best of a few runs.
const int Runs = 3, Exits = 5_000, Sleeps = 200, Loops = 200_000;

Console.WriteLine($"{"engine",-12} {"port write",12} {"MMIO write",12} {"wake of HLT",12} {"compute / native",18}");
double native = Best(() => NativeLoop(Loops));
foreach ((string name, Func<IHypervisor> make) in ((string, Func<IHypervisor>)[])
    [("interpreter", () => new SoftwareHypervisor(translate: false)), ("translator", () => new SoftwareHypervisor()), ("kvm", () => KvmHypervisor.Open())])
{
    try
    {
        IHypervisor hypervisor = make();
        using (hypervisor as IDisposable) Console.WriteLine($"{name,-12} {Port(hypervisor),12} {Mmio(hypervisor),12} {Wake(hypervisor),12} {Compute(hypervisor),18}");
    }
    catch (KvmException e)
    {
        Console.WriteLine($"{name,-12} not here: {e.Message}");
    }
}
return 0;

static string Port(IHypervisor hypervisor) => Each(hypervisor, Exits, static a => a.@out(BenchGuest.DevicePort, al));

static string Mmio(IHypervisor hypervisor) => Each(hypervisor, Exits, static a => a.mov(__dword_ptr[rbx], ecx));

static string Each(IHypervisor hypervisor, int rounds, Action<Iced.Intel.Assembler> body)
{
    using BenchGuest guest = new(hypervisor);
    string? error = null;
    double seconds = Best(() =>
    {
        (TimeSpan time, string? failed) = guest.Run(rounds, body);
        error ??= failed;
        return time.TotalSeconds;
    });
    return error ?? $"{seconds / rounds * 1e9:0} ns";
}

// From the message to the handler's first store, seen from another thread.
static string Wake(IHypervisor hypervisor)
{
    using BenchGuest guest = new(hypervisor);
    string? error = null;
    Thread thread = new(() => error = guest.Run(Sleeps, static a =>
    {
        a.sti();
        a.hlt();
        a.cli();
    }).Error);
    thread.Start();
    double best = double.MaxValue;
    for (ulong i = 1; thread.IsAlive; i++)
    {
        // Long enough for the processor to be asleep; the measurement begins afterwards. Where it is not, two may be handled in one round.
        Thread.Sleep(1);
        long start = Stopwatch.GetTimestamp();
        guest.Interrupt();
        while (guest.Handled < i && thread.IsAlive) Thread.SpinWait(1);
        best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
    thread.Join();
    return error ?? $"{best * 1e6:0.0} µs";
}

string Compute(IHypervisor hypervisor)
{
    using BenchGuest guest = new(hypervisor);
    string? error = null;
    double seconds = Best(() =>
    {
        (TimeSpan time, string? failed) = guest.Run(Loops, static a => a.add(__dword_ptr[BenchGuest.Counter + 8], 1));
        error ??= failed;
        return time.TotalSeconds;
    });
    return error ?? $"{seconds / native:0.00}";
}

static double Best(Func<double> run)
{
    double best = double.MaxValue;
    for (int i = 0; i < Runs; i++) best = Math.Min(best, run());
    return best;
}

[MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
static double NativeLoop(int rounds)
{
    long start = Stopwatch.GetTimestamp();
    int memory = 0;
    for (int i = 0; i < rounds; i++) Volatile.Write(ref memory, Volatile.Read(ref memory) + 1);
    return Stopwatch.GetElapsedTime(start).TotalSeconds;
}
