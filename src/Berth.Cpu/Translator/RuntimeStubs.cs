using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Berth.Cpu.Host;
using Berth.Cpu.State;

namespace Berth.Cpu.Translator;

/// <summary>The way into generated code, out of it, and from it to the memory unit: fixed code at the start of a code memory.</summary>
internal sealed unsafe class RuntimeStubs
{
    private const int HighOffset = CpuState.YmmHighOffset;
    private readonly nint _enter;

    public RuntimeStubs(ExecutableMemory memory, Emitter e)
    {
        e.Start(memory.Next);
        nint save = Vectors(e, load: false), load = Vectors(e, load: true);
        nint exit = Exit(e, save);
        Interpret = e.Here;
        e.Byte(0x41);
        e.Byte(0x58 | (HostRegisters.Scratch & 7)); // pop: the address after the call, where RIP stands
        e.At(0x8B, HostRegisters.Scratch, HostRegisters.Scratch, 0);
        nint interpretAt = e.Here;
        Leave(e, exit, ExitReason.Interpret, storeRip: true);
        Assist = e.Here;
        e.Bytes(0x41, 0x5B); // pop r11
        e.Gs(0x89, HostRegisters.Scratch, Layout.Argument);
        e.At(0x8B, HostRegisters.Scratch, HostRegisters.Scratch, 0);
        Leave(e, exit, ExitReason.Assist, storeRip: true);
        Direct = Leave(e, exit, ExitReason.Direct, storeRip: false);
        DirectHost = e.Here;
        FlagCode.Save(e);
        e.JumpTo(Direct);
        Lookup = Leave(e, exit, ExitReason.Lookup, storeRip: true);
        Poll = Leave(e, exit, ExitReason.Poll, storeRip: true);
        PollHost = e.Here;
        e.Gs(0x89, HostRegisters.Scratch, (int)Marshal.OffsetOf<CpuState>(nameof(CpuState.Rip)));
        FlagCode.Save(e);
        Leave(e, exit, ExitReason.Poll, storeRip: false);
        Watched = e.Here;
        e.Gs(0x89, HostRegisters.Address, Layout.Argument);
        Leave(e, exit, ExitReason.Watched, storeRip: true);
        Fill = FillStub(e, save, load, interpretAt);
        LoadVectors = Lazily(e, load, interpretAt, Layout.VectorsReady, Layout.VectorsLoaded);
        LoadX87 = X87Lazily(e, interpretAt);
        _enter = Entry(e);
        memory.Add(e.Code);
    }

    /// <summary>Called with RIP behind the call: leaves so that the instruction there is interpreted.</summary>
    public nint Interpret { get; }

    /// <summary>Called with an <see cref="AssistSite"/> behind the call: leaves so that its operation is run.</summary>
    public nint Assist { get; }

    /// <summary>Leaves by the direct exit whose number is in the state; flags in the state.</summary>
    public nint Direct { get; }

    /// <summary>As <see cref="Direct"/>, flags in the host.</summary>
    public nint DirectHost { get; }

    /// <summary>Leaves because the mapping of the block at R11 must be looked at.</summary>
    public nint Lookup { get; }

    /// <summary>Leaves because someone set the poll word; R11 holds RIP.</summary>
    public nint Poll { get; }

    public nint PollHost { get; }

    /// <summary>Leaves after a store into a watched page: R10 points to its watch byte, R11 holds RIP.</summary>
    public nint Watched { get; }

    /// <summary>Called with a linear address in R10 and size and kind in R11; behind the call a jump of five bytes and RIP.</summary>
    public nint Fill { get; }

    /// <summary>Called, as <see cref="Fill"/>, with what is needed of the vector registers in R11.</summary>
    public nint LoadVectors { get; }

    /// <summary>As <see cref="LoadVectors"/>, for the x87 registers.</summary>
    public nint LoadX87 { get; }

    /// <summary>Runs generated code until it leaves.</summary>
    // SAFETY: code was generated for this state block. The call is an ordinary one, so that the collector need not wait for it.
    public ExitReason Run(nint code, CpuState* s) => (ExitReason)((delegate* unmanaged<nint, CpuState*, int>)_enter)(code, s);

