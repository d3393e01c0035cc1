using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu;

/// <summary>The software x86-64 CPU: runs on any host, without hardware virtualization.</summary>
/// <param name="translate">Whether hot 64-bit code is translated, where the host allows it, instead of interpreted.</param>
/// <param name="direct">Guest memory whose user code is run directly, as the one machine with one processor that uses it; null where none is.</param>
public sealed class SoftwareHypervisor(bool translate = true, GuestMemory? direct = null) : IHypervisor, IDisposable
{
    /// <summary>Processes that user code is run in: for so many address spaces of the guest at a time. Linux keeps apart six. [asm/tlbflush.h]</summary>
    private const int AddressSpaces = 6;

    private readonly IReadOnlyList<StubProcess> _processes = direct is null || !Translator.BinaryTranslator.IsSupported ? [] : Start(direct);

    /// <inheritdoc/>
    public string Name => "software";

    /// <summary>Processes that user code is run in, for those who confine this one.</summary>
    public IReadOnlyList<int> UserProcesses => [.. _processes.Select(static process => process.Pid)];

    /// <inheritdoc/>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new SoftwareMachine(config, translate, config.Memory == direct ? _processes : []);
    }

    /// <summary>Ends the processes of user code, if no machine has; machines must be gone.</summary>
    public void Dispose()
    {
        foreach (StubProcess process in _processes) process.Dispose();
    }

    private static List<StubProcess> Start(GuestMemory memory)
    {
        List<StubProcess> processes = [];
        try
        {
            while (processes.Count < AddressSpaces) processes.Add(StubProcess.Start(memory.File));
        }
        catch (LinuxException)
        {
            // With fewer it is slower; with none, where none can be started, the translator does it all.
        }
        return processes;
    }
}
