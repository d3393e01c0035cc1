using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Debug registers: what DR7 enables, and which breakpoints an access or fetch meets. Spec: [SDM3] 17.2.</summary>
internal sealed unsafe class Breakpoints(CpuState* s)
{
    private bool _hasData, _hasCode, _hasPort;

    /// <summary>Reads DR7 again.</summary>
    public void Update()
    {
        _hasData = _hasCode = _hasPort = false;
        for (int i = 0; i < 4; i++)
        {
            if (!Enabled(i)) continue;
            int type = Type(i);
            if (type == 0) _hasCode = true;
            else if (type == 2) _hasPort = true;
            else _hasData = true;
        }
        if (_hasCode) s->Step |= StepFlags.Breakpoint;
        else s->Step &= ~StepFlags.Breakpoint;
    }

    private bool Enabled(int i) => (s->Debug[7] >> (i * 2) & 3) != 0;

    private int Type(int i) => (int)(s->Debug[7] >> (16 + (i * 4))) & 3;

    private int Length(int i) => ((int)(s->Debug[7] >> (18 + (i * 4))) & 3) switch { 0 => 1, 1 => 2, 2 => 8, _ => 4 };

    /// <summary>Whether accesses to a page must take the slow path.</summary>
    public bool IsDataPage(ulong address)
    {
        if (!_hasData) return false;
        for (int i = 0; i < 4; i++)
        {
            if (Enabled(i) && Type(i) is 1 or 3 && (s->Debug[i] & ~0xFFFUL) == (address & ~0xFFFUL)) return true;
        }
        return false;
    }

    /// <summary>Notes the breakpoints that a data access meets; the trap comes after the instruction.</summary>
    public void Data(ulong address, int size, bool write)
    {
        if (!_hasData) return;
        for (int i = 0; i < 4; i++)
        {
            if (Enabled(i) && (Type(i) == 3 || (Type(i) == 1 && write))) Meet(i, address, size);
        }
    }

    /// <summary>Notes the breakpoints that a port access meets.</summary>
    public void Port(ushort port, int size)
    {
        if (!_hasPort || (s->Cr4 & Cr4.DebuggingExtensions) == 0) return;
        for (int i = 0; i < 4; i++)
        {
            if (Enabled(i) && Type(i) == 2) Meet(i, port, size);
        }
    }

    private void Meet(int i, ulong address, int size)
    {
        int length = Length(i);
        ulong start = s->Debug[i] & ~(ulong)(length - 1);
        if (address >= start + (ulong)length || start >= address + (ulong)size) return;
        s->DebugHits |= 1UL << i;
        // The trap comes right after this instruction, not at the end of its block.
        s->BlockEnd = null;
    }

    /// <summary>DR6 bits of the instruction breakpoints at a linear address.</summary>
    public ulong Code(ulong linear)
    {
        ulong hits = 0;
        for (int i = 0; i < 4 && _hasCode; i++)
        {
            if (Enabled(i) && Type(i) == 0 && s->Debug[i] == linear) hits |= 1UL << i;
        }
        return hits;
    }
}
