using System.Runtime.InteropServices;
using Berth.Cpu.Interpreter;
using Iced.Intel;

namespace Berth.Cpu.Direct;

/// <summary>Finds instructions that user code may run but that would answer for the host's processor instead of the guest's: CPUID, XGETBV, XSAVE,
/// RDPID, LSL and the like. Bytes that look like one count where an instruction begins, as decoding from many places before them agrees: streams of
/// instructions meet after a few. (Code that jumps into the middle of its own instructions learns what any program on the host may know.)</summary>
internal sealed unsafe class CodeScan : IDisposable
{
    /// <summary>Bytes before and behind the page that help to tell.</summary>
    public const int Before = 96, After = 3;

    private const int PageSize = 0x1000;

    // Decoding begins at each byte of a stretch before the place in question.
    private const int Farthest = 80, Nearest = 32;

    private const int MaxPrefixes = 12;

    private readonly byte* _bytes = (byte*)NativeMemory.AllocZeroed(Before + PageSize + After);
    private readonly PointerReader _reader = new();
    private readonly Decoder _decoder;

    public CodeScan() => _decoder = Decoder.Create(64, _reader);

    /// <summary>Finds where in a page one begins, or may begin: prefixes before it may be part of it.</summary>
    /// <param name="previous">Host address of the page before it in the guest's linear memory, 0 if there is none: then what looks like an instruction
    /// near the beginning counts as one.</param>
    /// <param name="page">Its own host address.</param>
    /// <param name="next">Host address of the page behind it, 0 if there is none: then what may begin at its end counts.</param>
    /// <param name="places">Gets offsets in the page.</param>
    /// <returns>How many; -1 if they do not fit, or one may begin before the page.</returns>
    public int Find(nint previous, nint page, nint next, Span<ushort> places)
    {
        byte* first = _bytes + Before;
        if (previous != 0) Buffer.MemoryCopy((void*)(previous + PageSize - Before), _bytes, Before, Before);
        Buffer.MemoryCopy((void*)page, first, PageSize, PageSize);
        if (next != 0) Buffer.MemoryCopy((void*)next, first + PageSize, After, After);
        var bytes = new Span<byte>(first, PageSize + (next != 0 ? After : 0));
        int found = 0;
        for (int i = 0; i < PageSize; i++)
        {
            int step = bytes[i..PageSize].IndexOf((byte)0x0F);
            if (step < 0) break;
            i += step;
            if (i + 2 < bytes.Length && !IsListed(bytes[i + 1], bytes[i + 2])) continue;
            int begin = i;
            do
            {
                bool begins = (previous == 0 && i < Before) || Begins(first + begin, first + PageSize);
                if (begins && (begin < 0 || found == places.Length)) return -1;
                if (begins) places[found++] = (ushort)begin;
                begin--;
            }
            while ((begin < 0 && previous == 0) || (IsPrefix(first[begin]) && i - begin <= MaxPrefixes));
        }
        return found;
    }

    /// <summary>Whether 0F and these bytes, opcode and ModRM, are an instruction of the list. [SDM2] opcode maps.</summary>
    internal static bool IsListed(byte opcode, byte modRm)
    {
        int extension = (modRm >> 3) & 7;
        bool isMemory = modRm < 0xC0;
        return opcode switch
        {
            // SLDT, STR.
            0x00 => extension is 0 or 1,
            // LAR, LSL, SYSENTER, SYSEXIT, CPUID.
            0x02 or 0x03 or 0x34 or 0x35 or 0xA2 => true,
            // SGDT, SIDT, SMSW, XGETBV, RDPKRU, calls of a hypervisor. Not what faults in user mode anyhow (LGDT, SWAPGS, …; RDTSCP, as the process has no
            // time stamp counter), nor XEND and XTEST, which only code for transactions has.
            0x01 => isMemory ? extension is 0 or 1 or 4 or 5 : modRm is not (0xD5 or 0xD6 or 0xF8 or 0xF9),
            // XSAVE, XRSTOR, XSAVEOPT: what they store depends on the host's features.
            0xAE => isMemory && extension is 4 or 5 or 6,
            // XRSTORS, XSAVEC, XSAVES; RDPID.
            0xC7 => isMemory ? extension is 3 or 4 or 5 : extension == 7,
            _ => false,
        };
    }

    /// <summary>Whether an instruction begins at a place.</summary>
    private bool Begins(byte* place, byte* end)
    {
        int meet = 0;
        for (byte* start = place - Farthest; start < place - Nearest; start++)
        {
            byte* at = start;
            while (at < place)
            {
                _reader.Reset(at, (int)(end - at));
                _decoder.Decode(out Instruction i);
                at += Math.Max(1, i.Length);
            }
            if (at == place) meet++;
        }
        return meet * 4 >= Farthest - Nearest;
    }

    /// <summary>Whether a byte is a prefix, REX included.</summary>
    internal static bool IsPrefix(byte value) =>
        value is 0x66 or 0x67 or 0xF0 or 0xF2 or 0xF3 or 0x2E or 0x36 or 0x3E or 0x26 or 0x64 or 0x65 or (>= 0x40 and <= 0x4F);

    public void Dispose() => NativeMemory.Free(_bytes);
}
