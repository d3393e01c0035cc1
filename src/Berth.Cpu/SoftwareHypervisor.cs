using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu;

/// <summary>The software x86-64 CPU: runs on any host, without hardware virtualization.</summary>
/// <param name="translate">Whether hot 64-bit code is translated, where the host allows it, instead of interpreted.</param>
/// <param name="direct">Guest memory whose user code is run directly, in the one machine that uses it; null where none is.</param>
/// <param name="cpus">Processors of that machine.</param>
public sealed class SoftwareHypervisor(bool translate = true, GuestMemory? direct = null, int cpus = 1) : IHypervisor, IDisposable
{
    /// <summary>Processes that a processor's user code is run in, one for each address space of the guest that it used last. Linux keeps apart six.
    /// [asm/tlbflush.h]</summary>
    private const int AddressSpaces = 6;

    /// <summary>Of all processors together.</summary>
    private const int MaxProcesses = 96;

    // By processor.
    private readonly IReadOnlyList<StubProcess[]> _processes = direct is null || !Translator.BinaryTranslator.IsSupported ? [] : Start(direct, cpus);

    /// <inheritdoc/>
    public string Name => "software";

    /// <summary>Processes that user code is run in, for those who confine this one.</summary>
    public IReadOnlyList<int> UserProcesses => [.. _processes.SelectMany(static each => each).Select(static process => process.Pid)];

    /// <inheritdoc/>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new SoftwareMachine(config, translate, config.Memory == direct ? _processes : []);
    }

    /// <summary>Ends the processes of user code, if no machine has; machines must be gone.</summary>
    public void Dispose()
    {
        foreach (StubProcess process in _processes.SelectMany(static each => each)) process.Dispose();
    }

    private static StubProcess[][] Start(GuestMemory memory, int cpus)
    {
        int each = Math.Clamp(MaxProcesses / cpus, 1, AddressSpaces);
        List<StubProcess> all = [];
        try
        {
            while (all.Count < each * cpus) all.Add(StubProcess.Start(memory.File));
        }
        catch (LinuxException)
        {
            // With fewer some processors do without; with none, where none can be started, the translator does it all.
        }
        return [.. all.Chunk(each)];
    }
}
