using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

/// <summary>Reports the rate of interpreter and translator; nothing is asserted about time.</summary>
public abstract class SpeedTests(GuestEngine engine)
{
    [Theory]
    [InlineData("alu")]
    [InlineData("memory")]
    [InlineData("calls")]
    [InlineData("sse")]
    public void Rate_OfALoop_IsReported(string kind)
    {
        using var guest = new Guest(engine);
        int rounds = Environment.GetEnvironmentVariable("BERTH_SPEED") is null ? 100_000 : 5_000_000;
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel(), function = a.CreateLabel();
            a.mov(ebp, rounds);
            a.mov(rdi, Guest.Data);
            a.Label(ref top);
            switch (kind)
            {
                case "alu":
                    a.add(rax, rbp);
                    a.imul(rcx, rax, 33);
                    a.xor(rdx, rcx);
                    a.shr(rdx, 3);
                    a.lea(rbx, __[rdx + rax * 2 + 5]);
                    a.and(ebx, 0xFFF);
                    a.cmp(rbx, 7);
                    a.cmovb(rax, rbx);
                    break;
                case "memory":
                    a.mov(eax, ebp);
                    a.and(eax, 0xFF);
                    a.mov(rcx, __[rdi + rax * 8]);
                    a.add(rcx, 3);
                    a.mov(__[rdi + rax * 8], rcx);
                    a.add(__[rdi + rax * 8 + 8], rcx);
                    a.cmp(__dword_ptr[rdi + rax * 8], 5);
                    a.movzx(edx, __byte_ptr[rdi + rax]);
                    break;
                case "calls":
                    a.push(rbp);
                    a.call(function);
                    a.pop(rbp);
                    break;
                default:
                    a.movups(xmm0, __[rdi]);
                    a.addps(xmm0, xmm1);
                    a.mulps(xmm1, xmm0);
                    a.pxor(xmm2, xmm0);
                    a.movups(__[rdi + 16], xmm2);
                    break;
            }
            a.dec(ebp);
            a.jnz(top);
            a.hlt();
            a.Label(ref function);
            a.xor(eax, eax);
            a.ret();
        });
        TimeSpan start = Environment.CpuUsage.UserTime;
        guest.Cpu.Run();
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {((SoftwareCpu)guest.Cpu).Instructions / (Environment.CpuUsage.UserTime - start).TotalMicroseconds:0} MIPS over {((SoftwareCpu)guest.Cpu).Instructions} instructions");
        Assert.True(((SoftwareCpu)guest.Cpu).Instructions > (ulong)rounds);
    }
}

public sealed class InterpretedSpeedTests() : SpeedTests(GuestEngine.Interpreter);

public sealed class TranslatedSpeedTests() : SpeedTests(GuestEngine.Translator);
