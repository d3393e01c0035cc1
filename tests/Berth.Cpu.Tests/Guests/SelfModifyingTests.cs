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
