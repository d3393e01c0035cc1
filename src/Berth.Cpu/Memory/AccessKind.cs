namespace Berth.Cpu.Memory;

/// <summary>What an access does.</summary>
internal enum AccessKind
{
    Read,
    Write,
    Execute,
}
