namespace Berth.Cpu.Translator;

/// <summary>Addresses at which a block can be entered. Polled entries look whether an event waits; every loop passes one.</summary>
internal struct BlockEntries
{
    /// <summary>Checks the mapping of the page, then as <see cref="PolledMemory"/>.</summary>
    public nint Checked;

    /// <summary>Flags in the state block.</summary>
    public nint PolledMemory, Memory;

    /// <summary>Flags in the host.</summary>
    public nint PolledHost, Host;
}