    private static nint Entry(Emitter e)
    {
        nint start = e.Here;
        e.Bytes(0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57); // push rbx, rbp, r12, r13, r14, r15
        e.Immediate(5, 4, 8);
        e.Bytes(0xF3, 0x48, 0x0F, 0xAE, 0xDE); // wrgsbase rsi
        e.Move(HostRegisters.Scratch, HostRegisters.Rdi);
        foreach (int guest in HostRegisters.Resident) e.Gs(0x8B, HostRegisters.Host(guest), guest * 8);
        e.Bytes(0x41, 0xFF, 0xE3); // jmp r11
        return start;
    }

    private static nint Exit(Emitter e, nint save)
    {
        nint start = e.Here;
        foreach (int guest in HostRegisters.Resident) e.Gs(0x89, HostRegisters.Host(guest), guest * 8);
        Compare(e, Layout.VectorsLoaded, 0);
        int skip = e.JumpIf(4);
        e.Call(save);
        StoreZero(e, Layout.VectorsLoaded);
        e.Bind(skip);
        SaveX87(e);
        e.Op(0x8B, HostRegisters.Rax, HostRegisters.Scratch);
        e.Immediate(0, 4, 8);
        e.Bytes(0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3);
        return start;
    }

    /// <summary>RAX and RDX are free here.</summary>
    private static void SaveX87(Emitter e)
    {
        Compare(e, Layout.X87Loaded, 0);
        int skip = e.JumpIf(4);
        Mask(e);
        e.Gs(0x0FAE, 4, CpuState.XsaveOffset); // xsave64
        // Where the host's instruction and operand were is none of the guest's business.
        e.Op(0x33, HostRegisters.Rax, HostRegisters.Rax, wide: false);
        e.Gs(0x660089, HostRegisters.Rax, CpuState.XsaveOffset + 6, wide: false);
        e.Gs(0x89, HostRegisters.Rax, CpuState.XsaveOffset + 8);
        e.Gs(0x89, HostRegisters.Rax, CpuState.XsaveOffset + 16);
        e.Bytes(0xDB, 0xE3); // fninit
        StoreZero(e, Layout.X87Loaded);
        e.Bind(skip);
    }

    /// <summary>EDX:EAX = the x87 component alone.</summary>
    private static void Mask(Emitter e)
    {
        e.Constant(HostRegisters.Rax, 1);
        e.Op(0x33, HostRegisters.Rdx, HostRegisters.Rdx, wide: false);
    }

    private static nint X87Lazily(Emitter e, nint interpretAt)
    {
        nint start = e.Here;
        Compare(e, Layout.X87Ready, 0);
        int no = e.JumpIf(4);
        e.Gs(0x89, HostRegisters.Rax, Layout.Temporary);
        e.Move(HostRegisters.Scratch, HostRegisters.Rdx);
        e.Gs(0xC7, 0, CpuState.XsaveOffset + 512);
        e.Int32(1);
        Mask(e);
        e.Gs(0x0FAE, 5, CpuState.XsaveOffset); // xrstor64
        e.Gs(0x8B, HostRegisters.Rax, Layout.Temporary);
        e.Move(HostRegisters.Rdx, HostRegisters.Scratch);
        e.Gs(0xC7, 0, Layout.X87Loaded, wide: false);
        e.Int32(1);
        e.Byte(0xC3);
        e.Bind(no);
        e.Bytes(0x41, 0x5B);
        e.At(0x8B, HostRegisters.Scratch, HostRegisters.Scratch, 5);
        e.JumpTo(interpretAt);
        return start;
    }

    private static nint Leave(Emitter e, nint exit, ExitReason reason, bool storeRip)
    {
        nint start = e.Here;
        if (storeRip) e.Gs(0x89, HostRegisters.Scratch, Layout.Rip);
        e.Constant(HostRegisters.Scratch, (int)reason);
        e.JumpTo(exit);
        return start;
    }

    /// <summary>cmp dword gs:[offset], value.</summary>
    public static void Compare(Emitter e, int offset, sbyte value)
    {
        e.Gs(0x83, 7, offset, wide: false);
        e.Byte(value);
    }

    private static void StoreZero(Emitter e, int offset)
    {
        e.Gs(0xC7, 0, offset, wide: false);
        e.Int32(0);
    }

