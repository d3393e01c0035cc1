using Berth.Cpu.Direct.Relocation;
using Berth.Linux;
using Berth.Linux.Tracing;
using Iced.Intel;

namespace Berth.Cpu.Tests.Direct;

public sealed unsafe class RelocatorTests : IDisposable
{
    private const ulong Near = 0x40_1000, Far = 0x5555_5555_4000;
    private readonly FileDescriptor _memory = Libc.MemoryFile("relocator-test", 4096);
    private readonly StubProcess _process;
    private readonly Relocator _relocator;

    public RelocatorTests()
    {
        _process = StubProcess.Start(_memory);
        _relocator = new Relocator(_process.Window);
    }

    public void Dispose()
    {
        _process.Dispose();
        _memory.Dispose();
    }

    private int Relocate(ReadOnlySpan<byte> code, ulong rip)
    {
        fixed (byte* first = code) return _relocator.Block(0, rip, first, code.Length, code.Length);
    }

    /// <summary>The relocated code, decoded at each place.</summary>
    private List<Instruction> Decode()
    {
        var reader = new ByteArrayCodeReader(_relocator.Bytes.ToArray());
        var decoder = Decoder.Create(64, reader);
        return [.. _relocator.Places.Select(place =>
        {
            reader.Position = place.Offset;
            decoder.IP = _process.Window.CodeAddress + (ulong)place.Offset;
            return decoder.Decode();
        })];
    }

    private string Text(ReadOnlySpan<byte> code, ulong rip)
    {
        Relocate(code, rip);
        return string.Join("; ", Decode().Zip(_relocator.Places).Select(static pair => $"{pair.First}@{pair.Second.Kind}"));
    }

    [Fact]
    public void OrdinaryInstructions_AreCopied()
    {
        // add rax, [rbx+8]; syscall
        Assert.Equal("add rax,[rbx+8]@Instruction; ud2@Leave", Text([0x48, 0x03, 0x43, 0x08, 0x0F, 0x05], Near));
        Assert.Equal([Near, Near + 4], _relocator.Places.Select(static place => place.Rip));
    }

    [Fact]
    public void OperandInReach_IsReachedByItsAddress()
    {
        // imul eax, [rip+0x100], 0x12345678; hlt is left to fault; ud2
        Assert.StartsWith("imul eax,[40110Ah],12345678h@Instruction; ud2@Leave",
            Text([0x69, 0x05, 0x00, 0x01, 0x00, 0x00, 0x78, 0x56, 0x34, 0x12, 0x0F, 0x0B], Near), StringComparison.Ordinal);
    }

