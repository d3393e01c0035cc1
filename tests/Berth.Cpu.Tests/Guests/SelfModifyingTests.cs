using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class SelfModifyingTests(GuestEngine engine)
{
    [Fact]
    public void Store_IntoTheNextInstruction_IsSeenAtOnce()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            Label target = a.CreateLabel();
            a.lea(rbx, __[target]);
            a.mov(__byte_ptr[rbx + 1], 7);
            a.Label(ref target);
            a.mov(cl, 1);
        });
        Assert.Equal(7ul, guest.Cpu.GetRegisters().General[1] & 0xFF);
    }

    [Fact]
    public void Store_ThroughAnotherMapping_IsSeen()
    {
        using var guest = new Guest(engine);
        const ulong alias = Guest.Data + 0x10_0000;
        guest.Map(alias, 0x19_0000 | Guest.Rw);
        guest.Assemble(a =>
        {
            a.mov(eax, 1);
            a.ret();
        }, 0x19_0000);
        guest.Run(a =>
        {
            a.mov(rbx, 0x19_0000);
            a.mov(rsi, alias);
            a.call(rbx);
            a.mov(edx, eax);
            a.mov(__byte_ptr[rsi + 1], 2);
            a.call(rbx);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((1ul, 2ul), (r.General[2], r.General[0]));
    }

    [Fact]
    public void Loop_PatchingItself_CountsRight()
    {
        using var guest = new Guest(engine);
        guest.Run(a =>
        {
            Label top = a.CreateLabel();
            a.xor(esi, esi);
            a.mov(ecx, 200);
            a.lea(rbx, __[top]);
            a.Label(ref top);
            a.add(esi, 1);
            a.mov(__[rbx + 2], cl);
            a.dec(ecx);
            a.jnz(top);
        });
        // The first addition is 1, then each adds the count stored the round before (sign-extended byte).
        int expected = 1;
        for (int c = 200; c > 1; c--) expected += (sbyte)c;
        Assert.Equal((uint)expected, (uint)guest.Cpu.GetRegisters().General[6]);
    }

    [Fact]
    public void Loop_WritingCodeThroughAnotherMappingAndCallingIt_RunsWhatItWrote()
    {
        using var guest = new Guest(engine);
        const ulong code = 0x19_0000, alias = Guest.Data + 0x10_0000;
        guest.Map(alias, code | Guest.Rw);
        guest.Run(a =>
        {
            Label top = a.CreateLabel();
            a.mov(rsi, alias);
            a.mov(rbx, code);
            a.xor(r8d, r8d);
            a.mov(ecx, 500);
            a.Label(ref top);
            // A function that moves on by its own length each time round the page: mov eax, ecx as a constant; ret.
            a.mov(__byte_ptr[rsi], 0xB8);
            a.mov(__[rsi + 1], ecx);
            a.mov(__byte_ptr[rsi + 5], 0xC3);
            a.call(rbx);
            a.add(r8, rax);
            a.lea(edi, __[rsi + 6]);
            a.and(edi, 0x7FF);
            a.mov(rsi, alias);
            a.mov(rbx, code);
            a.add(rsi, rdi);
            a.add(rbx, rdi);
            a.dec(ecx);
            a.jnz(top);
        });
        Assert.Equal(500ul * 501 / 2, guest.Cpu.GetRegisters().General[8]);
    }

    [Fact]
    public void Loop_MappingCodeToAnotherFrame_RunsTheFrameThatIsMapped()
    {
        using var guest = new Guest(engine);
        const ulong code = 0x19_0000, other = 0x1A_0000;
        foreach ((ulong at, int value) in ((ulong, int)[])[(code, 1), (other, 1000)])
        {
            guest.Assemble(a =>
            {
                a.mov(eax, value);
                a.ret();
            }, at);
        }
        guest.Run(a =>
        {
            Label top = a.CreateLabel();
            a.mov(rbx, code);
            a.mov(rsi, Guest.Table0 + (0x190 * 8));
            a.xor(r8d, r8d);
            a.mov(ecx, 300);
            a.Label(ref top);
            a.call(rbx);
            a.add(r8, rax);
            a.xor(__qword_ptr[rsi], (int)(code ^ other));
            a.invlpg(__[rbx]);
            // What lies at the other frame's own address changes too.
            a.add(__dword_ptr[(long)other + 1], 1);
            a.dec(ecx);
            a.jnz(top);
        });
        // Every second round the other frame runs, after each round its constant is one more.
        ulong expected = 0;
        for (int round = 0; round < 300; round++) expected += (ulong)(round % 2 == 0 ? 1 : 1000 + round);
        Assert.Equal(expected, guest.Cpu.GetRegisters().General[8]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomPatches_InAndAcrossPages_AreSeenByTheNextCall(int seed)
    {
        const ulong table = 0x34_0000, log = 0x38_0000, code = 0x19_0F83;
        const int slots = 50, operations = 3000, length = 5;
        using var guest = new Guest(engine);
        var random = new Random(seed);
        uint[] values = [.. Enumerable.Range(0, slots).Select(_ => (uint)random.Next())];
        // add eax, value, over and over, across the end of a page; ret.
        Assert.True(guest.Memory.Write(code, [.. values.SelectMany(static v => (byte[])[0x05, .. BitConverter.GetBytes(v)]), 0xC3]));
        var expected = new List<uint>();
        for (int n = 0; n < operations; n++)
        {
            int slot = random.Next(slots);
            ulong at = table + ((ulong)n * 16);
            bool call = random.Next(3) != 0;
            ulong place = code + ((ulong)slot * length);
            guest.Write(at, call ? place : place + 1);
            uint value = (uint)random.Next();
            guest.Write(at + 8, call ? ulong.MaxValue : value);
            if (!call) values[slot] = value;
            expected.Add(call ? (uint)values.Skip(slot).Sum(static v => (long)v) : 0);
        }
        guest.Run(a =>
        {
            Label top = a.CreateLabel(), call = a.CreateLabel(), done = a.CreateLabel();
            a.mov(r8, table);
            a.mov(r9, log);
            a.mov(r10d, operations);
            a.Label(ref top);
            a.xor(eax, eax);
            a.mov(rbx, __[r8]);
            a.mov(rcx, __[r8 + 8]);
            a.cmp(rcx, -1);
            a.je(call);
            a.mov(__[rbx], ecx);
            a.jmp(done);
            a.Label(ref call);
            a.call(rbx);
            a.Label(ref done);
            a.mov(__[r9], rax);
            a.add(r8, 16);
            a.add(r9, 8);
            a.dec(r10d);
            a.jnz(top);
        });
        Assert.Equal(expected, Enumerable.Range(0, operations).Select(n => (uint)guest.Read(log + ((ulong)n * 8))));
    }

    [Fact]
    public void DeviceWrite_IntoCode_IsSeen()
    {
        using var guest = new Guest(engine);
        guest.Run(a => a.mov(eax, 1));
        guest.Cpu.SetRegisters(Guest.LongMode(0));
        guest.Memory.Write(Guest.Code + 1, [9]);
        guest.Cpu.Run();
        Assert.Equal(9ul, guest.Cpu.GetRegisters().General[0]);
    }

    [Fact]
    public void Instruction_AcrossPages_FollowsBothPages()
    {
        using var guest = new Guest(engine);
        guest.Assemble(a =>
        {
            a.mov(eax, 0x01020304);
            a.ret();
        }, 0x19_0FFD);
        guest.Run(a =>
        {
            a.mov(rbx, 0x19_0FFD);
            a.call(rbx);
            a.mov(edx, eax);
            a.mov(rsi, 0x19_1000);
            a.mov(__byte_ptr[rsi], 0x77);
            a.call(rbx);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0x01020304ul, 0x01770304ul), (r.General[2], r.General[0]));
    }

    [Fact]
    public void Instruction_AcrossPages_SecondPageMappedElsewhere_FollowsTheMapping()
    {
        using var guest = new Guest(engine);
        guest.Assemble(a =>
        {
            a.mov(eax, 0x01020304);
            a.ret();
        }, 0x19_0FFD);
        Assert.True(guest.Memory.Write(0x1A_0000, [0x77, 0x01, 0xC3]));
        guest.Run(a =>
        {
            a.mov(rbx, 0x19_0FFD);
            a.call(rbx);
            a.mov(edx, eax);
            // A flush alone changes nothing.
            a.mov(rax, cr3);
            a.mov(cr3, rax);
            a.call(rbx);
            a.mov(esi, eax);
            a.mov(rax, 0x1A_0000 | Guest.Rw);
            a.mov(__qword_ptr[Guest.Table0 + (0x191 * 8)], rax);
            a.invlpg(__[0x19_1000]);
            a.call(rbx);
            a.mov(edi, eax);
            a.call(rbx);
        });
        CpuRegisters r = guest.Cpu.GetRegisters();
        Assert.Equal((0x01020304ul, 0x01020304ul, 0x01770304ul, 0x01770304ul), (r.General[2], r.General[6], r.General[7], r.General[0]));
    }
}

public sealed class InterpretedSelfModifyingTests() : SelfModifyingTests(GuestEngine.Interpreter);

public sealed class TranslatedSelfModifyingTests() : SelfModifyingTests(GuestEngine.Translator);

public sealed class DirectSelfModifyingTests() : SelfModifyingTests(GuestEngine.Direct);

public sealed class RelocatedSelfModifyingTests() : SelfModifyingTests(GuestEngine.Relocated);
