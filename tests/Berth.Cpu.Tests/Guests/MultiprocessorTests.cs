using Berth.Machine;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Guests;

public abstract class MultiprocessorTests(GuestEngine engine)
{
    private static void RunAll(Guest guest)
    {
        Thread[] threads = [.. guest.Machine.Cpus.Select(cpu => new Thread(() => cpu.Run()))];
        foreach (Thread t in threads) t.Start();
        // HLT with interrupts off sleeps on a machine with several processors; each says so in memory first.
        var deadline = Environment.TickCount64 + 60_000;
        while (guest.Machine.Cpus.Any(cpu => guest.Read(Guest.Data + 0x100 + ((ulong)cpu.Index * 8)) == 0))
        {
            Assert.True(Environment.TickCount64 < deadline, "the processors did not finish");
            Thread.Yield();
        }
        for (int i = 0; i < threads.Length; i++)
        {
            guest.Machine.Cpus[i].Kick();
            threads[i].Join();
        }
    }

    private static void Finish(Assembler a)
    {
        a.mov(__qword_ptr[(r15 * 8) + (long)(Guest.Data + 0x100)], 1);
        a.hlt();
    }

    private static void Start(Guest guest)
    {
        foreach (IVirtualCpu cpu in guest.Machine.Cpus)
        {
            CpuRegisters r = Guest.LongMode(cpu.Index);
            r.General[15] = (ulong)cpu.Index;
            cpu.SetRegisters(r);
        }
    }

    [Fact]
    public void LockedOperations_OnSharedMemory_LoseNothing()
    {
        using var guest = new Guest(engine, cpus: 2);
        const int rounds = 20000;
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel(), retry = a.CreateLabel(), pair = a.CreateLabel();
            a.mov(rdi, Guest.Data);
            a.mov(ebp, rounds);
            a.Label(ref top);
            a.@lock.inc(__dword_ptr[rdi]);
            a.@lock.add(__byte_ptr[rdi + 8], 1);
            a.mov(eax, 3);
            a.@lock.xadd(__[rdi + 16], rax);
            a.mov(rax, __[rdi + 24]);
            a.Label(ref retry);
            a.lea(rcx, __[rax + 5]);
            a.@lock.cmpxchg(__[rdi + 24], rcx);
            a.jnz(retry);
            a.Label(ref pair);
            a.mov(rax, __[rdi + 32]);
            a.mov(rdx, __[rdi + 40]);
            a.lea(rbx, __[rax + 1]);
            a.lea(rcx, __[rdx + 2]);
            a.@lock.cmpxchg16b(__[rdi + 32]);
            a.jnz(pair);
            a.@lock.adc(__dword_ptr[rdi + 48], 0);
            a.dec(ebp);
            a.jnz(top);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(2ul * rounds, guest.Read(Guest.Data));
        Assert.Equal(2ul * rounds & 0xFF, guest.Read(Guest.Data + 8));
        Assert.Equal(6ul * rounds, guest.Read(Guest.Data + 16));
        Assert.Equal(10ul * rounds, guest.Read(Guest.Data + 24));
        Assert.Equal(2ul * rounds, guest.Read(Guest.Data + 32));
        Assert.Equal(4ul * rounds, guest.Read(Guest.Data + 40));
    }

