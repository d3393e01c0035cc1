namespace Berth.Cpu.Host;

/// <summary>What the host's processor makes of flags that the manual leaves undefined.</summary>
internal static unsafe class HostFlags
{
    /// <summary>Bit 3 if a shift sets AF, where <see cref="State.CpuState.FlagCarry"/> has it.</summary>
    public static ulong ShiftAdjust { get; } = StubCache.IsSupported ? Shift() : 0;

    private static ulong Shift()
    {
        using var memory = new ExecutableMemory(4096);
        // xor eax, eax; inc eax; shl eax, 6; lahf; movzx eax, ah; and eax, 16; ret
        nint code = memory.Add([0x31, 0xC0, 0xFF, 0xC0, 0xC1, 0xE0, 6, 0x9F, 0x0F, 0xB6, 0xC4, 0x83, 0xE0, 16, 0xC3]);
        // SAFETY: the code above changes EAX and flags only.
        return ((delegate* unmanaged<ulong>)code)() >> 1;
    }
}
