using System.Text;
using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.LockStep;

/// <summary>The part of a state block that the guest can see, as bytes: copied and compared.</summary>
internal static unsafe class CoreSnapshot
{
    private const int Xsave = CpuState.XsaveOffset;

    // What lies between belongs to the machinery: TLB, poll words, faults on their way. The pointers of the last x87 instruction are not kept.
    private static readonly (int From, int To, string Name)[] s_parts =
    [
        (0, 128, "register"), (160, 168, "RIP"), (184, 192, "system flags"), (CpuState.SegmentBaseOffset, 320, "segment base"), (320, 448, "segment"),
        (448, 468, "descriptor table"), (480, 528, "control register"), (528, 592, "debug register"), (592, 608, "privilege and size"), (640, 728, "MSR"),
        (Xsave, Xsave + 5, "x87 control"), (Xsave + 24, Xsave + 28, "MXCSR"), (Xsave + 32, Xsave + 160, "x87 register"), (CpuState.XmmOffset, CpuState.XmmOffset + 256, "XMM"),
        (CpuState.YmmHighOffset, CpuState.YmmHighOffset + 256, "upper half of YMM"),
    ];

    /// <summary>Copies a state; the status flags follow it.</summary>
    public static byte[] Take(CpuState* s)
    {
        var bytes = new byte[sizeof(CpuState) + sizeof(ulong)];
        // SAFETY: the state block has this size.
        new ReadOnlySpan<byte>(s, sizeof(CpuState)).CopyTo(bytes);
        BitConverter.TryWriteBytes(bytes.AsSpan(sizeof(CpuState)), Flags.Status(s));
        return bytes;
    }

    /// <summary>RIP of a copy.</summary>
    public static ulong Rip(byte[] copy) => BitConverter.ToUInt64(copy, 160);

    /// <summary>Status flags of a copy.</summary>
    public static ulong Status(byte[] copy) => BitConverter.ToUInt64(copy, sizeof(CpuState));

    /// <summary>Bytes of the parts that differ, without the status flags; 0 if the states are the same.</summary>
    public static int Distance(byte[] copy, CpuState* s)
    {
        int distance = 0;
        foreach ((int from, int to, _) in s_parts)
        {
            // SAFETY: the parts lie inside the state block.
            ReadOnlySpan<byte> one = copy.AsSpan(from, to - from), two = new((byte*)s + from, to - from);
            if (one.SequenceEqual(two)) continue;
            for (int i = 0; i < one.Length; i++) distance += one[i] == two[i] ? 0 : 1;
        }
        return distance;
    }

    /// <summary>Names what differs, the copy's values first.</summary>
    public static string Differences(byte[] copy, CpuState* s)
    {
        var text = new StringBuilder();
        foreach ((int from, int to, string name) in s_parts)
        {
            for (int at = from; at < to; at += 8)
            {
                int length = Math.Min(8, to - at);
                ReadOnlySpan<byte> one = copy.AsSpan(at, length), two = new((byte*)s + at, length);
                if (one.SequenceEqual(two)) continue;
                text.Append($"  {(from == 0 ? $"{(GeneralRegister)(at / 8)}" : $"{name}, byte {at - from}")}: {Number(one):x} and {Number(two):x}\n");
            }
        }
        if (Status(copy) != Flags.Status(s)) text.Append($"  status flags: {Status(copy):x} and {Flags.Status(s):x}\n");
        return text.ToString();
    }

    private static ulong Number(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--) value = (value << 8) | bytes[i];
        return value;
    }
}