    [Fact]
    public void CrossModification_IsSeenAfterSerializing()
    {
        using var guest = new Guest(engine, cpus: 2);
        const ulong function = 0x19_0000, go = Guest.Data, seen = Guest.Data + 64;
        guest.Assemble(a =>
        {
            a.mov(eax, 0);
            a.ret();
        }, function);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), top = a.CreateLabel(), wait = a.CreateLabel(), loop = a.CreateLabel(), bad = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(second);
            // Writer: change the constant, announce it, wait for the echo.
            a.mov(ebp, 1);
            a.Label(ref top);
            a.mov(__dword_ptr[function + 1], ebp);
            a.mov(__dword_ptr[go], ebp);
            a.Label(ref wait);
            a.pause();
            a.cmp(__dword_ptr[seen], ebp);
            a.jne(wait);
            a.inc(ebp);
            a.cmp(ebp, 500);
            a.jne(top);
            Finish(a);
            // Reader: wait for a number, serialise, call; the function must answer that number.
            a.Label(ref second);
            a.mov(ebp, 1);
            a.Label(ref loop);
            a.pause();
            a.cmp(__dword_ptr[go], ebp);
            a.jne(loop);
            a.xor(eax, eax);
            a.cpuid();
            a.mov(rbx, function);
            a.call(rbx);
            a.cmp(eax, ebp);
            a.jne(bad);
            a.mov(__dword_ptr[seen], ebp);
            a.inc(ebp);
            a.cmp(ebp, 500);
            a.jne(loop);
            Finish(a);
            a.Label(ref bad);
            a.mov(__qword_ptr[Guest.Data + 0x200], 1);
            a.mov(__dword_ptr[seen], ebp);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(0ul, guest.Read(Guest.Data + 0x200));
    }

    [Fact]
    public void CrossModification_WithoutSerializing_IsSeenInOrderAndInTheEnd()
    {
        using var guest = new Guest(engine, cpus: 2);
        // The constant is aligned, so that it changes as a whole.
        const ulong function = 0x19_0003, last = 2000;
        guest.Assemble(a =>
        {
            a.mov(eax, 0);
            a.ret();
        }, function);
        guest.Assemble(a =>
        {
            Label second = a.CreateLabel(), top = a.CreateLabel(), loop = a.CreateLabel(), good = a.CreateLabel();
            a.test(r15, r15);
            a.jnz(second);
            a.mov(ebp, 1);
            a.Label(ref top);
            a.mov(__dword_ptr[function + 1], ebp);
            a.pause();
            a.inc(ebp);
            a.cmp(ebp, (int)last + 1);
            a.jne(top);
            Finish(a);
            a.Label(ref second);
            a.xor(ebp, ebp);
            a.mov(rbx, function);
            a.Label(ref loop);
            a.call(rbx);
            a.cmp(eax, ebp);
            a.jae(good);
            a.inc(__qword_ptr[Guest.Data + 0x200]);
            a.Label(ref good);
            a.mov(ebp, eax);
            a.cmp(eax, (int)last);
            a.jne(loop);
            Finish(a);
        });
        Start(guest);
        RunAll(guest);
        Assert.Equal(0ul, guest.Read(Guest.Data + 0x200));
    }

    [Fact]
    public void StartupSignal_BeginsInRealMode()
    {
        using var guest = new Guest(engine, cpus: 2, longMode: false);
        guest.Assemble(a =>
        {
            a.mov(ax, 0x7777);
            a.mov(__word_ptr[0x7F00], ax);
            a.hlt();
        }, 0x6000, 16);
        var cpu = (SoftwareCpu)guest.Machine.Cpus[1];
        var thread = new Thread(() => cpu.Run());
        thread.Start();
        // Kernels leave no time between the two on processors that need none.
        cpu.RaiseInit();
        cpu.RaiseStartup(6);
        Wait(() => (guest.Read(0x7F00) & 0xFFFF) == 0x7777);
        cpu.Kick();
        thread.Join();
        Assert.Equal(0x7777ul, guest.Read(0x7F00) & 0xFFFF);
    }

    [Fact]
    public void Run_ApplicationProcessorBeforeStartup_ExecutesNothing()
    {
        using var guest = new Guest(engine, cpus: 2, longMode: false);
        guest.Assemble(a => a.hlt(), 0x6000, 16);
        var cpu = (SoftwareCpu)guest.Machine.Cpus[1];
        cpu.Kick();
        Assert.Equal(CpuExitReason.Kicked, cpu.Run().Reason);
        Assert.Equal(0ul, cpu.Instructions);
        var thread = new Thread(() => cpu.Run());
        thread.Start();
        cpu.RaiseStartup(6);
        Wait(() => cpu.Instructions > 0);
        cpu.Kick();
        thread.Join();
        Assert.Equal(1ul, cpu.Instructions);
    }

    private static void Wait(Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + 20_000;
        while (!condition() && Environment.TickCount64 < deadline) Thread.Yield();
        Assert.True(condition());
    }
}

public sealed class InterpretedMultiprocessorTests() : MultiprocessorTests(GuestEngine.Interpreter);

public sealed class TranslatedMultiprocessorTests() : MultiprocessorTests(GuestEngine.Translator);