    [Fact]
    public void OperandOutOfReach_BorrowsARegisterThatIsNotUsed()
    {
        // add eax, [rip+0x100]
        string text = Text([0x03, 0x05, 0x00, 0x01, 0x00, 0x00, 0x0F, 0x0B], Far);
        Assert.Contains("mov rdx,555555554106h@Within; add eax,[rdx]@Faulting", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0x0F, 0xA2 })] // cpuid
    [InlineData(new byte[] { 0x0F, 0x01, 0xD0 })] // xgetbv
    [InlineData(new byte[] { 0x48, 0x66, 0x0F, 0xA2 })] // cpuid behind a prefix that does not count
    [InlineData(new byte[] { 0xF3, 0x48, 0x0F, 0xAE, 0xD0 })] // wrfsbase rax
    [InlineData(new byte[] { 0x0F, 0xB4, 0x00 })] // lfs eax, [rax]
    [InlineData(new byte[] { 0xC5, 0xF8, 0x92, 0xC8 })] // kmovw k1, eax
    [InlineData(new byte[] { 0x9D })] // popf
    [InlineData(new byte[] { 0xCC })]
    [InlineData(new byte[] { 0xCD, 0x80 })]
    [InlineData(new byte[] { 0xF1 })]
    [InlineData(new byte[] { 0x48, 0xCF })] // iretq
    [InlineData(new byte[] { 0xCB })] // retf
    [InlineData(new byte[] { 0x8E, 0xD8 })] // mov ds, eax
    [InlineData(new byte[] { 0xD9, 0x30 })] // fnstenv [rax]
    [InlineData(new byte[] { 0x0F, 0xAE, 0x00 })] // fxsave [rax]
    [InlineData(new byte[] { 0x62, 0xF1, 0x7C, 0x48, 0x58, 0xC0 })] // vaddps zmm0, zmm0, zmm0
    [InlineData(new byte[] { 0xC7, 0xF8, 0, 0, 0, 0 })] // xbegin
    public void InstructionsThatMustNotRun_AreLeft(byte[] code)
    {
        Relocate(code, Near);
        Assert.Equal([new CodePlace(0, PlaceKind.Leave, 0, Near)], _relocator.Places);
    }

    /// <summary>Anything may stand in a guest's pages.</summary>
    [Fact]
    public void AnyBytes_GiveCodeThatStaysInBounds()
    {
        var random = new Random(5);
        byte[] page = new byte[Relocator.LongestReach];
        byte[] likely = [0xFF, 0x67, 0x66, 0x48, 0x41, 0x4F, 0x65, 0xF0, 0xF2, 0xC4, 0xC5, 0x0F, 0x8D, 0xE2, 0xE3, 0x25, 0x14, 0x24, 0x05, 0x15];
        for (int n = 0; n < 5_000; n++)
        {
            random.NextBytes(page);
            for (int i = 0; i < page.Length; i++)
            {
                if (random.Next(3) == 0) page[i] = likely[random.Next(likely.Length)];
            }
            int length = random.Next(1, page.Length), taken = Relocate(page.AsSpan(0, length), random.Next(2) == 0 ? Near : Far);
            Assert.InRange(taken, 0, length);
            Assert.InRange(_relocator.Bytes.Length, 0, Relocator.LargestBlock);
            // Each instruction is listed, as the process may stop at any: where one ends the next is.
            int next = 0;
            foreach ((Instruction instruction, CodePlace place) in Decode().Zip(_relocator.Places))
            {
                Assert.Equal(next, place.Offset);
                next += instruction.Length;
            }
        }
    }

    /// <summary>A jump through any operand loads its target from where the jump would.</summary>
    [Fact]
    public void IndirectJumps_LoadFromTheSameOperand()
    {
        var random = new Random(6);
        byte[] code = new byte[15];
        int loads = 0;
        for (int n = 0; n < 20_000; n++)
        {
            random.NextBytes(code);
            int at = 0;
            if (random.Next(4) == 0) code[at++] = 0x67;
            if (random.Next(4) == 0) code[at++] = 0x64;
            if (random.Next(2) == 0) code[at++] = (byte)(0x40 | random.Next(16));
            code[at++] = 0xFF;
            code[at] = (byte)((code[at] & 0xC7) | (random.Next(2) == 0 ? 0x10 : 0x20));
            Instruction jump = Iced.Intel.Decoder.Create(64, new ByteArrayCodeReader(code), Far).Decode();
            if (jump.Op0Kind != OpKind.Memory || jump.IsIPRelativeMemoryOperand) continue;
            Relocate(code.AsSpan(0, jump.Length), Far);
            Instruction load = Decode().Zip(_relocator.Places).First(static pair => pair.Second.Kind == PlaceKind.Faulting).First;
            Assert.Equal((Code.Mov_r64_rm64, Register.RCX), (load.Code, load.Op0Register));
            Assert.Equal((jump.MemoryBase, jump.MemoryIndex, jump.MemoryDisplacement64, jump.MemorySegment), (load.MemoryBase, load.MemoryIndex, load.MemoryDisplacement64, load.MemorySegment));
            if (jump.MemoryIndex != Register.None) Assert.Equal(jump.MemoryIndexScale, load.MemoryIndexScale);
            loads++;
        }
        Assert.True(loads > 5000);
    }
}
