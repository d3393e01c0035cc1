using Berth.Linux;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Runs instructions on the host processor itself, with all registers given. Code, data and stack have fixed addresses, so that a
/// guest can see the same memory at the same place. The caller vouches that nothing faults.</summary>
internal sealed unsafe class HostProcessor
{
    // Everything lies in one reservation that both sides use: code page, data pages, stack page.
    public const ulong Base = 0x4000_0000;
    public const ulong Code = Base, Data = Base + 0x10000, Stack = Base + 0x20000;
    public const int DataSize = 0x4000, StackSize = 0x10000;
    public const ulong StackTop = Stack + 0xF000;
    private const ulong Control = Base + 0x40000, Entry = Base + 0x50000;
    private const long Length = 0x60000;

    private const int Registers = 0, FlagsAt = 128, HostStack = 136, Mxcsr = 144, Exit = 152, Xsave = 0x1000;

    private readonly byte* _writable;
    private readonly delegate* unmanaged<void> _run;
    private readonly byte[] _exitCode;

    public HostProcessor()
    {
        FileDescriptor file = Libc.MemoryFile("berth-oracle", Length, Libc.MFD_EXEC);
        const int fix = Libc.MAP_SHARED | Libc.MAP_FIXED_NOREPLACE;
        Libc.Map(file, 0, 0x10000, Libc.PROT_READ | Libc.PROT_EXEC, fix, (nint)Code);
        Libc.Map(file, 0x10000, 0x40000, Libc.PROT_READ | Libc.PROT_WRITE, fix, (nint)Data);
        Libc.Map(file, 0x50000, 0x10000, Libc.PROT_READ | Libc.PROT_EXEC, fix, (nint)Entry);
        _writable = (byte*)Libc.Map(file, 0, Length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
        byte[] entry = EmitEntry();
        entry.CopyTo(new Span<byte>(_writable + (Entry - Base), entry.Length));
        _exitCode = EmitExit();
        _exitCode.CopyTo(new Span<byte>(_writable + (Entry - Base) + 0x1000, _exitCode.Length));
        _run = (delegate* unmanaged<void>)Entry;
    }

    /// <summary>The data pages, as both sides see them.</summary>
    public Span<byte> Memory => new((byte*)Data, DataSize);

    public Span<byte> StackMemory => new((byte*)Stack, StackSize);

    /// <summary>The code page for writing; it runs at <see cref="Code"/>.</summary>
    public Span<byte> CodeMemory => new(_writable, 0x10000);

    /// <summary>Address that test code must jump to when done.</summary>
    public static ulong ExitAddress => Entry + 0x1000;

    /// <summary>Runs the code at <paramref name="address"/> with <paramref name="state"/> and replaces it by the outcome.</summary>
    public void Run(MachineState state, ulong address)
    {
        byte* control = (byte*)Control;
        for (int i = 0; i < 16; i++) ((ulong*)control)[i] = state.General[i];
        *(ulong*)(control + FlagsAt) = state.Flags;
        *(ulong*)(control + Exit) = address;
        state.Extended.CopyTo(new Span<byte>(control + Xsave, 832));
        *(ulong*)(control + Xsave + 512) = 7;
        _run();
        for (int i = 0; i < 16; i++) state.General[i] = ((ulong*)control)[i];
        state.Flags = *(ulong*)(control + FlagsAt);
        new Span<byte>(control + Xsave, 832).CopyTo(state.Extended);
    }

    private static AssemblerMemoryOperand At(int offset) => __qword_ptr[Control + (ulong)offset];

    private static byte[] EmitEntry()
    {
        var a = new Assembler(64);
        foreach (AssemblerRegister64 r in new[] { rbx, rbp, r12, r13, r14, r15 }) a.push(r);
        a.mov(rax, Control);
        a.mov(__qword_ptr[rax + HostStack], rsp);
        a.stmxcsr(__dword_ptr[rax + Mxcsr]);
        a.mov(rcx, rax);
        a.mov(eax, 7);
        a.xor(edx, edx);
        a.xrstor64(__byte_ptr[rcx + Xsave]);
        a.mov(rsp, __qword_ptr[rcx + (Registers + (4 * 8))]);
        // The flags go through the test's own stack, below everything that it compares.
        a.push(__qword_ptr[rcx + FlagsAt]);
        a.popfq();
        AssemblerRegister64[] all = [rax, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];
        foreach (AssemblerRegister64 r in all) a.mov(r, __qword_ptr[rcx + Offset(r)]);
        a.mov(rcx, __qword_ptr[rcx + Offset(rcx)]);
        a.jmp(At(Exit));
        return Assemble(a, Entry);
    }

    private static int Offset(AssemblerRegister64 r) => (((Register)r) - Register.RAX) * 8;

    private static byte[] EmitExit()
    {
        var a = new Assembler(64);
        a.mov(At(Offset(rax)), rax);
        a.mov(At(Offset(rsp)), rsp);
        a.mov(At(Offset(rcx)), rcx);
        a.mov(rsp, At(HostStack));
        a.pushfq();
        a.pop(At(FlagsAt));
        a.cld();
        AssemblerRegister64[] rest = [rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];
        foreach (AssemblerRegister64 r in rest) a.mov(At(Offset(r)), r);
        a.mov(rcx, Control);
        a.mov(eax, 7);
        a.xor(edx, edx);
        a.xsave64(__byte_ptr[rcx + Xsave]);
        a.fninit();
        a.ldmxcsr(__dword_ptr[rcx + Mxcsr]);
        a.vzeroupper();
        foreach (AssemblerRegister64 r in new[] { r15, r14, r13, r12, rbp, rbx }) a.pop(r);
        a.ret();
        return Assemble(a, ExitAddress);
    }

    private static byte[] Assemble(Assembler a, ulong address)
    {
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), address);
        return stream.ToArray();
    }
}