    private static nint Vectors(Emitter e, bool load)
    {
        nint start = e.Here;
        for (int i = 0; i < 16; i++)
        {
            int r = i < 8 ? 0x80 : 0, modrm = 0x04 | ((i & 7) << 3);
            // vmovups xmm, gs:[…] or back
            e.Bytes(0x65, 0xC5, (byte)(0x78 | r), (byte)(load ? 0x10 : 0x11), (byte)modrm, 0x25);
            e.Int32(CpuState.XmmOffset + (i * 16));
            if (load)
            {
                // vinsertf128 ymm, ymm, gs:[…], 1
                e.Bytes(0x65, 0xC4, (byte)(0x63 | r), (byte)(0x05 | ((~i & 15) << 3)), 0x18, (byte)modrm, 0x25);
            }
            else e.Bytes(0x65, 0xC4, (byte)(0x63 | r), 0x7D, 0x19, (byte)modrm, 0x25); // vextractf128 gs:[…], ymm, 1
            e.Int32(HighOffset + (i * 16));
            e.Byte(1);
        }
        if (!load) Mxcsr(e, 3, CpuState.MxcsrOffset);
        Mxcsr(e, 2, load ? CpuState.MxcsrOffset : CpuState.HostMxcsrOffset);
        if (!load) e.Bytes(0xC5, 0xF8, 0x77); // vzeroupper
        e.Byte(0xC3);
        return start;
    }

    /// <summary>2: LDMXCSR, 3: STMXCSR.</summary>
    private static void Mxcsr(Emitter e, int operation, int offset) => e.Gs(0x0FAE, operation, offset, wide: false);

    private static nint FillStub(Emitter e, nint save, nint load, nint interpretAt)
    {
        ReadOnlySpan<int> lost = [0, 1, 2, 6, 7, 8, 9];
        nint start = e.Here;
        e.Gs(0x89, HostRegisters.Address, Layout.Argument);
        foreach (int r in lost) e.Gs(0x89, r, r * 8);
        e.Move(HostRegisters.Rsi, HostRegisters.Address);
        e.Move(HostRegisters.Rdx, HostRegisters.Scratch);
        Compare(e, Layout.VectorsLoaded, 0);
        int skip = e.JumpIf(4);
        e.Call(save);
        e.Bind(skip);
        e.Bytes(0xF3, 0x48, 0x0F, 0xAE, 0xCF); // rdgsbase rdi
        e.Immediate(5, 4, 8);
        e.Constant(HostRegisters.Rax, (nint)(delegate* unmanaged<CpuState*, ulong, uint, int>)&OnMiss);
        e.Bytes(0xFF, 0xD0); // call rax
        e.Immediate(0, 4, 8);
        e.Move(HostRegisters.Scratch, HostRegisters.Rax);
        foreach (int r in lost) e.Gs(0x8B, r, r * 8);
        Compare(e, Layout.VectorsLoaded, 0);
        skip = e.JumpIf(4);
        e.Call(load);
        e.Bind(skip);
        e.Gs(0x8B, HostRegisters.Address, Layout.Argument);
        e.Op(0x85, HostRegisters.Scratch, HostRegisters.Scratch, wide: false);
        Finish(e, interpretAt);
        return start;
    }

    /// <summary>Returns if the last test was not zero, else has the instruction of the call interpreted.</summary>
    private static void Finish(Emitter e, nint interpretAt)
    {
        int failed = e.JumpIf(4);
        e.Byte(0xC3);
        e.Bind(failed);
        e.Bytes(0x41, 0x5B); // pop r11
        e.At(0x8B, HostRegisters.Scratch, HostRegisters.Scratch, 5);
        e.JumpTo(interpretAt);
    }

    private static nint Lazily(Emitter e, nint load, nint interpretAt, int ready, int loaded)
    {
        nint start = e.Here;
        e.Gs(0x85, HostRegisters.Scratch, ready, wide: false);
        int no = e.JumpIf(4);
        e.Call(load);
        e.Gs(0x8B, HostRegisters.Scratch, ready, wide: false);
        e.Gs(0x89, HostRegisters.Scratch, loaded, wide: false);
        e.Byte(0xC3);
        e.Bind(no);
        e.Bytes(0x41, 0x5B);
        e.At(0x8B, HostRegisters.Scratch, HostRegisters.Scratch, 5);
        e.JumpTo(interpretAt);
        return start;
    }

    [UnmanagedCallersOnly]
    private static int OnMiss(CpuState* s, ulong address, uint kind)
    {
        // SAFETY: the handle lives as long as the translator whose code is running.
        var translator = Unsafe.As<BinaryTranslator>(GCHandle.FromIntPtr(s->Translator).Target!);
        return translator.Fill(address, (int)(kind & 0xFF), (kind & 0x100) != 0) ? 1 : 0;
    }
}
