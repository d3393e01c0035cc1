using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu;

/// <summary>The software x86-64 CPU: runs on any host, without hardware virtualization.</summary>
/// <param name="translate">Whether hot 64-bit code is translated, where the host allows it, instead of interpreted.</param>
/// <param name="direct">Guest memory whose user code is run directly, as the one machine with one processor that uses it; null where none is.</param>
public sealed class SoftwareHypervisor(bool translate = true, GuestMemory? direct = null) : IHypervisor, IDisposable
{
    private readonly StubProcess? _process = direct is null ? null : Start(direct);

    /// <inheritdoc/>
    public string Name => "software";

    /// <summary>Process that user code is run in, for those who confine this one; 0 if there is none.</summary>
    public int UserProcess => _process?.Pid ?? 0;

    /// <inheritdoc/>
    public IVirtualMachine CreateMachine(VirtualMachineConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new SoftwareMachine(config, translate, config.Memory == direct ? _process : null);
    }

    /// <summary>Ends the process of user code, if no machine has; machines must be gone.</summary>
    public void Dispose() => _process?.Dispose();

    private static StubProcess? Start(GuestMemory memory)
    {
        if (!Translator.BinaryTranslator.IsSupported) return null;
        try
        {
            return StubProcess.Start(memory.File);
        }
        catch (LinuxException)
        {
            // Where no process can be started or traced the translator does it all.
            return null;
        }
    }
}
