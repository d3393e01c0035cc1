using System.Runtime.InteropServices;
using Berth.Cpu.Direct;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Direct;

public sealed unsafe class CodeScanTests : IDisposable
{
    private readonly byte* _pages = (byte*)NativeMemory.AlignedAlloc(3 * 4096, 4096);
    private readonly CodeScan _scan = new();

    public CodeScanTests() => Fill(_ => { });

    public void Dispose()
    {
        _scan.Dispose();
        NativeMemory.AlignedFree(_pages);
    }

    /// <summary>Three pages of ordinary code, with something in it from an offset on.</summary>
    private void Fill(Action<Assembler> write, int at = 4096 + 512)
    {
        var random = new Random(3);
        byte[] filler = Assemble(a =>
        {
            for (int i = 0; i < 900; i++)
            {
                a.mov(eax, random.Next());
                a.add(rbx, __[rsi + random.Next(0x100, 0x1000)]);
                a.lea(rcx, __[rbx + rax * 4 + 8]);
                a.test(ecx, ecx);
            }
        });
        // No 0F of its own.
        for (int i = 0; i < filler.Length; i++) filler[i] = filler[i] == 0x0F ? (byte)0x10 : filler[i];
        filler.AsSpan(0, 3 * 4096).CopyTo(new Span<byte>(_pages, 3 * 4096));
        // What stands before must end where the code begins.
        byte[] code = [.. Enumerable.Repeat((byte)0x90, 16), .. Assemble(write), .. Enumerable.Repeat((byte)0x90, 16)];
        code.CopyTo(new Span<byte>(_pages + at - 16, code.Length));
    }

    private static byte[] Assemble(Action<Assembler> write)
    {
        var a = new Assembler(64);
        write(a);
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), 0x1000);
        return stream.ToArray();
    }

    private int[]? Find(bool alone = false)
    {
        Span<ushort> places = stackalloc ushort[4];
        int count = _scan.Find(alone ? 0 : (nint)_pages, (nint)_pages + 4096, alone ? 0 : (nint)_pages + 8192, places);
        return count < 0 ? null : [.. places[..count].ToArray().Select(static place => (int)place).Order()];
    }

    public static TheoryData<string> Listed => ["cpuid", "xgetbv", "rdpid", "xsave", "xrstor", "xsavec", "lsl", "lar", "sgdt", "smsw", "sldt", "str", "sysenter", "vmcall"];

    private static void Emit(Assembler a, string name)
    {
        switch (name)
        {
            case "cpuid": a.cpuid(); break;
            case "xgetbv": a.xgetbv(); break;
            case "rdpid": a.rdpid(rax); break;
            case "xsave": a.xsave64(__[rdi]); break;
            case "xrstor": a.xrstor(__[rdi]); break;
            case "xsavec": a.xsavec(__[rsp + 0x40]); break;
            case "lsl": a.lsl(eax, ecx); break;
            case "lar": a.lar(eax, ecx); break;
            case "sgdt": a.sgdt(__[rdi]); break;
            case "smsw": a.smsw(eax); break;
            case "sldt": a.sldt(eax); break;
            case "str": a.str(eax); break;
            case "sysenter": a.sysenter(); break;
            default: a.vmcall(); break;
        }
    }

    [Theory]
    [MemberData(nameof(Listed))]
    public void Instruction_AmongOthers_IsFound(string name)
    {
        Fill(a => Emit(a, name));
        Assert.Equal([512], Find()!);
    }

    [Theory]
    [MemberData(nameof(Listed))]
    public void Instruction_AcrossTheEnd_IsFound(string name)
    {
        // 0F is the last byte; prefixes stand before it.
        Fill(a => Emit(a, name), at: 8192 - 1 - Assemble(a => Emit(a, name)).IndexOf((byte)0x0F));
        int begin = 4095 - Assemble(a => Emit(a, name)).IndexOf((byte)0x0F);
        Assert.Equal([begin], Find()!);
        Assert.Equal([begin], Find(alone: true)!);
    }

    [Fact]
    public void Instruction_AtTheBeginning_IsFound()
    {
        Fill(a => a.cpuid(), at: 4096);
        Assert.Equal([0], Find()!);
        // Prefixes may stand in the page before.
        Assert.Null(Find(alone: true));
    }

    [Fact]
    public void Instruction_WhosePrefixIsInThePageBefore_CannotBeStopped()
    {
        Fill(a => a.xsave64(__[rdi]), at: 4095);
        Assert.Null(Find());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void MoreThanFit_AreTooMany(int count)
    {
        Fill(a =>
        {
            for (int i = 0; i < count; i++) a.cpuid();
        });
        Assert.Equal(count == 4 ? [512, 514, 516, 518] : null, Find()!);
    }

    [Fact]
    public void OrdinaryCode_MayRun()
    {
        Fill(a =>
        {
            a.jz(0x8000);
            a.movzx(eax, cl);
            a.lfence();
            a.ldmxcsr(__dword_ptr[rsp]);
            a.cmpxchg8b(__[rdi]);
            a.rdrand(rax);
            a.rdtscp();
            a.syscall();
        });
        Assert.Equal([], Find()!);
    }

    [Theory]
    [InlineData(0xA20F)]
    [InlineData(0xD0010F)]
    [InlineData(0x30F)]
    public void BytesOfAnImmediate_AreNotTakenForAnInstruction(int value)
    {
        Fill(a =>
        {
            for (int i = 0; i < 8; i++) a.mov(edx, i);
            a.mov(eax, value);
            a.add(ecx, eax);
        });
        Assert.Equal([], Find()!);
    }
}
