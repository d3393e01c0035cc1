using Berth.Cpu.Interpreter;
using Berth.Cpu.State;
using Berth.Linux;
using Berth.Linux.Tracing;
using Berth.X86;

namespace Berth.Cpu.Direct;

/// <summary>Takes the registers of user code to a process that runs it, and back.</summary>
internal sealed unsafe class UserRegisters(Core core, CpuState* s)
{
    /// <summary>Selectors of user code and its stack, the host's and so the guest's.</summary>
    public const ushort Code = 0x33, Stack = 0x2B;

    /// <summary>What the process's flags can differ in from those that it is given.</summary>
    public const ulong Sticky = RFlags.Identification | RFlags.NestedTask;

    private const ulong Taken = RFlags.Direction | RFlags.AlignmentCheck | RFlags.Trap | Sticky;

    /// <summary>Gives the process all registers of the guest's, but RIP.</summary>
    public void Load(StubProcess process, ulong rip)
    {
        // Without breakpoints of the guest's it says nothing, and it would let the first instruction pass one of ours.
        s->SystemFlags &= ~RFlags.Resume;
        core.SystemFlagsChanged();
        ref Libc.user_regs_struct r = ref process.Registers;
        ulong* g = s->Registers;
        (r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi) = (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]);
        (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15) = (g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
        (r.rip, r.eflags, r.orig_rax) = (rip, Flags.All(s), ulong.MaxValue);
        (r.cs, r.ss, r.ds, r.es, r.fs, r.gs) = (Code, Stack, 0, 0, 0, 0);
        (r.fs_base, r.gs_base) = (s->Fs.Base, s->Gs.Base);
        process.Write();
        Span<byte> area = process.ExtendedState;
        area.Clear();
        new ReadOnlySpan<byte>(s->Xsave, CpuModel.XsaveSize).CopyTo(area);
        area[512..576].Clear();
        area[512] = (byte)CpuModel.Xcr0;
        process.WriteExtended();
    }

    /// <summary>Takes them back, as they were before what stopped it; of relocated code they are already.</summary>
    public void Save(UserMirror mirror, TraceStop stop, bool relocated)
    {
        StubProcess process = mirror.Process;
        if (!relocated) process.Read();
        Libc.user_regs_struct r = process.Registers;
        ulong* g = s->Registers;
        (g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]) = (r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi);
        (g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]) = (r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15);
        s->Rip = r.rip;
        Flags.SetStatus(s, r.eflags);
        s->SystemFlags = (s->SystemFlags & ~Taken) | (r.eflags & Taken);
        mirror.StickyFlags = r.eflags & Sticky;
        core.SystemFlagsChanged();
        SaveSegments(r);
        process.ReadExtended();
        uint mask = s->MxcsrMask;
        Span<byte> area = new(s->Xsave, CpuModel.XsaveSize);
        process.ExtendedState[..CpuModel.XsaveSize].CopyTo(area);
        area[512..576].Clear();
        area[512] = (byte)CpuModel.Xcr0;
        s->MxcsrMask = mask;
        if (relocated)
        {
            // Opcode, instruction and operand of the last x87 instruction.
            area[6..24].Clear();
            return;
        }
        if (stop.IsSystemCall)
        {
            // SYSCALL and INT 80h have two bytes each. What SYSCALL puts into RCX and R11 the guest's own will put there again.
            (s->Rip, g[0]) = (r.rip - 2, r.orig_rax);
        }
        else if (stop.Signal == Libc.SIGTRAP && process.Fault().Code != Libc.TRAP_HWBKPT) Trapped();
        else if (stop.Signal == Libc.SIGSYS)
        {
            // The host's kernel stands for code of its own at addresses of the kernel's; it has returned from there already.
            (s->Rip, g[4]) = (process.Fault().Address, r.rsp - 8);
        }
    }

    private void SaveSegments(in Libc.user_regs_struct r)
    {
        // The guest's tables have the same entries as the host's wherever such a load has succeeded.
        if ((ushort)r.cs != Code && core.Segmentation.ReadDescriptor((ushort)r.cs, 0, ExceptionVector.GeneralProtection, out SegmentDescriptor code))
            core.Segmentation.EnterCode((ushort)r.cs, code, 3);
        ReadOnlySpan<(SegmentName Name, ulong Selector, ulong Before)> loaded =
            [(SegmentName.Ss, r.ss, Stack), (SegmentName.Ds, r.ds, 0), (SegmentName.Es, r.es, 0), (SegmentName.Fs, r.fs, 0), (SegmentName.Gs, r.gs, 0)];
        foreach ((SegmentName name, ulong selector, ulong before) in loaded)
        {
            if ((ushort)selector != before) core.Segmentation.Load((int)name, (ushort)selector);
        }
        s->FaultVector = -1;
        core.Segmentation.SetBase((int)SegmentName.Fs, r.fs_base);
        core.Segmentation.SetBase((int)SegmentName.Gs, r.gs_base);
    }

    /// <summary>INT3 is run again by the interpreter; a single step that user code has asked for is over.</summary>
    private void Trapped()
    {
        if ((s->SystemFlags & RFlags.Trap) != 0)
        {
            s->DebugHits |= 1UL << 14;
            return;
        }
        s->Rip -= core.Mmu.PeekCode(s->Rip - 1) is var last && last != null && *last == 0xCC ? 1u : 2u;
    }
}
